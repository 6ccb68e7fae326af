"""Which segments a filter cannot match in: by their columns, their range of ids, and their filter of words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from infra.events.table import FieldType
from infra.store.embedded.bloom import SKIPPED, Bloom, load, value_item, word_item
from infra.store.embedded.segment import SIDECAR, Segment
from infra.store.query.addresses import ip_key
from infra.store.query.anywhere import expand
from infra.store.query.names import Place, place, value_of
from infra.store.query.tokens import tokens
from infra.store.query.tree import All, And, Anywhere, Filter, Ids, Match, Not, Or, Phrase, Term, Terms

_WORDY = (FieldType.TEXT, FieldType.WILDCARD)


def may_hold(root: Path, segment: Segment, node: Filter) -> bool:
    """False where no event of ``segment`` can meet ``node``."""
    return isinstance(node, All | Not) or _Prober(root, segment).probe(node)


@dataclass
class _Prober:
    root: Path
    segment: Segment

    @cached_property
    def bloom(self) -> Bloom | None:
        if self.segment.level == 0:
            return None
        return load((self.root / self.segment.path).with_suffix(SIDECAR))

    def probe(self, node: Filter) -> bool:
        match node:
            case All() | Not():
                return True
            case And(items):
                return all(self.probe(item) for item in items)
            case Or(items):
                return any(self.probe(item) for item in items)
            case Anywhere():
                return self.probe(expand(node))
            case Ids(values):
                return any(self._has_id(value) for value in values)
        where = place(node.field)
        return where.column in self.segment.columns and self._column(where, node)

    def _column(self, where: Place, node: Filter) -> bool:
        match node:
            case Phrase(_, text) | Match(_, text, False):
                return self._words(where, text)
            case Match(_, text, True):
                return any(self._words(where, word) for word in tokens(text))
            case Term(_, value, ignore_case):
                return ignore_case or self._value(where, value)
            case Terms(_, values):
                return any(self._value(where, value) for value in values)
        return True

    def _has_id(self, value: str) -> bool:
        return self.segment.id0 <= value <= self.segment.id1

    def _words(self, where: Place, text: str) -> bool:
        if self.bloom is None or where.type not in _WORDY or where.column in SKIPPED:
            return True
        return all(word_item(where.column, word) in self.bloom for word in tokens(text))

    def _value(self, where: Place, value: str | int | float | bool) -> bool:
        if where.column == "event.id":
            return self._has_id(str(value))
        if where.words:
            return self._words(where, str(value))
        if self.bloom is None or where.column in SKIPPED:
            return True
        if where.type is FieldType.KEYWORD:
            return value_item(where.column, str(value_of(where, value))) in self.bloom
        if where.type is FieldType.IP:
            return value_item(where.column, ip_key(str(value_of(where, value)))) in self.bloom
        return True
