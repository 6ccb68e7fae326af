"""What the search page shows: the query of the address, its rows, top values, histogram, one event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dashboards.views.figures import local, moment
from dashboards.visit import Visit
from dashboards.words import t
from infra.events.stream import Event, Stream
from infra.store.query.lucene import parse_lucene
from infra.store.query.tree import Answer, DateHistogram, Filter, Query, TermsCount

DEFAULT_STREAMS = (Stream.LOGS.value,)
FIELDS = (
    "yaodun.source", "event.action", "event.outcome", "host.name", "user.name", "source.ip", "destination.ip",
    "process.name", "event.category", "log.level",
)  # fmt: skip
FIELDS_BY_STREAM = {
    Stream.METRICS.value: ("host.name", "yaodun.metric.name", "yaodun.metric.instance", "yaodun.metric.unit"),
    Stream.INVENTORY.value: (
        "host.name",
        "yaodun.inventory.kind",
        "yaodun.inventory.change",
        "process.name",
        "source.port",
    ),
    Stream.QUARANTINE.value: ("yaodun.source", "yaodun.quarantine.reason", "yaodun.quarantine.field"),
    Stream.SIGNALS.value: ("rule.name", "yaodun.signal.level", "yaodun.signal.entity.value", "host.name"),
}
BARS = 60
STEPS_S = (1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 604800)
SUMMARY = ("message", "event.original", "process.command_line", "url.original", "rule.name")


@dataclass(frozen=True, slots=True)
class Slot:
    """One bar of the histogram: percent of the tallest, count, words."""

    share: float
    count: int
    words: str


@dataclass(frozen=True, slots=True)
class Value:
    """One of a field's top values with the query that keeps only it, and the one that leaves it out."""

    shown: str
    count: int
    only: str
    without: str


def streams_of(visit: Visit) -> tuple[str, ...]:
    """The streams of the address; logs unless said otherwise."""
    known = tuple(name for name in visit.many("stream") if name in tuple(Stream))
    return known or DEFAULT_STREAMS


def query_of(visit: Visit, *, limit: int = 100, after: str | None = None) -> Query:
    """The query of the address; ``AppError(INVALID)`` with ``place`` ``query:COLUMN`` where it cannot be read."""
    return Query(
        streams=streams_of(visit), window=visit.window(), filter=filter_of(visit.param("q")), limit=limit, after=after
    )


def filter_of(text: str) -> Filter:
    """What the search box asks for."""
    return parse_lucene(text)


def step_of(visit: Visit) -> int:
    """Width of a bar in seconds: the smallest round step that gives at most sixty bars."""
    length = (visit.window().end - visit.window().start).total_seconds()
    return next((step for step in STEPS_S if length / step <= BARS), STEPS_S[-1])


def fields_of(visit: Visit) -> tuple[str, ...]:
    """The fields whose top values are listed for the chosen streams."""
    chosen = streams_of(visit)
    return FIELDS_BY_STREAM.get(chosen[0], FIELDS) if len(chosen) == 1 else FIELDS


def aggregations(visit: Visit) -> dict[str, DateHistogram | TermsCount]:
    """The histogram and the top values, asked in one go."""
    tops: dict[str, DateHistogram | TermsCount] = {name: TermsCount(name, 6) for name in fields_of(visit)}
    return {"bars": DateHistogram(step_of(visit)), **tops}


def slots(answer: Answer, visit: Visit) -> list[Slot]:
    """All bars of the window, also the empty ones."""
    window, step = visit.window(), timedelta(seconds=step_of(visit))
    counts = {_moment(bucket.key): bucket.count for bucket in answer.buckets}
    start = datetime.fromtimestamp(
        window.start.timestamp() // step.total_seconds() * step.total_seconds(), window.start.tzinfo
    )
    number = max(1, int((window.end - start) / step) + 1)
    moments = [start + step * index for index in range(min(number, BARS + 2))]
    top = max(counts.values(), default=0) or 1
    return [
        Slot(counts.get(at, 0) / top * 100, counts.get(at, 0),
             t("search.bar", time=moment(at, visit.zone, visit.now), count=counts.get(at, 0)))
        for at in moments
    ]  # fmt: skip


def _moment(key: Any) -> datetime:
    return key if isinstance(key, datetime) else datetime.fromisoformat(str(key))


def values(field: str, answer: Answer, query: str) -> list[Value]:
    """Top values of a field with the queries a click leads to."""
    return [
        Value(
            str(bucket.key),
            bucket.count,
            narrowed(query, field, bucket.key),
            narrowed(query, field, bucket.key, leave=True),
        )
        for bucket in answer.buckets
    ]


def narrowed(query: str, field: str, value: Any, *, leave: bool = False) -> str:
    """The query with one more condition."""
    condition = f"{'NOT ' if leave else ''}{field}:{quoted(value)}"
    return (
        f"({query}) AND {condition}"
        if query.strip() and " OR " in query
        else f"{query} AND {condition}"
        if query.strip()
        else condition
    )


def quoted(value: Any) -> str:
    """A value as the query language takes it literally."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def summary(event: Mapping[str, Any]) -> str:
    """One line that says what the event is."""
    if "yaodun.metric.name" in event:
        parts = (
            event["yaodun.metric.name"],
            event.get("yaodun.metric.instance"),
            event.get("yaodun.metric.value"),
            event.get("yaodun.metric.unit"),
        )
        return " ".join(str(part) for part in parts if part is not None)
    if "yaodun.inventory.kind" in event:
        parts = (
            event.get("yaodun.inventory.change"),
            event["yaodun.inventory.kind"],
            event.get("yaodun.inventory.key"),
            event.get("process.command_line"),
        )
        return " ".join(str(part) for part in parts if part)
    found = next((str(event[name]) for name in SUMMARY if event.get(name)), "")
    return found[:400]


def row(event: Event, visit: Visit) -> dict[str, Any]:
    """A result row for the grid."""
    at = event["@timestamp"]
    when = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
    return {
        "id": str(event.get("event.id", "")), "time": f"{local(when, visit.zone):%m-%d %H:%M:%S.%f}"[:-3],
        "source": str(event.get("yaodun.source", "")), "host": str(event.get("host.name", "")),
        "action": str(event.get("event.action") or event.get("event.dataset") or ""), "summary": summary(event),
    }  # fmt: skip


def place_of(error_place: str) -> int | None:
    """The column an error of the query names, counted from 1."""
    _, separator, column = error_place.partition(":")
    return int(column) if separator and column.isdigit() else None


def pointed(query: str, column: int) -> tuple[str, str, str]:
    """The query cut at an error: before, the offending character, after."""
    at = max(0, min(len(query), column - 1))
    return query[:at], query[at : at + 1] or " ", query[at + 1 :]


def pairs_of(event: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """Fields of an event in order, for the drawer."""
    return [(name, _shown(value)) for name, value in sorted(event.items()) if value not in (None, "", [])]


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    return str(value)
