"""Which rules a record meets: event classes by partial evaluation, value tables, a memo of whole signatures.

A record costs its routing key, one dictionary look-up per field its class looks at, and one for the tuple of them.
Only a tuple never seen before is worked out: rules whose witness atoms hold are evaluated, no others.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import orjson

from analytics.rules.access import Record, raw_reader, values_reader
from analytics.rules.eventclass import Alive, EventClass, Found
from analytics.rules.expression import leaves, rebuild
from analytics.rules.lens import EcsLens, Lens
from analytics.rules.mapping import FOLDED, ROUTING
from analytics.rules.rule import Atom, RuleSet, Variant
from analytics.rules.shared import Shared
from analytics.rules.valuetable import Meaning, ValueTable

MAX_KEYS = 50_000
"""Routing keys remembered as they are read; afterwards by their signatures alone."""


class Matcher:
    """Finds the variants (a rule on one of its log sources) that records meet. Not for several threads at once."""

    def __init__(self, ruleset: RuleSet, lens: Lens | None = None, *, memo: bool = True) -> None:
        self.ruleset = ruleset
        self.lens = lens or EcsLens()
        self._remember = memo
        self._parts = Shared()
        grouped = _routing_atoms(ruleset)
        used = [name for name in ROUTING if name in grouped and self.lens.places(name)]
        self._decided = frozenset(number for pairs in grouped.values() for number, _ in pairs)
        self._tables = [ValueTable(Meaning(grouped[name])) for name in used]
        self._absent = frozenset().union(*(Meaning(grouped[name]).missing for name in grouped if name not in used))
        self._raw = raw_reader(self.lens, used)
        self._values = values_reader(self.lens, used)
        self._by_raw: dict[tuple[Any, ...], EventClass] = {}
        self._by_key: dict[tuple[int, ...], EventClass] = {}
        self._by_mark: dict[str, EventClass] = {}
        self._by_where = _grouped(ruleset.variants)
        self._open = [not self._decided.isdisjoint(variant.atoms) for variant in ruleset.variants]

    def match(self, record: Record, line: bytes | None = None) -> Found:
        """The numbers of the variants that ``record`` meets; ``line`` is its JSON, which saves time if at hand."""
        try:
            known = self._by_raw[self._raw(record)]
        except (KeyError, TypeError):
            known = self._class_of(record)
        if known.direct:
            try:
                keyword = known.keywords.signature(record, line) if known.keywords is not None else 0
                return known.memo[known.sign(record, keyword)]
            except (KeyError, TypeError):
                pass
        return known.match(record, line)

    def match_lines(self, lines: Iterable[bytes]) -> list[tuple[int, Record, Found]]:
        """Place, record and variants of those JSON lines that meet any rule; raises ``ValueError`` for bad JSON."""
        hits: list[tuple[int, Record, Found]] = []
        by_raw, raw, loads = self._by_raw, self._raw, orjson.loads
        for place, line in enumerate(lines):
            record = loads(line)
            try:
                known = by_raw[raw(record)]
            except (KeyError, TypeError):
                known = self._class_of(record)
            try:
                if known.direct and (known.keywords is None or not known.keywords.suspicious(line)):
                    found = known.memo[known.sign(record, 0)]
                else:
                    found = known.match(record, line)
            except (KeyError, TypeError):
                found = known.match(record, line)
            if found:
                hits.append((place, record, found))
        return hits

    @property
    def classes(self) -> Sequence[EventClass]:
        """The classes met so far."""
        return list(self._by_mark.values())

    def _class_of(self, record: Record) -> EventClass:
        raw: tuple[Hashable, ...] = self._values(record)
        key = tuple(table.look(value) for table, value in zip(self._tables, raw, strict=True))
        found = self._by_key.get(key)
        if found is None:
            found = self._by_key[key] = self._build(key)
        if len(self._by_raw) >= MAX_KEYS:
            self._by_raw.clear()
        if not any(isinstance(value, bool) for value in raw):
            self._by_raw[raw] = found
        return found

    def _build(self, key: tuple[int, ...]) -> EventClass:
        true = self._absent.union(*(table.sets[number] for table, number in zip(self._tables, key, strict=True)))

        def leaf(number: int) -> Any:
            return number in true if number in self._decided else number

        alive: list[Alive] = []
        for where, indices in self._by_where:
            if all(not true.isdisjoint(atoms) for atoms in where):
                for index in indices:
                    variant = self.ruleset.variants[index]
                    if not self._open[index]:
                        alive.append((index, variant.when, variant.atoms))
                    elif (when := rebuild(variant.when, leaf)) is not False:
                        alive.append((index, when, tuple(leaves(when))))
        return self._shared(alive)

    def _shared(self, alive: list[Alive]) -> EventClass:
        """Keys that leave the same rules in the same form are one class."""
        mark = repr([(index, when if self._open[index] else 0) for index, when, _ in alive])
        found = self._by_mark.get(mark)
        if found is None:
            made = EventClass(alive, self.ruleset.atoms, self.lens, self._parts, memo=self._remember)
            found = self._by_mark[mark] = made
        return found


def _routing_atoms(ruleset: RuleSet) -> dict[str, list[tuple[int, Atom]]]:
    """The atoms that the class of an event decides: those of routes, and all on fields of few values."""
    where = {number for variant in ruleset.variants for _, atoms in variant.where for number in atoms}
    grouped: dict[str, list[tuple[int, Atom]]] = {}
    for number, atom in enumerate(ruleset.atoms):
        if atom.field in ROUTING and (number in where or atom.field in FOLDED) and atom.op != "fieldref":
            grouped.setdefault(atom.field, []).append((number, atom))
    return grouped


def _grouped(variants: Sequence[Variant]) -> list[tuple[tuple[tuple[int, ...], ...], list[int]]]:
    """Variants by their routes: a route is asked once for all of them."""
    grouped: dict[tuple[tuple[int, ...], ...], list[int]] = {}
    for index, variant in enumerate(variants):
        grouped.setdefault(tuple(atoms for _, atoms in variant.where), []).append(index)
    return list(grouped.items())
