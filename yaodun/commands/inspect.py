"""``yaodun inspect``: run a check list now, and print every look with its evidence."""

from __future__ import annotations

import argparse
import os
from typing import Any

import msgspec

from infra.web.seams import Actor
from ops.inspection.result import Verdict
from ops.inspection.service import Run
from yaodun.rooms.casework import casework_of
from yaodun.site import existing_site
from yaodun.terminal import command, emit, home_of


def add(commands: Any) -> None:
    """Declare the command."""
    parser = command(
        commands, "inspect", "run a check list of inspections now", "yaodun inspect daily --target 10.0.0.8:443"
    )
    parser.add_argument("list", nargs="?", default="", metavar="LIST", help="which list; without it they are listed")
    parser.add_argument("--target", action="append", default=[], metavar="HOST:PORT", help="also look at this one")
    parser.add_argument("--only", action="append", default=[], metavar="ITEM", help="run this item alone (repeatable)")


def run(args: argparse.Namespace) -> int:
    """Print the looks; 1 where one is an anomaly."""
    site = existing_site(home_of(args))
    try:
        inspections = casework_of(site, site.open_store(read_only=True)).inspections
        if not args.list:
            emit(
                (
                    {"list": each.list, "version": each.version, "title": each.name, "items": len(each.items)}
                    for each in inspections.lists.values()
                ),
                args,
            )
            return 0
        actor = Actor(id=f"uid:{os.getuid()}", name=f"uid {os.getuid()}", kind="command")
        found = inspections.run(actor, args.list, scope=args.target, only=args.only)
        emit(rows(found), args)
        return 1 if found.count(Verdict.ANOMALY) else 0
    finally:
        site.records.close()


def rows(run: Run) -> list[dict[str, Any]]:
    """One row per look."""
    return [
        {
            "run": run.id, "item": result.item, "target": result.found.target, "verdict": str(result.found.verdict),
            "value": result.found.value, "limit": result.found.limit, "reason": result.words,
            "order": result.order or result.closed, "evidence": msgspec.to_builtins(result.found.evidence),
        }
        for result in run.results
    ]  # fmt: skip
