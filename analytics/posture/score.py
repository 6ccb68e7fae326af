"""The score: 100 minus additive weighted losses, then the pressure of open alerts, then caps.

Family "weighted loss with gates". For each dimension with indicators i of weight w_i (their sum W) and health u_i:

- loss of i = 100 * w_i / W * (1 - u_i), u_i piecewise linear between its two anchors;
- a missing indicator counts with health min(prior, last known health) and widens the band: low takes 0, high takes 1;
- pressure P = 1 - prod(1 - severity * asset * confidence * 2^(-age / half-life)) takes base * k * P, k = 0.4,
  split over its parts in proportion to -ln(1 - part);
- gates cap what is left.

The losses of a dimension add up to 100 - score exactly. Overall is the power mean with exponent -2, so that a low
dimension cannot hide behind the others; while a dimension is unmeasured only its pessimistic bound is known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from infra.exchange import Dimension, Indicator

PRESSURE_SHARE = 0.4
NEEDLE_COVERAGE = 0.5
INDICATIVE_COVERAGE = 0.8
OVERALL_EXPONENT = -2.0
_FLOOR = 1.0


class LossKind(StrEnum):
    """Why points are missing; the waterfall shows them in this order."""

    INDICATOR = "indicator"
    UNMEASURED = "unmeasured"
    PRESSURE = "pressure"
    CAP = "cap"


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """Points lost to one named thing, and the address of its rows."""

    name: str
    points: float
    kind: LossKind
    indicator: str = ""
    evidence: str = ""
    value: float | None = None
    unit: str = ""
    rows: int | None = None


class Pressure(msgspec.Struct, frozen=True, kw_only=True):
    """One open alert or incident that weighs on a dimension. ``severity``, ``asset`` and ``confidence`` in 0..1."""

    id: str
    title: str
    dimension: Dimension
    severity: float
    asset: float
    confidence: float
    age_s: float
    half_life_s: float
    href: str


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """A cap on a dimension while something grave is open."""

    id: str
    dimension: Dimension
    cap: float
    title: str
    href: str


class DimensionScore(msgspec.Struct, frozen=True, kw_only=True):
    """One dimension. ``score`` is None while coverage is below 0.5: then only the band is known."""

    score: float | None
    low: float
    high: float
    coverage: float
    indicative: bool
    losses: tuple[Loss, ...]
    missing: tuple[str, ...]


class Overall(msgspec.Struct, frozen=True, kw_only=True):
    """The three dimensions together; ``score`` is None while one of them has none."""

    score: float | None
    low: float
    high: float


class Posture(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer at one moment."""

    at: datetime
    overall: Overall
    dimensions: dict[Dimension, DimensionScore]


def health(indicator: Indicator) -> float | None:
    """0 (worst) to 1 (best), linear between the anchors; None where the value is missing."""
    if indicator.value is None or not math.isfinite(indicator.value):
        return None
    if indicator.best == indicator.worst:
        return 1.0 if indicator.value == indicator.best else 0.0
    share = (indicator.value - indicator.worst) / (indicator.best - indicator.worst)
    return min(1.0, max(0.0, share))


def assess(
    at: datetime,
    indicators: Sequence[Indicator],
    pressures: Sequence[Pressure] = (),
    gates: Sequence[Gate] = (),
    last_health: Mapping[str, float] | None = None,
) -> Posture:
    """The posture from its inputs; pure: the same inputs give the same answer."""
    known = last_health or {}
    dimensions = {
        dimension: assess_dimension(
            [item for item in indicators if item.dimension is dimension],
            [item for item in pressures if item.dimension is dimension],
            [item for item in gates if item.dimension is dimension],
            known,
        )
        for dimension in Dimension
    }
    return Posture(at=at, overall=combine(dimensions), dimensions=dimensions)


def assess_dimension(
    indicators: Sequence[Indicator], pressures: Sequence[Pressure], gates: Sequence[Gate], known: Mapping[str, float]
) -> DimensionScore:
    """One dimension from its indicators, pressures and gates."""
    total = sum(item.weight for item in indicators)
    if total <= 0:
        return DimensionScore(score=None, low=0, high=100, coverage=0, indicative=True, losses=(), missing=())
    measured, unmeasured = _losses(indicators, total, known)
    base = 100 - sum(loss.points for loss in (*measured, *unmeasured))
    pressed = _pressure_losses(base, pressures)
    score = base - sum(loss.points for loss in pressed)
    capped = _cap_loss(score, gates)
    losses = (*measured, *unmeasured, *pressed, *capped)
    missing = tuple(item.id for item in indicators if health(item) is None)
    coverage = sum(item.weight for item in indicators if health(item) is not None) / total
    low, high = (_bound(indicators, total, pressures, gates, assumed) for assumed in (0.0, 1.0))
    return DimensionScore(
        score=100 - sum(loss.points for loss in losses) if coverage >= NEEDLE_COVERAGE else None,
        low=low, high=high, coverage=coverage, indicative=coverage < INDICATIVE_COVERAGE,
        losses=losses, missing=missing,
    )  # fmt: skip


def _losses(indicators: Sequence[Indicator], total: float, known: Mapping[str, float]) -> tuple[list[Loss], list[Loss]]:
    measured: list[Loss] = []
    unmeasured: list[Loss] = []
    for item in indicators:
        found = health(item)
        assumed = min(item.prior, known.get(item.id, 1.0)) if found is None else found
        points = 100 * item.weight / total * (1 - assumed)
        if points > 0:
            kind = LossKind.UNMEASURED if found is None else LossKind.INDICATOR
            (unmeasured if found is None else measured).append(_loss(item, points, kind))
    return _largest_first(measured), _largest_first(unmeasured)


def _loss(item: Indicator, points: float, kind: LossKind) -> Loss:
    return Loss(
        name=item.id, points=points, kind=kind, indicator=item.id, evidence=item.evidence.href,
        value=item.value, unit=item.unit, rows=item.evidence.rows,
    )  # fmt: skip


def _largest_first(losses: list[Loss]) -> list[Loss]:
    return sorted(losses, key=lambda loss: (-loss.points, loss.name))


def weight_of(pressure: Pressure) -> float:
    """How hard one open thing presses, 0..1, halving with each half-life."""
    decay = math.pow(2.0, -max(0.0, pressure.age_s) / pressure.half_life_s)
    return min(0.999999, pressure.severity * pressure.asset * pressure.confidence * decay)


def _pressure_losses(base: float, pressures: Sequence[Pressure]) -> list[Loss]:
    parts = [(item, -math.log1p(-weight_of(item))) for item in pressures]
    total = math.fsum(part for _, part in parts)
    if total <= 0 or base <= 0:
        return []
    points = base * PRESSURE_SHARE * -math.expm1(-total)
    return _largest_first([_pressing(item, points * part / total) for item, part in parts if part > 0])


def _pressing(item: Pressure, points: float) -> Loss:
    return Loss(name=item.title, points=points, kind=LossKind.PRESSURE, indicator=item.id, evidence=item.href)


def _cap_loss(score: float, gates: Sequence[Gate]) -> list[Loss]:
    lowest = min(gates, key=lambda gate: (gate.cap, gate.id), default=None)
    if lowest is None or score <= lowest.cap:
        return []
    return [
        Loss(
            name=lowest.title, points=score - lowest.cap, kind=LossKind.CAP, indicator=lowest.id, evidence=lowest.href,
            value=lowest.cap, unit="cap",
        )
    ]  # fmt: skip


def _bound(
    indicators: Sequence[Indicator], total: float, pressures: Sequence[Pressure], gates: Sequence[Gate], assumed: float
) -> float:
    base = 100.0
    for item in indicators:
        found = health(item)
        base -= 100 * item.weight / total * (1 - (assumed if found is None else found))
    score = base - sum(loss.points for loss in _pressure_losses(base, pressures))
    return min([score, *(gate.cap for gate in gates)])


def combine(dimensions: Mapping[Dimension, DimensionScore]) -> Overall:
    """Min-leaning mean of the three; bounds from the bounds, a score only where all three have one."""
    scores = [item.score for item in dimensions.values() if item.score is not None]
    return Overall(
        score=power_mean(scores) if len(scores) == len(dimensions) else None,
        low=power_mean([item.low for item in dimensions.values()]),
        high=power_mean([item.high for item in dimensions.values()]),
    )


def power_mean(values: Sequence[float]) -> float:
    """Power mean with exponent -2 over values in 0..100; values below 1 count as 1."""
    held = [max(_FLOOR, value) for value in values]
    mean = math.fsum(value**OVERALL_EXPONENT for value in held) / len(held)
    return float(mean ** (1 / OVERALL_EXPONENT))
