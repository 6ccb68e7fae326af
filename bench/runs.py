"""Runs of playbooks: what waiting ones weigh and how late they wake; durable steps beside DBOS."""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import text

from bench.figure import Row, figure
from infra.records import Records, open_records
from infra.records.migrate import migrate
from infra.web.seams import Actor
from playbooks.engine.desk import Desk
from playbooks.engine.engine import Engine
from playbooks.engine.orders import Order, Outcome, Seen
from playbooks.model.guard import Certainty, Effect
from tests.unit.playbooks.building import book, do

WAITING = int(os.environ.get("BENCH_WAITING", "10000"))
RUNS, STEPS, DBOS_STEPS = 60, 25, 6
ACTOR = Actor(id="bench", name="bench", kind="service", roles=("operator",))


class Quick:
    """An actuator that does nothing but note when."""

    def __init__(self) -> None:
        self.times: list[tuple[str, float]] = []

    def certainty(self, order: Order) -> Certainty:
        return Certainty.NONE

    def act(self, order: Order) -> Outcome:
        self.times.append((order.run, time.time()))
        return Outcome(ok=True)

    def probe(self, order: Order) -> Seen:
        return Seen.UNKNOWN

    def effects(self, order: Order) -> tuple[Effect, ...]:
        return ()


@contextmanager
def records_on_disk() -> Iterator[Records]:
    """A fresh database on this disk, as a site has it."""
    with tempfile.TemporaryDirectory(prefix="bench-response-") as folder:
        records = open_records(Path(folder) / "records.db")
        migrate(records.engine)
        try:
            yield records
        finally:
            records.close()


@figure("waiting_10k_rss_mib", "waiting_wake_p99_s")
def waiting() -> list[Row]:
    """Memory that waiting runs add to a process with an engine, and how late those are woken whose time comes."""
    tree = book({"b1": {"on_completion": "a1"}, "a1": do("x", "e1", delay=3_600_000), "e1": {}})
    with records_on_disk() as records:
        hand, desk = Quick(), Desk(records)
        engine = Engine(records, {"bash": hand})
        sha256 = desk.keep(tree, "bench")
        desk.start(ACTOR, sha256, {}, simulate=False)
        engine.run_until_idle(10)
        before = psutil.Process().memory_info().rss
        futures = []
        for _ in range(WAITING):
            futures.append(threading.Thread(target=desk.start, args=(ACTOR, sha256, {}), kwargs={"simulate": False}))
            if len(futures) == 32:
                _together(futures)
        _together(futures)
        engine.run_until_idle(600)
        added = (psutil.Process().memory_info().rss - before) / 2**20
        late = _wake(records, engine, hand)
    note = "" if WAITING >= 10_000 else f"{WAITING} runs"
    return [
        Row("waiting_10k_rss_mib", round(added, 1), "MiB", value_note=note),
        Row("waiting_wake_p99_s", round(statistics.quantiles(late, n=100)[98], 3), "s", value_note=note),
    ]


def _together(threads: list[threading.Thread]) -> None:
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    threads.clear()


def _wake(records: Records, engine: Engine, hand: Quick, count: int = 300, over_s: float = 15.0) -> list[float]:
    """Let the time of some come, spread over seconds; how late each began."""
    start = datetime.now(UTC) + timedelta(seconds=2)
    waits = records.read(lambda s: [r[0] for r in s.execute(text("SELECT id FROM playbooks_waits WHERE state='open'"))])
    chosen = random.Random(1).sample(waits, min(count, len(waits)))
    due = {wait: start + timedelta(seconds=over_s * number / len(chosen)) for number, wait in enumerate(chosen)}

    def put(session: Any) -> None:
        from playbooks.engine.rows import WaitRow

        for wait, moment in due.items():
            session.get(WaitRow, wait).due = moment

    records.write(put)
    hand.times.clear()
    stop = threading.Event()
    worker = threading.Thread(target=engine.serve, args=(stop,))
    worker.start()
    until = time.monotonic() + over_s + 60
    while len(hand.times) < len(chosen) and time.monotonic() < until:
        time.sleep(0.1)
    stop.set()
    worker.join()
    runs = records.read(
        lambda s: dict(list(s.execute(text("SELECT id, run FROM playbooks_waits"))))  # type: ignore[arg-type]
    )
    began = dict(hand.times)
    return [began[runs[wait]] - moment.timestamp() if runs[wait] in began else 60.0 for wait, moment in due.items()]


@figure("durable_steps_vs_dbos")
def durable_steps() -> list[Row]:
    """Durable steps a second of many concurrent runs, beside DBOS on the same disk, alternating."""
    ours, theirs = [], []
    for _ in range(3):
        ours.append(_our_steps())
        theirs.append(_dbos_steps())
    value, base = statistics.median(ours), statistics.median(theirs)
    return [
        Row(
            "durable_steps_vs_dbos",
            round(value / base, 2),
            "ratio",
            "DBOS on SQLite",
            round(base, 1),
            round(value / base, 2),
        )
    ]


def _our_steps() -> float:
    """Each step is an intent commit, the act, and a result commit (synchronous=FULL)."""
    steps: dict[str, Any] = {f"a{n}": do("x", f"a{n + 1}" if n < STEPS else "e1") for n in range(1, STEPS + 1)}
    tree = book({"b1": {"on_completion": "a1"}, **steps, "e1": {}})
    with records_on_disk() as records:
        hand, desk = Quick(), Desk(records)
        engine = Engine(records, {"bash": hand})
        sha256 = desk.keep(tree, "bench")
        for _ in range(RUNS):
            desk.start(ACTOR, sha256, {}, simulate=False)
        started = time.perf_counter()
        engine.run_until_idle(300)
        taken = time.perf_counter() - started
        engine.close()
    assert len(hand.times) == RUNS * STEPS
    return RUNS * STEPS / taken


_DBOS = """
import sys, time, logging
from dbos import DBOS, DBOSConfig
logging.disable(logging.CRITICAL)
folder, runs, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
DBOS(config=DBOSConfig(name="bench", system_database_url=f"sqlite:///{folder}/dbos.sqlite", run_admin_server=False))
@DBOS.step()
def step(n: int) -> int:
    return n
@DBOS.workflow()
def flow(steps: int) -> int:
    for n in range(steps):
        step(n)
    return steps
DBOS.launch()
begun = time.perf_counter()
handles = [DBOS.start_workflow(flow, steps) for _ in range(runs)]
for handle in handles:
    handle.get_result()
print(runs * steps / (time.perf_counter() - begun))
DBOS.destroy()
"""


def _dbos_steps() -> float:
    """The same number of concurrent workflows; fewer steps, for it takes long."""
    with tempfile.TemporaryDirectory(prefix="bench-dbos-") as folder:
        words = [sys.executable, "-W", "ignore", "-c", _DBOS, folder, str(RUNS), str(DBOS_STEPS)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True)
        return float(done.stdout.strip().splitlines()[-1])
