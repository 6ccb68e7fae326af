"""Aggregations of the event store as plain rows; every read is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from infra.events.stream import Stream
from infra.store.query.tree import (
    All,
    And,
    AnyAggregation,
    Cardinality,
    Composite,
    DateHistogram,
    Exists,
    Filter,
    Not,
    Query,
    Sort,
    Stats,
    Term,
    TermsCount,
    Window,
)
from infra.store.seams import EventStore

MOST_ROWS = 200_000
_PAGE = 5_000
MOST_ENTITIES = 5_000
SEEN = (Stream.LOGS, Stream.FLOWS)


def rows(
    store: EventStore,
    window: Window,
    fields: tuple[str, ...],
    where: Filter | None = None,
    streams: tuple[str, ...] = SEEN,
) -> Iterator[tuple[tuple[Any, ...], int]]:
    """(values, times) of every combination of ``fields`` in the window, at most ``MOST_ROWS``."""
    query = Query(streams=streams, window=window, filter=where or All(), limit=0)
    after: tuple[Any, ...] | None = None
    given = 0
    while given < MOST_ROWS:
        answer = store.aggregate(query, {"rows": Composite(fields, _PAGE, after)})["rows"]
        for bucket in answer.buckets:
            key = bucket.key if isinstance(bucket.key, tuple | list) else (bucket.key,)
            yield tuple(key), bucket.count
        given += len(answer.buckets)
        after = answer.after
        if after is None or not answer.buckets:
            return


def counts(store: EventStore, window: Window, field: str, where: Filter | None = None) -> dict[str, int]:
    """Events of each value of ``field``."""
    answer = store.aggregate(_query(window, where), {"top": TermsCount(field, MOST_ENTITIES)})["top"]
    return {str(bucket.key): bucket.count for bucket in answer.buckets}


def sums(store: EventStore, window: Window, field: str, measure: str, where: Filter | None = None) -> dict[str, float]:
    """Sum of ``measure`` for each value of ``field``; values whose sum is unknown are left out."""
    inner = _inner(store, window, field, Stats(measure), where)
    return {key: float(total) for key, values in inner if (total := values.get("sum")) is not None}


def variety(store: EventStore, window: Window, field: str, of: str, where: Filter | None = None) -> dict[str, float]:
    """How many different values of ``of`` each value of ``field`` met."""
    inner = _inner(store, window, field, Cardinality(of), where)
    return {key: float(next(iter(values.values()), 0.0) or 0.0) for key, values in inner}


def steps(store: EventStore, window: Window, field: str, step_s: int) -> dict[str, dict[datetime, int]]:
    """Events of each value of ``field`` in each step of the window: value -> start of the step -> events."""
    inner: dict[str, AnyAggregation] = {"steps": DateHistogram(step_s)}
    answer = store.aggregate(_query(window, None), {"top": TermsCount(field, MOST_ENTITIES, inner=inner)})["top"]
    return {str(b.key): {_moment(s.key): s.count for s in b.inner["steps"].buckets} for b in answer.buckets}


def _moment(key: Any) -> datetime:
    """The start of a histogram bucket as aware UTC."""
    moment = key if isinstance(key, datetime) else datetime.fromisoformat(str(key))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def lines(store: EventStore, window: Window, most: int = 50_000) -> list[str]:
    """The messages of log lines, oldest first, at most ``most``; what an agent says of its host is no log line."""
    found: list[str] = []
    after: str | None = None
    while len(found) < most:
        query = Query(
            streams=(Stream.LOGS,),
            window=window,
            filter=And((Exists("message"), Not(Term("event.dataset", "host.change")))),
            sort=(Sort("@timestamp", descending=False),),
            limit=5_000,
            after=after,
            fields=("message",),
        )
        page = store.search(query)
        found += [str(event["message"]) for event in page.events if event.get("message")]
        after = page.after
        if after is None or not page.events:
            break
    return found[:most]


def _query(window: Window, where: Filter | None) -> Query:
    return Query(streams=SEEN, window=window, filter=where or All(), limit=0)


def _inner(
    store: EventStore, window: Window, field: str, aggregation: AnyAggregation, where: Filter | None
) -> list[tuple[str, dict[str, float | None]]]:
    top = TermsCount(field, MOST_ENTITIES, inner={"inner": aggregation})
    answer = store.aggregate(_query(window, where), {"top": top})["top"]
    return [(str(bucket.key), bucket.inner["inner"].values) for bucket in answer.buckets]
