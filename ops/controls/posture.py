"""What of graded protection weighs on the posture: high-risk cases, findings overdue, clocks missed, stale evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta

from analytics.posture import Pressure
from infra.exchange import Dimension
from infra.text import say
from ops.calendar.deadlines import State as ClockState
from ops.calendar.deadlines import Timer
from ops.controls.board import Board
from ops.controls.highrisk import Risk as FiredRisk
from ops.controls.service import Controls
from ops.evaluation.rectification import Rectification, Risk

HALF_LIFE_S = 30 * 86_400.0
SEVERITY = {Risk.HIGH: 0.8, Risk.MEDIUM: 0.5, Risk.LOW: 0.2}
DATA_POINTS = ("数据", "个人信息", "剩余信息")
KEPT = timedelta(seconds=60)
"""How long an answer is used again: posture is measured every few seconds while alerts come in."""
STALE_SHARE = 0.2
"""Share of an object's evidence that may be out of date before it weighs."""
PAGE = "/ui/filing"


class GradedPressures:
    """A ``PressureSource``; ``clocks`` gives the timers of all objects."""

    def __init__(
        self, controls: Controls, rectification: Rectification, clocks: Callable[[datetime], Iterable[Timer]]
    ) -> None:
        self._controls = controls
        self._rectification = rectification
        self._clocks = clocks
        self._last: tuple[datetime, Sequence[Pressure]] | None = None

    def pressures(self, now: datetime) -> Sequence[Pressure]:
        """Everything open now, gravest kinds first; asked again within a minute, the same answer."""
        if self._last is None or not timedelta(0) <= now - self._last[0] < KEPT:
            self._last = (now, [*self._of_boards(), *self._findings(now), *self._timers(now)])
        return self._last[1]

    def _of_boards(self) -> Iterator[Pressure]:
        for profile in self._controls.profiles():
            board = self._controls.board(profile.id)
            yield from self._risks(board)
            yield from _stale(board)

    def _risks(self, board: Board) -> Iterator[Pressure]:
        """One per case, however many assets it fires on."""
        worst: dict[str, FiredRisk] = {}
        for risk in self._controls.fired(board):
            if risk.case.id not in worst or not risk.mitigated:
                worst[risk.case.id] = risk
        for risk in worst.values():
            yield _pressure(
                f"risk/{board.profile.id}/{risk.case.id}",
                risk.case.title_zh if say("ops.grading.language") == "zh" else risk.case.title_en,
                Dimension.DATA if risk.case.point_zh.startswith(DATA_POINTS) else Dimension.INFRASTRUCTURE,
                0.4 if risk.mitigated else 0.9,
                0.0,
                f"{PAGE}/controls/{board.profile.id}",
            )

    def _findings(self, now: datetime) -> list[Pressure]:
        late = [finding for finding in self._rectification.find() if finding.overdue]
        return [
            _pressure(
                f"finding/{f.id}", f.title, Dimension.INFRASTRUCTURE, SEVERITY[f.risk],
                (now - f.created).total_seconds(), f"{PAGE}/findings?sel={f.id}",
            )
            for f in late
        ]  # fmt: skip

    def _timers(self, now: datetime) -> list[Pressure]:
        missed = [t for t in self._clocks(now) if t.state is ClockState.OVERDUE and t.due]
        return [
            _pressure(f"clock/{t.id}", t.words, Dimension.BUSINESS, 0.5, _age(t, now), f"{PAGE}/calendar?timer={t.id}")
            for t in missed
        ]


def _stale(board: Board) -> Iterator[Pressure]:
    """Evidence that proved something once and no longer does."""
    share = board.stale_share()
    if share > STALE_SHARE:
        name = board.profile.name or board.profile.id
        title = say("ops.controls.stale", object=name, percent=round(100 * share))
        yield _pressure(
            f"evidence/{board.profile.id}", title, Dimension.INFRASTRUCTURE, 0.3 + 0.4 * share, 0.0,
            f"{PAGE}/controls/{board.profile.id}",
        )  # fmt: skip


def _age(timer: Timer, now: datetime) -> float:
    due = datetime.combine(timer.due, time(), UTC) if timer.due else now
    return max(0.0, (now - due).total_seconds())


def _pressure(name: str, title: str, dimension: Dimension, severity: float, age_s: float, href: str) -> Pressure:
    return Pressure(
        id=name, title=title, dimension=dimension, severity=severity, asset=0.7, confidence=0.9, age_s=age_s,
        half_life_s=HALF_LIFE_S, href=href,
    )  # fmt: skip
