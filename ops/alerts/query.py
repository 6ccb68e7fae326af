"""Asking for alerts: filters, order, keyset paging, facets and the histogram."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from infra.errors import AppError, ErrorKind
from ops.alerts.record import AlertRow, State

FACETS = ("level", "state", "dimension", "system", "detector", "assignee")
MAX_PAGE = 1000


class AlertQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which alerts. Empty tuples and None mean no condition; ``text`` is looked for in rule, entity and values."""

    states: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    dimensions: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    detectors: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    entity: str = ""
    asset: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    order: str = "severity"
    limit: int = 100
    offset: int = 0
    after: str | None = None


def conditions(query: AlertQuery) -> list[ColumnElement[bool]]:
    """The WHERE parts of ``query``."""
    chosen: list[tuple[Any, Sequence[str]]] = [
        (AlertRow.state, query.states),
        (AlertRow.level, query.levels),
        (AlertRow.dimension, query.dimensions),
        (AlertRow.system, query.systems),
        (AlertRow.detector, query.detectors),
        (AlertRow.assignee, query.assignees),
        (AlertRow.rule_id, query.rules),
    ]
    parts: list[ColumnElement[bool]] = [column.in_(values) for column, values in chosen if values]
    if query.entity:
        parts.append(AlertRow.entity_value == query.entity)
    if query.asset:
        parts.append(AlertRow.asset == query.asset)
    if query.since:
        parts.append(AlertRow.last_seen >= query.since)
    if query.until:
        parts.append(AlertRow.first_seen < query.until)
    if query.text:
        parts.append(_contains(query.text))
    return parts


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
    """``severity``: open before closed is not mixed in; rank, then newest. ``newest``: newest only."""
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
    names = {"level": "levels", "state": "states", "dimension": "dimensions", "system": "systems"}
    names |= {"detector": "detectors", "assignee": "assignees"}
    answer = {}
    for facet in FACETS:
        column = getattr(AlertRow, facet)
        others = msgspec.structs.replace(query, **{names[facet]: ()})
        statement = select(column, func.count()).where(*conditions(others)).group_by(column)
        answer[facet] = {str(value): int(number) for value, number in session.execute(statement)}
    return answer


def open_pressure(session: Session) -> list[AlertRow]:
    """All alerts not closed, worst first: what weighs on the posture."""
    statement = select(AlertRow).where(AlertRow.state != State.CLOSED)
    return list(session.scalars(statement.order_by(AlertRow.rank.desc(), AlertRow.last_seen.desc())))
