"""Asking for alerts: conditions, order, keyset paging, facets."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from infra.errors import AppError, ErrorKind
from ops.alerts.record import AlertRow, State

MAX_PAGE = 1000
FACETS: dict[str, InstrumentedAttribute[str]] = {
    "level": AlertRow.level,
    "state": AlertRow.state,
    "dimension": AlertRow.dimension,
    "system": AlertRow.system,
    "origin": AlertRow.detector,
    "owner": AlertRow.assignee,
}
CHOICES: dict[str, InstrumentedAttribute[str]] = {
    **FACETS,
    "rule": AlertRow.rule_id,
    "entity": AlertRow.entity_value,
    "asset": AlertRow.asset,
}


class AlertQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which alerts. ``only`` and ``without`` hold values by the names of ``CHOICES``; ``text`` is looked for in rule,
    entity and id; ``since`` and ``until`` bound when it was last seen. ``order`` is ``severity`` or ``newest``."""

    only: Mapping[str, tuple[str, ...]] = {}
    without: Mapping[str, tuple[str, ...]] = {}
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    order: str = "severity"
    limit: int = 100
    offset: int = 0
    after: str | None = None


def conditions(query: AlertQuery, ignore: str = "") -> list[ColumnElement[bool]]:
    """The WHERE parts of ``query``, without the choice called ``ignore``."""
    parts: list[ColumnElement[bool]] = []
    for name, values in query.only.items():
        if values and name != ignore:
            parts.append(_column(name).in_(values))
    for name, values in query.without.items():
        if values:
            parts.append(_column(name).not_in(values))
    if query.since:
        parts.append(AlertRow.last_seen >= query.since)
    if query.until:
        parts.append(AlertRow.last_seen < query.until)
    if query.text:
        parts.append(_contains(query.text))
    return parts


def _column(name: str) -> InstrumentedAttribute[str]:
    if name not in CHOICES:
        raise AppError(ErrorKind.INVALID, "ops.choice_unknown", place=name[:40], known=", ".join(CHOICES))
    return CHOICES[name]


def _contains(text: str) -> ColumnElement[bool]:
    columns = (AlertRow.rule_name, AlertRow.entity_value, AlertRow.rule_id, AlertRow.id)
    return or_(*(column.icontains(text, autoescape=True) for column in columns))


def page(session: Session, query: AlertQuery) -> tuple[list[AlertRow], str | None]:
    """The rows of one page, worst and newest first (or newest first), and the cursor of the next."""
    limit = max(1, min(query.limit, MAX_PAGE))
    found = ordered(select(AlertRow).where(*conditions(query)), query)
    if query.after:
        found = found.where(_beyond(query))
    elif query.offset:
        found = found.offset(query.offset)
    rows = list(session.scalars(found.limit(limit + 1)))
    more = len(rows) > limit
    rows = rows[:limit]
    return rows, encode_cursor(rows[-1], query.order) if more and rows else None


def ordered(statement: Select[AlertRow], query: AlertQuery) -> Select[AlertRow]:
    """``severity``: worst first, newest of equals first. ``newest``: newest first."""
    if query.order == "newest":
        return statement.order_by(AlertRow.last_seen.desc(), AlertRow.id.desc())
    return statement.order_by(AlertRow.rank.desc(), AlertRow.last_seen.desc(), AlertRow.id.desc())


def encode_cursor(row: AlertRow, order: str) -> str:
    """An opaque cursor after ``row``."""
    body = msgspec.json.encode([order, row.rank, row.last_seen, row.id])
    return base64.urlsafe_b64encode(body).decode()


def _beyond(query: AlertQuery) -> ColumnElement[bool]:
    try:
        body = base64.urlsafe_b64decode(query.after or "")
        order, rank, last_seen, row_id = msgspec.json.decode(body, type=tuple[str, int, datetime, str])
    except (ValueError, msgspec.MsgspecError):
        raise AppError(ErrorKind.INVALID, "ops.cursor_malformed", place="after") from None
    later = tuple_(AlertRow.last_seen, AlertRow.id) < (last_seen, row_id)
    if order == "newest":
        return later
    return or_(AlertRow.rank < rank, and_(AlertRow.rank == rank, later))


def count(session: Session, query: AlertQuery) -> tuple[int, int]:
    """How many alerts, and how many signals they hold."""
    statement = select(func.count(), func.coalesce(func.sum(AlertRow.count), 0)).where(*conditions(query))
    alerts, signals = session.execute(statement).one()
    return int(alerts), int(signals)


def facets(session: Session, query: AlertQuery) -> dict[str, dict[str, int]]:
    """Per facet the number of alerts by value; each facet ignores its own choice, so that it can be widened."""
    answer: dict[str, dict[str, int]] = {}
    for name, column in FACETS.items():
        statement = select(column, func.count()).where(*conditions(query, ignore=name)).group_by(column)
        answer[name] = {str(value): int(number) for value, number in session.execute(statement)}
    return answer


def open_alerts(session: Session) -> list[AlertRow]:
    """All alerts not closed, worst first: what weighs on the posture."""
    statement = select(AlertRow).where(AlertRow.state != State.CLOSED)
    return list(session.scalars(statement.order_by(AlertRow.rank.desc(), AlertRow.last_seen.desc())))


def dispositions(session: Session, rule_id: str) -> dict[str, int]:
    """How many closed alerts of a rule turned out to be what."""
    statement = select(AlertRow.disposition, func.count()).where(
        AlertRow.rule_id == rule_id, AlertRow.state == State.CLOSED
    )
    rows: Any = session.execute(statement.group_by(AlertRow.disposition))
    return {str(value): int(number) for value, number in rows}
