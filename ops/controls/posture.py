"""What of graded protection weighs on the posture: high-risk cases that fire, findings overdue, clocks missed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, time

from analytics.posture import Pressure
from infra.exchange import Dimension
from infra.text import say
from ops.calendar.deadlines import State as ClockState
from ops.calendar.deadlines import Timer
from ops.controls.service import Controls
from ops.evaluation.rectification import Rectification, Risk

HALF_LIFE_S = 30 * 86_400.0
SEVERITY = {Risk.HIGH: 0.8, Risk.MEDIUM: 0.5, Risk.LOW: 0.2}
DATA_POINTS = ("数据", "个人信息", "剩余信息")


class GradedPressures:
    """A ``PressureSource``; ``clocks`` gives the timers of all objects."""

    def __init__(
        self, controls: Controls, rectification: Rectification, clocks: Callable[[datetime], Iterable[Timer]]
    ) -> None:
        self._controls = controls
        self._rectification = rectification
        self._clocks = clocks

    def pressures(self, now: datetime) -> Sequence[Pressure]:
        """Everything open now, gravest kinds first."""
        return [*self._risks(), *self._findings(now), *self._timers(now)]

    def _risks(self) -> list[Pressure]:
        return [
            _pressure(
                f"risk/{profile.id}/{risk.case.id}/{risk.asset}",
                risk.case.title_zh if say("ops.grading.language") == "zh" else risk.case.title_en,
                Dimension.DATA if risk.case.point_zh.startswith(DATA_POINTS) else Dimension.INFRASTRUCTURE,
                0.4 if risk.mitigated else 0.9,
                0.0,
                f"/filing/controls/{profile.id}/risks",
            )
            for profile in self._controls.profiles()
            for risk in self._controls.risks(profile.id)
        ]

    def _findings(self, now: datetime) -> list[Pressure]:
        late = [finding for finding in self._rectification.find() if finding.overdue]
        return [
            _pressure(
                f"finding/{f.id}", f.title, Dimension.INFRASTRUCTURE, SEVERITY[f.risk],
                (now - f.created).total_seconds(), f"/filing/findings/{f.id}",
            )
            for f in late
        ]  # fmt: skip

    def _timers(self, now: datetime) -> list[Pressure]:
        missed = [t for t in self._clocks(now) if t.state is ClockState.OVERDUE and t.due]
        return [
            _pressure(f"clock/{t.id}", t.words, Dimension.BUSINESS, 0.5, _age(t, now), f"/filing/calendar?timer={t.id}")
            for t in missed
        ]


def _age(timer: Timer, now: datetime) -> float:
    due = datetime.combine(timer.due, time(), UTC) if timer.due else now
    return max(0.0, (now - due).total_seconds())


def _pressure(name: str, title: str, dimension: Dimension, severity: float, age_s: float, href: str) -> Pressure:
    return Pressure(
        id=name, title=title, dimension=dimension, severity=severity, asset=0.7, confidence=0.9, age_s=age_s,
        half_life_s=HALF_LIFE_S, href=href,
    )  # fmt: skip
