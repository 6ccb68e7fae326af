"""Parsers as data: TOML tables of message patterns, found by program, by path of the file, or by the look of the line.

A table::

    name = "sshd"                        # value of yaodun.parser
    oracle = "what judges this parser"   # named in docs/parsers.md
    programs = ["sshd", "sshd-*"]        # syslog programs whose messages it reads
    paths = ["*/nginx/*access*.log*"]    # files whose whole lines it reads
    dataset = "system.auth"
    modules = {"*nginx*" = "nginx"}      # event.module by program or path, where one table reads several
    set = {"event.category" = ["authentication"]}
    [[message]]
    text = "Failed {event.reason} for {user.name} from {source.ip} port {source.port}"
    set = {"event.outcome" = "failure"}
    map = {"event.outcome" = {"Accepted" = "success"}}
"""

from __future__ import annotations

import fnmatch
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import msgspec

from collectors.parsers.ecs_values import address
from collectors.parsers.patterns import Pattern, compile_pattern
from collectors.parsers.times import Clockwork
from collectors.parsers.urls import split_url
from infra.events.stream import Event

_MEMO_ENTRIES = 16_384
_MEMO_LENGTH = 512
MAX_MATCHED = 8_192
"""Longer texts are not matched: patterns are written for log lines, and time must stay bounded."""


class MessageSpec(msgspec.Struct, forbid_unknown_fields=True):
    """One message of a table as written."""

    text: str
    set: dict[str, Any] = {}
    map: dict[str, dict[str, Any]] = {}
    whole: bool = True


class TableSpec(msgspec.Struct, forbid_unknown_fields=True):
    """A table as written."""

    name: str
    message: list[MessageSpec]
    oracle: str
    programs: list[str] = []
    paths: list[str] = []
    looks: str = ""
    dataset: str = ""
    json_too: bool = False
    """Lines of the files of ``paths`` are read by this table even where they are JSON."""
    modules: dict[str, str] = {}
    set: dict[str, Any] = {}


class Message:
    """One compiled message: its pattern and what it says beyond the places."""

    __slots__ = ("_map", "_set", "pattern")

    def __init__(self, spec: MessageSpec, common: Mapping[str, Any]) -> None:
        self.pattern: Pattern = compile_pattern(spec.text, whole=spec.whole)
        self._set = {**common, **spec.set}
        self._map = spec.map

    def read(self, text: str, clock: Clockwork) -> Event | None:
        """Fields of ``text``, or None."""
        event = self.pattern.match(text, clock)
        if event is None:
            return None
        _sides(event)
        split_url(event)
        for field, values in self._map.items():
            if field in event:
                event[field] = values.get(event[field], values.get("*", event[field]))
        return {**self._set, **event}


def _sides(event: Event) -> None:
    for side in ("source", "destination"):
        if f"{side}.address" in event:
            address(event, side, event[f"{side}.address"])


class PatternTable:
    """A compiled table."""

    def __init__(self, spec: TableSpec) -> None:
        self.spec = spec
        self.name = spec.name
        common = {**({"event.dataset": spec.dataset} if spec.dataset else {}), **spec.set}
        self.messages = [Message(message, common) for message in spec.message]
        self.looks = re.compile(spec.looks) if spec.looks else None
        self._by_word: dict[str, list[Message]] = {}
        self._open = [message for message in self.messages if not message.pattern.literal]
        for message in self.messages:
            if message.pattern.literal:
                self._by_word.setdefault(message.pattern.literal, []).append(message)
        self._memo: dict[str, Event | None] = {}

    def module_of(self, name: str) -> str | None:
        """``event.module`` of records that come from the program or file ``name``."""
        return next(
            (module for pattern, module in self.spec.modules.items() if fnmatch.fnmatchcase(name, pattern)), None
        )

    def read(self, text: str, clock: Clockwork) -> Event | None:
        """Fields of ``text``, a new dict; None where no message of the table is like it."""
        if text in self._memo:
            known = self._memo[text]
            return dict(known) if known is not None else None
        event, timed = self._search(text, clock)
        if not timed and len(text) <= _MEMO_LENGTH:
            if len(self._memo) >= _MEMO_ENTRIES:
                self._memo.clear()
            self._memo[text] = event
            return dict(event) if event is not None else None
        return event

    def _search(self, text: str, clock: Clockwork) -> tuple[Event | None, bool]:
        if len(text) > MAX_MATCHED:
            return None, True
        word = text.partition(" ")[0]
        for message in (*self._by_word.get(word, ()), *self._open):
            event = message.read(text, clock)
            if event is not None:
                return event, message.pattern.timed
        return None, False


class Tables:
    """All tables, by the ways to find one."""

    def __init__(self, tables: Iterable[PatternTable]) -> None:
        self.all = list(tables)
        self.by_name = {each.name: each for each in self.all}
        self._exact = {program: each for each in self.all for program in each.spec.programs if "*" not in program}
        self._wild = [(program, each) for each in self.all for program in each.spec.programs if "*" in program]
        self._looking = [each for each in self.all if each.looks is not None]
        self.for_program = lru_cache(maxsize=4_096)(self._for_program)
        self.for_path = lru_cache(maxsize=4_096)(self._for_path)

    def for_look(self, line: str) -> PatternTable | None:
        """The table whose lines look like ``line``."""
        for each in self._looking:
            if each.looks is not None and each.looks.match(line):
                return each
        return None

    def _for_program(self, program: str) -> PatternTable | None:
        name = program.rpartition("/")[2]
        if found := self._exact.get(name) or self._exact.get(program):
            return found
        return next((each for pattern, each in self._wild if fnmatch.fnmatchcase(name, pattern)), None)

    def _for_path(self, path: str) -> PatternTable | None:
        for each in self.all:
            if any(fnmatch.fnmatchcase(path, pattern) for pattern in each.spec.paths):
                return each
        return None


def read_table(text: str) -> PatternTable:
    """A table from TOML; raises ``msgspec.ValidationError``, ``tomllib.TOMLDecodeError`` or ``ValueError`` with the
    place."""
    return PatternTable(msgspec.convert(tomllib.loads(text), TableSpec))


@cache
def shipped_tables() -> Tables:
    """The tables of this version, in the order of their file names."""
    folder = files("collectors.parsers").joinpath("tables")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return Tables(read_table(folder.joinpath(name).read_text(encoding="utf-8")) for name in names)
