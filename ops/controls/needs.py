"""What a rule needs to see in a fact, and the four states a need can be in."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import msgspec

from ops.controls.facts import Fact


class Held(IntEnum):
    """State of one need."""

    HOLDS = 0
    FAILS = 1
    MISSING = 2
    NOT_APPLICABLE = 3


class Need(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One condition on one kind of fact. Exactly one operator is given."""

    fact: str
    equals: Any = msgspec.UNSET
    at_least: float | None = None
    at_most: float | None = None
    below: float | None = None
    empty: bool = False

    def held(self, found: Fact | None) -> Held:
        """The state by a fact that stands, or None where there is none."""
        if found is None or found.value is None or found.value == "not_obtained":
            return Held.MISSING
        if found.value == "not_applicable":
            return Held.NOT_APPLICABLE
        good = self._good(found.value)
        return Held.MISSING if good is None else Held.HOLDS if good else Held.FAILS

    def _good(self, value: Any) -> bool | None:
        if self.empty:
            return not value if isinstance(value, list | tuple | str | dict) or _number(value) else None
        if self.equals is not msgspec.UNSET:
            return bool(value == self.equals) if type(value) is type(self.equals) else None
        if not _number(value):
            return None
        if self.at_least is not None:
            return bool(value >= self.at_least)
        if self.at_most is not None:
            return bool(value <= self.at_most)
        return bool(value < self.below) if self.below is not None else None

    @property
    def wanted(self) -> str:
        """The condition as text, such as ``>= 183``."""
        if self.empty:
            return "= 0"
        if self.equals is not msgspec.UNSET:
            return f"= {self.equals}"
        for sign, bound in ((">=", self.at_least), ("<=", self.at_most), ("<", self.below)):
            if bound is not None:
                return f"{sign} {bound:g}"
        return "?"


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


def together(states: list[Held]) -> tuple[int, int, int]:
    """How many needs hold, fail and are missing; those that do not apply are left out."""
    return states.count(Held.HOLDS), states.count(Held.FAILS), states.count(Held.MISSING)
