"""``yaodun migrate``: the events of the data folder into an OpenSearch cluster, compared day by day."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec

from infra.errors import AppError, ErrorKind
from infra.ledger import record
from infra.store.embedded import EmbeddedStore
from infra.store.migration import Migration, Moved
from infra.store.opensearch.client import Address
from infra.store.opensearch.store import OpenSearchStore
from infra.text import say
from yaodun.console import console_actor
from yaodun.overview import running
from yaodun.preflight import claim
from yaodun.services.ingest import SPOOL
from yaodun.site import Site, existing_site
from yaodun.terminal import command, complain, emit, home_of


def add(commands: Any) -> None:
    """Declare the command."""
    summary = "move the events of this data folder into OpenSearch; repeat it to go on"
    parser = command(commands, "migrate", summary, "yaodun migrate --to opensearch=https://user:password@search:9200")
    parser.add_argument("--to", required=True, metavar="opensearch=URL", help="the cluster")


def run(args: argparse.Namespace) -> int:
    """A row for each day with both counts and hashes; 0 where all are equal and nothing is left to do."""
    kind, _, url = args.to.partition("=")
    if kind != "opensearch" or not url:
        raise AppError(ErrorKind.INVALID, "yaodun.flag_form", place="--to", form="opensearch=URL")
    site = existing_site(home_of(args))
    address = Address.read(url, **site.cluster_files())
    target = OpenSearchStore(address, site.clock)
    source = EmbeddedStore(site.home.events, site.clock)
    try:
        target.prepare()
        unequal = move(site, Migration(source, target, site.home.state / "migration.json", name_of(address)), args)
    finally:
        source.close()
        target.close()
        site.records.close()
    return 1 if unequal else 0


def move(site: Site, migration: Migration, args: argparse.Namespace) -> bool:
    """Move all days and, where the platform is stopped, finish; whether anything is not equal or left."""
    results: list[Moved] = []

    def told() -> Iterator[dict[str, Any]]:
        for moved in migration.days():
            results.append(moved)
            yield {**msgspec.to_builtins(moved), "equal": moved.equal}

    if running(site.home):
        emit(told(), args)
        complain(say("yaodun.migrate_unfinished", place=str(site.home.root)))
        return True
    with claim(site.home):
        emit(told(), args)
        if not all(moved.equal for moved in results):
            complain(say("yaodun.migrate_differs", place="migrate"))
            return True
        migration.finish([SPOOL])
        note(site, results)
    complain(say("yaodun.migrate_done", place=str(site.home.root), events=sum(moved.events for moved in results)))
    return False


def note(site: Site, results: list[Moved]) -> None:
    """Tell the ledger."""
    detail = {"days": len(results), "events": sum(moved.events for moved in results)}
    site.records.write(
        lambda session: record(
            session, actor=console_actor(), action="yaodun.store.migrate", thing="store:events", detail=detail
        )
    )


def name_of(address: Address) -> str:
    """What a cluster is remembered by; no secret in it."""
    return hashlib.sha256(address.url.encode()).hexdigest()[:16]
