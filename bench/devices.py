"""Devices: flow records, SNMP, MQTT, page tampering."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import Row, figure

_ROUNDS = 7
_PACKETS = 1_500
_RECORDS = 30
_FIELDS = (
    (8, 4), (12, 4), (21, 4), (22, 4), (1, 4), (2, 4), (10, 4), (14, 4), (7, 2), (11, 2), (4, 1), (6, 1), (60, 1),
    (5, 1), (61, 1), (32, 2),
)  # fmt: skip
"""The template softflowd sends for IPv4."""


@figure("flow_records_s", "flow_vs_netflow")
def flows() -> Iterator[Row]:
    """NetFlow v9 packets as softflowd lays them out, decoded to named fields: ours and the ``netflow`` package on the
    same packets, alternating; every field of every record is compared first."""
    import netflow

    from collectors.flows.decoder import FlowDecoder

    first, packets = _export_packets()
    theirs: dict[str, Any] = {"netflow": {}, "ipfix": {}}
    ours = FlowDecoder()
    list(ours.decode(first))
    netflow.parse_packet(first, theirs)
    for packet in packets:
        _same(ours, packet, netflow.parse_packet(packet, theirs).flows)
    rates, peers = [], []
    for _ in range(_ROUNDS):
        rates.append(_rate(lambda packet: sum(len(each.records) for each in ours.decode(packet)), packets))
        peers.append(_rate(lambda packet: len(netflow.parse_packet(packet, theirs).flows), packets[::5]))
    rate, peer = statistics.median(rates), statistics.median(peers)
    yield Row("flow_records_s", rate, "1/s", "netflow package", peer, rate / peer)
    yield Row("flow_vs_netflow", rate / peer, "ratio", "netflow package", peer, rate / peer)


def _export_packets() -> tuple[bytes, list[bytes]]:
    chance = random.Random(7)
    size = sum(width for _, width in _FIELDS)
    own = struct.pack("!HH", 1024, len(_FIELDS)) + b"".join(struct.pack("!HH", *field) for field in _FIELDS)
    first = struct.pack("!HHIIII", 9, 1, 100_000, 1_790_000_000, 0, 1) + struct.pack("!HH", 0, 4 + len(own)) + own
    packets = []
    for number in range(_PACKETS):
        body = b"".join(_record(chance, size) for _ in range(_RECORDS))
        pad = -len(body) % 4
        head = struct.pack("!HHIIII", 9, _RECORDS, 100_000, 1_790_000_000, number + 1, 1)
        packets.append(head + struct.pack("!HH", 1024, 4 + len(body) + pad) + body + bytes(pad))
    return first, packets


def _record(chance: random.Random, size: int) -> bytes:
    """Two thousand clients of one site and the servers they use, as addresses repeat in life."""
    source = bytes((10, 7, chance.randrange(8), chance.randrange(1, 255)))
    target = bytes((198, 51, 100, chance.randrange(1, 255)))
    return source + target + chance.randbytes(size - 8)


def _same(ours: Any, packet: bytes, theirs: list[Any]) -> None:
    found = [list(record.values()) for each in ours.decode(packet) for record in each.records]
    expected = [list(flow.data.values()) for flow in theirs]
    if found != expected:
        raise RuntimeError("the decoders do not agree")


def _rate(decode: Any, packets: list[bytes]) -> float:
    began = time.process_time()
    records = sum(decode(packet) for packet in packets)
    return records / (time.process_time() - began)


_DEVICES = 20_000
_MESSAGES = 60_000
_PUBLISHERS = 4
_PUBLISH = """
import socket, sys
from bench.devices import mqtt_connect, mqtt_publish
port, first, count = map(int, sys.argv[1:])
sock = socket.create_connection(("127.0.0.1", port))
sock.sendall(mqtt_connect(f"bench-{first}"))
sock.recv(64)
step = 500
for start in range(first, first + count, step):
    sock.sendall(b"".join(mqtt_publish(number) for number in range(start, min(start + step, first + count))))
sock.shutdown(socket.SHUT_WR)
sock.recv(64)
"""


@figure("tamper_false")
def tamper() -> Iterator[Row]:
    """Pairs of generated pages: 250 of sites that only live, 250 that an intruder changed besides; each site is known
    from eight views. A missed change breaks the figure."""
    from tests.unit.collectors.probes.pages import Site, attacks
    from tests.unit.collectors.probes.test_tamper import baseline

    false = pairs = 0
    for seed in range(500, 510):
        site, changes = Site(seed), attacks(Site(seed))
        known = baseline(site)
        false += sum(bool(known.compare(site.view(1_000 + number))) for number in range(25))
        for name, change in changes.items():
            if not known.compare(change(site.view(2_000))):
                raise RuntimeError(f"missed: {name}")
        pairs += 25 + len(changes)
    yield Row("tamper_false", false, "alarms", "pairs of pages, every real change told", pairs)


@figure("mqtt_msgs_s")
def mqtt() -> Iterator[Row]:
    """Messages of 20,000 devices through a real mosquitto into the fsynced spool of an agent. The rate is per second of
    processor time of the collecting process: broker and publishers share the same two cores."""
    rates = [asyncio.run(_collect()) for _ in range(3)]
    yield Row("mqtt_msgs_s", statistics.median(rate for rate, _ in rates), "1/s", "by the clock, with broker and "
              "publishers beside it", statistics.median(rate for _, rate in rates))  # fmt: skip


async def _collect() -> tuple[float, float]:
    from collectors.pollers.lazy import LazyPoller
    from collectors.sources.reporting import Host
    from infra.spool import SpoolWriter

    with tempfile.TemporaryDirectory(prefix="yaodun-bench-") as folder:
        port, broker = _broker(Path(folder))
        spool = _Counting(SpoolWriter(Path(folder) / "spool"))
        tree = {"kind": "mqtt", "host": "127.0.0.1", "port": port, "topics": ["yaodun/#"], "quality": 0}
        poller = LazyPoller(Host("bench", ""), tree, Path(folder))
        task = asyncio.create_task(poller.run(spool))
        try:
            while poller.status.state != "running":
                await asyncio.sleep(0.02)
            share = _MESSAGES // _PUBLISHERS
            words = [
                [sys.executable, "-c", _PUBLISH, str(port), str(n * share), str(share)] for n in range(_PUBLISHERS)
            ]
            senders = [subprocess.Popen(each) for each in words]
            while not spool.records:
                await asyncio.sleep(0.005)
            clock, processor, already = time.monotonic(), time.process_time(), spool.records
            while spool.records < _MESSAGES:
                await asyncio.sleep(0.01)
                if time.monotonic() - clock > 60:
                    raise RuntimeError(f"{spool.records} of {_MESSAGES} messages came")
            taken = spool.records - already
            rates = taken / (time.process_time() - processor), taken / (time.monotonic() - clock)
            for sender in senders:
                sender.wait(10)
            return rates
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            broker.terminate()
            broker.wait(10)
            spool.close()


class _Counting:
    """A spool that counts what is durable in it."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer
        self.records = 0

    async def accept(self, frames: Any) -> None:
        await self._writer.accept(frames)
        self.records += sum(frame.count for frame in frames)

    def close(self) -> None:
        self._writer.close()


def _broker(folder: Path) -> tuple[int, subprocess.Popen[bytes]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings = folder / "mosquitto.conf"
    settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\npersistence false\n")
    words = [shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", str(settings)]
    broker = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(500):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return port, broker
        time.sleep(0.02)
    broker.kill()
    raise RuntimeError("mosquitto does not start: apt-get install mosquitto")


def mqtt_connect(client: str) -> bytes:
    """CONNECT of MQTT 5 with nothing else."""
    body = b"\x00\x04MQTT\x05\x02\x00\x3c\x00" + len(client).to_bytes(2, "big") + client.encode()
    return bytes([0x10, len(body)]) + body


def mqtt_publish(number: int) -> bytes:
    """A reading of one of the devices."""
    device = f"cs-{number % _DEVICES:05d}"
    readings = f'"readings":{{"temperature":{2 + number % 60 / 10},"humidity":{40 + number % 30}}}'
    payload = f'{{"device":"{device}","time":1790000000,"sequence":{number // _DEVICES},{readings}}}'.encode()
    topic = f"yaodun/{device}/readings".encode()
    body = len(topic).to_bytes(2, "big") + topic + b"\0" + payload
    return bytes([0x30, len(body) & 0x7F | 0x80, len(body) >> 7]) + body


_SNMP_DEVICES = 1_000
_SNMP_S = 60
_SIMULATED = "bench.snmp_agents"


@figure("snmp_1000_cpu_pct")
def snmp() -> Iterator[Row]:
    """One thousand devices polled once a minute for a whole minute, 20 values each (uptime, and of three interfaces the
    rates of octets, errors and discards and the state); the agents are simulated by another process. The first round,
    which gives no rates, is not counted."""
    share, missed, values = asyncio.run(_poll_devices())
    if values < _SNMP_DEVICES * 19:
        raise RuntimeError(f"{values} values came")
    yield Row("snmp_1000_cpu_pct", share * 100, "% of a core", "polls missed or failed", missed)


async def _poll_devices() -> tuple[float, int, int]:
    from collectors.snmp.snmp_poller import SnmpPoller, make
    from collectors.sources.reporting import Host, Reporter

    agents = subprocess.Popen([sys.executable, "-m", _SIMULATED, str(_SNMP_DEVICES)], stdout=subprocess.PIPE, text=True)
    try:
        assert agents.stdout is not None
        ports = agents.stdout.readline().split()
        os.environ["YAODUN_BENCH_COMMUNITY"] = "public"
        tree = {"hosts": [f"127.0.0.1:{port}" for port in ports], "community": "env:YAODUN_BENCH_COMMUNITY",
                "interval_s": _SNMP_S, "inventory_interval_s": 86_400}  # fmt: skip
        poller = make(Reporter(Host("bench", ""), "snmp"), tree, Path())
        assert isinstance(poller, SnmpPoller)
        for start in range(0, _SNMP_DEVICES, 50):
            await asyncio.gather(*(poller.poll(each, inventory=False) for each in poller._devices[start : start + 50]))
        values = _Values()
        task = asyncio.create_task(poller.run(values))
        polls, processor = poller.polls, time.process_time()
        began = time.monotonic()
        await asyncio.sleep(_SNMP_S)
        while values.frames < _SNMP_DEVICES and time.monotonic() - began < _SNMP_S + 5:
            await asyncio.sleep(0.05)
        share = (time.process_time() - processor) / (time.monotonic() - began)
        done = poller.polls - polls
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return share, poller.missed + values.failed + max(0, _SNMP_DEVICES - done), values.metrics
    finally:
        agents.terminate()
        agents.wait(10)


class _Values:
    """Counts what was measured, and what could not be."""

    def __init__(self) -> None:
        self.metrics = self.failed = self.frames = 0

    async def accept(self, frames: Any) -> None:
        for frame in frames:
            self.frames += 1
            self.failed += frame.body.count(b"poll-failed")
            self.metrics += frame.body.count(b"yaodun.metric.value")
