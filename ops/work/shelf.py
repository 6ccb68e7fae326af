"""The shelf pieces of work stand on: load, put, find; each change leaves a note and a ledger entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

import msgspec
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.records import Records
from infra.web.seams import Actor
from ops.alerts.service import Audit
from ops.numbering import next_number
from ops.work.record import WorkNoteRow, WorkRow

MOST = 1000


class Piece(Protocol):
    """What a row needs to know of a piece of work."""

    @property
    def id(self) -> str: ...

    @property
    def state(self) -> Any: ...


P = TypeVar("P", bound=Piece)


class Note(msgspec.Struct, frozen=True):
    """One line of what was done."""

    time: datetime
    actor: str
    action: str
    detail: dict[str, Any]


class Outline(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of a row: who has it, what it is about, and when."""

    person: str = ""
    key: str = ""
    starts: datetime | None = None
    due: datetime | None = None


class Shelf(Generic[P]):
    """Pieces of one kind. ``outline`` says what of a piece stands in columns; ``prefix`` begins its number."""

    def __init__(
        self, records: Records, clock: Clock, audit: Audit, kind: str, prefix: str, of: type[P],
        outline: Callable[[P], Outline],
    ) -> None:  # fmt: skip
        self._records, self.clock, self._audit = records, clock, audit
        self._kind, self._prefix, self._of, self._outline = kind, prefix, of, outline

    def get(self, piece: str) -> P:
        """One; ``AppError(NOT_FOUND)``."""
        return self._records.read(lambda session: self._piece(self._row(session, piece, wait=False)))

    def find(self, *where: ColumnElement[bool], limit: int = MOST) -> list[P]:
        """Those that meet ``where``, newest first."""
        question = select(WorkRow).where(WorkRow.kind == self._kind, *where).order_by(WorkRow.opened.desc(), WorkRow.id)
        return self._records.read(
            lambda session: [self._piece(row) for row in session.scalars(question.limit(limit))]
        )  # fmt: skip

    def counts(self) -> dict[str, int]:
        """How many per state."""
        question = select(WorkRow.state, func.count()).where(WorkRow.kind == self._kind).group_by(WorkRow.state)
        return self._records.read(lambda session: {state: int(number) for state, number in session.execute(question)})

    def notes(self, piece: str) -> list[Note]:
        """What was done with it, oldest first."""
        question = select(WorkNoteRow).where(WorkNoteRow.work_id == piece).order_by(WorkNoteRow.number)
        return self._records.read(
            lambda session: [Note(row.time, row.actor, row.action, row.detail) for row in session.scalars(question)]
        )

    def make(self, actor: Actor, build: Callable[[str], P], action: str = "create") -> P:
        """A new one, numbered."""
        return self._records.write(lambda session: self.make_in(session, actor, build, action))

    def make_in(self, session: Session, actor: Actor, build: Callable[[str], P], action: str = "create") -> P:
        """A new one inside a transaction."""
        now = self.clock.now()
        piece = build(next_number(session, self._prefix, now))
        row = WorkRow(id=piece.id, kind=self._kind, opened=now, version=0)
        self._project(row, piece, now)
        session.add(row)
        session.flush()
        self._note(session, actor, row, action, {})
        return piece

    def change(
        self, actor: Actor, piece: str, action: str, work: Callable[[P], P], detail: dict[str, Any] | None = None
    ) -> P:
        """Change one; ``work`` gets it as it is and gives it as it shall be."""

        def inside(session: Session) -> P:
            row = self._row(session, piece)
            after = work(self._piece(row))
            self._project(row, after, self.clock.now())
            self._note(session, actor, row, action, detail or {})
            return after

        return self._records.write(inside)

    def by_key(self, session: Session, key: str, closed: Sequence[str]) -> P | None:
        """The open one about ``key``."""
        question = select(WorkRow).where(WorkRow.kind == self._kind, WorkRow.key == key, WorkRow.state.not_in(closed))
        row = session.scalars(question.with_for_update()).first()
        return self._piece(row) if row is not None else None

    def write(self, work: Callable[[Session], Any]) -> Any:
        """A transaction over this shelf."""
        return self._records.write(work)

    def _row(self, session: Session, piece: str, *, wait: bool = True) -> WorkRow:
        question = select(WorkRow).where(WorkRow.id == piece.replace("\0", ""), WorkRow.kind == self._kind)
        row = session.scalars(question.with_for_update() if wait else question).first()
        if row is None:
            raise AppError(ErrorKind.NOT_FOUND, "ops.work.unknown", place=piece[:40])
        return row

    def _piece(self, row: WorkRow) -> P:
        return msgspec.convert(row.body, self._of)

    def _project(self, row: WorkRow, piece: P, now: datetime) -> None:
        outline = self._outline(piece)
        row.state, row.person, row.key = str(piece.state), outline.person, outline.key
        row.starts, row.due, row.changed = outline.starts, outline.due, now
        row.body, row.version = msgspec.to_builtins(piece), row.version + 1

    def _note(self, session: Session, actor: Actor, row: WorkRow, action: str, detail: dict[str, Any]) -> None:
        last = select(func.max(WorkNoteRow.number)).where(WorkNoteRow.work_id == row.id)
        number = (session.scalar(last) or 0) + 1
        session.add(
            WorkNoteRow(work_id=row.id, number=number, time=row.changed, actor=actor.name, action=action, detail=detail)
        )
        session.flush()
        self._audit(session, actor=actor, action=f"ops.{self._kind}.{action}", thing=f"{self._kind}:{row.id}",
                    detail=detail)  # fmt: skip


def words(text: str, place: str, most: int = 4000) -> str:
    """``text`` without outer space; ``AppError`` where it is empty or too long."""
    said = text.replace("\0", "").strip()
    if not said:
        raise AppError(ErrorKind.INVALID, "ops.words_missing", place=place)
    if len(said) > most:
        raise AppError(ErrorKind.TOO_LARGE, "ops.words_too_long", place=place, limit=most)
    return said
