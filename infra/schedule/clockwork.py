"""The clockwork: APScheduler tells the time, rows say what is due, and each due time is fired once.

The job store in memory is rebuilt from the rows. A tick of a schedule looks at its row, not at the timer: all due times
since ``done_until`` are fired as its catch-up policy says, so coalesced ticks, clock jumps and restarts change nothing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.base import STATE_RUNNING
from apscheduler.triggers.date import DateTrigger
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from infra.clock import Clock, SystemClock
from infra.feed import Feed, Notice
from infra.records import Records
from infra.schedule.rows import FireRow, ScheduleRow
from infra.schedule.schedules import TOPIC, CatchUp, FireState, Schedule, schedule_of

log = logging.getLogger(__name__)

MAX_CATCH_UP = 1000
"""At most so many missed times are fired in one tick; the next tick goes on where it stopped."""
MAX_ATTEMPTS = 5
KEPT = timedelta(days=30)


class Fire(msgspec.Struct, frozen=True):
    """A due time that came: run the job. ``attempt`` counts from 1; above 1 an earlier attempt was cut off midway."""

    schedule: str
    job: str
    arguments: dict[str, Any]
    due: datetime
    attempt: int


Job = Callable[[Fire], None]
"""Does what is due. It may be called again for the same (schedule, due) after a crash, and must be fit for that."""


class Clockwork:
    """Drives the schedules of one site in one process (the one that holds the runner's lease)."""

    def __init__(self, records: Records, scheduler: Any, jobs: Mapping[str, Job], clock: Clock | None = None) -> None:
        self._records = records
        self._scheduler = scheduler
        self._jobs = dict(jobs)
        self._clock = clock or SystemClock()
        self._idle = threading.Condition()
        self._ticking = 0
        self._stopped = False

    def start(self) -> int:
        """Finish what a crash cut off, then set a timer for every schedule; how many there are."""
        for fire in self._records.write(self._cut_off):
            self._run(fire)
        rows = self._records.read(lambda session: session.scalars(select(ScheduleRow)).all())
        running = self._scheduler.state == STATE_RUNNING
        if running:  # else each timer wakes the scheduler's thread, which looks through all there are
            self._scheduler.pause()
        try:
            for row in rows:
                self._set_timer(schedule_of(row), row.done_until)
        finally:
            if running:
                self._scheduler.resume()
        return len(rows)

    def listen(self, feed: Feed) -> Callable[[], None]:
        """Follow changes of schedules; the answer ends it."""
        return feed.subscribe([TOPIC], self._changed)

    def stop(self) -> None:
        """Let running jobs end, then stop the scheduler. (Its own waiting shutdown would wait for a tick that waits for
        its lock.)"""
        with self._idle:
            self._stopped = True
            self._idle.wait_for(lambda: self._ticking == 0)
        self._scheduler.shutdown(wait=False)

    def tick(self, schedule: str) -> int:
        """Fire what is due of one schedule; how many fires that were."""
        with self._idle:
            if self._stopped:
                return 0
            self._ticking += 1
        try:
            return self._tick(schedule)
        finally:
            with self._idle:
                self._ticking -= 1
                self._idle.notify_all()

    def _tick(self, schedule: str) -> int:
        now = self._clock.now()
        found = self._records.write(lambda session: self._due(session, schedule, now))
        if found is None:
            return 0
        fires, until, plan = found
        for fire in fires:
            self._run(fire)
        self._set_timer(plan, until)
        return len(fires)

    def sweep(self) -> int:
        """Forget fires that ended long ago; how many."""
        before = self._clock.now() - KEPT
        query = delete(FireRow).where(FireRow.due < before, FireRow.state != FireState.RUNNING)
        return self._records.write(lambda session: int(session.execute(query).rowcount))  # type: ignore[attr-defined]

    def _changed(self, notice: Notice) -> None:
        row = self._records.read(lambda session: session.get(ScheduleRow, notice.key))
        if row is None:
            self._drop_timer(notice.key)
        else:
            self._set_timer(schedule_of(row), row.done_until)

    def _set_timer(self, schedule: Schedule, done_until: datetime) -> None:
        due = schedule.timing.after(done_until) if schedule.enabled else None
        if due is None:
            self._drop_timer(schedule.id)
            return
        self._scheduler.add_job(
            self.tick, DateTrigger(due), args=[schedule.id], id=schedule.id, replace_existing=True,
            misfire_grace_time=None, coalesce=True, max_instances=1,
        )  # fmt: skip

    def _drop_timer(self, schedule: str) -> None:
        try:
            self._scheduler.remove_job(schedule)
        except JobLookupError:
            return  # it had no timer: disabled, or done for good

    def _due(self, session: Session, schedule: str, now: datetime) -> tuple[list[Fire], datetime, Schedule] | None:
        """Write the fires that are due, and how far the schedule is done, in one transaction."""
        row = session.get(ScheduleRow, schedule, with_for_update=True)
        if row is None or not row.enabled:
            return None
        plan = schedule_of(row)
        times, until = _times(plan, row.done_until, now)
        row.done_until = until
        return [_write(session, plan, due, now) for due in times], until, plan

    def _cut_off(self, session: Session) -> list[Fire]:
        """Fires that were running when the process ended: each gets another attempt, but not for ever."""
        now, fires = self._clock.now(), []
        query = select(FireRow, ScheduleRow).join(ScheduleRow, ScheduleRow.id == FireRow.schedule)
        for row, schedule in session.execute(query.where(FireRow.state == FireState.RUNNING).order_by(FireRow.due)):
            if row.attempts >= MAX_ATTEMPTS:
                row.state, row.ended, row.problem = FireState.FAILED, now, f"cut off {row.attempts} times"
                continue
            row.attempts += 1
            fires.append(Fire(row.schedule, schedule.job, schedule.arguments, row.due, row.attempts))
        return fires

    def _run(self, fire: Fire) -> None:
        state, problem = FireState.DONE, ""
        job = self._jobs.get(fire.job)
        try:
            if job is None:
                raise LookupError(f"no job is called {fire.job!r}")
            job(fire)
        except Exception as error:
            log.exception("schedule.job_failed", extra={"schedule": fire.schedule, "job": fire.job})
            state, problem = FireState.FAILED, f"{type(error).__name__}: {error}"[:500]
        self._records.write(lambda session: self._end(session, fire, state, problem))

    def _end(self, session: Session, fire: Fire, state: FireState, problem: str) -> None:
        row = session.get(FireRow, (fire.schedule, fire.due))
        if row is not None:
            row.state, row.ended, row.problem = state, self._clock.now(), problem


def _times(plan: Schedule, after: datetime, now: datetime) -> tuple[list[datetime], datetime]:
    """The due times to fire, and until when the schedule is done then. The newest due time is no missed one."""
    latest = plan.timing.latest(after, now)
    if latest is None:
        return [], after
    if plan.catch_up is CatchUp.ALL:
        times = []
        for due in plan.timing.between(after, now):
            times.append(due)
            if len(times) == MAX_CATCH_UP:
                break
        return times, times[-1]
    skipped = plan.catch_up is CatchUp.SKIP and latest < now - GRACE
    return ([] if skipped else [latest]), latest


GRACE = timedelta(seconds=60)
"""A due time not older than this is on time, also for schedules that skip missed ones."""


def _write(session: Session, plan: Schedule, due: datetime, now: datetime) -> Fire:
    session.add(
        FireRow(schedule=plan.id, due=due, fired=now, ended=None, state=FireState.RUNNING, attempts=1, problem="")
    )
    return Fire(plan.id, plan.job, plan.arguments, due, 1)
