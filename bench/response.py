"""Response: CACAO import, kills, alert to block."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ed25519

from bench.figure import Row, figure
from bench.runs import records_on_disk
from infra.clock import SystemClock
from infra.events import Signal, Why
from infra.exchange import Level as Severity
from infra.ledger import record
from infra.web.seams import Actor, Decision
from ops.alerts import Alerts
from playbooks.actions.commands import Host
from playbooks.actions.firewall import BlockAddress
from playbooks.actions.registry import Surroundings, actuators_of
from playbooks.engine.engine import Engine
from playbooks.engine.orders import Seen
from playbooks.library.shelf import shelf
from playbooks.model.finding import Level
from playbooks.model.judge import judge
from playbooks.model.reading import read_file
from playbooks.model.signatures import sign
from playbooks.responder import Responder
from playbooks.room import PlaybookRoom
from tests.faults.playbook_kills import kill_all
from tests.unit.playbooks.model.test_signatures import anchor
from tests.unit.playbooks.samples import IDENTITY, REAL, full

DATA = Path(__file__).parents[2] / "shared" / "data"
KILLS = int(os.environ.get("BENCH_KILLS", "1000"))
ALERTS = 20


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
