"""Grades an object by every matrix side by side and lists the rules the result breaks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache

import msgspec

from ops.grading.matrix import Matrix, read_matrix
from ops.grading.objects import GradedObject, Tick
from ops.grading.validators import Violation, check
from ops.rulepacks import PackRef, shipped_packs


class Result(msgspec.Struct, frozen=True):
    """Levels by one matrix; ``pairs`` shows the level each tick gives."""

    matrix: str
    ref: PackRef
    s: int
    a: int
    s_pairs: tuple[tuple[Tick, int], ...]
    a_pairs: tuple[tuple[Tick, int], ...]
    violations: tuple[Violation, ...]

    @property
    def g(self) -> int:
        """Level of the object."""
        return max(self.s, self.a)

    @property
    def label(self) -> str:
        """``S2A3G3``."""
        return f"S{self.s}A{self.a}G{self.g}"


class Grading(msgspec.Struct, frozen=True):
    """The answer for one object: ``results`` newest matrix first; ``decisive`` is the one in force on the day.

    A classified object is out of scope: no levels at all.
    """

    object: GradedObject
    day: date
    out_of_scope: bool
    results: tuple[Result, ...]
    decisive: Result | None

    @property
    def differs(self) -> bool:
        """Whether the matrices disagree on the level."""
        return len({result.label for result in self.results}) > 1

    @property
    def violations(self) -> tuple[Violation, ...]:
        """What the decisive result breaks."""
        return self.decisive.violations if self.decisive else ()


@cache
def shipped_matrices() -> tuple[Matrix, ...]:
    """Every shipped matrix, newest first."""
    return tuple(read_matrix(pack) for pack in reversed(shipped_packs().versions("grading")))


def grade(thing: GradedObject, day: date, matrices: Sequence[Matrix] | None = None) -> Grading:
    """Grade ``thing`` as of ``day`` by every matrix; the newest one in force on the day decides."""
    if thing.classified:
        return Grading(thing, day, out_of_scope=True, results=(), decisive=None)
    chosen = matrices or shipped_matrices()
    results = tuple(_result(thing, matrix) for matrix in chosen)
    in_force = [result for matrix, result in zip(chosen, results, strict=True) if matrix.valid_from <= day]
    return Grading(thing, day, out_of_scope=False, results=results, decisive=in_force[0] if in_force else results[-1])


def _result(thing: GradedObject, matrix: Matrix) -> Result:
    s, a = matrix.highest(thing.s), matrix.highest(thing.a)
    return Result(
        matrix.ref.version,
        matrix.ref,
        s,
        a,
        tuple((tick, matrix.level(tick)) for tick in thing.s),
        tuple((tick, matrix.level(tick)) for tick in thing.a),
        tuple(check(thing, matrix, s, a)),
    )
