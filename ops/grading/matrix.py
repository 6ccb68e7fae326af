"""A grading matrix: object harmed x degree of harm -> level (GB/T 22240-2020 tables 1-3; 2025 form table 3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec

from ops.grading.objects import Degree, Harmed, Tick
from ops.rulepacks import Pack, PackRef


class Row(msgspec.Struct, frozen=True):
    """One interest of the matrix: names, level per degree, and on whose scale the harm is judged (clause 6.3.2)."""

    zh: str
    en: str
    levels: tuple[int, int, int]
    basis: str


class Matrix(msgspec.Struct, frozen=True):
    """One version of the matrix with the S/A combinations it allows per level."""

    ref: PackRef
    valid_from: date
    rows: dict[Harmed, Row]
    combinations: dict[int, frozenset[str]]

    def level(self, tick: Tick) -> int:
        """Level of one ticked pair."""
        return self.rows[tick.harmed].levels[list(Degree).index(tick.degree)]

    def highest(self, ticks: Iterable[Tick]) -> int:
        """The highest level over the ticked pairs; 0 where nothing is ticked."""
        return max((self.level(tick) for tick in ticks), default=0)

    def allows(self, s: int, a: int) -> bool:
        """Whether S and A form one of the printed combinations of their level."""
        return f"S{s}A{a}" in self.combinations.get(max(s, a), frozenset())


def read_matrix(pack: Pack) -> Matrix:
    """The matrix of a ``grading`` pack."""
    content = pack.content
    return Matrix(
        pack.ref,
        pack.valid_from,
        msgspec.convert(content["objects"], dict[Harmed, Row]),
        {int(level): frozenset(pairs) for level, pairs in content["combinations"].items()},
    )
