"""On this host, by real tools and without a rule: failed logins, a port sweep, a new process tree, data going out.

A day of ordinary hours teaches the judges. The last hour holds what sshd, curl and a shell really did, as the parsers,
the flow meter and the process table saw it; only its moments are moved into that hour.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics.scheduled.entities import KINDS
from analytics.scheduled.judges import EntityJudge
from collectors.capture.meter import Meter
from collectors.capture.tap import Tap
from collectors.frames import FrameKind, pack_records
from collectors.parsers.seams import Parsed
from collectors.parsers.shipped import ShippedParsers
from collectors.sources.processes import describe, pids, read_process
from infra.clock import ManualClock, rfc3339
from infra.events.frame import Frame
from infra.events.signal import Signal
from infra.events.stream import Event, Stream
from infra.spool.position import SpoolPosition
from infra.store.embedded import EmbeddedStore
from infra.store.query.tree import Window
from infra.store.seams import Batch, SourceCount
from tests.integration.brokers import free_port, program, wait_for_port
from tests.unit.collectors.sinks import conforming

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]
HOURS = 26
END = datetime(2026, 6, 2, 12, 0, tzinfo=UTC)
HOSTS, USERS = tuple(f"host{n}" for n in range(1, 9)), tuple(f"user{n}" for n in range(1, 9))
SWEEPER, SENDER = "127.0.0.2", "127.0.0.3"
ATTEMPTS, PORTS, SENT = 12, 300, 12 << 20


def ordinary(hour: int) -> Iterator[Event]:
    """What every host, person and address does in any hour."""
    for number, (host, user) in enumerate(zip(HOSTS, USERS, strict=True)):
        for repeat in range(6 + (hour + number) % 3):
            yield {
                "event.category": ["authentication"], "event.outcome": "success", "user.name": user, "host.name": host,
                "source.ip": f"10.0.0.{number + 10}", "event.id": f"l{hour}-{number}-{repeat}",
            }  # fmt: skip
        for parent, name in (("systemd", "sshd"), ("sshd", "bash"), ("cron", "sh"), ("bash", "ls")):
            yield {"event.category": ["process"], "process.parent.name": parent, "process.name": name,
                   "host.name": host, "user.name": user, "event.id": f"p{hour}-{number}-{parent}-{name}"}  # fmt: skip
        for address in (f"10.0.0.{number + 10}", *((SWEEPER, SENDER) if number == 0 else ())):
            for port in (443, 5432, 8443)[: 2 + (hour + number) % 2]:
                for repeat in range(1 + (hour * 5 + number * 3) % 12):
                    yield {
                        "event.category": ["network"], "source.ip": address, "destination.ip": "127.0.0.1",
                        "destination.port": port, "source.bytes": 4_000 + 137 * ((hour * 7 + number) % 9),
                        "event.id": f"f{hour}-{address}-{port}-{repeat}",
                    }  # fmt: skip


@contextlib.contextmanager
def metered() -> Iterator[list[Event]]:
    """The conversations on loopback while the block runs."""
    tap, meter, found, stop = Tap("lo", promiscuous=False), Meter(), [], threading.Event()

    def work() -> None:
        while not stop.is_set():
            found.extend(meter.feed(tap.take()))

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield found
    finally:
        stop.set()
        worker.join(10)
        found.extend(meter.feed(tap.take()))
        found.extend(meter.finish())
        tap.close()


def failed_logins(folder: Path) -> list[Event]:
    """A burst of wrong passwords at a real sshd, from its own log."""
    port, path = free_port(), program("sshd", "openssh-server")
    keys = [program("ssh-keygen", "openssh-client"), "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")]
    subprocess.run(keys, check=True, timeout=20)
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/key\nPidFile none\nUsePAM no\nMaxStartups 100\n"
        "PasswordAuthentication yes\nPubkeyAuthentication no\n"
    )
    (folder / "ask").write_text("#!/bin/sh\necho wrong\n")
    (folder / "ask").chmod(0o700)
    Path("/run/sshd").mkdir(exist_ok=True)
    log = folder / "log"
    daemon = subprocess.Popen([path, "-D", "-E", str(log), "-f", str(folder / "config")], stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port, daemon)
        asking = {**os.environ, "SSH_ASKPASS": str(folder / "ask"), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0"}
        options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "NumberOfPasswordPrompts=3")
        words = [
            program("ssh", "openssh-client"),
            "-p",
            str(port),
            *(part for each in options for part in ("-o", each)),
        ]
        words += ["root@127.0.0.1", "true"]
        for _ in range(ATTEMPTS // 3):
            subprocess.run(words, env=asking, capture_output=True, timeout=40, stdin=subprocess.DEVNULL, check=False)
    finally:
        daemon.terminate()
        daemon.wait(10)
    lines = [line for line in log.read_text().splitlines() if line.startswith("Failed password")]
    body = pack_records([f"<86>Jun  2 11:30:00 host1 sshd[77]: {line}".encode() for line in lines])
    frame = Frame("auth", FrameKind.SYSLOG, len(lines), time.time_ns(), body)
    return [dict(each.document) for each in ShippedParsers().parse(frame) if isinstance(each, Parsed)]


def swept_and_sent() -> list[Event]:
    """A sweep over ports and an upload, both by curl, each from an address of its own; what the meter saw of them."""
    curl, sink = program("curl", "curl"), socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_swallow, args=(sink,), daemon=True).start()
    target = f"http://127.0.0.1:{sink.getsockname()[1]}/"
    with metered() as found:
        subprocess.run(
            [curl, "-s", "--interface", SWEEPER, "--max-time", "60", f"http://127.0.0.1:[20001-{20_000 + PORTS}]/"],
            capture_output=True, timeout=90, check=False,
        )  # fmt: skip
        subprocess.run(
            [curl, "-s", "--interface", SENDER, "--max-time", "60", "-H", "Expect:", "--data-binary", "@-", target],
            input=b"x" * SENT, capture_output=True, timeout=90, check=False,
        )  # fmt: skip
    sink.close()
    return [each for each in found if each.get("source.ip") in (SWEEPER, SENDER) and "source.bytes" in each]


def _swallow(sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        served, _ = sink.accept()
        with served:
            left = SENT
            while left > 0 and (piece := served.recv(1 << 20)):
                left -= len(piece)
            served.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def process_tree() -> list[Event]:
    """A shell that lets awk run a shell: the tree as ``/proc`` shows it while it lives."""
    script = """sh -c "awk 'BEGIN{system(\\"sleep 30; true\\")}'; true"; true"""
    top = subprocess.Popen([program("bash", "bash"), "-c", script], start_new_session=True)
    try:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            tree = _below(top.pid)
            if any(each.get("process.name") == "sleep" for each in tree):
                return tree
        raise AssertionError("the tree did not come up")
    finally:
        os.killpg(top.pid, 15)
        top.wait(10)


def _below(top: int) -> list[Event]:
    seen = {pid: found for pid in pids() if (found := read_process(pid))}
    inside, grown = {top}, True
    while grown:
        more = {pid for pid, one in seen.items() if one.parent in inside} - inside
        inside, grown = inside | more, bool(more)
    return [
        {
            **describe(seen[pid], seen.get(seen[pid].parent)),
            "event.category": ["process"],
            "host.name": "host2",
            "@timestamp": rfc3339(datetime.now(UTC)),
        }
        for pid in inside
        if pid in seen
    ]


@pytest.fixture(scope="module")
def signals(tmp_path_factory: pytest.TempPathFactory) -> list[Signal]:
    """What the judges of hosts, people and addresses say of the last hour."""
    if os.geteuid() != 0:
        pytest.skip("capturing on loopback needs root: run the tests as root")
    folder = tmp_path_factory.mktemp("unusual")
    odd = conforming([*failed_logins(folder), *swept_and_sent(), *process_tree()])
    start = END - timedelta(hours=HOURS)
    clock = ManualClock(start)
    store = EmbeddedStore(folder / "events", clock)
    try:
        for hour in range(HOURS):
            at = start + timedelta(hours=hour, minutes=30)
            clock.advance((at - clock.now()).total_seconds())
            events = [*ordinary(hour), *(odd if hour == HOURS - 1 else [])]
            kept = [_placed(each, at, number) for number, each in enumerate(events)]
            counts = {"proof": SourceCount(stored=len(kept))}
            place = SpoolPosition(1, hour + 1)
            store.append(Batch(spool="proof", position=place, events={Stream.LOGS: kept}, counts=counts))
        clock.advance(3600)
        return [one for kind in KINDS for one in _judged(store, EntityJudge(store, kind), start)]
    finally:
        store.close()


def _placed(event: Event, at: datetime, number: int) -> Event:
    kept: dict[str, Any] = {name: value for name, value in event.items() if not name.startswith("yaodun.")}
    name = str(event.get("event.id") or f"odd-{number}")
    return {
        **kept,
        "@timestamp": at,
        "event.ingested": at,
        "event.id": f"{at:%Y%m%d%H}-{name}",
        "yaodun.source": "proof",
    }


def _judged(store: EmbeddedStore, judge: EntityJudge, start: datetime) -> list[Signal]:
    found: list[Signal] = []
    for hour in range(HOURS):
        begun = start + timedelta(hours=hour)
        found = judge(Window(begun, begun + timedelta(hours=1)))
    return found


CASES = {
    "failed logins": (("host", "host1"), "failed_logins"),
    "port sweep": (("address", SWEEPER), "different destination.port"),
    "process tree": (("host", "host2"), "process"),
    "data going out": (("address", SENDER), "source.bytes"),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_found_without_a_rule_and_the_right_reason_stands_first(case: str, signals: list[Signal]) -> None:
    entity, reason = CASES[case]
    mine = [one for one in signals if (one.entity_type, one.entity_value) == entity]
    assert mine, [(one.entity_value, one.why[0].field) for one in signals]
    assert mine[0].why[0].field == reason, [(one.rule_id, one.why) for one in mine]


def test_hosts_and_people_who_did_nothing_odd_are_not_named(signals: list[Signal]) -> None:
    quiet = {*HOSTS[2:], *USERS, *(f"10.0.0.{number}" for number in range(10, 18))}
    assert not [(one.entity_value, one.why) for one in signals if one.entity_value in quiet]
