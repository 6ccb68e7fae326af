"""One class of events: the rules that can still hold on it, and the memo of what its events looked like."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property
from typing import Any

from analytics.rules.access import Reader, raw_reader, signature_reader, values_reader
from analytics.rules.atoms import Op, reference_holds
from analytics.rules.candidates import Candidates
from analytics.rules.lens import Lens
from analytics.rules.rule import KEYWORD, Atom, Expression
from analytics.rules.shared import Shared

Alive = tuple[int, Expression, Sequence[int]]
Found = tuple[int, ...]
MAX_SIGNATURES = 100_000


class EventClass:
    """Matches the events of one class. ``rules`` are variant numbers, what is left of their expressions, its atoms.

    ``memo`` and ``sign`` are the hot path and read by the matcher directly; ``direct`` says that what they find is the
    whole answer, ``keywords`` that the events' text must be looked through first.
    """

    def __init__(
        self, rules: Sequence[Alive], atoms: Sequence[Atom], lens: Lens, shared: Shared, *, memo: bool = True
    ) -> None:
        self.rules = rules
        self._always = tuple(index for index, when, _ in rules if when is True)
        used = sorted(set().union(*(numbers for _, _, numbers in rules)))
        grouped: dict[str, list[tuple[int, Atom]]] = {}
        self._pairs: list[tuple[int, str, Reader]] = []
        for number in used:
            atom = atoms[number]
            if atom.op == Op.FIELDREF:
                mode, _, other = atom.value.partition(":")
                self._pairs.append((number, mode, raw_reader(lens, [atom.field, other])))
            else:
                grouped.setdefault(atom.field, []).append((number, atom))
        keyword = grouped.pop(KEYWORD, None)
        self.keywords = shared.keywords(keyword) if keyword else None
        self.tables = [shared.table(field, pairs) for field, pairs in grouped.items()]
        self._places = (lens, list(grouped))
        self.sign = signature_reader(lens, list(grouped), [table.known for table in self.tables])
        self._candidates = Candidates(
            [rule for rule in rules if rule[1] is not True], {number for number, *_ in self._pairs}
        )
        self.memo: dict[tuple[int, ...], Found] = {}
        self._pending: dict[tuple[int, ...], tuple[frozenset[int], Found]] = {}
        self._remember = memo
        self.direct = memo and not self._pairs

    @cached_property
    def _values(self) -> Reader:
        return values_reader(*self._places)

    def match(self, record: Mapping[str, Any], line: bytes | None = None) -> Found:
        """The variants that hold on ``record``; the way for records the memo does not know."""
        keyword = self.keywords.signature(record, line) if self.keywords is not None else 0
        return self._known(record, keyword) if self._remember else self._work_out(record, keyword)

    def _known(self, record: Mapping[str, Any], keyword: int) -> Found:
        values: Sequence[Hashable] = self._values(record)
        looked = [table.look(value) for table, value in zip(self.tables, values, strict=True)]
        signature = (*looked, keyword)
        found = self.memo.get(signature)
        if found is None:
            found = self._miss(signature)
        if signature in self._pending:
            return found + self._settle(*self._pending[signature], record)
        return found

    def _miss(self, signature: tuple[int, ...]) -> Found:
        true = set().union(*(table.sets[number] for table, number in zip(self.tables, signature, strict=False)))
        if self.keywords is not None:
            true |= self.keywords.sets[signature[-1]]
        if len(self.memo) >= MAX_SIGNATURES:
            self.memo.clear()
            self._pending.clear()
        found, pending = self._candidates.judge(true)
        if pending:
            self._pending[signature] = (frozenset(true), pending)
        found = self.memo[signature] = self._always + found
        return found

    def _settle(self, true: frozenset[int], pending: Found, record: Mapping[str, Any]) -> Found:
        met = [number for number, mode, reader in self._pairs if reference_holds(mode, *reader(record))]
        return self._candidates.settle(true.union(met), pending)

    def _work_out(self, record: Mapping[str, Any], keyword: int) -> Found:
        """Without any memo: what a value never seen before costs, every time."""
        true: set[int] = set()
        for table, value in zip(self.tables, self._values(record), strict=True):
            true |= table.meets(value)
        if self.keywords is not None:
            true |= self.keywords.sets[keyword]
        found, pending = self._candidates.judge(true)
        if pending:
            found += self._settle(frozenset(true), pending, record)
        return self._always + found
