"""Gradings that are kept: proposed by one person, reviewed by another, and compared when the rules change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.ids import new_id
from infra.ledger import record
from infra.records import Records
from infra.web.seams import Actor
from ops.grading.engine import Grading, Result, grade
from ops.grading.objects import GradedObject
from ops.grading.record import GradingRow
from ops.grading.validators import Severity

LONGEST_NOTE = 4_000


class State(StrEnum):
    """Where a grading stands."""

    PROPOSED = "proposed"
    REVIEWED = "reviewed"
    REFUSED = "refused"


class KeptGrading(msgspec.Struct, frozen=True, kw_only=True):
    """A kept grading; ``label`` is ``S2A3G3`` by the matrix in force on its day."""

    id: str
    object_id: str
    unit: str
    label: str
    s: int
    a: int
    state: State
    thing: GradedObject
    packs: tuple[str, ...]
    by: str
    at: datetime
    reviewer: str
    reviewed: datetime | None
    note: str

    @property
    def level(self) -> int:
        """Level of the object."""
        return max(self.s, self.a)


class Gradings:
    """The gradings of all objects; the newest of an object counts."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def keep(self, actor: Actor, thing: GradedObject) -> KeptGrading:
        """Propose a grading; both sides need a tick and ``thing.id`` names the object."""

        def work(session: Session) -> KeptGrading:
            row = self._keep(session, actor, thing)
            session.flush()
            return _seen(row)

        return self._records.write(work)

    def keep_all(self, actor: Actor, things: Sequence[GradedObject]) -> int:
        """Propose many in one transaction: one that cannot be keeps all out."""

        def work(session: Session) -> int:
            for thing in things:
                self._keep(session, actor, thing)
            return len(things)

        return self._records.write(work)

    def check(self, thing: GradedObject) -> None:
        """``AppError`` where the grading could not be proposed."""
        self._decisive(thing)

    def _keep(self, session: Session, actor: Actor, thing: GradedObject) -> GradingRow:
        decisive = self._decisive(thing)
        row = GradingRow(
            id=new_id("gr"), object_id=thing.id, unit=thing.unit, label=decisive.label, state=State.PROPOSED,
            by=actor.id, s=decisive.s, a=decisive.a, thing=msgspec.to_builtins(thing), packs=[str(decisive.ref)],
            at=self._clock.now(), reviewer="", note="", reviewed=None,
        )  # fmt: skip
        session.add(row)
        detail = {"label": decisive.label, "packs": row.packs, "violations": len(decisive.violations)}
        record(session, actor=actor, action="ops.grading.keep", thing=f"object:{thing.id}", detail=detail)
        return row

    def review(self, actor: Actor, object_id: str, *, agree: bool, note: str) -> KeptGrading:
        """Agree with the newest grading of an object or refuse it; another person than the one who proposed it.

        A grading that breaks a rule cannot be agreed with; a refusal needs a reason.
        """

        def work(session: Session) -> KeptGrading:
            row = _newest(session, object_id)
            if row is None or row.state != State.PROPOSED:
                raise AppError(ErrorKind.CONFLICT, "ops.grading.nothing_to_review", place=object_id)
            self._allow(row, actor, agree=agree, note=note)
            row.state = State.REVIEWED if agree else State.REFUSED
            row.reviewer, row.reviewed, row.note = actor.id, self._clock.now(), note.strip()[:LONGEST_NOTE]
            detail = {"agree": agree, "label": row.label, "note": row.note[:200]}
            record(session, actor=actor, action="ops.grading.review", thing=f"object:{object_id}", detail=detail)
            session.flush()
            return _seen(row)

        return self._records.write(work)

    def latest(self, object_id: str) -> KeptGrading | None:
        """The newest grading of an object."""

        def work(session: Session) -> KeptGrading | None:
            row = _newest(session, object_id)
            return _seen(row) if row else None

        return self._records.read(work)

    def all_latest(self) -> dict[str, KeptGrading]:
        """The newest grading of every object."""
        question = select(GradingRow).order_by(GradingRow.at, GradingRow.id)
        return self._records.read(lambda session: {row.object_id: _seen(row) for row in session.scalars(question)})

    def history(self, object_id: str) -> list[KeptGrading]:
        """Every grading of an object, oldest first."""
        question = select(GradingRow).where(GradingRow.object_id == object_id).order_by(GradingRow.at, GradingRow.id)
        return self._records.read(lambda session: [_seen(row) for row in session.scalars(question)])

    def recomputed(self, kept: KeptGrading) -> Grading:
        """The same ticks by the rules of today; differing labels mean the rules changed."""
        return grade(kept.thing, self._clock.now().date())

    def _decisive(self, thing: GradedObject) -> Result:
        if thing.classified:
            raise AppError(ErrorKind.CONFLICT, "ops.grading.out_of_scope", name=thing.name)
        found = grade(thing, self._clock.now().date()).decisive
        if not thing.id or found is None or not min(found.s, found.a):
            raise AppError(ErrorKind.INVALID, "ops.grading.incomplete", place=thing.id or thing.name)
        return found

    def _allow(self, row: GradingRow, actor: Actor, *, agree: bool, note: str) -> None:
        if actor.id == row.by:
            raise AppError(ErrorKind.FORBIDDEN, "ops.filing.same_person", id=row.object_id, actor=actor.name)
        if not agree and not note.strip():
            raise AppError(ErrorKind.INVALID, "ops.filing.needs", id=row.object_id, action="review", what="note")
        broken = [each for each in self._decisive(_thing(row)).violations if each.severity is Severity.ERROR]
        if agree and broken:
            raise AppError(
                ErrorKind.CONFLICT, "ops.grading.breaks_rules", place=row.object_id, count=len(broken),
                first=broken[0].text,
            )  # fmt: skip


def _newest(session: Session, object_id: str) -> GradingRow | None:
    question = select(GradingRow).where(GradingRow.object_id == object_id)
    return session.scalars(question.order_by(GradingRow.at.desc(), GradingRow.id.desc())).first()


def _thing(row: GradingRow) -> GradedObject:
    return msgspec.convert(row.thing, GradedObject)


def _seen(row: GradingRow) -> KeptGrading:
    return KeptGrading(
        id=row.id, object_id=row.object_id, unit=row.unit, label=row.label, s=row.s, a=row.a, state=State(row.state),
        thing=_thing(row), packs=tuple(row.packs), by=row.by, at=row.at, reviewer=row.reviewer, reviewed=row.reviewed,
        note=row.note,
    )  # fmt: skip
