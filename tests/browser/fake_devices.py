"""A register of generated sensing devices, and a day of what they read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from dashboards.rooms.devices import Device, Limit, Storage
from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.events.stream import Event
from infra.web.seams import Actor

COLD = {
    "temperature": Limit(low=-40, high=85, unit="Cel", storage=Storage(low=2, high=8, minutes=30, mkt_high=8)),
    "humidity": Limit(low=0, high=100, unit="%RH"),
    "door": Limit(open_minutes=5),
}


class FakeDevices:
    """``mode``: full, first, empty, broken."""

    def __init__(self, clock: Clock, mode: str) -> None:
        self.mode = mode
        today = clock.now().date()
        self.known: dict[str, Device] = {}
        if mode == "full":
            self.known = {each.id: each for each in _devices(today)}
        self.keys: dict[str, bytes] = {}

    def devices(self) -> Sequence[Device]:
        if self.mode == "broken":
            raise AppError(ErrorKind.UNAVAILABLE, "infra.records.locked", place="records.db")
        return list(self.known.values())

    def save(self, actor: Actor, device: Device) -> None:
        self.known[device.id] = device

    def set_key(self, actor: Actor, device: str, key: bytes) -> None:
        self.keys[device] = key
        self.known[device] = msgspec.structs.replace(self.known[device], keyed=bool(key))


def _devices(today: date) -> list[Device]:
    made = [
        Device(
            id=f"cs-{number:04}",
            name=f"冷库 {number} 号温湿度",
            place=f"仓库 {'甲乙'[number % 2]}",
            owner="李工",
            interval_s=60,
            limits=COLD,
            calibrated=today - timedelta(days=340),
            calibration_due=today + timedelta(days=25 if number % 3 else -3),
            firmware="1.4",
            keyed=number % 2 == 0,
            revoked=number == 5,
        )
        for number in range(1, 7)
    ]
    return [*made, Device(id="truck-7", name="冷藏车 7", interval_s=300)]


def sensing_events(now: datetime) -> list[Event]:
    """Readings of the devices and of one that nobody registered."""
    made, number = [], 700_000
    names = [*(f"cs-{each:04}" for each in range(1, 7)), "stranger-9"]
    for place, name in enumerate(names):
        for step in range(96):
            at = now - timedelta(minutes=15 * step + place)
            warm = 5 + math.sin(step / 9 + place) + (5.5 if name == "cs-0002" and step < 6 else 0)
            opened = 1.0 if name == "cs-0002" and step < 4 else 0.0
            values = (
                ("temperature", warm, "Cel"),
                ("humidity", 48 + 4 * math.cos(step / 7), "%RH"),
                ("door", opened, ""),
            )
            for kind, value, unit in values:
                number += 1
                made.append(_reading(number, at, name, kind, value, unit))
    return made


def _reading(number: int, at: datetime, name: str, kind: str, value: float, unit: str) -> Event:
    event: dict[str, Any] = {
        "@timestamp": at,
        "event.id": f"E-{number}",
        "ecs.version": "9.4.0",
        "event.kind": "metric",
        "event.module": "sensing",
        "event.dataset": "sensing.yaodun",
        "yaodun.sensor.id": name,
        "yaodun.sensor.kind": kind,
        "yaodun.sensor.value": round(value, 2),
        "yaodun.sensor.unit": unit,
        "yaodun.sensor.quality": "good",
        "yaodun.sensor.via": "gateway-1",
        "yaodun.metric.name": f"sensor.{kind}",
        "yaodun.metric.value": round(value, 2),
        "yaodun.metric.unit": unit,
        "yaodun.metric.instance": name,
        "yaodun.source": "gateway-1",
        "yaodun.stream": "metrics",
    }
    return event


def network_events(now: datetime) -> tuple[list[Event], list[Event]]:
    """Inventory and metrics of two switches; one has been silent for an hour."""
    items, metrics = [], []
    for number, (name, address, late) in enumerate((("core-sw-1", "10.0.0.2", 1), ("edge-sw-4", "10.0.0.7", 60))):
        common: dict[str, Any] = {
            "@timestamp": now - timedelta(minutes=late),
            "ecs.version": "9.4.0",
            "host.name": name,
            "host.ip": [address],
            "event.module": "snmp",
            "yaodun.source": "srv-01/snmp",
        }
        about = {"description": "S5735-L48 V200R021C10", "name": name}
        items.append(
            common
            | {
                "event.id": f"E-{750_000 + number}",
                "yaodun.inventory.kind": "network-device",
                "yaodun.inventory.key": address,
                "yaodun.inventory.change": "present",
                "yaodun.inventory.item": about,
                "yaodun.stream": "inventory",
            }
        )
        metrics.append(
            common
            | {
                "event.id": f"E-{751_000 + number}",
                "yaodun.metric.name": "uptime",
                "yaodun.metric.value": 9e5,
                "yaodun.stream": "metrics",
                "event.kind": "metric",
            }
        )
    return items, metrics
