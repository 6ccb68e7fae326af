"""Findings: opened, planned with owner and due day, mended with evidence, tested again by another person, closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.ids import new_id
from infra.ledger import record
from infra.records import Records
from infra.web.seams import Actor
from ops.evaluation.record import FindingRow, FindingStepRow


class State(StrEnum):
    """Where a finding stands."""

    OPEN = "open"
    PLANNED = "planned"
    MENDED = "mended"
    ACCEPTED = "accepted"
    CLOSED = "closed"


class Risk(StrEnum):
    """How grave a finding is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Move(msgspec.Struct, frozen=True):
    """A step: from which states, to which, and what must be given."""

    sources: frozenset[State]
    target: State
    needs: tuple[str, ...]


OPEN_STATES = frozenset({State.OPEN, State.PLANNED, State.MENDED})
MOVES: dict[str, Move] = {
    "plan": Move(frozenset({State.OPEN, State.PLANNED}), State.PLANNED, ("owner", "due", "cause", "fix")),
    "mend": Move(frozenset({State.PLANNED}), State.MENDED, ("after_sha256",)),
    "retest_failed": Move(frozenset({State.MENDED}), State.PLANNED, ("reason",)),
    "retest_passed": Move(frozenset({State.MENDED}), State.CLOSED, ("reason",)),
    "accept": Move(frozenset({State.OPEN, State.PLANNED}), State.ACCEPTED, ("exception_until", "reason", "mitigation")),
    "reopen": Move(frozenset({State.ACCEPTED, State.CLOSED}), State.OPEN, ("reason",)),
}
CHANGES = ("owner", "due", "cause", "fix", "mitigation", "after_sha256", "exception_until")


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A finding as people and scripts see it."""

    id: str
    object_id: str
    evaluation_id: str
    unit: str
    asset: str
    title: str
    risk: Risk
    major: bool
    state: State
    owner: str
    due: date | None
    cause: str
    fix: str
    mitigation: str
    before_sha256: str
    after_sha256: str
    exception_until: date | None
    created: datetime
    closed: datetime | None
    closed_by: str
    overdue: bool


class NewFinding(msgspec.Struct, frozen=True):
    """A finding to open."""

    object_id: str
    title: str
    risk: Risk
    unit: str = ""
    asset: str = ""
    major: bool = False
    evaluation_id: str = ""
    before_sha256: str = ""


class Plan(msgspec.Struct, frozen=True):
    """Who mends a finding, by when, what caused it and how it is mended."""

    owner: str
    due: date | None
    cause: str
    fix: str


class Rectification:
    """The findings of all objects."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def open(
        self, actor: Actor, object_id: str, title: str, risk: Risk, *, unit: str = "", asset: str = "",
        major: bool = False, evaluation_id: str = "", before_sha256: str = "",
    ) -> Finding:  # fmt: skip
        """A new finding."""
        new = NewFinding(object_id, title, risk, unit, asset, major, evaluation_id, before_sha256)

        def work(session: Session) -> Finding:
            row = self._open(session, actor, new)
            session.flush()
            return self._seen(row)

        return self._records.write(work)

    def take_all(self, actor: Actor, entries: Sequence[tuple[str, NewFinding | None, Plan | None]]) -> int:
        """Open new findings and plan open ones (by id) in one transaction: one that cannot be keeps all out."""

        def work(session: Session) -> int:
            for name, new, plan in entries:
                row = self._open(session, actor, new) if new else self._row(session, name)
                if plan is not None:
                    given = msgspec.structs.asdict(plan)
                    self._take(session, actor, row, "plan", self._move(row, "plan", given), given)
            return len(entries)

        return self._records.write(work)

    def _open(self, session: Session, actor: Actor, new: NewFinding) -> FindingRow:
        row = FindingRow(
            id=new_id("fd"), **msgspec.structs.asdict(new), state=State.OPEN, created=self._clock.now()
        )  # fmt: skip
        for name in ("owner", "cause", "fix", "mitigation", "after_sha256", "closed_by"):
            setattr(row, name, "")
        session.add(row)
        detail = {"object": new.object_id, "unit": new.unit, "risk": str(new.risk), "major": new.major}
        record(session, actor=actor, action="ops.finding.open", thing=f"finding:{row.id}", detail=detail)
        session.flush()
        return row

    def step(self, actor: Actor, finding_id: str, action: str, **given: Any) -> Finding:
        """Take a step; ``AppError`` says what is missing, not possible, or has to be done by another person."""

        def work(session: Session) -> Finding:
            row = self._row(session, finding_id)
            move = self._move(row, action, given)
            if action.startswith("retest") and actor.id in _menders(session, row.id):
                raise AppError(ErrorKind.FORBIDDEN, "ops.filing.same_person", id=row.id, actor=actor.name)
            self._take(session, actor, row, action, move, given)
            session.flush()
            return self._seen(row)

        return self._records.write(work)

    def find(self, object_id: str = "", states: frozenset[State] = OPEN_STATES) -> list[Finding]:
        """Findings of an object (or all) in some states; expired exceptions count as open."""
        question = select(FindingRow).order_by(FindingRow.due.is_(None), FindingRow.due, FindingRow.id)
        if object_id:
            question = question.where(FindingRow.object_id == object_id)
        found = self._records.read(lambda session: [self._seen(row) for row in session.scalars(question)])
        return [finding for finding in found if finding.state in states]

    def _move(self, row: FindingRow, action: str, given: dict[str, Any]) -> Move:
        move = MOVES.get(action)
        if move is None or State(row.state) not in move.sources:
            possible = ", ".join(name for name, each in MOVES.items() if State(row.state) in each.sources)
            raise AppError(
                ErrorKind.CONFLICT,
                "ops.filing.illegal_move",
                id=row.id,
                action=action,
                state=row.state,
                possible=possible,
            )
        missing = ", ".join(name for name in move.needs if not given.get(name))
        unknown = sorted(set(given) - {*CHANGES, "reason"})
        if missing or unknown:
            what = missing or f"no {unknown[0]}"
            raise AppError(ErrorKind.INVALID, "ops.filing.needs", id=row.id, action=action, what=what)
        return move

    def _take(
        self, session: Session, actor: Actor, row: FindingRow, action: str, move: Move, given: dict[str, Any]
    ) -> None:
        now = self._clock.now()
        plain = {name: value.isoformat() if isinstance(value, date) else value for name, value in given.items()}
        session.add(
            FindingStepRow(
                id=new_id(), finding_id=row.id, time=now, actor=actor.id, action=action, source=row.state,
                target=move.target, detail=plain,
            )
        )  # fmt: skip
        record(session, actor=actor, action=f"ops.finding.{action}", thing=f"finding:{row.id}", detail=plain)
        for name, value in given.items():
            if name in CHANGES:
                setattr(row, name, value)
        row.state = move.target
        row.closed, row.closed_by = (now, actor.id) if move.target is State.CLOSED else (None, "")

    def _row(self, session: Session, finding_id: str) -> FindingRow:
        row = session.get(FindingRow, finding_id)
        if row is None:
            raise AppError(ErrorKind.NOT_FOUND, "ops.evaluation.no_finding", id=finding_id)
        return row

    def _seen(self, row: FindingRow) -> Finding:
        today = self._clock.now().date()
        state = State(row.state)
        if state is State.ACCEPTED and row.exception_until is not None and row.exception_until < today:
            state = State.OPEN
        values = {
            name: getattr(row, name) for name in Finding.__struct_fields__ if name not in ("state", "overdue", "risk")
        }
        overdue = state in OPEN_STATES and row.due is not None and row.due < today
        return Finding(**values, state=state, risk=Risk(row.risk), overdue=overdue)


def _menders(session: Session, finding_id: str) -> set[str]:
    question = select(FindingStepRow.actor).where(
        FindingStepRow.finding_id == finding_id, FindingStepRow.action == "mend"
    )
    return set(session.scalars(question))
