"""``yaodun parsers test FILE``: what the parsers make of each record; ``list``: which parsers there are."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from collectors.files import FileKind, file_frames
from collectors.parsers import Parsed, Refused, ShippedParsers
from collectors.parsers.catalogue import document, entries
from infra.events import Conformer, Rejection, table
from infra.events.frame import Frame
from yaodun.terminal import command, complain, emit

_HIDDEN = ("event.original", "event.created", "event.ingested", "yaodun.raw.bytes", "yaodun.parser")


def add(commands: Any) -> None:
    """Declare the command."""
    parser = command(commands, "parsers", "try the parsers on a file", "yaodun parsers test /var/log/auth.log")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    test = actions.add_parser(
        "test", help="fields per record, and what stayed unparsed", epilog="example: yaodun parsers test access.log"
    )
    test.add_argument("files", nargs="+", type=Path, metavar="FILE")
    test.add_argument("--kind", choices=[str(kind) for kind in FileKind], default=str(FileKind.AUTO))
    test.add_argument("--unparsed", action="store_true", help="only records that no parser understood")
    test.add_argument("--limit", type=int, default=1000, metavar="N", help="print at most N records (all are counted)")
    listed = actions.add_parser(
        "list", help="every parser and what judges it", epilog="example: yaodun parsers list --markdown"
    )
    listed.add_argument("--markdown", action="store_true", help="as docs/parsers.md")


def run(args: argparse.Namespace) -> int:
    """Do what was asked."""
    return _list(args) if args.action == "list" else _test(args)


def _list(args: argparse.Namespace) -> int:
    if args.markdown:
        sys.stdout.write(document())
    else:
        emit((msgspec.structs.asdict(entry) for entry in entries()), args)
    return 0


def _test(args: argparse.Namespace) -> int:
    """Print the records; 1 where some were not understood."""
    totals: Counter[str] = Counter()
    emit(_shown(args, totals), args)
    for name, count in sorted(totals.items(), key=lambda item: -item[1]):
        complain(f"{count:8d}  {name}")
    return 1 if any(name.startswith(("unparsed", "refused")) for name in totals) else 0


def _shown(args: argparse.Namespace, totals: Counter[str]) -> Iterator[dict[str, Any]]:
    left = args.limit
    for row in _rows(args.files, FileKind(args.kind), totals):
        if left > 0 and not (args.unparsed and row["parser"]):
            left -= 1
            yield row


def _rows(paths: list[Path], kind: FileKind, totals: Counter[str]) -> Iterator[dict[str, Any]]:
    parsers, conformer = ShippedParsers(), Conformer(table())
    for path in paths:
        number = 0
        for frame in file_frames(path, kind, received_ns=time.time_ns()):
            for item in parsers.parse(frame):
                row = _row(item, frame, conformer)
                totals[_total(row)] += max(1, item.records)
                yield {"file": str(path), "record": number + 1, **row}
                number += item.records


def _row(item: Parsed | Refused, frame: Frame, conformer: Conformer) -> dict[str, Any]:
    if isinstance(item, Refused):
        return _refusal(item.rejection, item.original.decode("utf-8", "replace"))
    original = item.document.get("event.original", "")
    found = conformer.conform(dict(item.document), frame.received)
    if isinstance(found, Rejection):
        return _refusal(found, original)
    fields = {name: value for name, value in found.event.items() if name not in _HIDDEN}
    return {"parser": item.document.get("yaodun.parser", ""), "fields": fields, "original": original}


def _refusal(rejection: Rejection, original: str) -> dict[str, Any]:
    refused = {"reason": rejection.reason, "field": rejection.field, "detail": rejection.detail}
    return {"parser": "", "refused": refused, "original": original[:2_000]}


def _total(row: dict[str, Any]) -> str:
    if "refused" in row:
        return f"refused: {row['refused']['reason']}"
    return row["parser"] or "unparsed (kept whole, searchable)"
