"""One class of events: the rules that can still hold on it, and the memo of what its events looked like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analytics.rules.access import key_reader, raw_reader, values_reader
from analytics.rules.atoms import Op, reference_holds
from analytics.rules.candidates import Candidates
from analytics.rules.expression import leaves
from analytics.rules.keywords import Keywords
from analytics.rules.lens import Lens
from analytics.rules.rule import KEYWORD, Atom, Expression
from analytics.rules.valuetable import Meaning, ValueTable

MAX_SIGNATURES = 100_000
NOTHING: tuple[int, ...] = ()


class EventClass:
    """Matches the events of one class. ``rules`` are pairs of variant number and what is left of its expression."""

    def __init__(
        self, rules: Sequence[tuple[int, Expression]], atoms: Sequence[Atom], lens: Lens, *, memo: bool = True
    ) -> None:
        self.rules = rules
        self.always = tuple(index for index, when in rules if when is True)
        used = sorted({number for _, when in rules for number in leaves(when)})
        grouped: dict[str, list[tuple[int, Atom]]] = {}
        self._references: list[tuple[int, str, str, str]] = []
        for number in used:
            atom = atoms[number]
            if atom.op == Op.FIELDREF:
                mode, _, other = atom.value.partition(":")
                self._references.append((number, mode, atom.field, other))
            else:
                grouped.setdefault(atom.field, []).append((number, atom))
        keyword = grouped.pop(KEYWORD, None)
        self._keywords = Keywords(keyword) if keyword else None
        self._meanings = [Meaning(pairs) for pairs in grouped.values()]
        self._tables = [ValueTable(meaning) for meaning in self._meanings]
        self._signature = key_reader(lens, list(grouped), self._tables)
        self._values = values_reader(lens, list(grouped))
        self._pairs = [(number, mode, raw_reader(lens, [one, other])) for number, mode, one, other in self._references]
        open_rules = [(index, when) for index, when in rules if when is not True]
        self._candidates = Candidates(open_rules, {number for number, *_ in self._references})
        self._memo: dict[tuple[int, ...], tuple[int, ...]] = {}
        self._pending: dict[tuple[int, ...], tuple[frozenset[int], tuple[int, ...]]] = {}
        self._remember = memo
        self._empty = not grouped and not keyword and not self._pairs

    def match(self, record: Mapping[str, Any]) -> Sequence[int]:
        """The variants that hold on ``record``."""
        if self._empty:
            return self.always
        if not self._remember:
            return self._work_out(record)
        try:
            signature = self._signature(record)
        except TypeError:
            signature = tuple(table[value] for table, value in zip(self._tables, self._values(record), strict=True))
        if self._keywords is not None:
            signature += (self._keywords.signature(record),)
        found = self._memo.get(signature)
        if found is None:
            found = self._miss(signature)
        if self._pairs and signature in self._pending:
            return found + self._referring(signature, record)
        return found

    def _miss(self, signature: tuple[int, ...]) -> tuple[int, ...]:
        true = set().union(*(table.sets[number] for table, number in zip(self._tables, signature, strict=False)))
        if self._keywords is not None:
            true |= self._keywords.sets[signature[-1]]
        if len(self._memo) >= MAX_SIGNATURES:
            self._memo.clear()
            self._pending.clear()
        found, pending = self._candidates.judge(true)
        if pending:
            self._pending[signature] = (frozenset(true), pending)
        found = self._memo[signature] = self.always + found
        return found

    def _referring(self, signature: tuple[int, ...], record: Mapping[str, Any]) -> tuple[int, ...]:
        true, pending = self._pending[signature]
        return self._settle(true, pending, record)

    def _settle(self, true: frozenset[int], pending: tuple[int, ...], record: Mapping[str, Any]) -> tuple[int, ...]:
        met = [number for number, mode, reader in self._pairs if reference_holds(mode, *reader(record))]
        return self._candidates.settle(true.union(met), pending)

    def _work_out(self, record: Mapping[str, Any]) -> tuple[int, ...]:
        """Without any memo: what a value never seen before costs, every time."""
        true: set[int] = set()
        for meaning, value in zip(self._meanings, self._values(record), strict=True):
            true |= meaning.of(value)
        if self._keywords is not None:
            true |= self._keywords.met(record)
        found, pending = self._candidates.judge(true)
        if pending:
            found += self._settle(frozenset(true), pending, record)
        return self.always + found
