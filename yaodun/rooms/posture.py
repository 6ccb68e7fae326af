"""Posture as the pages read it: the stored score, the cards beside it, and what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from analytics.posture import DimensionScore, Loss, LossKind, Posture, PostureService
from analytics.posture.catalogue import catalogue
from analytics.posture.score import health
from analytics.posture.trend import Trend
from dashboards.rooms import posture as shown
from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.exchange import Dimension, Indicator, Level
from infra.text import say
from ops.alerts import AlertQuery, Alerts

DAY = timedelta(days=1)
TREND = timedelta(days=14)
CARDS = (
    ("business", "business.feeds_on_time"), ("business", "business.trace_anomalies"),
    ("business", "business.approval_overdue"), ("business", "business.licence_misuse"),
    ("systems", "infrastructure.host_cpu"), ("systems", "infrastructure.host_memory"),
    ("systems", "infrastructure.host_disk"), ("systems", "infrastructure.platform_services"),
)  # fmt: skip


class PostureRoom:
    """Implements ``dashboards.rooms.posture.Posture``."""

    def __init__(self, posture: PostureService, alerts: Alerts, clock: Clock) -> None:
        self._posture, self._alerts, self._clock = posture, alerts, clock

    def now(self, at: datetime | None = None) -> shown.Standing:
        """The newest stored posture (not after ``at``) with yesterday's beside it."""
        found = self._posture.latest(at)
        if found is None:
            raise AppError(ErrorKind.NOT_FOUND, "analytics.posture_none", place="posture")
        before = self._posture.latest(found.at - DAY)
        history = self._posture.history(found.at - TREND)
        weights = {one.id: one.weight for one in self._posture.indicators(found.at)}
        return shown.Standing(
            at=found.at, score=found.overall.score, low=found.overall.low, high=found.overall.high,
            yesterday=before.overall.score if before else None,
            dimensions=tuple(_dimension(name, found, before, history, weights) for name in Dimension),
        )  # fmt: skip

    def readings(self) -> Sequence[shown.Reading]:
        """The cards of the three states: how business runs, how security stands, how systems run."""
        indicators = {item.id: item for item in self._posture.indicators()}
        lines = self._posture.lines(self._clock.now() - DAY)
        cards = [_card(group, indicators[name], lines.get(name, ())) for group, name in CARDS]
        return [*cards, *self._security()]

    def _security(self) -> list[shown.Reading]:
        now = self._clock.now()
        still_open = self._alerts.open()
        critical = sum(alert.level is Level.CRITICAL for alert in still_open)
        recent, _ = self._alerts.totals(AlertQuery(since=now - DAY))
        unowned = sum(not alert.assignee for alert in still_open)
        oldest = min((alert.first_seen for alert in still_open if alert.level.rank >= Level.HIGH.rank), default=None)
        age_h = (now - oldest).total_seconds() / 3600 if oldest else 0.0
        base = "/ui/alerts"
        return [
            _number("open_critical", critical, f"{base}?level=critical", "critical" if critical else None),
            _number("open_alerts", len(still_open), f"{base}?state=new,acknowledged", None),
            _number("new_alerts", recent, base, None),
            _number("unowned", unowned, f"{base}?owner=", "medium" if unowned and age_h > 4 else None),
        ]

    def trend(self, dimension: Dimension) -> Trend:
        """Where its score is going."""
        return self._posture.trend(dimension)

    def measures(self, dimension: Dimension, at: datetime | None = None) -> Sequence[shown.Measure]:
        """Every indicator of ``dimension`` behind the newest posture (not after ``at``)."""
        found = self._posture.latest(at)
        if found is None:
            raise AppError(ErrorKind.NOT_FOUND, "analytics.posture_none", place="posture")
        lost = {loss.indicator: loss.points for loss in found.dimensions[dimension].losses if loss.indicator}
        lines = self._posture.lines(found.at - DAY) if at is None else {}
        return [
            _measure(item, lost.get(item.id), lines.get(item.id, ()))
            for item in self._posture.indicators(at)
            if item.dimension is dimension
        ]

    def shifts(self) -> Sequence[shown.Shift]:
        """Indicators whose health moved by a tenth or more since yesterday (or the first posture), largest first."""
        now = self._clock.now()
        then = self._posture.inputs(now - DAY)
        history = self._posture.history(now - DAY, points=2)
        past = then[0] if then else (history[0].at if history else None)
        if past is None:
            return []
        before = {item.id: item for item in self._posture.indicators(past)}
        moved = [
            (abs((health(item) or 0) - (health(before[item.id]) or 0)), item)
            for item in self._posture.indicators()
            if health(item) is not None and health(before[item.id]) is not None
        ]
        moved = [pair for pair in moved if pair[0] >= 0.1]
        return [_shift(before[item.id], item) for _, item in sorted(moved, key=lambda pair: -pair[0])]


def loss_of(loss: Loss) -> shown.Loss:
    """One deduction in words."""
    name = say(f"analytics.posture.{loss.name}.title") if loss.name in catalogue() else loss.name
    if loss.kind is LossKind.CAP:
        name = say("yaodun.posture.cap", cap=f"{loss.value:g}", name=loss.name)
    return shown.Loss(name, loss.points, shown.LossKind(loss.kind.value), loss.evidence, loss.indicator)


def needs_of(item: DimensionScore, weights: Mapping[str, float]) -> tuple[shown.Need, ...]:
    """What to connect for each missing indicator, the weightiest first."""
    missing = sorted(item.missing, key=lambda name: -weights[name])
    return tuple(
        shown.Need(
            say(f"analytics.posture.{name}.remedy"),
            say("yaodun.posture.adds", share=round(100 * weights[name]), name=title(name)),
            "/ui/health",
        )
        for name in missing
    )


def title(name: str) -> str:
    """An indicator's name in words."""
    return say(f"analytics.posture.{name}.title")


def _point(entry: Posture, name: Dimension) -> tuple[datetime, float, float, float]:
    found = entry.dimensions[name]
    return entry.at, found.score if found.score is not None else found.low, found.low, found.high


def _measure(item: Indicator, lost: float | None, line: Sequence[float | None]) -> shown.Measure:
    card = _card("", item, line)
    return shown.Measure(
        id=item.id, name=card.name, value=card.value, unit=card.unit, target=card.note,
        window_s=item.window.total_seconds(), weight=item.weight, lost=lost, source=item.source,
        href=item.evidence.href, remedy=say(item.remedy_key), line=card.line, outside=card.outside,
    )  # fmt: skip


def _card(group: str, item: Indicator, line: Sequence[float | None]) -> shown.Reading:
    found = health(item)
    share = item.unit == "share"
    scale = 100 if share else 1
    value = None if item.value is None else item.value * scale
    outside = None if found is None or found >= 0.999 else ("high" if found < 0.5 else "medium")
    best = item.best * scale
    sign = "≤" if item.best < item.worst else "≥"
    return shown.Reading(
        id=item.id, group=group, name=title(item.id), value=value, outside=outside,
        unit="%" if share else say(f"yaodun.unit.{_key(item.unit)}"), href=item.evidence.href or "/ui/health",
        note=say("yaodun.posture.target", sign=sign, value=f"{best:g}"),
        line=tuple(None if value is None else value * scale for value in line),
    )  # fmt: skip


def _key(unit: str) -> str:
    return unit.replace(" ", "_")


def _number(name: str, value: float, href: str, outside: str | None) -> shown.Reading:
    return shown.Reading(
        id=f"security.{name}", group="security", name=say(f"yaodun.card.{name}"), value=value,
        unit=say("yaodun.unit.alerts"), href=href, note=say(f"yaodun.card.{name}_note"), outside=outside,
    )  # fmt: skip


def _shift(before: Indicator, now: Indicator) -> shown.Shift:
    worse = (health(now) or 0) < (health(before) or 0)
    return shown.Shift(
        at=now.taken, text=title(now.id), level="medium" if worse else "normal", before=_said(before), after=_said(now),
        href=now.evidence.href,
    )  # fmt: skip


def _said(item: Indicator) -> str:
    if item.value is None:
        return "—"
    return f"{item.value:.0%}" if item.unit == "share" else f"{item.value:g}"


def _dimension(
    name: Dimension, found: Posture, before: Posture | None, history: Sequence[Posture], weights: Mapping[str, float]
) -> shown.Score:
    item = found.dimensions[name]
    expected = [key for key, (dimension, _) in catalogue().items() if dimension is name]
    return shown.Score(
        dimension=name, score=item.score, low=item.low, high=item.high, coverage=item.coverage,
        measured=len(expected) - len(item.missing), indicators=len(expected),
        losses=tuple(loss_of(loss) for loss in item.losses), needs=needs_of(item, weights),
        yesterday=before.dimensions[name].score if before else None,
        days=tuple(_point(entry, name) for entry in history if entry.dimensions[name].score is not None),
    )  # fmt: skip
