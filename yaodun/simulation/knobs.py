"""Knobs: how strong, how many, how late; drawn from their ranges or fixed by whoever runs the simulation."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from infra.errors import AppError, ErrorKind
from yaodun.simulation.dice import Dice


@dataclass(frozen=True, slots=True)
class Knob:
    """A strength with the range it is drawn from and the range it may be set to."""

    name: str
    low: float
    high: float
    lowest: float
    highest: float
    about: str


@cache
def known_knobs() -> dict[str, Knob]:
    """Every knob by name."""
    tree = tomllib.loads(files("yaodun.simulation").joinpath("knobs.toml").read_text(encoding="utf-8"))
    return {knob.name: knob for knob in _leaves("", tree)}


def _leaves(head: str, tree: Mapping[str, Any]) -> Iterator[Knob]:
    for key, value in tree.items():
        name = f"{head}{key}"
        if "default" in value:
            (low, high), (lowest, highest) = value["default"], value["allowed"]
            yield Knob(name, float(low), float(high), float(lowest), float(highest), value["about"])
        else:
            yield from _leaves(f"{name}.", value)


class Knobs:
    """The knobs of one run; ``fixed`` holds those that were set."""

    def __init__(self, fixed: Mapping[str, float] | None = None) -> None:
        self._fixed = dict(fixed or {})
        for name, value in self._fixed.items():
            _check(name, value)
        self._wide = self._fixed.get("wide", 0) >= 1

    def draw(self, name: str, dice: Dice) -> float:
        """A strength for one case, rounded to four digits after the point."""
        if name in self._fixed:
            return self._fixed[name]
        knob = known_knobs()[name]
        low, high = (knob.lowest, knob.highest) if self._wide and "." in name else (knob.low, knob.high)
        return round(dice.between(low, high), 4)

    def whole(self, name: str, dice: Dice) -> int:
        """A strength that counts something, at least 1 unless it was set lower."""
        return max(0 if name in self._fixed else 1, round(self.draw(name, dice)))

    def is_set(self, name: str) -> bool:
        """Whether somebody fixed it."""
        return name in self._fixed


def _check(name: str, value: float) -> None:
    knob = known_knobs().get(name)
    if knob is None:
        known = ", ".join(known_knobs())
        raise AppError(ErrorKind.INVALID, "yaodun.knob_unknown", place=f"--knob {name}", known=known)
    if not knob.lowest <= value <= knob.highest:
        raise AppError(
            ErrorKind.INVALID, "yaodun.knob_range", place=f"--knob {name}", low=knob.lowest, high=knob.highest
        )
