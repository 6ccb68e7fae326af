# ruff: noqa: E501 - statements of SQL
"""Schedules: how soon all timers stand, and what is lost or doubled when the clockwork is killed."""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bench.figure import Row, figure
from bench.runs import ACTOR, records_on_disk
from infra.clock import SystemClock
from infra.records import open_records
from infra.records.migrate import migrate
from infra.schedule import CatchUp, Clockwork, Every, Fire, Schedule, Schedules
from playbooks.engine.desk import Desk
from tests.unit.playbooks.building import book

SCHEDULES = int(os.environ.get("BENCH_SCHEDULES", "10000"))
CYCLES = int(os.environ.get("BENCH_CYCLES", "100"))


@figure("schedules_start_s")
def schedules_start() -> list[Row]:
    """Seconds until all timers stand."""
    from apscheduler.schedulers.background import BackgroundScheduler

    with records_on_disk() as records:
        rows = [
            {"id": f"s{number}", "job": "j", "arguments": "{}", "enabled": True, "catch_up": "once",
             "timing": json.dumps({"is": "every", "seconds": 3600 + number % 60, "start": "2026-01-01T00:00:00Z"}),
             "done_until": datetime.now(UTC).replace(tzinfo=None)}
            for number in range(SCHEDULES)
        ]  # fmt: skip
        insert = "INSERT INTO infra_schedules (id, job, arguments, timing, catch_up, enabled, done_until) VALUES (:id, :job, :arguments, :timing, :catch_up, :enabled, :done_until)"
        records.write(lambda session: session.execute(text(insert), rows) and None)
        times = []
        for _ in range(3):
            clockwork = Clockwork(records, scheduler := BackgroundScheduler(timezone="UTC"), {"j": lambda fire: None})
            started = time.perf_counter()
            scheduler.start()
            assert clockwork.start() == SCHEDULES
            times.append(time.perf_counter() - started)
            clockwork.stop()
    note = "" if SCHEDULES >= 10_000 else f"{SCHEDULES} schedules"
    return [Row("schedules_start_s", round(statistics.median(times), 3), "s", value_note=note)]


class Ahead(SystemClock):
    """The system's clock, some seconds ahead."""

    def __init__(self, seconds: float) -> None:
        self._ahead = timedelta(seconds=seconds)

    def now(self) -> datetime:
        return super().now() + self._ahead


@figure("schedules_lost_or_doubled")
def schedules_killed() -> list[Row]:
    """Fires lost or doubled: the clockwork is killed at random again and again, and the clock jumps ahead each time."""
    dice, start = random.Random(3), datetime.now(UTC).replace(microsecond=0)
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="bench-clock-", dir=memory) as name:
        folder = Path(name)
        _forked(lambda: _plan(folder, start))
        for cycle in range(CYCLES):
            _forked(lambda: _tick(folder, 30.0 * (cycle + 1)), dice.uniform(0.15, 0.9))  # noqa: B023
        _forked(lambda: _tick(folder, 30.0 * (CYCLES + 1), 5.0))
        lines = [line for line in (folder / "runs").read_text().splitlines() if line]
    fired = Counter(lines)
    wrong = sum(times - 1 for times in fired.values())
    for schedule in ("a", "b", "c"):
        dues = sorted(datetime.fromisoformat(line.split("|")[1]) for line in fired if line.startswith(f"{schedule}|"))
        span = (dues[-1] - dues[0]).total_seconds() / 10
        wrong += round(span) + 1 - len(dues)
    note = "" if CYCLES >= 100 else f"{CYCLES} restarts"
    return [Row("schedules_lost_or_doubled", wrong, "fires", value_note=note)]


def _plan(folder: Path, start: datetime) -> None:
    records = open_records(folder / "records.db")
    migrate(records.engine)
    for name in ("a", "b", "c"):
        plan = Schedule(id=name, job="run", timing=Every(seconds=10, start=start), catch_up=CatchUp.ALL)
        Schedules(records).save(ACTOR, plan)
    desk = Desk(records)
    (folder / "sha").write_text(desk.keep(book({"b1": {"on_completion": "e1"}, "e1": {}}), "bench"))
    records.close()


def _tick(folder: Path, ahead: float, seconds: float = 30.0) -> None:
    """The clockwork as the runner has it: a fire begins a run named after its due time, once."""
    from apscheduler.schedulers.background import BackgroundScheduler

    from playbooks.engine.reading import Reading

    records = open_records(folder / "records.db")
    clock, sha256 = Ahead(ahead), (folder / "sha").read_text()
    desk, reading = Desk(records, clock), Reading(records)

    def run(fire: Fire) -> None:
        cause = f"{fire.schedule}|{fire.due.isoformat()}"
        if not reading.runs(cause=cause, limit=1):
            desk.start(ACTOR, sha256, {}, simulate=True, cause=cause)

    clockwork = Clockwork(records, scheduler := BackgroundScheduler(timezone="UTC"), {"run": run}, clock)
    scheduler.start()
    clockwork.start()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for name in ("a", "b", "c"):
            clockwork.tick(name)
        time.sleep(0.02)
    causes = records.read(lambda s: [row[0] for row in s.execute(text("SELECT cause FROM playbooks_runs"))])
    (folder / "runs").write_text("\n".join(causes))


def _forked(job: Any, kill_after: float | None = None) -> None:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            job()
            code = 0
        finally:
            os._exit(code)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert kill_after is not None or status == 0, f"the fork ended with {status}"
