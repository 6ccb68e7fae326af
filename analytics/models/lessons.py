"""What answers teach: a finding (rule, entity, feature) that was harmless before is judged less rare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from analytics.models.feedback import STEP, eased, steps_eased
from infra.events.signal import Signal, Why

TOLD_BELOW = 1e-4
"""A finding that answers made as likely as this is not told."""


class Lesson(msgspec.Struct, frozen=True):
    """One row for people: counts of answers, the newest, until when they count, who gave them."""

    rule: str
    entity: str
    feature: str
    true: int
    harmless: int
    at: datetime
    until: datetime
    by: tuple[str, ...]

    @property
    def factor(self) -> float:
        """By how much later findings of this kind are judged more likely."""
        return STEP ** steps_eased(self.true, self.harmless)


class Lessons:
    """(rule, entity, feature) -> (true, harmless)."""

    def __init__(self, told: Mapping[tuple[str, str, str], tuple[int, int]] | None = None) -> None:
        self._told = dict(told or {})

    def ease(self, rule: str, entity: str, feature: str, p: float) -> float:
        """The probability to judge by."""
        return eased(p, *self._told.get((rule, entity, feature), (0, 0)))

    def heard(self, signals: Sequence[Signal]) -> list[Signal]:
        """Those still to be told, each with the probability it is now judged by."""
        return [kept for one in signals if (kept := self._heard(one)) is not None]

    def _heard(self, one: Signal) -> Signal | None:
        told = next((why.value for why in one.why if why.field == "p"), "")
        if not told or not one.why:
            return one
        p = float(told)
        now = self.ease(one.rule_id, one.entity_value, one.why[0].field, p)
        if now == p:
            return one
        if now >= TOLD_BELOW:
            return None
        why = tuple(Why("p", f"{now:.2g}", "") if each.field == "p" else each for each in one.why)
        return replace(one, why=why)
