"""``yaodun intel``: known bad addresses, names and hashes: take in, list, look up."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from analytics.intelligence import Shelf, ThreatIndicator
from analytics.intelligence.folder import entries
from analytics.intelligence.indicator import told
from infra.errors import AppError, ErrorKind
from infra.ledger import record
from ops.alerts import Alerts
from yaodun.intelligence import feeds_of, hunt, take_in
from yaodun.site import Site, existing_site
from yaodun.terminal import command, complain, emit, home_of


def add(commands: Any) -> None:
    """Declare the command."""
    parser = command(commands, "intel", "threat intelligence of this site", "yaodun intel import feed.csv")
    actions = parser.add_subparsers(dest="action", required=True, metavar="|".join(_ACTIONS))
    taken = command(actions, "import", "check feeds and take them in", "yaodun intel import bundle.json")
    taken.add_argument("files", nargs="+", type=Path, metavar="FILE", help="STIX 2.1 (.json), .csv, or a list (.txt)")
    taken.add_argument("--check", action="store_true", help="only say what is wrong")
    command(actions, "sources", "every feed: entries, refused ones, first problem", "yaodun intel sources")
    listed = command(actions, "list", "indicators whose value begins with TEXT", "yaodun intel list evil")
    listed.add_argument("text", nargs="?", default="", metavar="TEXT")
    listed.add_argument("--limit", type=int, default=100, metavar="N")
    asked = command(
        actions, "check", "what the feeds say of values; exit 1 where known", "yaodun intel check 203.0.113.9"
    )
    asked.add_argument("values", nargs="+", metavar="VALUE")
    command(actions, "hunt", "look for new indicators in the store now", "yaodun intel hunt")


def run(args: argparse.Namespace) -> int:
    """Exit 1 where something was refused or found."""
    return _ACTIONS[args.action](args)


def _import(args: argparse.Namespace) -> int:
    failed, rows = False, list[dict[str, Any]]()
    for path in args.files:
        if not path.is_file():
            raise AppError(ErrorKind.INVALID, "analytics.intelligence.file_missing", place=str(path))
        good, bad = _looked_through(path)
        failed |= bad > 0
        rows.append({"source": path.name, "entries": good, "refused": bad})
    if not args.check:
        _take(
            existing_site(home_of(args)), [path for path, row in zip(args.files, rows, strict=True) if row["entries"]]
        )
    emit(rows, args)
    return 1 if failed else 0


def _looked_through(path: Path) -> tuple[int, int]:
    """Good entries and refused ones; each refusal is said."""
    good = bad = 0
    try:
        for entry in entries(path):
            if isinstance(entry, AppError):
                bad += 1
                complain(str(entry)) if bad <= 100 else None
            else:
                good += 1
    except AppError as error:
        complain(str(error))
        return 0, bad + 1
    return good, bad


def _take(site: Site, files: list[Path]) -> None:
    feeds = feeds_of(site)
    feeds.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in files:
        partial = feeds / f".{path.name}.partial"
        shutil.copyfile(path, partial)
        partial.replace(feeds / path.name)
    take_in(site)


def _sources(args: argparse.Namespace) -> int:
    emit(_shelf(args).files(), args)
    return 0


def _list(args: argparse.Namespace) -> int:
    emit(map(_row, _shelf(args).search(args.text, args.limit)), args)
    return 0


def _check(args: argparse.Namespace) -> int:
    site, shelf, found = existing_site(home_of(args)), _shelf(args), list[ThreatIndicator]()
    for value in args.values:
        known = told(value)
        if known is None:
            raise AppError(ErrorKind.INVALID, "analytics.intelligence.no_indicator", place=value[:60], value=value[:60])
        found += shelf.of(known[1], site.clock.now())
    emit(map(_row, found), args)
    return 1 if found else 0


def _hunt(args: argparse.Namespace) -> int:
    site = existing_site(home_of(args))
    take_in(site)
    found = hunt(site, site.open_store(read_only=True))
    Alerts(site.records, site.clock, record).absorb(found)
    emit(({"rule": one.rule_id, "entity": one.entity_value, "event": one.event_ids[0], "time": one.time.isoformat(),
           "indicator": one.why[0].pattern} for one in found), args)  # fmt: skip
    return 1 if found else 0


def _shelf(args: argparse.Namespace) -> Shelf:
    return Shelf(existing_site(home_of(args)).home.indicators, write=True)


def _row(one: ThreatIndicator) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.to_builtins(one)
    return row


_ACTIONS: dict[str, Callable[[argparse.Namespace], int]] = {
    "import": _import, "sources": _sources, "list": _list, "check": _check, "hunt": _hunt,
}  # fmt: skip
