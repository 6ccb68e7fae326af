"""What the host pages show, read from the metrics and inventory streams: load, memory, disks, and what runs on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dashboards.views.figures import amount, size
from infra.events.stream import Event
from infra.store.query.tree import (
    And,
    Answer,
    Bucket,
    DateHistogram,
    Filter,
    Not,
    Query,
    Stats,
    Term,
    Terms,
    TermsCount,
    Window,
)

CPU, MEMORY, DISK, LOAD = "cpu.usage", "memory.used", "disk.used", "load.1"
NET_IN, NET_OUT = "network.in_bytes", "network.out_bytes"
UNITS = {CPU: "ratio", MEMORY: "ratio", DISK: "ratio", LOAD: "", NET_IN: "bytes/s", NET_OUT: "bytes/s"}
LISTED = (CPU, MEMORY, DISK)
GAUGE_LIMITS = {CPU: (0.85, 0.95), MEMORY: (0.85, 0.95), DISK: (0.80, 0.92)}
SILENT_AFTER = timedelta(minutes=5)
LINE_POINTS = 48
MOST_HOSTS = 500
MOST_ITEMS = 2000
LISTED_AS = "present"
MOVES = ("added", "removed", "changed")
MOST_CHANGES = 100
GONE = ("removed", "stopped", "closed", "deleted", "exited")


@dataclass(frozen=True, slots=True)
class Gauge:
    """One metric of one host: newest value, its line over the window (None where nothing was measured)."""

    metric: str
    instance: str
    value: float | None
    line: tuple[float | None, ...]

    @property
    def unit(self) -> str:
        """Unit of the metric as the agent sends it."""
        return UNITS.get(self.metric, "")

    @property
    def level(self) -> str | None:
        """How far beyond its limits, None when within."""
        low, high = GAUGE_LIMITS.get(self.metric, (float("inf"), float("inf")))
        if self.value is None or self.value < low:
            return None
        return "high" if self.value >= high else "medium"


@dataclass(frozen=True, slots=True)
class HostRow:
    """One host of the list; ``last_seen`` is the newest interval that has a value."""

    name: str
    last_seen: datetime | None
    gauges: Mapping[str, Gauge]

    def silent(self, now: datetime) -> bool:
        """Whether nothing was heard for some minutes."""
        return self.last_seen is None or now - self.last_seen > SILENT_AFTER


def step_s(window: Window) -> int:
    """Width of a point of a line in whole seconds."""
    return max(10, int((window.end - window.start).total_seconds() / LINE_POINTS))


def metric_query(metric: str, window: Window, host: str = "") -> Query:
    """All values of a metric, of one host or of all."""
    parts: list[Filter] = [Term("yaodun.metric.name", metric)]
    if host:
        parts.append(Term("host.name", host))
    return Query(streams=("metrics",), window=window, filter=And(tuple(parts)), limit=1)


def by_host(window: Window) -> dict[str, TermsCount]:
    """Each host's line of means."""
    line = DateHistogram(step_s(window), inner={"v": Stats("yaodun.metric.value")})
    return {"hosts": TermsCount("host.name", MOST_HOSTS, inner={"line": line})}


def by_instance(window: Window) -> dict[str, TermsCount]:
    """Each instance's line of means on one host (mount, interface); the empty instance is the host itself."""
    line = DateHistogram(step_s(window), inner={"v": Stats("yaodun.metric.value")})
    return {"instances": TermsCount("yaodun.metric.instance", 50, missing="", inner={"line": line})}


def line_of(
    buckets: Sequence[Bucket], window: Window, stat: str = "avg"
) -> tuple[tuple[float | None, ...], datetime | None]:
    """Means per interval over the window, and when the last one was."""
    step = timedelta(seconds=step_s(window))
    known = {_moment(bucket.key): bucket.inner["v"].values.get(stat) for bucket in buckets if bucket.count}
    if not known:
        return (), None
    first, last = min(known), max(known)
    points = [known.get(first + step * index) for index in range(int((last - first) / step) + 1)]
    missing = int((first - window.start) / step)
    return (*([None] * max(0, missing)), *points), min(last + step, window.end)


def _moment(key: Any) -> datetime:
    return key if isinstance(key, datetime) else datetime.fromisoformat(str(key))


def host_rows(answers: Mapping[str, Answer], window: Window) -> list[HostRow]:
    """Hosts by name, from one answer per metric."""
    found: dict[str, dict[str, Gauge]] = {}
    seen: dict[str, datetime] = {}
    for metric, answer in answers.items():
        for bucket in answer.buckets:
            name = str(bucket.key)
            line, last = line_of(bucket.inner["line"].buckets, window, "max" if metric == DISK else "avg")
            found.setdefault(name, {})[metric] = Gauge(metric, "", line[-1] if line else None, line)
            if last:
                seen[name] = max(last, seen.get(name, last))
    return [HostRow(name, seen.get(name), gauges) for name, gauges in sorted(found.items())]


def gauges_of(metric: str, answer: Answer, window: Window) -> list[Gauge]:
    """One gauge per instance of a metric."""
    made = []
    for bucket in answer.buckets:
        line, _ = line_of(bucket.inner["line"].buckets, window)
        made.append(Gauge(metric, str(bucket.key), line[-1] if line else None, line))
    return made


def shown(value: float | None, unit: str) -> tuple[str, str]:
    """A metric's value and unit as people read them."""
    if value is None:
        return "—", ""
    if unit == "ratio":
        return f"{value * 100:.1f}", "%"
    if unit.startswith("bytes"):
        number, _, scale = size(value).partition(" ")
        return number, scale + unit.removeprefix("bytes")
    return amount(value), unit


def inventory_query(host: str, kind: str, window: Window) -> Query:
    """Newest inventory of a kind on a host."""
    wanted = And((Term("host.name", host), Term("yaodun.inventory.kind", kind)))
    return Query(streams=("inventory",), window=window, filter=wanted, limit=MOST_ITEMS)


def changes_query(host: str, window: Window, processes: bool) -> Query:
    """Changes on a host: of its processes, or of everything else."""
    kind = Term("yaodun.inventory.kind", "process")
    parts = (Term("host.name", host), Terms("yaodun.inventory.change", MOVES), kind if processes else Not(kind))
    return Query(streams=("inventory",), window=window, filter=And(parts), limit=MOST_CHANGES)


def standing(events: Iterable[Event]) -> list[Event]:
    """What is there now: the newest full list and the changes since, without what has gone."""
    known = list(events)
    listed = max(
        (event["@timestamp"] for event in known if event.get("yaodun.inventory.change") == LISTED_AS), default=None
    )
    newest: dict[str, Event] = {}
    for event in known:
        if listed is not None and event["@timestamp"] < listed:
            continue
        key = str(event.get("yaodun.inventory.key") or event.get("event.id"))
        if key not in newest or event["@timestamp"] > newest[key]["@timestamp"]:
            newest[key] = event
    return [event for event in newest.values() if event.get("yaodun.inventory.change") not in GONE]


def item(event: Event, *names: str) -> str:
    """The first of several fields an event has, also inside its inventory item."""
    inside = event.get("yaodun.inventory.item")
    for name in names:
        value = event.get(name)
        if value is None and isinstance(inside, dict):
            value = inside.get(name)
        if value not in (None, "", []):
            return ", ".join(str(part) for part in value) if isinstance(value, list) else str(value)
    return "—"


def reachable(address: str) -> bool:
    """Whether a listening address can be reached from other machines."""
    return not (address.startswith("127.") or address in ("::1", "localhost", "—"))
