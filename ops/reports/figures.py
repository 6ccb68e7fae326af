"""The figures of a period, read from the services that pages and API read: one reading, one number."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

import msgspec

from analytics.posture import Posture, PostureService
from infra.clock import rfc3339
from infra.exchange import Dimension, Level
from ops.alerts import AlertQuery, Alerts
from ops.incidents.case import Case
from ops.incidents.desk import Desk
from ops.incidents.service import MAX_PAGE, IncidentQuery
from ops.incidents.state import State
from ops.inspection import Inspections
from ops.inspection.result import Verdict
from ops.reports.period import Period
from ops.work import Changes, Orders
from ops.work.orders import Light, OrderState

MOST_LOSSES = 5
MOST_CASES = 20


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A number of the report: its name (words under ``ops.reports.figure``), value, unit, and the rows behind it."""

    name: str
    value: float | None
    unit: str = ""
    href: str = ""
    before: float | None = None


class LossLine(msgspec.Struct, frozen=True):
    """Points a dimension lost, to what, and the evidence."""

    dimension: str
    name: str
    indicator: str
    kind: str
    points: float
    href: str


class CaseLine(msgspec.Struct, frozen=True):
    """An incident of the period."""

    id: str
    title: str
    level: str
    state: str
    opened: datetime
    owner: str


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a report says, before it has words."""

    period: Period
    written: datetime
    posture: tuple[Figure, ...]
    losses: tuple[LossLine, ...]
    alerts: tuple[Figure, ...]
    incidents: tuple[Figure, ...]
    cases: tuple[CaseLine, ...]
    durations: tuple[Figure, ...]
    work: tuple[Figure, ...]
    inspections: tuple[Figure, ...]


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """Where figures come from."""

    posture: PostureService
    alerts: Alerts
    desk: Desk
    orders: Orders
    changes: Changes
    inspections: Inspections


def situation(sources: Sources, period: Period, now: datetime) -> Situation:
    """The situation of a period as it is known now."""
    end, start = sources.posture.latest(period.until), sources.posture.latest(period.since)
    opened = sources.desk.incidents.find(
        IncidentQuery(since=period.since, until=period.until, limit=MAX_PAGE)
    ).incidents
    return Situation(
        period=period, written=now, posture=tuple(_posture(end, start, period)), losses=tuple(_losses(end)),
        alerts=tuple(_alerts(sources.alerts, period)), incidents=tuple(_incidents(sources.desk, opened)),
        cases=tuple(_line(case, sources.desk) for case in opened[:MOST_CASES]),
        durations=tuple(_durations(sources.desk, period)), work=tuple(_work(sources, period, now)),
        inspections=tuple(_inspections(sources.inspections, period)),
    )  # fmt: skip


def _posture(end: Posture | None, start: Posture | None, period: Period) -> list[Figure]:
    at = quote(rfc3339(period.until))
    after = end.overall.score if end else None
    before = start.overall.score if start else None
    found = [_scored("overall", after, before, f"/ui/?at={at}")]
    for name in Dimension:
        after = end.dimensions[name].score if end and name in end.dimensions else None
        before = start.dimensions[name].score if start and name in start.dimensions else None
        found.append(_scored(name, after, before, f"/ui/{name}?at={at}"))
    return found


def _scored(name: str, after: float | None, before: float | None, href: str) -> Figure:
    return Figure(name=name, value=after, unit="points", href=href, before=before)


def _losses(end: Posture | None) -> list[LossLine]:
    if end is None:
        return []
    return [
        LossLine(name, loss.name, loss.indicator, str(loss.kind), round(loss.points, 1), loss.evidence)
        for name, score in end.dimensions.items()
        for loss in sorted(score.losses, key=lambda loss: -loss.points)[:MOST_LOSSES]
    ]


def _alerts(alerts: Alerts, period: Period) -> list[Figure]:
    query = AlertQuery(since=period.since, until=period.until)
    total, signals = alerts.totals(query)
    levels: Mapping[str, int] = alerts.facets(query).get("level", {})
    window = f"tr={quote(rfc3339(period.since))}..{quote(rfc3339(period.until))}&state=any"
    found = [
        Figure(name="alerts", value=float(total), unit="alerts", href=f"/ui/alerts?{window}&stack=flat"),
        Figure(name="signals", value=float(signals), unit="signals", href=f"/ui/alerts?{window}"),
    ]
    for level in reversed(Level):
        href = f"/ui/alerts?{window}&stack=flat&level={level}"
        found.append(Figure(name=f"level_{level}", value=float(levels.get(level, 0)), unit="alerts", href=href))
    return found


def _incidents(desk: Desk, opened: tuple[Case, ...]) -> list[Figure]:
    counts = desk.incidents.counts()
    still = sum(number for state, number in counts.items() if state != State.CLOSED)
    real = sum(case.verdict == "true_positive" for case in opened)
    return [
        Figure(name="opened", value=float(len(opened)), unit="incidents", href="/ui/incidents?state=any"),
        Figure(name="closed_of_them", value=float(sum(not case.open for case in opened)), unit="incidents",
               href="/ui/incidents?state=closed"),
        Figure(name="real_of_them", value=float(real), unit="incidents", href="/ui/incidents?state=closed"),
        Figure(name="open_now", value=float(still), unit="incidents", href="/ui/incidents"),
    ]  # fmt: skip


def _line(case: Case, desk: Desk) -> CaseLine:
    owner = desk.named(case.owner) if case.owner else ""
    return CaseLine(case.id, case.title, case.level, case.state, case.opened, owner)


def _durations(desk: Desk, period: Period) -> list[Figure]:
    found = desk.averages(IncidentQuery(since=period.since, until=period.until))
    return [
        Figure(name=name, value=mean.median_s, unit="seconds", href="/ui/incidents?state=any")
        for name, mean in found.items()
    ]


def _work(sources: Sources, period: Period, now: datetime) -> list[Figure]:
    orders = sources.orders.listed()
    opened = [order for order in orders if period.since <= order.opened < period.until]
    ended = [order for order in orders if order.ended and period.since <= order.ended < period.until]
    late = [order for order in orders if order.light(now) is Light.RED]
    changes = [change for change in sources.changes.listed() if period.since <= change.asked < period.until]
    still = [order for order in orders if order.state in (OrderState.OPEN, OrderState.DOING)]
    return [
        Figure(name="orders_opened", value=float(len(opened)), unit="orders", href="/ui/orders"),
        Figure(name="orders_ended", value=float(len(ended)), unit="orders", href="/ui/orders"),
        Figure(name="orders_open", value=float(len(still)), unit="orders", href="/ui/orders"),
        Figure(name="orders_late", value=float(len(late)), unit="orders", href="/ui/orders"),
        Figure(name="changes_asked", value=float(len(changes)), unit="changes", href="/ui/orders?tab=changes"),
    ]


def _inspections(inspections: Inspections, period: Period) -> list[Figure]:
    runs = [run for run in inspections.runs(since=period.since) if run.started < period.until]
    href = "/ui/inspections"
    counted = {verdict: sum(run.count(verdict) for run in runs) for verdict in Verdict}
    return [
        Figure(name="runs", value=float(len(runs)), unit="runs", href=href),
        Figure(name="looks", value=float(sum(counted.values())), unit="looks", href=href),
        Figure(name="anomalies", value=float(counted[Verdict.ANOMALY]), unit="looks", href=href),
        Figure(name="unseen", value=float(counted[Verdict.UNKNOWN]), unit="looks", href=href),
    ]
