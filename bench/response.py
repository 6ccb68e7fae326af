# ruff: noqa: E501 - statements of SQL
"""Response: CACAO import, kills, waiting runs, durable steps beside DBOS, schedules, alert to block."""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from cryptography.hazmat.primitives.asymmetric import ed25519
from sqlalchemy import text

from bench.figure import Row, figure
from infra.clock import SystemClock
from infra.events import Signal, Why
from infra.exchange import Level as Severity
from infra.ledger import record
from infra.records import Records, open_records
from infra.records.migrate import migrate
from infra.schedule import CatchUp, Clockwork, Every, Fire, Schedule, Schedules
from infra.web.seams import Actor, Decision
from ops.alerts import Alerts
from playbooks.actions.commands import Host
from playbooks.actions.firewall import BlockAddress
from playbooks.actions.registry import Surroundings, actuators_of
from playbooks.engine.desk import Desk
from playbooks.engine.engine import Engine
from playbooks.engine.orders import Order, Outcome, Seen
from playbooks.library.shelf import shelf
from playbooks.model.finding import Level
from playbooks.model.guard import Certainty, Effect
from playbooks.model.judge import judge
from playbooks.model.reading import read_file
from playbooks.model.signatures import sign
from playbooks.responder import Responder
from playbooks.room import PlaybookRoom
from tests.faults.playbook_kills import kill_all
from tests.unit.playbooks.building import book, do
from tests.unit.playbooks.model.test_signatures import anchor
from tests.unit.playbooks.samples import IDENTITY, REAL, full

DATA = Path(__file__).parents[2] / "shared" / "data"
KILLS = int(os.environ.get("BENCH_KILLS", "1000"))
WAITING = int(os.environ.get("BENCH_WAITING", "10000"))
SCHEDULES = int(os.environ.get("BENCH_SCHEDULES", "10000"))
CYCLES = int(os.environ.get("BENCH_CYCLES", "100"))
RUNS, STEPS, DBOS_STEPS = 60, 25, 6
ALERTS = 20
ACTOR = Actor(id="bench", name="bench", kind="service", roles=("operator",))


@figure("cacao_import_pct", "cacao_false_errors")
def cacao() -> list[Row]:
    """Real playbooks that are imported, and errors told on those and on our own, all of them valid."""
    verdicts = [judge(read_file(DATA / "cacao" / f"{name}.json")) for name in REAL]
    ours = [judge(each.tree) for each in shelf()] + [judge(full())]
    taken = sum(verdict.level is not Level.REJECT for verdict in verdicts)
    errors = sum(len(verdict.errors) for verdict in (*verdicts, *ours))
    errors += sum(len(verdict.repairs) for verdict in ours)
    return [
        Row("cacao_import_pct", round(100 * taken / len(verdicts), 1), "%"),
        Row("cacao_false_errors", errors, "errors"),
    ]


@figure("kill_points_lost_or_doubled")
def kills() -> list[Row]:
    """kill -9 at every persistence boundary, again and again, and at random times."""
    found = kill_all(KILLS, KILLS // 20)
    note = "" if found["points"] >= 1000 else f"{found['points']} kill points"
    return [Row("kill_points_lost_or_doubled", found["lost"] + found["doubled"], "effects", value_note=note)]


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


class Open:
    """Lets the responder in."""

    def decide(self, actor: Actor, action: str, thing: str = "") -> Decision:
        return Decision(allowed=True, rule="bench")

    def demand(self, actor: Actor, action: str, thing: str = "") -> None:
        return None


@figure("alert_to_block_p95_s")
def alert_to_block() -> list[Row]:
    """From an alert that is new to its source being blocked by the kernel, in a network namespace of this host."""
    mark = f"yd{os.getpid()}"
    subprocess.run(["ip", "netns", "add", mark], check=True)
    try:
        host = Host(prefix=("ip", "netns", "exec", mark))
        times = _answered(host)
    finally:
        subprocess.run(["ip", "netns", "del", mark], check=False)
    return [Row("alert_to_block_p95_s", round(statistics.quantiles(times, n=20)[18], 3), "s")]


def _answered(host: Host) -> list[float]:
    key = ed25519.Ed25519PrivateKey.generate()
    with records_on_disk() as records, tempfile.TemporaryDirectory() as folder:
        clock, stop = SystemClock(), threading.Event()
        alerts = Alerts(records, clock, record)
        room = PlaybookRoom(records, Open(), clock, anchors=lambda: anchor(key))
        block = next(each for each in shelf() if each.name == "brute-force-block")
        room.desk.keep(sign(block.tree, key, signee="b", identity=IDENTITY, at=clock.now()), "bench")
        engine = Engine(records, actuators_of(Surroundings(Path(folder), host=host)), clock)
        responder = Responder(room, alerts, clock, [block.name])
        workers = [
            threading.Thread(target=engine.serve, args=(stop,)),
            threading.Thread(target=responder.serve, args=(stop, engine.stir)),
        ]
        for worker in workers:
            worker.start()
        times = [_one(alerts, host, number) for number in range(1, ALERTS + 1)]
        stop.set()
        for worker in workers:
            worker.join()
    return times


def _one(alerts: Alerts, host: Host, number: int) -> float:
    address = f"192.0.2.{number}"
    started = time.perf_counter()
    alerts.absorb([
        Signal(
            id=f"s{number}", time=datetime.now(UTC), rule_id="ssh-brute-force", rule_name="SSH brute force",
            detector="rules", level=Severity.HIGH, event_ids=(f"e{number}",), entity_type="ip", entity_value=address,
            why=(Why("source.ip", address, address),),
        )
    ])  # fmt: skip
    action = BlockAddress(host)
    while action.probe((address,), "") is not Seen.DONE:
        if time.perf_counter() - started > 60:
            return 60.0
        time.sleep(0.02)
    return time.perf_counter() - started
