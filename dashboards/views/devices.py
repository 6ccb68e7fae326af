"""What the page of devices shows: newest readings, what is wrong with each device, and what its register says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from collectors.sensing.device import Device, Limit
from dashboards.rooms.alerts import AlertRow
from dashboards.views.figures import amount
from dashboards.views.hosts import step_s
from infra.events.stream import Event
from infra.store.query.tree import (
    And,
    Answer,
    AnyAggregation,
    DateHistogram,
    Filter,
    Query,
    Stats,
    Term,
    TermsCount,
    TopHits,
    Window,
)

MOST_DEVICES, MOST_KINDS = 2_000, 8
DUE = timedelta(days=30)
RULE = "sensing-"
UNITS = {"Cel": "°C", "%RH": "%", "%": "%"}
_READ = (
    "@timestamp",
    "event.id",
    "yaodun.sensor.value",
    "yaodun.sensor.unit",
    "yaodun.sensor.via",
    "yaodun.sensor.quality",
    "yaodun.sensor.place",
    "yaodun.sensor.sequence",
)


@dataclass(frozen=True, slots=True)
class Reading:
    """The newest value of one kind."""

    kind: str
    value: float
    unit: str
    at: datetime
    event: str = ""
    via: str = ""

    @property
    def words(self) -> str:
        """As people read it; a door is told by its page."""
        return f"{amount(round(self.value, 2))} {UNITS.get(self.unit, self.unit)}".strip()


def readings_query(window: Window, device: str = "") -> Query:
    """All readings of sensing devices, or of one."""
    parts: list[Filter] = [Term("event.module", "sensing"), Term("event.kind", "metric")]
    if device:
        parts.append(Term("yaodun.sensor.id", device))
    return Query(streams=("metrics",), window=window, filter=And(tuple(parts)), limit=0)


def newest() -> dict[str, AnyAggregation]:
    """Per device and kind the newest reading."""
    kinds = TermsCount("yaodun.sensor.kind", MOST_KINDS, inner={"last": TopHits(1, _READ)})
    return {"devices": TermsCount("yaodun.sensor.id", MOST_DEVICES, inner={"kinds": kinds})}


def lines(window: Window) -> dict[str, AnyAggregation]:
    """Per kind the line over the window, and the newest reading."""
    line = DateHistogram(step_s(window), inner={"v": Stats("yaodun.sensor.value")})
    return {"kinds": TermsCount("yaodun.sensor.kind", MOST_KINDS, inner={"line": line, "last": TopHits(1, _READ)})}


def reading_of(kind: str, hits: Sequence[Mapping[str, Any]]) -> Reading | None:
    """The reading of an answer of ``TopHits``."""
    if not hits or hits[0].get("yaodun.sensor.value") is None:
        return None
    hit = hits[0]
    unit, via = str(hit.get("yaodun.sensor.unit") or ""), str(hit.get("yaodun.sensor.via") or "")
    return Reading(
        kind, float(hit["yaodun.sensor.value"]), unit, hit["@timestamp"], str(hit.get("event.id") or ""), via
    )


def readings_of(answer: Answer) -> dict[str, list[Reading]]:
    """The newest readings by device."""
    found: dict[str, list[Reading]] = defaultdict(list)
    for device in answer.buckets:
        for kind in device.inner["kinds"].buckets:
            if reading := reading_of(str(kind.key), kind.inner["last"].hits):
                found[str(device.key)].append(reading)
    return found


def range_of(limit: Limit | None) -> tuple[float | None, float | None]:
    """What a reading should keep to: the storage limits, else what the device can measure."""
    if limit is None:
        return None, None
    return (limit.storage.low, limit.storage.high) if limit.storage else (limit.low, limit.high)


def range_words(limit: Limit | None) -> str:
    """``2–8``; empty where nothing is said."""
    low, high = range_of(limit)
    if low is None and high is None:
        return ""
    if low is None or high is None:
        return f"≤ {amount(high)}" if low is None else f"≥ {amount(low)}"
    return f"{amount(low)}–{amount(high)}"


def outside(reading: Reading, limit: Limit | None) -> bool:
    """Is the value beyond what it should keep to?"""
    low, high = range_of(limit)
    return (low is not None and reading.value < low) or (high is not None and reading.value > high)


def troubles(alerts: Iterable[AlertRow]) -> dict[str, list[AlertRow]]:
    """Open alerts of the judge of sensing devices, by device; the worst first."""
    found: dict[str, list[AlertRow]] = defaultdict(list)
    for row in alerts:
        if row.rule.startswith(RULE) and row.entity_kind == "device":
            found[row.entity].append(row)
    return {device: sorted(rows, key=lambda row: -row.level.rank) for device, rows in found.items()}


def calibration_level(device: Device, today: date) -> str:
    """``high`` when calibration is over, ``medium`` within a month, ``normal`` else, ``unknown`` where none is said."""
    if device.calibration_due is None:
        return "unknown"
    if device.calibration_due < today:
        return "high"
    return "medium" if device.calibration_due - today <= DUE else "normal"


@dataclass(frozen=True, slots=True)
class NetworkDevice:
    """A network device that SNMP polls: what it says of itself, and when it was heard last."""

    name: str
    address: str
    about: str
    seen: datetime | None
    failed: datetime | None
    reason: str = ""

    @property
    def away(self) -> bool:
        """Was the last poll in vain?"""
        return self.failed is not None and (self.seen is None or self.failed > self.seen)


def network_queries(window: Window) -> tuple[Query, Query, Query]:
    """Their inventory, their metrics, and the polls that failed."""
    module = Term("event.module", "snmp")
    kind = And((module, Term("yaodun.inventory.kind", "network-device")))
    failed = And((module, Term("event.action", "poll-failed")))
    return (
        Query(streams=("inventory",), window=window, filter=kind, limit=1_000),
        Query(streams=("metrics",), window=window, filter=module, limit=0),
        Query(streams=("logs",), window=window, filter=failed, limit=0),
    )


def by_name() -> dict[str, AnyAggregation]:
    """The newest document per device."""
    last = TopHits(1, ("@timestamp", "host.name", "host.ip", "event.reason"))
    return {"devices": TermsCount("host.name", 1_000, inner={"last": last})}


def network_devices(items: Iterable[Event], heard: Answer, failed: Answer) -> list[NetworkDevice]:
    """One row per device, by name."""
    told: dict[str, Event] = {}
    for event in items:
        told.setdefault(str(event.get("host.name")), event)
    seen = {str(bucket.key): bucket.inner["last"].hits[0] for bucket in heard.buckets}
    bad = {str(bucket.key): bucket.inner["last"].hits[0] for bucket in failed.buckets}
    made = []
    for name in sorted({*told, *seen, *bad}):
        event = told.get(name) or seen.get(name) or bad[name]
        inside = event.get("yaodun.inventory.item")
        made.append(
            NetworkDevice(
                name,
                ", ".join(map(str, event.get("host.ip") or ())),
                str(inside.get("description") or "") if isinstance(inside, dict) else "",
                seen.get(name, {}).get("@timestamp"),
                bad.get(name, {}).get("@timestamp"),
                str(bad.get(name, {}).get("event.reason") or ""),
            )
        )
    return made
