"""Stacks: alerts of one rule, one entity or one system as one row; and how signals spread over hours and levels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from infra.exchange import Level
from ops.alerts.query import AlertQuery, conditions
from ops.alerts.record import AlertRow, AlertSignal, State

HOURS = 24


class StackBy(StrEnum):
    """What makes a stack."""

    RULE = "rule"
    ENTITY = "entity"
    SYSTEM = "system"


COLUMNS: dict[StackBy, InstrumentedAttribute[str]] = {
    StackBy.RULE: AlertRow.rule_id,
    StackBy.ENTITY: AlertRow.entity_value,
    StackBy.SYSTEM: AlertRow.system,
}


class Stacked(msgspec.Struct, frozen=True, kw_only=True):
    """One stack: its key, its worst and newest alert, and what it holds."""

    key: str
    alerts: int
    signals: int
    level: Level
    first_seen: datetime
    last_seen: datetime
    open: int
    entities: int
    newest: AlertRow


def stacks(session: Session, query: AlertQuery, by: StackBy) -> tuple[list[Stacked], int]:
    """A slice of the stacks, worst first, and how many there are."""
    column = COLUMNS[by]
    where = conditions(query)
    total = int(session.scalar(select(func.count(func.distinct(column))).where(*where)) or 0)
    rank, last = func.max(AlertRow.rank), func.max(AlertRow.last_seen)
    statement = (
        select(
            column, func.count(), func.sum(AlertRow.count), rank, func.min(AlertRow.first_seen), last,
            func.count().filter(AlertRow.state != State.CLOSED), func.count(func.distinct(AlertRow.entity_value)),
        )
        .where(*where).group_by(column).order_by(rank.desc(), last.desc(), column)
        .offset(query.offset).limit(query.limit)
    )  # fmt: skip
    rows = session.execute(statement).all()
    return [
        Stacked(
            key=str(row[0]), alerts=int(row[1]), signals=int(row[2]), level=list(Level)[int(row[3])],
            first_seen=row[4], last_seen=row[5], open=int(row[6]), entities=int(row[7]),
            newest=_newest(session, query, by, str(row[0])),
        )
        for row in rows
    ], total  # fmt: skip


def _newest(session: Session, query: AlertQuery, by: StackBy, key: str) -> AlertRow:
    statement = select(AlertRow).where(*conditions(query), COLUMNS[by] == key)
    order = (AlertRow.rank.desc(), AlertRow.last_seen.desc(), AlertRow.id.desc())
    return session.scalars(statement.order_by(*order).limit(1)).one()


def hours_of(session: Session, now: datetime, ids: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Signals per hour of the last 24, oldest first, by alert."""
    start = now - timedelta(hours=HOURS)
    counts = {alert_id: [0] * HOURS for alert_id in ids}
    statement = select(AlertSignal.alert_id, AlertSignal.time).where(
        AlertSignal.alert_id.in_(ids), AlertSignal.time >= start, AlertSignal.time <= now
    )
    for alert_id, moment in session.execute(statement):
        place = min(HOURS - 1, int((moment - start).total_seconds() // 3600))
        counts[alert_id][place] += 1
    return {alert_id: tuple(row) for alert_id, row in counts.items()}


def histogram(session: Session, query: AlertQuery, start: datetime, end: datetime, bars: int) -> list[dict[Level, int]]:
    """Alerts last seen in each of ``bars`` equal parts of ``[start, end)``, by level."""
    width = (end - start) / bars
    answer: list[dict[Level, int]] = [{} for _ in range(bars)]
    bounded = msgspec.structs.replace(query, since=start, until=end)
    for level, moment in session.execute(select(AlertRow.level, AlertRow.last_seen).where(*conditions(bounded))):
        place = min(bars - 1, int((moment - start) / width))
        answer[place][Level(level)] = answer[place].get(Level(level), 0) + 1
    return answer
