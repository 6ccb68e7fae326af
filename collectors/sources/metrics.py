"""Metrics of this host by psutil: processor, load, memory, disks, interfaces, pressure. Missing is missing, never
zero.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from collectors.delivery import deliver
from collectors.sources.reporting import Host, Reporter, Reporting, milliseconds
from infra.events.seams import EventSink
from infra.events.stream import Event, Stream

_IDLE_FILE_SYSTEMS = ("squashfs", "overlay", "tmpfs", "devtmpfs", "iso9660")
_PRESSURE = Path("/proc/pressure")


class Reading(NamedTuple):
    """One measured value."""

    name: str
    value: float
    unit: str
    instance: str = ""


class MetricsSource(Reporting):
    """Reads every ``interval_s`` seconds; the first reading gives no rates."""

    def __init__(self, host: Host, interval_s: float = 10.0) -> None:
        self._reporter = Reporter(host, "metrics")
        self._interval_s = interval_s
        self._rates = _Rates()

    async def run(self, sink: EventSink) -> None:
        """Until cancelled."""
        self._reporter.running()
        psutil.cpu_times_percent(interval=None)
        while True:
            readings = self.read()
            if readings:
                now = milliseconds(self._reporter.now())
                documents = [_document(reading, now) for reading in readings]
                await deliver(sink, [self._reporter.documents(documents, Stream.METRICS)])
            await asyncio.sleep(self._interval_s)

    def read(self) -> list[Reading]:
        """One reading of everything that can be read."""
        readings: list[Reading] = []
        for part in (_processor, _memory, _disks, self._rates.read, _pressure, _system):
            with contextlib.suppress(OSError, RuntimeError, NotImplementedError):
                readings += part()
        return readings


def _document(reading: Reading, now: int) -> Event:
    event: Event = {
        "@timestamp": now,
        "event.kind": "metric",
        "event.module": "host",
        "yaodun.metric.name": reading.name,
        "yaodun.metric.value": float(reading.value),
        "yaodun.metric.unit": reading.unit,
    }
    if reading.instance:
        event["yaodun.metric.instance"] = reading.instance
    if reading.name == "cpu.usage":
        event["host.cpu.usage"] = float(reading.value)
    return event


def _processor() -> Iterator[Reading]:
    times = psutil.cpu_times_percent(interval=None)
    yield Reading("cpu.usage", round(1 - times.idle / 100, 4), "ratio")
    for name in ("user", "system", "iowait", "steal"):
        if (value := getattr(times, name, None)) is not None:
            yield Reading(f"cpu.{name}", round(value / 100, 4), "ratio")
    yield Reading("cpu.count", psutil.cpu_count() or 1, "processors")
    for minutes, value in zip((1, 5, 15), psutil.getloadavg(), strict=True):
        yield Reading(f"load.{minutes}", round(value, 2), "processes")


def _memory() -> Iterator[Reading]:
    memory = psutil.virtual_memory()
    yield Reading("memory.total", memory.total, "bytes")
    yield Reading("memory.available", memory.available, "bytes")
    yield Reading("memory.used", round(1 - memory.available / memory.total, 4), "ratio")
    swap = psutil.swap_memory()
    if swap.total:
        yield Reading("swap.total", swap.total, "bytes")
        yield Reading("swap.used", round(swap.used / swap.total, 4), "ratio")


def _disks() -> Iterator[Reading]:
    seen: set[str] = set()
    for part in psutil.disk_partitions(all=False):
        if part.fstype in _IDLE_FILE_SYSTEMS or part.device in seen:
            continue
        seen.add(part.device)
        yield from _disk(part.mountpoint)
    if not seen:
        yield from _disk("/")


def _disk(mount: str) -> Iterator[Reading]:
    with contextlib.suppress(OSError):
        usage = psutil.disk_usage(mount)
        yield Reading("disk.total", usage.total, "bytes", mount)
        yield Reading("disk.free", usage.free, "bytes", mount)
        yield Reading("disk.used", round(usage.percent / 100, 4), "ratio", mount)


class _Rates:
    """Counters of disks and interfaces as rates since the last reading; a counter that went back gives none."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], int] = {}
        self._at = 0.0

    def read(self) -> Iterator[Reading]:
        now = time.monotonic()
        elapsed, self._at = now - self._at, now
        current = dict(self._counters())
        for (name, instance), value in current.items():
            before = self._last.get((name, instance))
            if before is not None and value >= before and elapsed > 0:
                unit = "bytes/s" if "bytes" in name else "1/s"
                yield Reading(name, round((value - before) / elapsed, 2), unit, instance)
        self._last = current

    def _counters(self) -> Iterator[tuple[tuple[str, str], int]]:
        disks: dict[str, Any] = psutil.disk_io_counters(perdisk=True) or {}
        for device, io in disks.items():
            if device.startswith(("loop", "ram")):
                continue
            yield ("diskio.read_bytes", device), io.read_bytes
            yield ("diskio.write_bytes", device), io.write_bytes
        for interface, net in psutil.net_io_counters(pernic=True).items():
            yield ("network.in_bytes", interface), net.bytes_recv
            yield ("network.out_bytes", interface), net.bytes_sent
            yield ("network.in_errors", interface), net.errin + net.dropin
            yield ("network.out_errors", interface), net.errout + net.dropout


def _pressure() -> Iterator[Reading]:
    for resource in ("cpu", "memory", "io"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            some = (_PRESSURE / resource).read_text(encoding="ascii").split()[1]
            yield Reading(f"pressure.{resource}", round(float(some.partition("=")[2]) / 100, 4), "ratio")


def _system() -> Iterator[Reading]:
    yield Reading("processes.count", len(psutil.pids()), "processes")
    with contextlib.suppress(OSError, ValueError, IndexError):
        uptime = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
        yield Reading("uptime", uptime, "s")
