"""The alert queue of the pages, over ``ops.alerts``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from dashboards.rooms import alerts as shown
from dashboards.rooms.insight import Stage
from infra.clock import Clock
from infra.exchange import Dimension, Level
from infra.text import say
from infra.web.seams import Actor, Authorizer
from ops.alerts import Alert, AlertQuery, Alerts, Disposition
from ops.alerts.risk import EntityRisks
from ops.alerts.service import Action
from ops.alerts.stacks import StackBy, Stacked
from yaodun.rooms.names import Names

RELATED = 6
FACET_ORDER = {"level": [str(level) for level in reversed(Level)], "state": [str(state) for state in shown.State]}


class AlertRoom:
    """Implements ``dashboards.rooms.alerts.Alerts``."""

    def __init__(
        self, alerts: Alerts, access: Authorizer, names: Names, clock: Clock, risks: EntityRisks | None = None
    ) -> None:
        self._alerts, self._access, self._names, self._clock = alerts, access, names, clock
        self._risks = risks or EntityRisks(alerts)

    def find(self, wanted: shown.AlertFilter, stack: shown.Stack, start: int, count: int) -> shown.AlertPage:
        """One slice of the queue."""
        query = self._query(wanted, start, count)
        alerts, signals = self._alerts.totals(query)
        if stack is shown.Stack.FLAT:
            page = self._alerts.search(query).alerts
            hours = self._alerts.hours([alert.id for alert in page])
            return shown.AlertPage(tuple(self.row(alert, hours) for alert in page), alerts, alerts, signals)
        stacks, total = self._alerts.stacks(query, StackBy(stack.value))
        hours = self._alerts.hours([alert.id for _, alert in stacks])
        rows = tuple(self._stacked(found, alert, stack, hours) for found, alert in stacks)
        return shown.AlertPage(rows, total, alerts, signals)

    def facets(self, wanted: shown.AlertFilter) -> Mapping[str, Sequence[tuple[str, str, int]]]:
        """Counts with words, in the order people expect."""
        found = self._alerts.facets(self._query(wanted, 0, 1))
        return {name: self._facet(name, counts) for name, counts in found.items()}

    def _facet(self, name: str, counts: Mapping[str, int]) -> list[tuple[str, str, int]]:
        order = FACET_ORDER.get(name, [])
        place = {value: number for number, value in enumerate(order)}
        values = sorted(counts, key=lambda value: (place.get(value, len(order)), -counts[value], value))
        return [(value, self._names.facet(name, value), counts[value]) for value in values]

    def histogram(self, wanted: shown.AlertFilter, bars: int) -> Sequence[shown.Bar]:
        """Alerts by level over the window."""
        start, end = wanted.window.start, wanted.window.end
        found = self._alerts.histogram(self._query(wanted, 0, 1), start, end, bars)
        width = (end - start) / bars
        return [shown.Bar(start + width * number, counts) for number, counts in enumerate(found)]

    def card(self, alert_id: str) -> shown.AlertCard:
        """Everything about one alert."""
        alert = self._alerts.get(alert_id)
        related = self._related(alert)
        hours = self._alerts.hours([alert.id, *(other.id for other in related)])
        verdicts = self._alerts.dispositions(alert.rule["id"])
        told = self._risks.told(alert.entity["type"], alert.entity["value"], self._clock.now())
        return shown.AlertCard(
            row=self.row(alert, hours),
            why=tuple(_why(item) for item in alert.why),
            event_ids=tuple(reversed(alert.event_ids)),
            history=tuple(self._note(item) for item in self._alerts.history(alert_id)),
            author=alert.rule["author"],
            description=alert.rule["reference"],
            related=tuple(self.row(other, hours) for other in related),
            verdicts={shown.Verdict(name): number for name, number in verdicts.items() if name},
            risk=told.risk.score,
            stages=tuple(Stage(step.tactic, step.alert, step.rule, step.title, step.time) for step in told.steps),
        )

    def _related(self, alert: Alert) -> list[Alert]:
        query = AlertQuery(only={"entity": (alert.entity["value"],)}, limit=RELATED + 1, order="newest")
        return [other for other in self._alerts.search(query).alerts if other.id != alert.id][:RELATED]

    def change(self, actor: Actor, change: shown.Change) -> shown.Done:
        """Do what is asked to alerts; rights are checked here."""
        self._access.demand(actor, "alerts.work")
        ids = change.ids
        match change.action:
            case shown.Action.ACKNOWLEDGE:
                token = self._alerts.acknowledge(actor, ids)
            case shown.Action.ASSIGN:
                token = self._alerts.assign(actor, ids, change.owner)
            case shown.Action.COMMENT:
                token = self._alerts.comment(actor, ids, change.comment)
            case shown.Action.CLOSE:
                verdict = Disposition(change.verdict or shown.Verdict.UNDETERMINED)
                token = self._alerts.close(actor, ids, verdict, change.comment)
            case shown.Action.REOPEN:
                token = self._alerts.reopen(actor, ids, change.comment)
        undo = "" if change.action is shown.Action.COMMENT else token
        return shown.Done(len(ids), sum(alert.count for alert in self._alerts.find(ids)), undo)

    def undo(self, actor: Actor, token: str) -> shown.Done:
        """Take back one bulk action."""
        self._access.demand(actor, "alerts.work")
        return shown.Done(self._alerts.undo(actor, token), 0)

    def measures(self) -> Mapping[str, Any]:
        """Numbers for the overview."""
        now = self._clock.now()
        still_open = self._alerts.open()
        counts = {level: sum(alert.level is level for alert in still_open) for level in Level}
        criticals = [alert.first_seen for alert in still_open if alert.level is Level.CRITICAL]
        recent = self._alerts.search(AlertQuery(since=now - timedelta(days=1), order="newest", limit=1000)).alerts
        return {
            "open": counts,
            "unowned": sum(not alert.assignee for alert in still_open),
            "oldest_critical": min(criticals, default=None),
            "acknowledge_s": _median(alert.acknowledged - alert.first_seen for alert in recent if alert.acknowledged),
            "close_s": _median(alert.closed - alert.first_seen for alert in recent if alert.closed),
            "hours": _hours(now, [alert.first_seen for alert in recent]),
        }

    def _title(self, alert: Alert) -> str:
        return self._names.rule(alert.rule["id"], alert.rule["name"])

    def row(self, alert: Alert, hours: Mapping[str, tuple[int, ...]]) -> shown.AlertRow:
        """One alert as a row."""
        return shown.AlertRow(
            id=alert.id, rule=alert.rule["id"], title=self._title(alert), level=alert.level,
            state=shown.State(alert.state.value), signals=alert.count, entity_kind=alert.entity["type"],
            entity=alert.entity["value"], first_seen=alert.first_seen, last_seen=alert.last_seen,
            origin=alert.rule["detector"], techniques=alert.techniques, system=alert.system,
            dimension=Dimension(alert.dimension), owner=alert.assignee, owner_name=self._names.person(alert.assignee),
            hours=hours.get(alert.id, ()), verdict=shown.Verdict(alert.disposition) if alert.disposition else None,
        )  # fmt: skip

    def _stacked(
        self, found: Stacked, alert: Alert, stack: shown.Stack, hours: Mapping[str, tuple[int, ...]]
    ) -> shown.AlertRow:
        if found.alerts == 1:
            return self.row(alert, hours)
        several = say("yaodun.stack.entities", number=found.entities)
        title = {
            shown.Stack.RULE: self._title(alert),
            shown.Stack.ENTITY: found.key,
            shown.Stack.SYSTEM: self._names.system(found.key) or say("yaodun.stack.no_system"),
        }[stack]
        return shown.AlertRow(
            id=found.key, rule=alert.rule["id"], title=title, level=found.level,
            state=shown.State.NEW if found.open else shown.State.CLOSED, signals=found.signals,
            entity_kind=alert.entity["type"], entity=alert.entity["value"] if found.entities == 1 else several,
            first_seen=found.first_seen, last_seen=found.last_seen, alerts=found.alerts,
            origin=alert.rule["detector"], techniques=alert.techniques, system=alert.system,
            dimension=Dimension(alert.dimension), hours=hours.get(alert.id, ()),
        )  # fmt: skip

    def _note(self, item: Action) -> shown.Note:
        detail = {**item.detail, "assignee": self._names.person(str(item.detail.get("assignee", "")))}
        if "disposition" in detail:
            detail["disposition"] = say(f"yaodun.disposition.{detail['disposition']}")
        return shown.Note(item.time, item.actor, say(f"yaodun.history.{item.action}", **detail))

    def _query(self, wanted: shown.AlertFilter, start: int, count: int) -> AlertQuery:
        return AlertQuery(
            only=wanted.only, without=wanted.without, text=wanted.text, since=wanted.window.start,
            until=wanted.window.end, offset=start, limit=count,
        )  # fmt: skip


def _why(item: Mapping[str, str]) -> shown.Why:
    return shown.Why(item["field"], item["pattern"], item["value"])


def _median(durations: Any) -> float | None:
    seconds = [duration.total_seconds() for duration in durations]
    return median(seconds) if seconds else None


def _hours(now: datetime, moments: Sequence[datetime]) -> list[int]:
    counts = [0] * 24
    for moment in moments:
        age = int((now - moment).total_seconds() // 3600)
        if 0 <= age < 24:
            counts[23 - age] += 1
    return counts
