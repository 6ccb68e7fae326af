"""The record workflow: draft, unit review, bureau review, number, annual review, revoked; and verifying a number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.ids import new_id
from infra.ledger import record
from infra.records import Records
from infra.web.seams import Actor
from ops.calendar.deadlines import add_months
from ops.recordfiling.application import Application, lacks, nonconforming
from ops.recordfiling.number import next_number, parse_number
from ops.recordfiling.record import SystemRecordRow, SystemRecordStepRow


class State(StrEnum):
    """Where a record stands."""

    DRAFT = "draft"
    UNIT_REVIEWED = "unit_reviewed"
    ACTIVE = "active"
    RETURNED = "returned"
    REVOKED = "revoked"


MOVES: dict[str, tuple[frozenset[State], State]] = {
    "unit_review": (frozenset({State.DRAFT, State.RETURNED}), State.UNIT_REVIEWED),
    "return": (frozenset({State.UNIT_REVIEWED}), State.RETURNED),
    "bureau_review": (frozenset({State.UNIT_REVIEWED}), State.ACTIVE),
    "annual_review": (frozenset({State.ACTIVE}), State.ACTIVE),
    "revoke": (frozenset({State.ACTIVE}), State.REVOKED),
}
NEEDS_REASON = frozenset({"return", "revoke"})
FLUSHED = 2_000
"""Rows of a large sheet are handed to the database so many at a time, so that memory does not grow with them."""
_STANDING = select(SystemRecordRow.system).where(SystemRecordRow.state != State.REVOKED)


def _exists(application: Application) -> AppError:
    return AppError(ErrorKind.CONFLICT, "ops.recordfiling.exists", place=application.system)


class SystemRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record as people and scripts see it; ``review_due`` is the day the next annual review is due."""

    id: str
    system: str
    unit: str
    state: State
    application: Application
    number: str | None
    nonconforming: tuple[str, ...]
    reviewed: date | None
    review_due: date | None
    created: datetime
    changed: datetime


class Verification(msgspec.Struct, frozen=True):
    """What the verification page says of a number: nothing but what is public."""

    number: str
    state: str
    name: str
    unit: str


class SystemRecords:
    """The records of all systems."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def apply(self, actor: Actor, application: Application) -> SystemRecord:
        """A new draft; a system has one record that is not revoked."""

        def work(session: Session) -> SystemRecord:
            row = self._apply(session, actor, application)
            session.flush()
            return _seen(row)

        return self._records.write(work)

    def apply_all(self, actor: Actor, applications: Sequence[Application]) -> int:
        """Drafts for all, in one transaction: one that has a record already keeps all out."""

        def work(session: Session) -> int:
            standing = set(session.scalars(_STANDING))
            with session.no_autoflush:
                for number, application in enumerate(applications, 1):
                    if application.system in standing:
                        raise _exists(application)
                    standing.add(application.system)
                    self._add(session, actor, application)
                    if number % FLUSHED == 0:
                        session.flush()
                        session.expunge_all()
            return len(applications)

        return self._records.write(work)

    def systems(self) -> set[str]:
        """Systems that have a record which is not revoked."""
        return self._records.read(lambda session: set(session.scalars(_STANDING)))

    def amend(self, actor: Actor, record_id: str, application: Application) -> SystemRecord:
        """Change a draft or a returned application."""

        def work(session: Session) -> SystemRecord:
            row = _row(session, record_id)
            if State(row.state) not in (State.DRAFT, State.RETURNED):
                raise _illegal(row, "amend")
            row.application, row.unit = msgspec.to_builtins(application), application.unit
            row.unit_code, row.changed = application.unit_code, self._clock.now()
            record(
                session, actor=actor, action="ops.record.amend", thing=f"record:{row.id}", detail={"system": row.system}
            )
            session.flush()
            return _seen(row)

        return self._records.write(work)

    def step(self, actor: Actor, record_id: str, action: str, reason: str = "") -> SystemRecord:
        """Take a step; the bureau's review gives the number, in the same transaction and without a gap."""

        def work(session: Session) -> SystemRecord:
            row = _row(session, record_id)
            sources, target = MOVES.get(action, (frozenset(), State.DRAFT))
            if State(row.state) not in sources:
                raise _illegal(row, action)
            self._allow(session, actor, row, action, reason)
            self._take(session, actor, row, action, target, reason)
            session.flush()
            return _seen(row)

        return self._records.write(work)

    def find(self, unit: str = "") -> list[SystemRecord]:
        """Records of a unit, or all."""
        question = select(SystemRecordRow).order_by(SystemRecordRow.created, SystemRecordRow.id)
        if unit:
            question = question.where(SystemRecordRow.unit == unit)
        return self._records.read(lambda session: [_seen(row) for row in session.scalars(question)])

    def verify(self, text: str) -> Verification:
        """What stands behind a number; a wrong check character is refused before anything is looked up."""
        number = str(parse_number(text))
        question = select(SystemRecordRow).where(SystemRecordRow.number == number)
        row = self._records.read(lambda session: session.scalar(question))
        if row is None:
            raise AppError(ErrorKind.NOT_FOUND, "ops.recordfiling.unknown_number", place=number)
        return Verification(number, row.state, str(row.application["name"]), row.unit)

    def _apply(self, session: Session, actor: Actor, application: Application) -> SystemRecordRow:
        if session.scalar(_STANDING.where(SystemRecordRow.system == application.system)):
            raise _exists(application)
        return self._add(session, actor, application)

    def _add(self, session: Session, actor: Actor, application: Application) -> SystemRecordRow:
        now = self._clock.now()
        row = SystemRecordRow(
            id=new_id("sr"), system=application.system, unit=application.unit, state=State.DRAFT,
            application=msgspec.to_builtins(application), unit_code=application.unit_code, number=None, year=None,
            sequence=None, reviewed=None, created=now, changed=now,
        )  # fmt: skip
        session.add(row)
        record(session, actor=actor, action="ops.record.apply", thing=f"record:{row.id}", detail={"system": row.system})
        return row

    def _allow(self, session: Session, actor: Actor, row: SystemRecordRow, action: str, reason: str) -> None:
        if action in NEEDS_REASON and not reason.strip():
            raise AppError(ErrorKind.INVALID, "ops.filing.needs", id=row.id, action=action, what="reason")
        if action == "unit_review" and (found := list(lacks(_application(row)))):
            raise AppError(
                ErrorKind.INVALID, "ops.recordfiling.incomplete", place=row.id, field=found[0].field, count=len(found)
            )
        if action == "bureau_review" and actor.id == _last_reviewer(session, row.id):
            raise AppError(ErrorKind.FORBIDDEN, "ops.filing.same_person", id=row.id, actor=actor.name)

    def _take(
        self, session: Session, actor: Actor, row: SystemRecordRow, action: str, target: State, reason: str
    ) -> None:
        now = self._clock.now()
        if action == "bureau_review" and row.number is None:
            _give_number(session, row, now.year)
        if action in ("bureau_review", "annual_review"):
            row.reviewed = now.date()
        detail: dict[str, Any] = {"reason": reason, "number": row.number}
        session.add(
            SystemRecordStepRow(
                id=new_id(), record_id=row.id, time=now, actor=actor.id, action=action, source=row.state, target=target,
                detail=detail,
            )
        )  # fmt: skip
        record(session, actor=actor, action=f"ops.record.{action}", thing=f"record:{row.id}", detail=detail)
        row.state, row.changed = target, now


def _give_number(session: Session, row: SystemRecordRow, year: int) -> None:
    highest = select(func.max(SystemRecordRow.sequence)).where(
        SystemRecordRow.unit_code == row.unit_code, SystemRecordRow.year == year
    )
    number = next_number(row.unit_code, year, session.scalar(highest) or 0)
    row.number, row.year, row.sequence = str(number), year, number.sequence


def _row(session: Session, record_id: str) -> SystemRecordRow:
    row = session.get(SystemRecordRow, record_id)
    if row is None:
        raise AppError(ErrorKind.NOT_FOUND, "ops.recordfiling.none", place=record_id)
    return row


def _illegal(row: SystemRecordRow, action: str) -> AppError:
    possible = ", ".join(name for name, (sources, _) in MOVES.items() if State(row.state) in sources) or "—"
    return AppError(
        ErrorKind.CONFLICT, "ops.filing.illegal_move", id=row.id, action=action, state=row.state, possible=possible
    )


def _last_reviewer(session: Session, record_id: str) -> str | None:
    question = select(SystemRecordStepRow.actor).where(
        SystemRecordStepRow.record_id == record_id, SystemRecordStepRow.action == "unit_review"
    )
    return session.scalars(question.order_by(SystemRecordStepRow.time.desc())).first()


def _application(row: SystemRecordRow) -> Application:
    return msgspec.convert(row.application, Application)


def _seen(row: SystemRecordRow) -> SystemRecord:
    application = _application(row)
    due = add_months(row.reviewed, 12) if row.reviewed and row.state == State.ACTIVE else None
    return SystemRecord(
        id=row.id, system=row.system, unit=row.unit, state=State(row.state), application=application, number=row.number,
        nonconforming=tuple(nonconforming(application)), reviewed=row.reviewed, review_due=due, created=row.created,
        changed=row.changed,
    )  # fmt: skip


def hosts_on_record(found: Iterable[SystemRecord]) -> dict[str, str]:
    """Record id by host name or address, of records that are active."""
    return {host: each.id for each in found if each.state is State.ACTIVE for host in each.application.hosts}
