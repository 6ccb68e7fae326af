"""What several classes of one matcher ask alike is made once: tables of the values of a field, and keywords."""

from __future__ import annotations

from collections.abc import Sequence

from analytics.rules.keywords import Keywords
from analytics.rules.rule import Atom
from analytics.rules.valuetable import Budget, Meaning, ValueTable

Numbered = Sequence[tuple[int, Atom]]


class Shared:
    """The tables and keywords of a matcher by the atoms they decide; a value met in one is known in all."""

    def __init__(self) -> None:
        self._budget = Budget()
        self._tables: dict[tuple[str, tuple[int, ...]], ValueTable] = {}
        self._keywords: dict[tuple[int, ...], Keywords] = {}

    def table(self, field: str, atoms: Numbered) -> ValueTable:
        """The table of a field that decides exactly these atoms."""
        key = (field, _numbers(atoms))
        if key not in self._tables:
            self._tables[key] = ValueTable(Meaning(atoms), self._budget)
        return self._tables[key]

    def keywords(self, atoms: Numbered) -> Keywords:
        """The search for exactly these keywords."""
        key = _numbers(atoms)
        if key not in self._keywords:
            self._keywords[key] = Keywords(atoms)
        return self._keywords[key]


def _numbers(atoms: Numbered) -> tuple[int, ...]:
    return tuple(number for number, _ in atoms)
