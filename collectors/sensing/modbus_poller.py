"""Modbus TCP, reading only (function codes 1 to 4): registers of controllers as readings; every failure is a datum.

Our own client of about a hundred lines: it can only read, whatever the settings say. Source: MODBUS Application
Protocol V1.1b3 and MODBUS Messaging on TCP/IP V1.0b.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec

from collectors.delivery import deliver
from collectors.frames import FrameKind
from collectors.pollers.seams import Poller, PollerSettings, Tree, settings_of
from collectors.sources.reporting import Reporter, milliseconds
from infra.errors import AppError, ErrorKind
from infra.events.seams import EventSink
from infra.events.stream import Event, Stream

_FUNCTIONS = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
_CODES = {"u16": ("H", 1), "i16": ("h", 1), "u32": ("I", 2), "i32": ("i", 2), "f32": ("f", 2), "u64": ("Q", 4),
          "f64": ("d", 4), "bit": ("", 1)}  # fmt: skip
_EXCEPTIONS = {1: "illegal function", 2: "illegal data address", 3: "illegal data value", 4: "device failure",
               5: "acknowledge", 6: "device busy", 8: "memory parity error", 10: "gateway path unavailable",
               11: "gateway target does not respond"}  # fmt: skip
MAX_GAP = 8
"""Registers between two wanted ones that are read along rather than asked for apart."""
MAX_REGISTERS = 100


class ModbusError(Exception):
    """The device answered that it will not, or answered nonsense; the text says which."""


class RegisterSpec(PollerSettings, frozen=True, kw_only=True):
    """One value. ``words`` is the order of the registers of a long one: ``big`` or ``little``."""

    kind: str
    address: Annotated[int, msgspec.Meta(ge=0, le=65_535)]
    table: str = "holding"
    type: str = "i16"
    words: str = "big"
    unit: str = ""
    scale: float = 1.0
    offset: float = 0.0


class ModbusSettings(PollerSettings, frozen=True, kw_only=True):
    """One controller. ``unit`` is its number behind a gateway; ``device`` its id in the register."""

    host: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 502
    unit: Annotated[int, msgspec.Meta(ge=0, le=255)] = 1
    device: str
    interval_s: Annotated[float, msgspec.Meta(ge=0.2)] = 30.0
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 3.0
    register: Annotated[list[RegisterSpec], msgspec.Meta(min_length=1, max_length=500)]


class ModbusPoller:
    """Reads every ``interval_s`` seconds on one connection, made again when it fails."""

    def __init__(self, reporter: Reporter, settings: ModbusSettings) -> None:
        self._reporter, self._settings = reporter, settings
        self._blocks = blocks_of(settings.register)
        self._connection: ModbusConnection | None = None
        self._sequence = 0

    async def run(self, sink: EventSink) -> None:
        """Until cancelled."""
        self._reporter.running()
        try:
            while True:
                began = time.monotonic()
                documents = await self.poll()
                frame = self._reporter.frame(FrameKind.DOCUMENTS, len(documents), msgspec.msgpack.encode(documents))
                await deliver(sink, [frame])
                await asyncio.sleep(max(0.0, self._settings.interval_s - (time.monotonic() - began)))
        finally:
            self._close()

    async def poll(self) -> list[Event]:
        """One round: readings, and a document per block that could not be read."""
        documents: list[Event] = []
        for table, specs in self._blocks:
            began = time.monotonic()
            try:
                words = await self._read(table, specs)
                documents += [self._document(spec, value_of(spec, words, specs[0].address)) for spec in specs]
            except (OSError, TimeoutError, ModbusError) as error:
                if not isinstance(error, ModbusError):
                    self._close()
                documents.append(self._failure(table, specs, error, time.monotonic() - began))
        return documents

    async def _read(self, table: str, specs: Sequence[RegisterSpec]) -> Sequence[int]:
        async with asyncio.timeout(self._settings.timeout_s):
            if self._connection is None:
                self._connection = await ModbusConnection.open(self._settings.host, self._settings.port)
            start, end = specs[0].address, max(each.address + _CODES[each.type][1] for each in specs)
            return await self._connection.read(self._settings.unit, _FUNCTIONS[table], start, end - start)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _common(self) -> Event:
        return {
            "@timestamp": milliseconds(self._reporter.now()), "event.kind": "metric", "event.module": "sensing",
            "event.dataset": "sensing.modbus", "yaodun.stream": Stream.METRICS.value, "host.name": None,
            "observer.name": self._reporter.host.name, "yaodun.sensor.id": self._settings.device,
            "yaodun.sensor.quality": "good", "yaodun.sensor.via": f"{self._settings.host}:{self._settings.port}",
        }  # fmt: skip

    def _document(self, spec: RegisterSpec, value: float) -> Event:
        return {
            **self._common(), "yaodun.sensor.kind": spec.kind, "yaodun.sensor.value": value,
            "yaodun.sensor.unit": spec.unit, "yaodun.metric.name": f"sensor.{spec.kind}", "yaodun.metric.value": value,
            "yaodun.metric.unit": spec.unit, "yaodun.metric.instance": self._settings.device,
        }  # fmt: skip

    def _failure(self, table: str, specs: Sequence[RegisterSpec], error: Exception, took_s: float) -> Event:
        problem = "time-out" if isinstance(error, TimeoutError) else str(error)[:200]
        names = ", ".join(spec.kind for spec in specs)
        return {
            **self._common(), "event.kind": "event", "event.action": "poll-failed", "event.outcome": "failure",
            "event.reason": problem, "event.duration": int(took_s * 1e9), "yaodun.sensor.quality": "missing",
            "message": f"{table} registers of {self._settings.device} ({names}) could not be read: {problem}",
        }  # fmt: skip


class ModbusConnection:
    """One TCP connection; one question at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer, self._transaction = reader, writer, 0

    @classmethod
    async def open(cls, host: str, port: int) -> ModbusConnection:
        """Connects; ``OSError``."""
        return cls(*await asyncio.open_connection(host, port, limit=1_024))

    async def read(self, unit: int, function: int, start: int, count: int) -> Sequence[int]:
        """``count`` registers or bits; ``ModbusError`` for an exception of the device."""
        self._transaction = (self._transaction + 1) & 0xFFFF
        self._writer.write(struct.pack("!HHHBBHH", self._transaction, 0, 6, unit, function, start, count))
        await self._writer.drain()
        while True:
            transaction, protocol, length, _ = struct.unpack("!HHHB", await self._reader.readexactly(7))
            if protocol or not 3 <= length <= 254:
                raise ConnectionError("the answer is no Modbus")
            body = await self._reader.readexactly(length - 1)
            if transaction == self._transaction:
                return _values(function, count, body)

    def close(self) -> None:
        """Close; nothing waits."""
        with contextlib.suppress(OSError):
            self._writer.close()


def _values(function: int, count: int, body: bytes) -> Sequence[int]:
    if body[0] == function | 0x80:
        raise ModbusError(_EXCEPTIONS.get(body[1], f"exception {body[1]}"))
    octets = body[2:]
    if body[0] != function or len(octets) != body[1]:
        raise ConnectionError("the answer is not to this question")
    if function <= 2:
        if len(octets) * 8 < count:
            raise ConnectionError("the answer is too short")
        return [octets[number >> 3] >> (number & 7) & 1 for number in range(count)]
    if len(octets) != count * 2:
        raise ConnectionError("the answer is too short")
    return struct.unpack(f"!{count}H", octets)


def value_of(spec: RegisterSpec, words: Sequence[int], start: int) -> float:
    """The value of ``spec`` among ``words`` that begin at address ``start``."""
    code, width = _CODES[spec.type]
    own = words[spec.address - start : spec.address - start + width]
    if not code:
        raw: Any = own[0]
    else:
        ordered = own if spec.words == "big" else own[::-1]
        (raw,) = struct.unpack(f"!{code}", struct.pack(f"!{width}H", *ordered))
    return float(raw) * spec.scale + spec.offset


def blocks_of(specs: Sequence[RegisterSpec]) -> list[tuple[str, list[RegisterSpec]]]:
    """Registers that are asked for together: the same table, near each other, at most ``MAX_REGISTERS``."""
    blocks: list[tuple[str, list[RegisterSpec]]] = []
    for spec in sorted(specs, key=lambda each: (each.table, each.address)):
        if blocks and blocks[-1][0] == spec.table:
            last = blocks[-1][1]
            end = spec.address + _CODES[spec.type][1]
            near = spec.address - last[-1].address - _CODES[last[-1].type][1] <= MAX_GAP
            if near and end - last[0].address <= MAX_REGISTERS:
                last.append(spec)
                continue
        blocks.append((spec.table, [spec]))
    return blocks


def make(reporter: Reporter, tree: Tree, state: Path) -> Poller:
    """A poller of one controller."""
    settings = settings_of(tree, ModbusSettings)
    for each in settings.register:
        bits = each.table in ("coil", "discrete")
        if each.table not in _FUNCTIONS or each.type not in _CODES or bits != (each.type == "bit"):
            problem = f"{each.table}/{each.type}"
            raise AppError(
                ErrorKind.INVALID, "collectors.poller_setting", place=f"register {each.kind}", problem=problem
            )
    return ModbusPoller(reporter, settings)
