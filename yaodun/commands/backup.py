"""``yaodun backup``: a second copy of everything the site knows, taken while it runs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from infra.errors import AppError, ErrorKind
from infra.text import say
from yaodun.backup import Inventory, read_inventory, take
from yaodun.backup.taking import size_of
from yaodun.console import console_actor
from yaodun.site import existing_site
from yaodun.terminal import Progress, command, complain, emit, home_of


def add(commands: Any) -> None:
    """Declare the command."""
    summary = "copy the whole site, running or not, into a folder, with an inventory of counts and hashes"
    parser = command(commands, "backup", summary, "yaodun backup /mnt/second/2026-11-25 --since /mnt/second/2026-11-24")
    parser.add_argument("target", type=Path, metavar="DIR", help="a new folder, best on another disk")
    parser.add_argument(
        "--since", type=Path, metavar="DIR", help="an earlier backup on the same disk; what has not changed is linked"
    )


def run(args: argparse.Namespace) -> int:
    """Print what was copied, a row for each part; 0 when the inventory is written."""
    site = existing_site(home_of(args))
    target = args.target.expanduser().resolve()
    if target.is_relative_to(site.home.root):
        raise AppError(ErrorKind.INVALID, "yaodun.backup.inside", place=str(target))
    if args.since:
        read_inventory(args.since)
    bar = Progress(size_of(site), "backup")
    try:
        inventory = take(site, target, args.since and args.since.resolve(), console_actor(), bar.show)
    finally:
        bar.end()
        site.records.close()
    emit(parts(inventory), args)
    if inventory.events_in != "embedded":
        complain(say("yaodun.backup.events_elsewhere", place="events"))
    return 0


def parts(inventory: Inventory) -> list[dict[str, Any]]:
    """A row for each part of a backup."""
    blobs = [item for item in inventory.items if item.path.startswith("blobs/")]
    records = inventory.records
    return [
        {"part": "files", "count": len(inventory.items), "bytes": inventory.bytes, "sha256": inventory.digest},
        {"part": "records", "count": records.rows, "tables": len(records.tables)},
        {"part": "ledger", "count": records.leaves, "sha256": records.head_sha256},
        {"part": "blobs", "count": len(blobs), "bytes": sum(item.size for item in blobs)},
        *(
            {"part": "events", "stream": day.stream, "day": day.day, "count": day.events, "sha256": day.sha256}
            for day in inventory.days
        ),
    ]
