"""Which rules a record meets: event classes by partial evaluation, value tables, a memo of whole signatures.

A record costs its routing key, one dictionary look-up per field its class looks at, and one for the tuple of them.
Only a tuple never seen before is worked out: rules whose witness atoms hold are evaluated, no others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from analytics.rules.access import key_reader, values_reader
from analytics.rules.eventclass import EventClass
from analytics.rules.expression import rebuild
from analytics.rules.lens import EcsLens, Lens
from analytics.rules.mapping import FOLDED, ROUTING
from analytics.rules.rule import RuleSet, Variant
from analytics.rules.valuetable import Meaning, ValueTable

Record = Mapping[str, Any]


class Matcher:
    """Finds the variants (a rule on one of its log sources) that records meet. Not for several threads at once."""

    def __init__(self, ruleset: RuleSet, lens: Lens | None = None, *, memo: bool = True) -> None:
        self.ruleset = ruleset
        self.lens = lens or EcsLens()
        self._memo = memo
        where = {number for variant in ruleset.variants for _, atoms in variant.where for number in atoms}
        grouped: dict[str, list[Any]] = {}
        for number, atom in enumerate(ruleset.atoms):
            if atom.field in ROUTING and (number in where or atom.field in FOLDED) and atom.op != "fieldref":
                grouped.setdefault(atom.field, []).append((number, atom))
        used = [name for name in ROUTING if name in grouped and self.lens.places(name)]
        self._decided = frozenset(number for pairs in grouped.values() for number, _ in pairs)
        self._tables = [ValueTable(Meaning(grouped[name])) for name in used]
        self._absent = frozenset().union(*(Meaning(grouped[name]).missing for name in grouped if name not in used))
        self._key = key_reader(self.lens, used, self._tables)
        self._slow_key = values_reader(self.lens, used)
        self._classes: dict[tuple[int, ...], EventClass] = {}
        self._open = [not self._decided.isdisjoint(_numbers(variant)) for variant in ruleset.variants]

    def match(self, record: Record) -> Sequence[int]:
        """The numbers of the variants that ``record`` meets."""
        try:
            key = self._key(record)
        except TypeError:
            key = tuple(table[value] for table, value in zip(self._tables, self._slow_key(record), strict=True))
        found = self._classes.get(key)
        if found is None:
            found = self._classes[key] = self._build(key)
        return found.match(record)

    @property
    def classes(self) -> Sequence[EventClass]:
        """The classes met so far."""
        return list(self._classes.values())

    def _build(self, key: tuple[int, ...]) -> EventClass:
        true = self._absent.union(*(table.sets[number] for table, number in zip(self._tables, key, strict=True)))

        def leaf(number: int) -> Any:
            return number in true if number in self._decided else number

        alive = []
        for index, variant in enumerate(self.ruleset.variants):
            if all(not true.isdisjoint(atoms) for _, atoms in variant.where):
                when = rebuild(variant.when, leaf) if self._open[index] else variant.when
                if when is not False:
                    alive.append((index, when))
        return EventClass(alive, self.ruleset.atoms, self.lens, memo=self._memo)


def _numbers(variant: Variant) -> list[int]:
    from analytics.rules.expression import leaves

    return list(leaves(variant.when))


Reader = Callable[[Record], tuple[Any, ...]]
