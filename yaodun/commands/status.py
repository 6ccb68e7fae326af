"""``yaodun status``: services, listeners, sources with their loss ledger, store, rules, lag."""

from __future__ import annotations

import argparse
from typing import Any

from infra.text import say
from yaodun.overview import site_status
from yaodun.site import existing_site
from yaodun.terminal import command, complain, emit_one, home_of


def add(commands: Any) -> None:
    """Declare the command."""
    command(commands, "status", "how the platform on this machine is doing", "yaodun status --format json")


def run(args: argparse.Namespace) -> int:
    """Print the status; 1 where a service is not running or a source is silent."""
    site = existing_site(home_of(args))
    found = site_status(site)
    emit_one(found, args)
    ill = [item["name"] for item in found["services"] if item["state"] != "running"]
    silent = [item["id"] for item in found["sources"] if item["silent"]]
    if not found["services"]:
        complain(say("yaodun.not_running", place=str(site.home.root)))
    return 1 if ill or silent or not found["services"] else 0
