"""Scores by the report templates of 2019, 2021 and 2025; what is missing gives an interval, never a good guess."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any

import msgspec

from infra.errors import AppError, ErrorKind
from ops.controls.board import Board
from ops.controls.verdict import CREDIT, Verdict
from ops.rulepacks import Pack


class Weight(StrEnum):
    """Weight of an item in the templates."""

    GENERAL = "general"
    IMPORTANT = "important"
    KEY = "key"


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """One item as a template sees it."""

    unit: str
    point: str
    technical: bool
    verdict: Verdict
    floor: Verdict
    weight: Weight = Weight.GENERAL


class Risks(msgspec.Struct, frozen=True):
    """Risks found before rectification, and how many of the major ones are mended."""

    high: int = 0
    medium: int = 0
    major: int = 0
    major_mended: int = 0

    @property
    def printed(self) -> str:
        """As the 2025 report prints it: ``10（5个已整改）``."""
        return f"{self.major}（{self.major_mended}个已整改）" if self.major else "0"


class Score(msgspec.Struct, frozen=True):
    """The score between its bounds: ``low`` counts missing evidence as failed, ``high`` as met."""

    template: str
    low: float
    high: float
    conclusion_low: str
    conclusion_high: str
    applicable: int
    missing: int
    assumptions: dict[str, str]
    risks: str


Formula = Callable[[Sequence[tuple[Scored, float]], dict[str, Any]], float]


def scored_items(board: Board, weights: dict[str, Weight] | None = None) -> list[Scored]:
    """The items of a board; ``weights`` by unit id, general where it names none."""
    given = weights or {}
    return [
        Scored(
            unit=state.item.unit, point=f"{state.item.cls}/{state.item.point_zh}", technical=state.item.technical,
            verdict=state.verdict, floor=state.floor, weight=given.get(state.item.unit, Weight.GENERAL),
        )
        for state in board.units()
    ]  # fmt: skip


def score(items: Iterable[Scored], risks: Risks, pack: Pack) -> Score:
    """The score by a ``scoring`` pack; items that do not apply count nowhere."""
    applicable = [item for item in items if item.verdict is not Verdict.NOT_APPLICABLE]
    if not applicable:
        raise AppError(ErrorKind.INVALID, "ops.evaluation.nothing_applicable", template=pack.version)
    formula, conclude = _METHODS[pack.content["method"]]
    low = _bounded(formula([(item, CREDIT[item.floor]) for item in applicable], pack.content))
    high = _bounded(formula([(item, _hopeful(item)) for item in applicable], pack.content))
    missing = sum(item.verdict is Verdict.NOT_OBTAINED for item in applicable)
    return Score(
        pack.version, low, high, conclude(low, risks, pack.content), conclude(high, risks, pack.content),
        len(applicable), missing, dict(pack.content.get("assumptions", {})), risks.printed,
    )  # fmt: skip


def _hopeful(item: Scored) -> float:
    return 1.0 if item.verdict is Verdict.NOT_OBTAINED else CREDIT[item.verdict]


def _bounded(value: float) -> float:
    return round(min(100.0, max(0.0, value)), 2)


_FACTORS = {Weight.GENERAL: 1, Weight.IMPORTANT: 2, Weight.KEY: 3}


def class_average(items: Sequence[tuple[Scored, float]], content: dict[str, Any]) -> float:
    """2019: 100 minus the average over control points of their weighted share of failed (and half of partial) items."""
    points: dict[str, list[tuple[Scored, float]]] = {}
    for item, credit in items:
        points.setdefault(item.point, []).append((item, credit))
    losses = []
    for mine in points.values():
        total = sum(_FACTORS[item.weight] for item, _ in mine)
        losses.append(sum(_FACTORS[item.weight] * _loss(credit, content) for item, credit in mine) / total)
    return 100 - 100 * sum(losses) / len(losses)


def _loss(credit: float, content: dict[str, Any]) -> float:
    return float(content["partial_credit"]) if credit == CREDIT[Verdict.PARTIAL] else 1 - credit


def deduction(items: Sequence[tuple[Scored, float]], content: dict[str, Any]) -> float:
    """2021: both halves start at their share; every lack takes weight times 100/n off, never below 0."""
    share = content["technical_share"]
    step = 100 / len(items)
    total = 0.0
    for technical, start in ((True, 100 * share), (False, 100 * (1 - share))):
        mine = [(item, credit) for item, credit in items if item.technical is technical]
        lost = sum(content["weights"][item.weight] * (1 - credit) * step for item, credit in mine)
        total += max(0.0, start - lost)
    return total


def conformance_rate(items: Sequence[tuple[Scored, float]], content: dict[str, Any]) -> float:
    """2025: share of applicable items that conform, in percent; partial ones count by the pack's credit."""
    partial = content["partial_credit"]
    full = sum(1.0 if credit == 1.0 else partial if credit == CREDIT[Verdict.PARTIAL] else 0.0 for _, credit in items)
    return 100 * full / len(items)


def _conclude_2019(value: float, risks: Risks, content: dict[str, Any]) -> str:
    if value == 100:
        return "compliant"
    return "basically_compliant" if value >= content["threshold"] and not risks.high else "non_compliant"


def _conclude_2021(value: float, risks: Risks, content: dict[str, Any]) -> str:
    grades = content["grades"]
    if value >= grades["excellent"] and not risks.high + risks.medium:
        return "excellent"
    if not risks.high:
        for name in ("good", "fair"):
            if value >= grades[name]:
                return name
    return "poor"


def _conclude_2025(value: float, risks: Risks, content: dict[str, Any]) -> str:
    upper, lower = content["upper_pct"], content["lower_pct"]
    if value == upper:
        return str(content["exactly_upper"])
    if value == lower:
        return str(content["exactly_lower"])
    if value > upper:
        return str(content["high_rate_with_major_risk"]) if risks.major else "compliant"
    return "basically_compliant" if value > lower else "non_compliant"


_METHODS: dict[str, tuple[Formula, Callable[[float, Risks, dict[str, Any]], str]]] = {
    "class_average": (class_average, _conclude_2019),
    "deduction": (deduction, _conclude_2021),
    "conformance_rate": (conformance_rate, _conclude_2025),
}
