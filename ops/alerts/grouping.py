"""Grouping: signals of one rule on one entity within a window are one alert; nothing is capped, everything counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.events import Signal
from infra.ids import new_id
from infra.records.chunks import chunked
from ops.alerts.record import AlertRow, AlertSignal, State

GROUP_WINDOW = timedelta(hours=24)
"""A signal joins the open alert of its rule and entity if that was last seen at most this long before."""

KEPT_EVENTS = 200
"""Events an alert keeps by id: the first ones and the newest; the count goes on."""


def absorb(session: Session, signals: Sequence[Signal]) -> list[AlertRow]:
    """Add signals to their alerts; those already counted change nothing. Returns the alerts that changed."""
    changed: dict[str, AlertRow] = {}
    for signal in unseen(session, signals):
        alert = find_open(session, signal) or open_alert(session, signal)
        join(session, alert, signal)
        changed[alert.id] = alert
    return list(changed.values())


def unseen(session: Session, signals: Iterable[Signal]) -> list[Signal]:
    """Signals not counted before, each once, in time order."""
    by_id = {signal.id: signal for signal in signals}
    for ids in chunked(list(by_id), 500):
        for known in session.scalars(select(AlertSignal.signal_id).where(AlertSignal.signal_id.in_(ids))):
            by_id.pop(known)
    return sorted(by_id.values(), key=lambda signal: (signal.time, signal.id))


def find_open(session: Session, signal: Signal) -> AlertRow | None:
    """The alert this signal belongs to, if one is open within the window."""
    query = (
        select(AlertRow)
        .where(
            AlertRow.rule_id == signal.rule_id,
            AlertRow.entity_type == signal.entity_type,
            AlertRow.entity_value == signal.entity_value,
            AlertRow.last_seen >= signal.time - GROUP_WINDOW,
            AlertRow.first_seen <= signal.time + GROUP_WINDOW,
            AlertRow.state != State.CLOSED,
        )
        .order_by(AlertRow.last_seen.desc())
        .limit(1)
    )
    return session.scalars(query).first()


def open_alert(session: Session, signal: Signal) -> AlertRow:
    """A new alert for ``signal``, not yet counting it."""
    alert = AlertRow(
        id=new_id("A"),
        rule_id=signal.rule_id,
        rule_name=signal.rule_name,
        detector=signal.detector,
        author=signal.author,
        reference=signal.reference,
        level=signal.level,
        rank=signal.level.rank,
        entity_type=signal.entity_type,
        entity_value=signal.entity_value,
        system=signal.system,
        asset=signal.asset,
        dimension=signal.dimension,
        techniques=list(signal.techniques),
        why=[],
        event_ids=[],
        count=0,
        first_seen=signal.time,
        last_seen=signal.time,
        state=State.NEW,
    )
    session.add(alert)
    session.flush()
    return alert


def join(session: Session, alert: AlertRow, signal: Signal) -> None:
    """Count ``signal`` on ``alert``; the values shown are those of the newest signal."""
    alert.count += 1
    alert.first_seen = min(alert.first_seen, signal.time)
    if signal.time >= alert.last_seen or not alert.why:
        alert.last_seen = max(alert.last_seen, signal.time)
        alert.why = [{"field": why.field, "value": why.value, "pattern": why.pattern} for why in signal.why]
    if signal.level.rank > alert.rank:
        alert.level, alert.rank = signal.level, signal.level.rank
    alert.event_ids = keep_ends([*alert.event_ids, *signal.event_ids])
    session.add(AlertSignal(signal_id=signal.id, alert_id=alert.id, time=signal.time))


def keep_ends(ids: Sequence[str]) -> list[str]:
    """At most ``KEPT_EVENTS`` distinct ids: the oldest half and the newest half."""
    distinct = list(dict.fromkeys(ids))
    if len(distinct) <= KEPT_EVENTS:
        return distinct
    half = KEPT_EVENTS // 2
    return distinct[:half] + distinct[-half:]
