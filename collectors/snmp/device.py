"""One device being polled: its answers become metrics and items; counters become rates."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from ipaddress import ip_address

from collectors.pollers.items import ItemBook
from collectors.snmp.ber import Oid, Value
from collectors.snmp.objects import Object, Objects, ObjectTable
from collectors.snmp.session import Session, SnmpError
from infra.events.stream import Event, Stream

_WRAP32 = 1 << 32
_CELSIUS = 8
_LABEL = 64


class PolledDevice:
    """``extra`` are subtrees that nobody has a name for: kept as numbers under their OIDs."""

    def __init__(self, host: str, session: Session, objects: Objects, extra: Sequence[str] = ()) -> None:
        self.host, self._session, self._objects, self._extra = host, session, objects, tuple(extra)
        self._counters: dict[tuple[str, Oid], tuple[int, float]] = {}
        self.name = host
        self.missing: set[str] = set()
        """Tables the device answered with nothing: asked again only with the inventory."""

    async def metrics(self, clock: Callable[[], float] = time.monotonic) -> list[Event]:
        """Documents of one round; ``SnmpError`` where the device does not answer."""
        scalars = await self._session.get([each.oid for each in self._objects.scalar])
        if name := scalars.get("1.3.6.1.2.1.1.5.0"):
            self.name = _words(name)[:255] or self.host
        documents = [
            self._metric(each, "", value, "")
            for each in self._objects.scalar
            if each.type == "gauge" and (value := scalars.get(each.oid)) is not None
        ]
        for table in self._objects.table:
            if not table.inventory and table.name not in self.missing:
                documents += await self._table(table, clock)
        for subtree in self._extra:
            documents += [
                self._document(f"snmp.{subtree}", float(value), "", ".".join(map(str, index)))
                for index, row in (await self._session.walk([subtree])).items()
                for value in row.values()
                if isinstance(value, int)
            ]
        return [each for each in documents if each]

    async def items(self, book: ItemBook, now_ms: int) -> list[Event]:
        """Items of the inventory: the device itself, and who is attached to it."""
        self.missing.clear()
        scalars = await self._session.get([each.oid for each in self._objects.scalar if each.type == "text"])
        own = {each.name: _words(scalars[each.oid]) for each in self._objects.scalar if scalars.get(each.oid)}
        item: Event = {"host.name": self.name, "host.ip": addresses_of(self.host), "yaodun.inventory.item": own}
        documents = book.update(self.host, "network-device", {self.host: item}, now_ms)
        for table in self._objects.table:
            if table.inventory:
                rows = await self._session.walk([each.oid for each in table.column])
                found = dict(_item(table, index, row) for index, row in rows.items())
                items = {f"{self.host}/{key}": {"host.name": self.name, **fields} for key, fields in found.items()}
                documents += book.update(self.host, table.name, items, now_ms)
        return documents

    async def _table(self, table: ObjectTable, clock: Callable[[], float]) -> list[Event]:
        columns = [*([table.label] if table.label else []), *(each.oid for each in table.column)]
        rows = await self._session.walk(columns)
        if not rows:
            self.missing.add(table.name)
        documents = []
        for index, row in rows.items():
            label = _words(row.get(table.label, b""))[:_LABEL] or ".".join(map(str, index))
            if table.name == "storage":
                documents += self._storage(label, row)
            elif table.name == "sensor":
                documents += self._sensor(label, row)
            else:
                documents += self._columns(table, index, label, row, clock())
        return documents

    def _columns(self, table: ObjectTable, index: Oid, label: str, row: dict[str, Value], at: float) -> list[Event]:
        found = []
        for each in table.column:
            value = row.get(each.oid)
            if not isinstance(value, int):
                continue
            if each.type != "counter":
                found.append(self._metric(each, label, value, ""))
            elif (rate := self._rate(each.oid, index, value, at)) is not None:
                found.append(self._document(each.name, rate, each.unit, label))
        return found

    def _rate(self, oid: str, index: Oid, value: int, at: float) -> float | None:
        """None at first, and where the counter went back further than a 32-bit one can wrap."""
        before, self._counters[oid, index] = self._counters.get((oid, index)), (value, at)
        if before is None or at <= before[1]:
            return None
        grown = value - before[0]
        if grown < 0:
            grown += _WRAP32
            if before[0] >= _WRAP32 or grown > _WRAP32 // 2:
                return None
        return round(grown / (at - before[1]), 3)

    def _storage(self, label: str, row: dict[str, Value]) -> list[Event]:
        unit, size, used = (_number(row, f"1.3.6.1.2.1.25.2.3.1.{column}") for column in (4, 5, 6))
        if not unit or not size or used is None:
            return []
        kind = "memory" if "memory" in label.lower() else "disk"
        return [
            self._document(f"{kind}.total", float(size * unit), "bytes", label),
            self._document(f"{kind}.used", round(used / size, 4), "ratio", label),
        ]

    def _sensor(self, label: str, row: dict[str, Value]) -> list[Event]:
        kind, scale, precision, value = (_number(row, f"1.3.6.1.2.1.99.1.1.1.{column}") for column in (1, 2, 3, 4))
        if value is None:
            return []
        measured = value * 10.0 ** (3 * ((scale or 9) - 9)) / 10.0 ** (precision or 0)
        name, unit = ("temperature", "Cel") if kind == _CELSIUS else (f"sensor.{kind}", "")
        return [self._document(name, measured, unit, label)]

    def _metric(self, each: Object, label: str, value: Value, unit: str) -> Event:
        if not isinstance(value, int):
            return {}
        return self._document(each.name, value * each.scale, unit or each.unit, label)

    def _document(self, name: str, value: float, unit: str, instance: str) -> Event:
        event: Event = {
            "event.kind": "metric", "event.module": "snmp", "host.name": self.name, "host.ip": addresses_of(self.host),
            "yaodun.metric.name": name, "yaodun.metric.value": value, "yaodun.metric.unit": unit,
            "yaodun.stream": Stream.METRICS.value,
        }  # fmt: skip
        if instance:
            event["yaodun.metric.instance"] = instance
        return event


def addresses_of(host: str) -> list[str]:
    """The address in ``address`` or ``address:port``; none where the device is named instead."""
    name, separator, port = host.rpartition(":")
    address = name if separator and port.isdigit() and ":" not in name else host
    try:
        return [str(ip_address(address))]
    except ValueError:
        return []


def failure(host: str, name: str, error: Exception, took_s: float) -> Event:
    """A poll that failed, as an event."""
    problem = str(error) if isinstance(error, SnmpError) else (str(error) or type(error).__name__)
    return {
        "event.kind": "event", "event.category": ["network"], "event.type": ["error"], "event.action": "poll-failed",
        "event.module": "snmp", "event.dataset": "snmp.poll", "event.outcome": "failure", "event.reason": problem[:200],
        "event.duration": int(took_s * 1e9), "host.name": name, "host.ip": addresses_of(host),
        "yaodun.stream": Stream.LOGS.value, "message": f"{host} could not be polled: {problem[:200]}",
    }  # fmt: skip


def _item(table: ObjectTable, index: Oid, row: dict[str, Value]) -> tuple[str, Event]:
    values = {each.name: _shown(each, row[each.oid]) for each in table.column if each.oid in row}
    if table.name == "arp" and len(index) == 5:
        address = ".".join(map(str, index[1:]))
        return address, {"source.ip": address, "source.mac": values.get("mac", ""), "yaodun.inventory.item": values}
    if table.name == "fdb" and len(index) == 6:
        mac = "-".join(f"{octet & 255:02X}" for octet in index)
        return mac, {"source.mac": mac, "yaodun.inventory.item": values}
    return ".".join(map(str, index)), {"yaodun.inventory.item": values}


def _shown(each: Object, value: Value) -> str:
    if each.type == "mac" and isinstance(value, bytes) and len(value) == 6:
        return value.hex("-").upper()
    return _words(value)


def _words(value: Value) -> str:
    if not isinstance(value, bytes):
        return str(value)
    text = value.decode("utf-8", "replace").rstrip("\0 ")
    return text if text.isprintable() else value.hex()


def _number(row: dict[str, Value], oid: str) -> int | None:
    value = row.get(oid)
    return value if isinstance(value, int) else None
