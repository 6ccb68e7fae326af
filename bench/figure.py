"""What a measured figure is, and the registry of functions that measure them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measured value. ``baseline_value`` comes from the same invocation; ``value_note`` says what was smaller
    than the stated size (such a value is not met); ``detail`` says of what it was measured."""

    name: str
    value: float
    unit: str
    baseline: str = ""
    baseline_value: float | None = None
    ratio: float | None = None
    value_note: str = ""
    detail: str = ""


Measure = Callable[[], Iterable[Row]]
MEASURES: dict[str, tuple[tuple[str, ...], Measure]] = {}


def figure(*names: str) -> Callable[[Measure], Measure]:
    """Mark a function as the one that measures ``names``."""

    def mark(measure: Measure) -> Measure:
        MEASURES[f"{measure.__module__}.{measure.__name__}"] = (names, measure)
        return measure

    return mark
