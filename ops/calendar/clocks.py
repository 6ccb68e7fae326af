"""The legal clocks of every object: dates from filings, gradings, evaluations and drills, and what people add."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.ledger import record
from infra.records import Records
from infra.web.seams import Actor
from ops.calendar.deadlines import Dates, Timer, timers
from ops.calendar.record import ClockAnswerRow
from ops.calendar.workdays import WorkCalendar, work_calendar
from ops.rulepacks import Packs, shipped_packs

BEIJING = ZoneInfo("Asia/Shanghai")
ANSWERABLE = (
    "last_self_check", "last_drill", "crypto_assessed", "crypto_filed", "last_data_risk_assessment", "refiled_2025",
)  # fmt: skip
"""Dates of ``Dates`` people state themselves; the others come from records."""
LONGEST_NOTE = 1_000


class DateSource(Protocol):
    """Gives dates of objects it knows, by object and name of a field of ``Dates``."""

    def dates(self) -> Mapping[str, Mapping[str, Any]]: ...


class Clocks:
    """The timers of all objects; later sources win over earlier ones, people's own dates over all."""

    def __init__(
        self, records: Records, clock: Clock, sources: Sequence[DateSource] = (), packs: Packs | None = None
    ) -> None:
        self._records = records
        self._clock = clock
        self._sources = tuple(sources)
        self._packs = packs or shipped_packs()

    def timers(self, now: datetime | None = None) -> list[Timer]:
        """Every clock of every object known, the nearest end first."""
        today = (now or self._clock.now()).astimezone(BEIJING).date()
        pack, calendar = self._packs.at("deadlines", today), self._calendar()
        found = [timer for dates in self.dates() for timer in timers(dates, pack, calendar, today)]
        return sorted(found, key=lambda timer: (timer.due is None, timer.due or date.max, timer.id))

    def dates(self) -> list[Dates]:
        """What is known of each object that has a level."""
        merged: dict[str, dict[str, Any]] = {}
        for source in self._sources:
            for object_id, values in source.dates().items():
                merged.setdefault(object_id, {}).update(
                    {name: value for name, value in values.items() if value not in (None, "")}
                )
        for object_id, values in self._answers().items():
            if object_id in merged:
                merged[object_id].update(values)
        return [Dates(object_id=name, **values) for name, values in sorted(merged.items()) if values.get("level")]

    def answer(self, actor: Actor, object_id: str, kind: str, day: date, note: str = "") -> None:
        """State that something happened on a day, such as the yearly self-check."""
        if kind not in ANSWERABLE:
            raise AppError(
                ErrorKind.INVALID, "ops.calendar.not_answerable", place=kind[:40], known=", ".join(ANSWERABLE)
            )
        if day > self._clock.now().astimezone(BEIJING).date():
            raise AppError(ErrorKind.INVALID, "ops.calendar.future_answer", place=day.isoformat())

        def work(session: Session) -> None:
            row = session.get(ClockAnswerRow, (object_id, kind)) or ClockAnswerRow(object_id=object_id, kind=kind)
            row.day, row.by, row.at, row.note = day, actor.id, self._clock.now(), note.strip()[:LONGEST_NOTE]
            session.add(row)
            detail = {"kind": kind, "day": day.isoformat(), "note": row.note[:200]}
            record(session, actor=actor, action="ops.clock.answer", thing=f"object:{object_id}", detail=detail)

        self._records.write(work)

    def _answers(self) -> dict[str, dict[str, date]]:
        def work(session: Session) -> dict[str, dict[str, date]]:
            found: dict[str, dict[str, date]] = {}
            for row in session.scalars(select(ClockAnswerRow)):
                found.setdefault(row.object_id, {})[row.kind] = row.day
            return found

        return self._records.read(work)

    def _calendar(self) -> WorkCalendar:
        return work_calendar(self._packs.versions("calendar")[-1])


def latest(days: Iterable[date | None]) -> date | None:
    """The newest of some days, None where there is none."""
    return max((day for day in days if day), default=None)
