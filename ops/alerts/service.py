"""What can be done with alerts. Every change is in the ledger and in the alert's history, and can be undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.events import Signal
from infra.exchange import Level
from infra.ids import new_id
from infra.records import Records
from infra.records.chunks import chunked
from infra.web.seams import Actor
from ops.alerts import query as ask
from ops.alerts.grouping import absorb
from ops.alerts.query import AlertQuery
from ops.alerts.record import AlertHistory, AlertRow, AlertSignal, Disposition, State
from ops.alerts.stacks import StackBy, Stacked, histogram, hours_of, stacks

MAX_COMMENT = 4000
CHANGING = ("state", "assignee", "disposition", "reason", "acknowledged", "closed")


class Audit(Protocol):
    """Writes an audit entry in the change's own transaction (``infra.ledger.record``)."""

    def __call__(
        self, session: Session, *, actor: Actor, action: str, thing: str, detail: dict[str, Any]
    ) -> object: ...


class Action(msgspec.Struct, frozen=True):
    """One line of an alert's history."""

    id: str
    time: datetime
    actor: str
    action: str
    detail: dict[str, Any]


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert as people and scripts see it."""

    id: str
    rule: dict[str, str]
    level: Level
    entity: dict[str, str]
    system: str
    asset: str
    dimension: str
    techniques: tuple[str, ...]
    why: tuple[dict[str, str], ...]
    event_ids: tuple[str, ...]
    count: int
    first_seen: datetime
    last_seen: datetime
    state: State
    assignee: str
    disposition: str
    reason: str
    acknowledged: datetime | None
    closed: datetime | None
    version: int


class AlertPage(msgspec.Struct, frozen=True):
    """A page of alerts; ``total`` and ``signals`` count everything the query finds."""

    alerts: tuple[Alert, ...]
    total: int
    signals: int
    after: str | None


class Alerts:
    """The alerts of the site."""

    def __init__(self, records: Records, clock: Clock, audit: Audit) -> None:
        self._records, self._clock, self._audit = records, clock, audit

    def absorb(self, signals: Sequence[Signal]) -> list[Alert]:
        """Count signals on their alerts, durable on return; a signal seen before changes nothing."""
        if not signals:
            return []
        return self._records.write(lambda session: [view(row) for row in absorb(session, signals)])

    def forget_counted(self, before: datetime) -> int:
        """Forget which signals older than ``before`` were counted; how many. Counts and alerts stay."""
        old = AlertSignal.time < before

        def work(session: Session) -> int:
            number = session.scalar(select(func.count()).select_from(AlertSignal).where(old)) or 0
            session.execute(delete(AlertSignal).where(old))
            return number

        return self._records.write(work)

    def search(self, query: AlertQuery) -> AlertPage:
        """One page of alerts with totals."""

        def work(session: Session) -> AlertPage:
            rows, after = ask.page(session, query)
            total, signals = ask.count(session, query)
            return AlertPage(tuple(view(row) for row in rows), total, signals, after)

        return self._records.read(work)

    def facets(self, query: AlertQuery) -> dict[str, dict[str, int]]:
        """Counts by level, state, dimension, system, detector and assignee."""
        return self._records.read(lambda session: ask.facets(session, query))

    def open(self) -> list[Alert]:
        """All alerts not closed, worst first."""
        return self._records.read(lambda session: [view(row) for row in ask.open_alerts(session)])

    def get(self, alert_id: str) -> Alert:
        """One alert; ``AppError(NOT_FOUND)``."""
        return self._records.read(lambda session: view(_row(session, alert_id)))

    def find(self, ids: Sequence[str]) -> list[Alert]:
        """The alerts of ``ids`` that exist, in their order."""
        found: dict[str, Alert] = {}

        def work(session: Session) -> None:
            for part in chunked(list(ids), 500):
                rows = session.scalars(select(AlertRow).where(AlertRow.id.in_(part)))
                found.update({row.id: view(row) for row in rows})

        self._records.read(work)
        return [found[alert_id] for alert_id in ids if alert_id in found]

    def stacks(self, query: AlertQuery, by: StackBy) -> tuple[list[tuple[Stacked, Alert]], int]:
        """A slice of the stacks with the worst and newest alert of each, and how many stacks there are."""

        def work(session: Session) -> tuple[list[tuple[Stacked, Alert]], int]:
            found, total = stacks(session, query, by)
            return [(stack, view(stack.newest)) for stack in found], total

        return self._records.read(work)

    def hours(self, ids: Sequence[str]) -> dict[str, tuple[int, ...]]:
        """Signals per hour of the last 24 by alert."""
        return self._records.read(lambda session: hours_of(session, self._clock.now(), ids))

    def histogram(self, query: AlertQuery, start: datetime, end: datetime, bars: int) -> list[dict[Level, int]]:
        """Alerts by level in equal parts of a window."""
        return self._records.read(lambda session: histogram(session, query, start, end, bars))

    def totals(self, query: AlertQuery) -> tuple[int, int]:
        """How many alerts, and how many signals they hold."""
        return self._records.read(lambda session: ask.count(session, query))

    def dispositions(self, rule_id: str) -> dict[str, int]:
        """What the closed alerts of a rule turned out to be."""
        return self._records.read(lambda session: ask.dispositions(session, rule_id))

    def history(self, alert_id: str) -> list[Action]:
        """What was done with it, oldest first."""
        statement = select(AlertHistory).where(AlertHistory.alert_id == alert_id).order_by(AlertHistory.id)
        return self._records.read(
            lambda session: [
                Action(row.id, row.time, row.actor, row.action, row.detail) for row in session.scalars(statement)
            ]
        )

    def acknowledge(self, actor: Actor, ids: Sequence[str]) -> str:
        """Take note of alerts; the actor becomes the assignee where there is none. Returns the undo token."""

        def change(row: AlertRow) -> None:
            row.state = State.ACKNOWLEDGED
            row.acknowledged = row.acknowledged or self._clock.now()
            row.assignee = row.assignee or actor.name

        return self._change(actor, ids, "acknowledge", {}, change)

    def assign(self, actor: Actor, ids: Sequence[str], assignee: str) -> str:
        """Give alerts to a person ('' takes them back). Returns the undo token."""

        def change(row: AlertRow) -> None:
            row.assignee = assignee

        return self._change(actor, ids, "assign", {"assignee": assignee}, change)

    def close(self, actor: Actor, ids: Sequence[str], disposition: Disposition, reason: str) -> str:
        """Close alerts with what they were and why. Returns the undo token."""
        words = _words(reason, "reason")

        def change(row: AlertRow) -> None:
            row.state, row.disposition, row.reason = State.CLOSED, disposition, words
            row.closed = self._clock.now()

        return self._change(actor, ids, "close", {"disposition": disposition, "reason": words}, change)

    def reopen(self, actor: Actor, ids: Sequence[str], reason: str) -> str:
        """Open closed alerts again. Returns the undo token."""
        words = _words(reason, "reason")

        def change(row: AlertRow) -> None:
            row.state, row.disposition, row.reason, row.closed = State.ACKNOWLEDGED, "", "", None

        return self._change(actor, ids, "reopen", {"reason": words}, change)

    def comment(self, actor: Actor, ids: Sequence[str], text: str) -> str:
        """Say something about alerts."""
        return self._change(actor, ids, "comment", {"text": _words(text, "text")}, lambda row: None)

    def undo(self, actor: Actor, token: str) -> int:
        """Bring back what one bulk action changed; the history keeps both. Returns how many alerts.

        An alert changed again since then is left alone (``AppError(CONFLICT)`` when all were).
        """

        def work(session: Session) -> int:
            statement = select(AlertHistory).where(AlertHistory.id.startswith(f"{token}-", autoescape=True))
            rows = list(session.scalars(statement))
            if not rows:
                raise AppError(ErrorKind.NOT_FOUND, "ops.undo_unknown", place="undo")
            undone = sum(self._restore(session, actor, row) for row in rows)
            if not undone:
                raise AppError(ErrorKind.CONFLICT, "ops.undo_too_late", place="undo")
            return undone

        return self._records.write(work)

    def _restore(self, session: Session, actor: Actor, entry: AlertHistory) -> bool:
        row = _row(session, entry.alert_id)
        if row.version != entry.before["version"] + 1:
            return False
        for name in CHANGING:
            value = entry.before[name]
            moment = name in ("acknowledged", "closed") and value is not None
            setattr(row, name, datetime.fromisoformat(value) if moment else value)
        row.version += 1
        self._note(session, actor, row, new_id("H"), "undo", {"of": entry.action}, entry.before)
        return True

    def _change(
        self, actor: Actor, ids: Sequence[str], action: str, detail: dict[str, Any], change: Callable[[AlertRow], None]
    ) -> str:
        token = new_id("H")

        def work(session: Session) -> str:
            for number, row in enumerate(_rows(session, ids)):
                before = _before(row)
                change(row)
                row.version += 1
                self._note(session, actor, row, f"{token}-{number:06d}", action, detail, before)
            return token

        return self._records.write(work)

    def _note(
        self, session: Session, actor: Actor, row: AlertRow, entry: str, action: str, detail: dict[str, Any],
        before: dict[str, Any],
    ) -> None:  # fmt: skip
        moment = self._clock.now()
        session.add(
            AlertHistory(
                id=entry, alert_id=row.id, time=moment, actor=actor.name, action=action, detail=detail, before=before
            )
        )
        self._audit(session, actor=actor, action=f"alerts.{action}", thing=f"alert:{row.id}", detail=detail)


def view(row: AlertRow) -> Alert:
    """The alert of a row."""
    return Alert(
        id=row.id,
        rule={
            "id": row.rule_id, "name": row.rule_name, "author": row.author, "detector": row.detector,
            "reference": row.reference,
        },
        level=Level(row.level),
        entity={"type": row.entity_type, "value": row.entity_value},
        system=row.system,
        asset=row.asset,
        dimension=row.dimension,
        techniques=tuple(row.techniques),
        why=tuple(row.why),
        event_ids=tuple(row.event_ids),
        count=row.count,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        state=State(row.state),
        assignee=row.assignee,
        disposition=row.disposition,
        reason=row.reason,
        acknowledged=row.acknowledged,
        closed=row.closed,
        version=row.version,
    )  # fmt: skip


def _before(row: AlertRow) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in CHANGING}
    moments = {name: value.isoformat() for name, value in values.items() if isinstance(value, datetime)}
    return {**values, **moments, "version": row.version}


def _row(session: Session, alert_id: str) -> AlertRow:
    row = session.get(AlertRow, alert_id)
    if row is None:
        raise AppError(ErrorKind.NOT_FOUND, "ops.alert_unknown", place=alert_id[:40])
    return row


def _rows(session: Session, ids: Sequence[str]) -> list[AlertRow]:
    found: dict[str, AlertRow] = {}
    for part in chunked(list(dict.fromkeys(ids)), 500):
        found.update({row.id: row for row in session.scalars(select(AlertRow).where(AlertRow.id.in_(part)))})
    for alert_id in ids:
        if alert_id not in found:
            raise AppError(ErrorKind.NOT_FOUND, "ops.alert_unknown", place=alert_id[:40])
    return list(found.values())


def _words(text: str, place: str) -> str:
    words = text.strip()
    if not words:
        raise AppError(ErrorKind.INVALID, "ops.words_missing", place=place)
    if len(words) > MAX_COMMENT:
        raise AppError(ErrorKind.TOO_LARGE, "ops.words_too_long", place=place, limit=MAX_COMMENT)
    return words
