"""``yaodun restore``: a site from its backup, every count and hash compared; or only the comparison."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from infra.home import Home
from infra.ledger import record
from infra.text import say
from yaodun.backup import check, read_inventory, restore
from yaodun.backup.restoring import Finding
from yaodun.site import existing_site
from yaodun.terminal import Progress, command, complain, emit, home_of


def add(commands: Any) -> None:
    """Declare the command."""
    summary = "make a site in a new data folder from a backup, and prove that it is the same"
    parser = command(commands, "restore", summary, "yaodun restore /mnt/second/2026-11-25 --home /srv/yaodun")
    parser.add_argument("source", type=Path, metavar="DIR", help="what yaodun backup wrote")
    parser.add_argument("--check", action="store_true", help="compare the backup with its inventory; change nothing")


def run(args: argparse.Namespace) -> int:
    """Print what was compared; 0 where all is equal, 1 where anything differs (then no site is left behind)."""
    source, home = args.source.expanduser().resolve(), home_of(args)
    inventory = read_inventory(source)
    bar = Progress(inventory.bytes, "restore")
    try:
        findings = list(check(source, bar.show)) if args.check else restore(source, home, bar.show)
    finally:
        bar.end()
    emit(map(row, findings), args)
    if not all(finding.equal for finding in findings):
        complain(say("yaodun.backup.differs", place=str(source)))
        return 1
    if args.check and home.records.exists():
        tell_proven(home, source)
    place = source if args.check else home.root
    complain(say("yaodun.backup.same", place=str(place), compared=len(findings)))
    return 0


def tell_proven(home: Home, source: Path) -> None:
    """Let the ledger of the site know that this backup comes back; inspections ask for it."""
    site = existing_site(home)
    detail = {"to": str(source)}
    site.records.write(
        lambda session: record(
            session, actor="console", action="yaodun.site.backup_proven", thing="site:this", detail=detail
        )
    )


def row(finding: Finding) -> dict[str, Any]:
    """A comparison as one row."""
    return {
        "part": finding.part, "what": finding.what, "backup": finding.wanted, "found": finding.found,
        "equal": finding.equal,
    }  # fmt: skip
