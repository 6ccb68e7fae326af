"""``yaodun match``: the rule engine alone, on files, with no platform running."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from analytics.rules import Engine, RuleSet, load_rules
from analytics.rules.lens import WindowsLens
from analytics.rules.load import shipped_rules
from infra.errors import AppError, ErrorKind
from infra.events import Signal
from yaodun.eventfiles import EventFile, EventReader, FileKind, event_files, line_blocks
from yaodun.terminal import command, complain, emit, home_of


def add(commands: Any) -> None:
    """Declare the command."""
    parser = command(
        commands,
        "match",
        "match rules on files of events; exit 1 when something matched",
        "yaodun match --rules sigma/rules/windows --stats events.ndjson.gz security.evtx",
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="events: plain, .gz or .zip; or a folder")
    parser.add_argument(
        "--rules", nargs="+", action="extend", type=Path, metavar="DIR", help="rule folders or files (default: shipped)"
    )
    parser.add_argument(
        "--kind", type=FileKind, choices=list(FileKind), default=FileKind.AUTO, help="what the files hold"
    )
    parser.add_argument("--stats", action="store_true", help="events per second and counts, on stderr")
    parser.add_argument("--no-cache", action="store_true", help="compile the rules anew and keep nothing")


@dataclass
class Stats:
    """What was read and found, and how long it took."""

    events: int = 0
    refused: int = 0
    matches: int = 0
    rules: set[str] = field(default_factory=set)
    busy_s: float = 0.0

    def row(self, ruleset: RuleSet, load_s: float) -> dict[str, Any]:
        """The statistics as one document."""
        return {
            "events": self.events,
            "refused": self.refused,
            "matches": self.matches,
            "rules_matched": len(self.rules),
            "rules_loaded": len(ruleset.rules),
            "rules_failed": len(ruleset.failures),
            "load_s": round(load_s, 3),
            "seconds": round(self.busy_s, 3),
            "events_per_s": round(self.events / self.busy_s) if self.busy_s else 0,
        }


class Matching:
    """Two engines over one rule set: for conformed events, and for flat Windows records as they stand."""

    def __init__(self, ruleset: RuleSet) -> None:
        self.stats = Stats()
        self._events = Engine(ruleset)
        self._windows = Engine(ruleset, WindowsLens())
        self._reader = EventReader()

    def rows(self, file: EventFile) -> Iterator[dict[str, Any]]:
        """One row per match, in the order of the records."""
        found = self._raw(file) if file.kind == FileKind.WINDOWS else self._conformed(file)
        for number, signal in found:
            self.stats.matches += 1
            self.stats.rules.add(signal.rule_id)
            yield _row(number, file.name, signal)

    def _raw(self, file: EventFile) -> Iterator[tuple[int, Signal]]:
        """Flat Windows records straight from their JSON; lines that are none go the way of all others."""
        start = 1
        for lines in line_blocks(file.stream):
            began = time.perf_counter()
            self.stats.events += len(lines)
            try:
                hits = [
                    (start + place, signal)
                    for place, record, found in self._windows.matcher.match_lines(lines)
                    for signal in self._windows.signals(found, {"event.id": f"{file.name}:{start + place}", **record})
                ]
            except (orjson.JSONDecodeError, AttributeError, TypeError):
                hits = self._mixed(lines, start, file)
            start += len(lines)
            self.stats.busy_s += time.perf_counter() - began
            yield from hits

    def _mixed(self, lines: list[bytes], start: int, file: EventFile) -> list[tuple[int, Signal]]:
        events = self._reader.read(b"".join(lines), start, file)
        self.stats.refused += events.refused
        return [
            (number, signal)
            for number, event in zip(events.numbers, events.events, strict=True)
            for signal in self._events.match([event])
        ]

    def _conformed(self, file: EventFile) -> Iterator[tuple[int, Signal]]:
        blocks = self._reader.blocks(file)
        while True:
            began = time.perf_counter()
            events = next(blocks, None)
            if events is None:
                return
            self.stats.events += events.records
            self.stats.refused += events.refused
            hits = [
                (number, signal)
                for number, event in zip(events.numbers, events.events, strict=True)
                for signal in self._events.match([event])
            ]
            self.stats.busy_s += time.perf_counter() - began
            yield from hits


def _row(number: int, file: str, signal: Signal) -> dict[str, Any]:
    rule = {"id": signal.rule_id, "name": signal.rule_name, "author": signal.author, "level": signal.level.value}
    why = [{"field": one.field, "value": one.value, "pattern": one.pattern} for one in signal.why]
    return {"rule": rule, "event": number, "file": file, "why": why}


def run(args: argparse.Namespace) -> int:
    """Exit 1 when something matched, 0 when nothing did, 2 when no rule could be loaded."""
    began = time.perf_counter()
    paths, files = apart(args.rules or [], args.files)
    if not files:
        raise AppError(ErrorKind.INVALID, "yaodun.no_files", place="match")
    ruleset = read_rules(paths, None if args.no_cache else home_of(args).state / "rules")
    matching = Matching(ruleset)
    load_s = time.perf_counter() - began
    emit(_matches(matching, _listed(files), args.kind), args)
    if args.stats:
        complain(orjson.dumps(matching.stats.row(ruleset, load_s)).decode())
    return 1 if matching.stats.matches else 0


def apart(rules: list[Path], files: list[Path]) -> tuple[list[Path], list[Path]]:
    """``--rules DIR... FILE...`` leaves it to us where the rules end: they are folders and YAML files."""
    kept = [path for path in rules if path.is_dir() or path.suffix in (".yml", ".yaml") or not path.exists()]
    return kept or [shipped_rules()], [path for path in rules if path not in kept] + files


def read_rules(paths: list[Path], cache: Path | None) -> RuleSet:
    """The rules of ``paths``; what failed is said on stderr; none at all is wrong use."""
    for path in paths:
        if not path.exists():
            raise AppError(ErrorKind.INVALID, "yaodun.rules_missing", place=str(path))
    ruleset = load_rules(paths, cache=cache)
    for failure in ruleset.failures:
        complain(str(failure))
    if not ruleset.rules:
        raise AppError(ErrorKind.INVALID, "yaodun.no_rules", place=", ".join(map(str, paths)))
    return ruleset


def _listed(files: Iterable[Path]) -> list[Path]:
    listed: list[Path] = []
    for path in files:
        if not path.exists():
            raise AppError(ErrorKind.INVALID, "yaodun.file_missing", place=str(path))
        listed += sorted(item for item in path.rglob("*") if item.is_file()) if path.is_dir() else [path]
    return listed


def _matches(matching: Matching, files: list[Path], kind: FileKind) -> Iterator[dict[str, Any]]:
    for path in files:
        for file in event_files(path, kind):
            yield from matching.rows(file)
