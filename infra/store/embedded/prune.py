"""Which stretches of a segment a filter may match in: by its columns, its range of ids, and its index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from infra.events.table import FieldType
from infra.store.embedded.index import ALL, SKIPPED, Index, load
from infra.store.embedded.segment import SIDECAR, Segment
from infra.store.query.addresses import ip_key
from infra.store.query.anywhere import expand
from infra.store.query.names import Place, place, value_of
from infra.store.query.tokens import tokens
from infra.store.query.tree import All, And, Anywhere, Filter, Ids, Match, Not, Or, Phrase, Term, Terms

_WORDY = (FieldType.TEXT, FieldType.WILDCARD)
_DENSE = 0.5
"""A share of a segment's rows above which it is read whole."""


def narrowed(root: Path, segment: Segment, node: Filter) -> Segment | None:
    """``segment`` with the ranges of rows in which an event can meet ``node``; None where there are none."""
    if isinstance(node, All | Not):
        return segment
    prober = _Prober(root, segment)
    mask = prober.probe(node)
    if not mask:
        return None
    if mask == ALL or prober.index is None:
        return segment
    ranges = tuple(_ranges(mask, prober.index.width, segment.rows))
    if sum(end - start for start, end in ranges) > _DENSE * segment.rows:
        return segment
    return replace(segment, ranges=ranges)


def _ranges(mask: int, width: int, rows: int) -> Iterator[tuple[int, int]]:
    """The rows of the bits of ``mask``, neighbours together."""
    at = 0
    while mask >> at:
        while not mask >> at & 1:
            at += 1
        start = at
        while mask >> at & 1:
            at += 1
        yield start * width, min(at * width, rows)


@dataclass
class _Prober:
    root: Path
    segment: Segment

    @cached_property
    def index(self) -> Index | None:
        if self.segment.level == 0:
            return None
        return load((self.root / self.segment.path).with_suffix(SIDECAR))

    def probe(self, node: Filter) -> int:
        match node:
            case All() | Not():
                return ALL
            case And(items):
                mask = ALL
                for item in items:
                    mask &= self.probe(item)
                    if not mask:
                        break
                return mask
            case Or(items):
                mask = 0
                for item in items:
                    mask |= self.probe(item)
                return mask
            case Anywhere():
                return self.probe(expand(node))
            case Ids(values):
                return self._ids(values)
        where = place(node.field)
        return self._column(where, node) if where.column in self.segment.columns else 0

    def _column(self, where: Place, node: Filter) -> int:
        match node:
            case Phrase(_, text) | Match(_, text, False):
                return self._words(where, text)
            case Match(_, text, True):
                mask = 0
                for word in tokens(text):
                    mask |= self._words(where, word)
                return mask
            case Term(_, value, ignore_case):
                return ALL if ignore_case else self._value(where, value)
            case Terms(_, values):
                mask = 0
                for value in values:
                    mask |= self._value(where, value)
                return mask
        return ALL

    def _ids(self, values: tuple[str, ...]) -> int:
        mask = 0
        for value in values:
            mask |= self._id(value)
        return mask

    def _id(self, value: str) -> int:
        if not self.segment.id0 <= value <= self.segment.id1:
            return 0
        return ALL if self.index is None else self.index.value("event.id", value)

    def _words(self, where: Place, text: str) -> int:
        if self.index is None or where.type not in _WORDY or where.column in SKIPPED:
            return ALL
        mask = ALL
        for word in tokens(text):
            mask &= self.index.word(where.column, word)
        return mask

    def _value(self, where: Place, value: str | int | float | bool) -> int:
        if where.column == "event.id":
            return self._id(str(value))
        if where.words:
            return self._words(where, str(value))
        if self.index is None or where.column in SKIPPED or where.flat:
            return ALL
        if where.type is FieldType.KEYWORD:
            return self.index.value(where.column, str(value_of(where, value)))
        if where.type is FieldType.IP:
            return self.index.value(where.column, ip_key(str(value_of(where, value))))
        return self._words(where, str(value)) if where.type is FieldType.WILDCARD else ALL
