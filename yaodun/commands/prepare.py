"""``yaodun prepare``: bring a site's records to the newest version; ``yaodun up`` does it at every start."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Any

from infra.records.migrate import migrate
from yaodun.site import Site, open_site
from yaodun.terminal import command, emit_one, home_of
from yaodun.this_host import register_this_host


def add(commands: Any) -> None:
    """Declare the command."""
    summary = "bring the records of a site to the newest version"
    command(commands, "prepare", summary, "yaodun prepare --home /srv/yaodun")


def run(args: argparse.Namespace) -> int:
    """Migrate, and say whether a first account is still to be made (with its one-time link)."""
    home = home_of(args)
    home.prepare()
    site = open_site(home)
    try:
        migrate(site.records.engine)
        register_this_host(site.register)
        prepare_store(site)
        emit_one(opening(site), args)
    finally:
        site.records.close()
    return 0


def prepare_store(site: Site) -> None:
    """The manifest of the embedded store, or the templates of the cluster."""
    store = site.open_store(read_only=False)
    if site.settings.store.opensearch:
        store.prepare()  # type: ignore[attr-defined]  # only a cluster has templates
    store.close()


def opening(site: Site) -> dict[str, Any]:
    """What ``yaodun up`` tells a person: the first link, while the site has no account."""
    link = site.identity.open_first_start()
    if link is None:
        return {}
    return {"first_path": link.path, "first_minutes": minutes_until(link.expires, site.clock.now())}


def minutes_until(end: datetime, now: datetime) -> int:
    """Whole minutes that are left."""
    return max(0, round((end - now).total_seconds() / 60))
