"""Which rows of a segment a filter may match in: by its columns, its range of ids, and its index."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from infra.events.table import FieldType
from infra.store.embedded.index import Index, load
from infra.store.embedded.items import SKIPPED
from infra.store.embedded.picked import SPARSE
from infra.store.embedded.segment import SIDECAR, STRETCH_ROWS, Segment
from infra.store.embedded.spans import Spans, common, rounded, size, union
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
    spans = _Prober(root, segment).probe(node)
    if spans is None:
        return segment
    if size(spans) > SPARSE:
        spans = rounded(spans, STRETCH_ROWS, segment.rows)
    if size(spans) > _DENSE * segment.rows:
        return segment
    return replace(segment, ranges=tuple((start, min(end, segment.rows)) for start, end in spans)) if spans else None


@dataclass
class _Prober:
    root: Path
    segment: Segment

    @cached_property
    def index(self) -> Index | None:
        if self.segment.level == 0:
            return None
        return load((self.root / self.segment.path).with_suffix(SIDECAR))

    def probe(self, node: Filter) -> Spans | None:
        match node:
            case All() | Not():
                return None
            case And(items):
                found: Spans | None = None
                for item in items:
                    found = common(found, self.probe(item))
                    if found == ():
                        break
                return found
            case Or(items):
                return union(self.probe(item) for item in items)
            case Anywhere():
                return self.probe(expand(node))
            case Ids(values):
                return union(map(self._id, values))
        where = place(node.field)
        return self._column(where, node) if where.column in self.segment.columns else ()

    def _column(self, where: Place, node: Filter) -> Spans | None:
        match node:
            case Phrase(_, text) | Match(_, text, False):
                return self._words(where, text)
            case Match(_, text, True):
                return union(self._words(where, word) for word in tokens(text))
            case Term(_, value, ignore_case):
                return None if ignore_case else self._value(where, value)
            case Terms(_, values):
                return union(self._value(where, value) for value in values)
        return None

    def _id(self, value: str) -> Spans | None:
        if not self.segment.id0 <= value <= self.segment.id1:
            return ()
        return None if self.index is None else self.index.value("event.id", value)

    def _words(self, where: Place, text: str) -> Spans | None:
        if self.index is None or where.type not in _WORDY or where.column in SKIPPED:
            return None
        found: Spans | None = None
        for word in tokens(text):
            found = common(found, self.index.word(where.column, word))
        return found

    def _value(self, where: Place, value: str | int | float | bool) -> Spans | None:
        if where.column == "event.id":
            return self._id(str(value))
        if where.words:
            return self._words(where, str(value))
        if self.index is None or where.column in SKIPPED or where.flat:
            return None
        if where.type is FieldType.KEYWORD:
            return self.index.value(where.column, str(value_of(where, value)))
        if where.type is FieldType.IP:
            return self.index.value(where.column, ip_key(str(value_of(where, value))))
        return self._words(where, str(value)) if where.type is FieldType.WILDCARD else None
