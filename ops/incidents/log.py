"""Appending case events: one way in, each line hashed over the one before, the projection moved along."""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.errors import AppError, ErrorKind
from infra.web.seams import Actor
from ops.incidents import change as c
from ops.incidents.case import Case, CaseEvent, applied
from ops.incidents.record import IncidentEventRow, IncidentRow


def lock(session: Session, incident: str, *, wait: bool = True) -> IncidentRow:
    """The row of an incident, held against other writers unless ``wait`` is off; ``AppError(NOT_FOUND)``."""
    statement = select(IncidentRow).where(IncidentRow.id == incident.replace("\0", ""))
    row = session.scalars(statement.with_for_update() if wait else statement).first()
    if row is None:
        raise AppError(ErrorKind.NOT_FOUND, "ops.incidents.unknown", place=incident[:40])
    return row


def append(session: Session, row: IncidentRow, actor: Actor, change: c.AnyChange, now: datetime) -> Case:
    """Write ``change`` as the next event of ``row`` (a new row where it has none) and return the case after it."""
    change = as_read(change)
    before = case_of(row) if row.events else None
    moment = max(now, before.changed) if before else now
    person = actor.id if actor.kind == "person" else ""
    event = CaseEvent(
        incident=row.id, number=row.events + 1, time=moment, actor=actor.name, person=person, change=change
    )
    case = applied(before, event)
    digest = hash_of(event, row.head or "")
    _project(row, case, digest)
    if before is None:
        session.add(row)
        session.flush()
    session.add(
        IncidentEventRow(
            incident_id=row.id, number=event.number, time=moment, actor=event.actor, person=event.person,
            kind=c.name_of(change), body=msgspec.to_builtins(change), hash=digest,
        )
    )  # fmt: skip
    session.flush()
    return case


def as_read(change: c.AnyChange) -> c.AnyChange:
    """The change as it will be read again (1 becomes 1.0); ``AppError(INVALID)`` for one that could not be."""
    try:
        again: c.AnyChange = msgspec.convert(msgspec.to_builtins(change), c.AnyChange)
    except msgspec.ValidationError as error:
        raise AppError(
            ErrorKind.INVALID, "ops.incidents.change_malformed", place="change", problem=str(error)
        ) from None
    return again


def hash_of(event: CaseEvent, before: str) -> str:
    """SHA-256 over the hash of the event before and the canonical JSON of this one."""
    bare = msgspec.to_builtins(msgspec.structs.replace(event, hash=""))
    return hashlib.sha256(before.encode() + msgspec.json.encode(bare, order="sorted")).hexdigest()


def case_of(row: IncidentRow) -> Case:
    """The case a row holds."""
    return msgspec.convert(row.body, Case)


def event_of(row: IncidentEventRow) -> CaseEvent:
    """The event of a row."""
    change: c.AnyChange = msgspec.convert(row.body, c.AnyChange)
    return CaseEvent(
        incident=row.incident_id, number=row.number, time=row.time, actor=row.actor, person=row.person, change=change,
        hash=row.hash,
    )  # fmt: skip


def _project(row: IncidentRow, case: Case, head: str) -> None:
    row.title, row.state, row.level, row.rank = case.title, case.state, case.level, case.level.rank
    row.owner, row.opened, row.changed = case.owner, case.opened, case.changed
    row.body, row.events, row.head = msgspec.to_builtins(case), case.events, head
