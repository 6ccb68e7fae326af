"""``Schedules``: declaring what runs when. ``Clockwork`` makes it happen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from infra.clock import Clock, SystemClock
from infra.errors import AppError, ErrorKind
from infra.feed import publish
from infra.ledger import record
from infra.records import Records
from infra.schedule.rows import FireRow, ScheduleRow
from infra.schedule.timing import AnyTiming, check_timing
from infra.web.seams import Actor

TOPIC = "schedule"


class CatchUp(StrEnum):
    """What becomes of due times that passed while nobody was there."""

    SKIP = "skip"
    ONCE = "once"
    ALL = "all"


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule: run ``job`` with ``arguments`` at the times of ``timing``."""

    id: str
    job: str
    timing: AnyTiming
    arguments: dict[str, Any] = {}
    catch_up: CatchUp = CatchUp.ONCE
    enabled: bool = True


class FireState(StrEnum):
    """Where a fire stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class FireNote(msgspec.Struct, frozen=True):
    """A fire as the pages show it."""

    schedule: str
    due: datetime
    fired: datetime
    ended: datetime | None
    state: FireState
    attempts: int
    problem: str


class Schedules:
    """The schedules of a site. Whoever calls has checked the right to; every change by a person enters the ledger."""

    def __init__(self, records: Records, clock: Clock | None = None) -> None:
        self._records = records
        self._clock = clock or SystemClock()

    def all(self) -> Sequence[Schedule]:
        """Every schedule by id."""
        query = select(ScheduleRow).order_by(ScheduleRow.id)
        return [schedule_of(row) for row in self._records.read(lambda session: session.scalars(query).all())]

    def save(self, actor: Actor | str, schedule: Schedule) -> None:
        """Make or change one. A changed timing counts from now on; what was due before stays as it was."""
        check_timing(schedule.timing)
        if not schedule.id or len(schedule.id) > 200:
            raise AppError(ErrorKind.INVALID, "infra.schedule.id", place="id")
        now = self._clock.now()

        def put(session: Session) -> None:
            row = session.get(ScheduleRow, schedule.id)
            values = _columns(schedule)
            if row is not None and {name: getattr(row, name) for name in values} == values:
                return
            if row is None:
                session.add(ScheduleRow(**values, done_until=now))
            else:
                if row.timing != values["timing"] or not row.enabled:
                    row.done_until = now
                for name, value in values.items():
                    setattr(row, name, value)
            action = "create" if row is None else "change"
            self._tell(session, actor, f"infra.schedule.{action}", schedule.id, values)

        self._records.write(put)

    def remove(self, actor: Actor | str, schedule: str) -> None:
        """Take it away, with its fires; ``AppError(NOT_FOUND)``."""

        def take(session: Session) -> None:
            row = session.get(ScheduleRow, schedule)
            if row is None:
                raise AppError(ErrorKind.NOT_FOUND, "infra.schedule.none", place=schedule[:64])
            session.execute(delete(FireRow).where(FireRow.schedule == schedule))
            session.delete(row)
            self._tell(session, actor, "infra.schedule.remove", schedule, {"job": row.job})

        self._records.write(take)

    def fires(self, schedule: str, limit: int = 100) -> Sequence[FireNote]:
        """The last fires, newest first."""
        query = select(FireRow).where(FireRow.schedule == schedule).order_by(FireRow.due.desc()).limit(limit)
        names = FireNote.__struct_fields__
        rows = self._records.read(lambda session: session.scalars(query).all())
        return [msgspec.convert({name: getattr(row, name) for name in names}, FireNote) for row in rows]

    def _tell(self, session: Session, actor: Actor | str, action: str, schedule: str, detail: dict[str, Any]) -> None:
        record(session, actor=actor, action=action, thing=f"schedule:{schedule}", detail=detail, at=self._clock.now())
        publish(session, TOPIC, schedule, at=self._clock.now())


def schedule_of(row: ScheduleRow) -> Schedule:
    """The schedule of a row."""
    return msgspec.convert(
        {
            "id": row.id, "job": row.job, "timing": row.timing, "arguments": row.arguments,
            "catch_up": row.catch_up, "enabled": row.enabled,
        },
        Schedule,
    )  # fmt: skip


def _columns(schedule: Schedule) -> dict[str, Any]:
    return dict(msgspec.to_builtins(schedule))
