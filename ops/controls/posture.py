"""What of graded protection weighs on the posture: high-risk cases, findings overdue, clocks missed, age of evidence.

All four are indicators; a case that fires also presses, so that it is named where the points are lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from analytics.posture import Pressure
from analytics.posture.catalogue import Reading
from infra.exchange import Dimension
from infra.text import say
from ops.calendar.deadlines import State as ClockState
from ops.calendar.deadlines import Timer
from ops.controls.board import Board
from ops.controls.highrisk import Risk as FiredRisk
from ops.controls.service import Controls
from ops.evaluation.rectification import Rectification

HALF_LIFE_S = 30 * 86_400.0
DATA_POINTS = ("数据", "个人信息", "剩余信息")
KEPT = timedelta(seconds=60)
"""How long an answer is used again: posture is measured every few seconds while alerts come in."""
PAGE = "/ui/filing"
SOURCE = "graded"


class Weight(msgspec.Struct, frozen=True):
    """What one look found."""

    at: datetime
    pressures: tuple[Pressure, ...]
    readings: dict[str, Reading]


class GradedPosture:
    """A ``PressureSource`` and an ``IndicatorSource``; ``clocks`` gives the timers of all objects."""

    def __init__(
        self, controls: Controls, rectification: Rectification, clocks: Callable[[datetime], Iterable[Timer]]
    ) -> None:
        self._controls = controls
        self._rectification = rectification
        self._clocks = clocks
        self._last: Weight | None = None

    def pressures(self, now: datetime) -> Sequence[Pressure]:
        """Every high-risk case that fires; asked again within a minute, the same answer."""
        return self._look(now).pressures

    def readings(self, now: datetime) -> Mapping[str, Reading]:
        """Missing where no object is evaluated (for clocks: where no object has one): nothing to see is not health."""
        return self._look(now).readings

    def _look(self, now: datetime) -> Weight:
        if self._last is None or not timedelta(0) <= now - self._last.at < KEPT:
            boards = [self._controls.board(profile.id) for profile in self._controls.profiles()]
            fired = {board.profile.id: _worst(self._controls.fired(board)) for board in boards}
            pressing = tuple(_pressing(name, risk) for name, found in fired.items() for risk in found)
            readings = {**_cases(fired), **self._findings(len(boards)), **_evidence(boards), **self._timers(now)}
            self._last = Weight(now, pressing, readings)
        return self._last

    def _findings(self, objects: int) -> dict[str, Reading]:
        late = [finding for finding in self._rectification.find() if finding.overdue]
        value = float(len(late)) if objects or late else None
        return {"infrastructure.findings_overdue": _reading(value, "/findings", len(late), [f.id for f in late[:20]])}

    def _timers(self, now: datetime) -> dict[str, Reading]:
        timers = [timer for timer in self._clocks(now) if timer.due]
        missed = [timer.words for timer in timers if timer.state is ClockState.OVERDUE]
        value = float(len(missed)) if timers else None
        return {"business.clocks_missed": _reading(value, "/calendar?state=overdue", len(missed), missed[:20])}


def _reading(value: float | None, path: str, rows: int, named: Sequence[str]) -> Reading:
    return Reading(value, PAGE + path, rows, SOURCE, {"named": list(named)} if named else {})


def _worst(found: Iterable[FiredRisk]) -> list[FiredRisk]:
    """One per case, however many assets it fires on."""
    worst: dict[str, FiredRisk] = {}
    for risk in found:
        if risk.case.id not in worst or not risk.mitigated:
            worst[risk.case.id] = risk
    return list(worst.values())


def _dimension(risk: FiredRisk) -> Dimension:
    return Dimension.DATA if risk.case.point_zh.startswith(DATA_POINTS) else Dimension.INFRASTRUCTURE


def _cases(fired: Mapping[str, Sequence[FiredRisk]]) -> dict[str, Reading]:
    """Cases that fire and are not mitigated, per evaluated object."""
    found = {}
    for dimension in (Dimension.INFRASTRUCTURE, Dimension.DATA):
        bare = [
            f"{name} {risk.case.id}"
            for name, risks in fired.items()
            for risk in risks
            if not risk.mitigated and _dimension(risk) is dimension
        ]
        value = len(bare) / len(fired) if fired else None
        found[f"{dimension}.high_risk_cases"] = _reading(value, "/controls", len(bare), bare[:20])
    return found


def _evidence(boards: Sequence[Board]) -> dict[str, Reading]:
    """Mean age of what is known, over the objects; the object with the oldest is named."""
    ages = {board.profile.id: age for board in boards if (age := board.evidence_age_days()) is not None}
    if not ages:
        return {"infrastructure.evidence_age": _reading(None, "/controls", 0, [])}
    oldest = max(ages, key=lambda name: ages[name])
    mean = sum(ages.values()) / len(ages)
    return {"infrastructure.evidence_age": _reading(mean, f"/controls/{oldest}", len(ages), [oldest])}


def _pressing(object_id: str, risk: FiredRisk) -> Pressure:
    return Pressure(
        id=f"risk/{object_id}/{risk.case.id}",
        title=risk.case.title_zh if say("ops.grading.language") == "zh" else risk.case.title_en,
        dimension=_dimension(risk), severity=0.4 if risk.mitigated else 0.9, asset=0.7, confidence=0.9, age_s=0.0,
        half_life_s=HALF_LIFE_S, href=f"{PAGE}/controls/{object_id}",
    )  # fmt: skip
