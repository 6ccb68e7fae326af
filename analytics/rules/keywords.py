"""Keywords: atoms that look at every value of an event. One pass over its JSON finds whether any could hold.

The pass only proposes: whatever it lets through is confirmed on the values themselves. JSON that spells ASCII
characters as ``\\u00xx`` is never trusted to show what it holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson
from ahocorasick_rs import BytesAhoCorasick

from analytics.rules.atoms import LITERAL, test, text
from analytics.rules.literals import needed_literal
from analytics.rules.prefilter import hyperscan
from analytics.rules.rule import Atom

ADMINISTRATIVE = frozenset(("event.id", "event.ingested", "event.created", "event.hash", "ecs.version"))
"""Values the platform writes itself: never searched, nor is anything below ``yaodun.`` but the overflow."""
MAX_DEPTH = 8
_ESCAPES = ("\\u00", "\\u")
MAX_REMEMBERED = 256
MAX_HITS = 20_000
_WRITE = orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_SUBCLASS


class Keywords:
    """The keyword atoms of a class."""

    def __init__(self, atoms: Sequence[tuple[int, Atom]]) -> None:
        self._tests = {number: test(atom) for number, atom in atoms}
        self.suspicious = scanner_of([atom for _, atom in atoms])
        self._hits: dict[str, frozenset[int]] = {}
        self._numbers: dict[frozenset[int], int] = {frozenset(): 0}
        self.sets: list[frozenset[int]] = [frozenset()]

    def signature(self, record: Mapping[str, Any], line: bytes | None = None) -> int:
        """A small number for the set of keywords the record holds; ``line`` is its JSON, if it is at hand."""
        if not self.suspicious(line or _json(record)):
            return 0
        met = self.met(record)
        number = self._numbers.get(met)
        if number is None:
            number = self._numbers[met] = len(self.sets)
            self.sets.append(met)
        return number

    def met(self, record: Mapping[str, Any]) -> frozenset[int]:
        """The numbers of the keyword atoms that some value of the record meets."""
        met: set[int] = set()
        for value in searched_texts(record):
            hits = self._hits.get(value)
            met |= self._look(value) if hits is None else hits
        return frozenset(met)

    def _look(self, value: str) -> frozenset[int]:
        """The atoms one text meets; remembered for short texts, which come again and again."""
        found = frozenset(number for number, meets in self._tests.items() if meets(value))
        if len(value) <= MAX_REMEMBERED:
            if len(self._hits) >= MAX_HITS:
                self._hits.clear()
            self._hits[value] = found
        return found


def _json(record: Mapping[str, Any]) -> bytes:
    return orjson.dumps(record, default=_odd, option=_WRITE)


def _odd(value: Any) -> Any:
    return None if isinstance(value, bytes | bytearray) else str(value)


def scanner_of(atoms: Sequence[Atom]) -> Callable[[bytes], bool]:
    """Whether a JSON text could hold what one of the keyword atoms looks for."""
    words = {atom.value.lower() if atom.op in LITERAL else needed_literal(atom) for atom in atoms}
    if not words:
        return lambda line: False
    if not all(words):
        return lambda line: True
    ascii_only = all(word.isascii() for word in words)
    if not ascii_only and hyperscan is None:
        return lambda line: True
    spelled = {form for word in words for form in _spellings(word)} | {_ESCAPES[0] if ascii_only else _ESCAPES[1]}
    return _hyperscan(sorted(spelled)) if hyperscan is not None else _automaton(sorted(spelled))


def _spellings(word: str) -> tuple[str, ...]:
    """How a word may stand in JSON: with and without the optional escape of a slash."""
    written = orjson.dumps(word).decode()[1:-1]
    return (written, written.replace("/", "\\/"))


def _automaton(words: Sequence[str]) -> Callable[[bytes], bool]:
    find = BytesAhoCorasick([word.encode() for word in words]).find_matches_as_indexes
    return lambda line: bool(find(line.lower()))


def _hyperscan(words: Sequence[str]) -> Callable[[bytes], bool]:
    database = hyperscan.Database()
    flag = hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_SINGLEMATCH
    flags = [flag if word.isascii() else flag | hyperscan.HS_FLAG_UTF8 | hyperscan.HS_FLAG_UCP for word in words]
    database.compile(
        expressions=[re.escape(word).encode() for word in words],
        ids=list(range(len(words))),
        elements=len(words),
        flags=flags,
    )
    scan = database.scan
    found: list[int] = []

    def proposed(number: int, *_: Any) -> None:
        found.append(number)

    def suspicious(line: bytes) -> bool:
        try:
            scan(line, match_event_handler=proposed)
        except hyperscan.error:
            return True
        if found:
            found.clear()
            return True
        return False

    return suspicious


def searched_texts(record: Mapping[str, Any]) -> Iterator[str]:
    """The texts a keyword is looked for in."""
    for name, value in record.items():
        if name in ADMINISTRATIVE or (name.startswith("yaodun.") and name != "yaodun.flat"):
            continue
        if type(value) is str:  # nearly all are, and a generator for each costs more than the look-up
            yield value
        else:
            yield from _texts(value, MAX_DEPTH)


def _texts(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        if depth:
            for item in value.values():
                yield from _texts(item, depth - 1)
    elif isinstance(value, list | tuple):
        if depth:
            for item in value:
                yield from _texts(item, depth - 1)
    elif value is not None and not isinstance(value, bytes):
        yield text(value)
