"""The OpenSearch event store: one data stream for each stream and day, documents under their event's own id.

A batch is in when its documents are, then its position and counts in one document. A batch that is sent again meets its
own documents and is told so (409). A rollover would let the server take an id twice; so after a start or a failure,
when a batch may be half in, ids are looked up over all backing indices first, and a rollover happens only between
batches that are wholly in.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec
import orjson

from infra.clock import Clock, parse_rfc3339
from infra.errors import AppError, ErrorKind
from infra.events.stream import Event, Stream
from infra.events.table import FieldType
from infra.spool.position import SpoolPosition
from infra.store.opensearch.aggregations import compile_aggregations, read_answers, source_fields
from infra.store.opensearch.bulk import BulkSender, Document, Pace, Refused
from infra.store.opensearch.client import Address, asked, asked_if_there, connect, post_bulk
from infra.store.opensearch.digest import Sum
from infra.store.opensearch.documents import decode, encode
from infra.store.opensearch.dsl import compile_dsl, key_path
from infra.store.opensearch.templates import PREFIX, component_name, component_template, index_template
from infra.store.placing import day_of
from infra.store.query.cursor import cursor_context, read_cursor, write_cursor
from infra.store.query.limits import check_aggregations, check_query
from infra.store.query.names import place
from infra.store.query.projection import project
from infra.store.query.tree import Answer, AnyAggregation, Page, Query, Sort
from infra.store.seams import Batch, SourceCount, StreamStats

log = logging.getLogger(__name__)
KEEP_ALIVE = "2m"
_ID_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Shape:
    """How data streams are made: shards, copies, seconds until visible, the size at which one rolls over and how often
    that is looked at."""

    shards: int = 1
    replicas: int = 0
    refresh_s: int = 5
    rollover_bytes: int = 30 << 30
    look_every_s: float = 60.0
    prefix: str = PREFIX
    visible_at_once: bool = False


class OpenSearchStore:
    """An ``EventStore`` in a cluster. One process appends for each spool; anybody may read."""

    def __init__(self, address: Address, clock: Clock, shape: Shape | None = None, pace: Pace | None = None) -> None:
        self.clock, self.shape = clock, shape or Shape()
        self.client = connect(address)
        self._prefix = self.shape.prefix
        self._positions = f"{self._prefix}_positions"
        self._sender = BulkSender(post_bulk(self.client, self.shape.visible_at_once), pace, known=self.present)
        self._clean: set[str] = set()
        self._writing = threading.Lock()
        self._rolled = clock.monotonic()

    def prepare(self) -> None:
        """Put the templates and the index of positions; safe to repeat, and how an upgrade brings new fields."""
        shape = index_template(self._prefix, self.shape.shards, self.shape.replicas, self.shape.refresh_s)
        asked(
            lambda: self.client.cluster.put_component_template(
                name=component_name(self._prefix), body=component_template()
            )
        )
        asked(lambda: self.client.indices.put_index_template(name=self._prefix, body=shape))
        if not asked(lambda: self.client.indices.exists(index=self._positions)):
            settings = {"number_of_shards": 1, "number_of_replicas": self.shape.replicas}
            body = {"settings": settings, "mappings": {"dynamic": False}}
            asked(lambda: self.client.indices.create(index=self._positions, body=body))

    def append(self, batch: Batch) -> None:
        """Take ``batch`` in; ``AppError(UNAVAILABLE)`` with ``retry_after_s`` when the cluster cannot take it now."""
        with self._writing:
            known = self._position(batch.spool)
            if batch.position <= SpoolPosition(known["segment"], known["offset"]):
                return
            documents = self._documents(batch)
            if batch.spool not in self._clean:
                documents = self._without_known(documents)
            self._clean.discard(batch.spool)
            refused = self._sender.send(documents).refused
            if refused:
                self._sender.send(self._quarantined(refused))
            self._commit(batch, known, refused)
            self._clean.add(batch.spool)
            self._roll_over_in_time()

    def _documents(self, batch: Batch) -> list[Document]:
        now = self.clock.now()
        return [
            Document(self._data_stream(stream, day_of(event, now)[0]), event["event.id"], encode(event))
            for stream, events in batch.events.items()
            for event in events
        ]

    def _without_known(self, documents: list[Document]) -> list[Document]:
        """``documents`` less those that an earlier, broken attempt brought in, in whatever backing index."""
        known = self.present([document.id for document in documents])
        return [document for document in documents if document.id not in known]

    def present(self, ids: Sequence[str]) -> Set[str]:
        """Those of ``ids`` that are in the cluster, in whatever backing index."""
        known: set[str] = set()
        if ids:
            asked(lambda: self.client.indices.refresh(index=f"{self._prefix}-*", allow_no_indices=True))
        for start in range(0, len(ids), _ID_CHUNK):
            chunk = list(ids[start : start + _ID_CHUNK])
            body = {"query": {"ids": {"values": chunk}}, "size": len(chunk), "_source": False}
            known.update(hit["_id"] for hit in self._search(body, [f"{self._prefix}-*"])["hits"]["hits"])
        return known

    def ids_since(self, hour: str) -> Iterator[str]:
        """Every event id whose arrival hour is ``hour`` or later, in order."""
        body: dict[str, Any] = {
            "query": {"range": {"event.id": {"gte": hour}}},
            "sort": [{"event.id": "asc"}],
            "size": _ID_CHUNK * 5,
            "_source": False,
        }
        while hits := self._search(body, [f"{self._prefix}-*"])["hits"]["hits"]:
            yield from (hit["_id"] for hit in hits)
            body["search_after"] = hits[-1]["sort"]

    def _quarantined(self, refused: Sequence[Refused]) -> list[Document]:
        now = self.clock.now()
        made = []
        for one in refused:
            event: Event = {
                "@timestamp": now,
                "event.ingested": now,
                "event.id": f"{one.document.id}-refused",
                "event.kind": "pipeline_error",
                "yaodun.stream": Stream.QUARANTINE.value,
                "yaodun.quarantine.reason": "store_refused",
                "yaodun.quarantine.field": one.type,
                "yaodun.quarantine.detail": one.reason,
                "yaodun.raw.bytes": one.document.body,
            }
            made.append(Document(self._data_stream(Stream.QUARANTINE, now.date()), event["event.id"], encode(event)))
        return made

    def _position(self, spool: str) -> dict[str, Any]:
        found = asked_if_there(lambda: self.client.get(index=self._positions, id=spool))
        return found["_source"] if found else {"segment": 0, "offset": 0, "counts": {}}

    def _commit(self, batch: Batch, known: dict[str, Any], refused: Sequence[Refused]) -> None:
        counts = msgspec.convert(known["counts"], dict[str, SourceCount])
        for source, one in batch.counts.items():
            counts[source] = added(counts.get(source, SourceCount()), one)
        for bad in refused:
            source = orjson.loads(bad.document.body).get("yaodun.source", "")
            counts[source] = added(counts.get(source, SourceCount()), SourceCount(stored=-1, quarantined=1))
        body: dict[str, Any] = {"segment": batch.position.segment, "offset": batch.position.offset}
        body["counts"] = msgspec.to_builtins(counts)
        refresh = "true" if self.shape.visible_at_once else "false"
        asked(lambda: self.client.index(index=self._positions, id=batch.spool, body=body, params={"refresh": refresh}))

    def take_in(self, stream: Stream, day: date, events: Sequence[Event], *, look_first: bool) -> int:
        """Take events of another store into a day; how many are new. ``look_first`` where some may be in an older
        backing index, which would not know them again. ``AppError(INVALID)`` where the cluster refuses one."""
        name = self._data_stream(stream, day)
        documents = [Document(name, event["event.id"], encode(event)) for event in events]
        if look_first:
            documents = self._without_known(documents)
        done = self._sender.send(documents)
        if done.refused:
            first = done.refused[0]
            raise AppError(
                ErrorKind.INVALID, "infra.opensearch_refused_event", place=first.document.id, problem=first.reason[:200]
            )
        return done.created

    def take_over(self, spool: str, position: SpoolPosition, counts: Mapping[str, SourceCount]) -> None:
        """Begin where another store ended: its position and counts, unless this one is as far already."""
        known = self._position(spool)
        if position <= SpoolPosition(known["segment"], known["offset"]):
            return
        self._commit(Batch(spool=spool, position=position, events={}, counts=counts), known, ())

    def sum_of(self, stream: Stream, day: date) -> Sum:
        """Count and hash of the events of a day, each backing index included."""
        name, found = self._data_stream(stream, day), Sum()
        asked(lambda: self.client.indices.refresh(index=name, ignore_unavailable=True))
        body: dict[str, Any] = {
            "query": {"match_all": {}},
            "sort": [{"event.id": "asc"}, {"_index": "asc"}],
            "size": _ID_CHUNK * 5,
        }
        while hits := self._search(body, [name])["hits"]["hits"]:
            found.add(decode(hit["_source"]) for hit in hits)
            body["search_after"] = hits[-1]["sort"]
        return found

    def _roll_over_in_time(self) -> None:
        """Look now and then whether an index is full. Here, behind a batch that is wholly in, nothing can come twice; a
        cluster that cannot do it now is asked again, the batch is in all the same."""
        if self.clock.monotonic() - self._rolled < self.shape.look_every_s:
            return
        self._rolled = self.clock.monotonic()
        try:
            self._roll_over()
        except AppError as error:
            log.warning("opensearch.rollover_failed", extra={"problem": str(error)})

    def roll_over(self) -> int:
        """Begin a new backing index where one is full; how many. Between batches only, which the lock sees to."""
        with self._writing:
            return self._roll_over()

    def _roll_over(self) -> int:
        sizes = asked(lambda: self.client.indices.stats(index=f"{self._prefix}-*", metric="store"))["indices"]
        rolled = 0
        for found in self._streams("*"):
            newest = found["indices"][-1]["index_name"]
            size = sizes.get(newest, {}).get("primaries", {}).get("store", {}).get("size_in_bytes", 0)
            if size >= self.shape.rollover_bytes * self.shape.shards:
                asked(lambda name=found["name"]: self.client.indices.rollover(alias=name))  # type: ignore[misc]
                rolled += 1
        return rolled

    def committed(self, spool: str) -> SpoolPosition:
        """How far ``spool`` is in."""
        found = self._position(spool)
        return SpoolPosition(found["segment"], found["offset"])

    def counts(self) -> Mapping[str, SourceCount]:
        """What each source brought so far, over all spools."""
        asked(lambda: self.client.indices.refresh(index=self._positions))
        body = {"query": {"match_all": {}}, "size": 1000}
        total: dict[str, SourceCount] = {}
        for hit in self._search(body, [self._positions])["hits"]["hits"]:
            for source, one in msgspec.convert(hit["_source"]["counts"], dict[str, SourceCount]).items():
                total[source] = added(total.get(source, SourceCount()), one)
        return total

    def search(self, query: Query) -> Page:
        """A page of events; errors as of the other stores."""
        check_query(query)
        keys = [*query.sort, Sort("event.id", descending=False)]
        body: dict[str, Any] = {
            "query": _within(query),
            "size": query.limit,
            "sort": [_sort(key) for key in keys],
            "track_total_hits": max(query.count_up_to, 1),
            "_source": source_fields(query.fields),
        }
        if query.after:
            body["search_after"] = read_cursor(keys, query.after)
        answer, pit = self._page(query, body, cursor_context(keys, query.after) if query.after else "")
        hits = answer["hits"]["hits"]
        total = answer["hits"]["total"]
        more = len(hits) == query.limit and query.limit > 0
        if pit and not more:
            self._close_pit(pit)
        return Page(
            tuple(project(decode(hit["_source"]), query.fields) for hit in hits),
            total["value"],
            write_cursor(keys, hits[-1]["sort"], pit) if more else None,
            total_is_lower_bound=total["relation"] == "gte",
            took_ms=float(answer["took"]),
        )

    def _page(self, query: Query, body: dict[str, Any], pit: str) -> tuple[dict[str, Any], str]:
        """The answer. From the second page on from a point in time: most first pages are never turned, and a node
        holds but few hundred points. The cursor carries it; where it is over, or none can be had, paging goes on by
        the values of the cursor."""
        if not pit and query.after:
            pit = self._open_pit(self._indices(query))
        if pit:
            frozen = {**body, "pit": {"id": pit, "keep_alive": KEEP_ALIVE}}
            if answer := asked_if_there(lambda: self.client.search(body=frozen)):
                return answer, pit
        return self._search(body, self._indices(query)), ""

    def _open_pit(self, indices: list[str]) -> str:
        options = {"keep_alive": KEEP_ALIVE, "ignore_unavailable": "true", "allow_no_indices": "true"}
        if not any(self._streams(name.removeprefix(f"{self._prefix}-")) for name in indices):
            return ""
        try:
            made = asked_if_there(lambda: self.client.create_pit(index=",".join(indices), params=options))
        except AppError as error:
            if error.detail.get("status") == 429:
                return ""
            raise
        return str(made["pit_id"]) if made and made.get("pit_id") else ""

    def _close_pit(self, pit: str) -> None:
        asked(lambda: self.client.delete_pit(body={"pit_id": [pit]}))

    def _search(self, body: dict[str, Any], indices: list[str]) -> dict[str, Any]:
        options = {"ignore_unavailable": "true", "allow_no_indices": "true"}
        found: dict[str, Any] = asked(lambda: self.client.search(index=",".join(indices), body=body, params=options))
        return found

    def aggregate(self, query: Query, aggregations: Mapping[str, AnyAggregation]) -> Mapping[str, Answer]:
        """An answer for each aggregation; errors as of ``search``."""
        check_query(query)
        check_aggregations(aggregations)
        body = {
            "query": _within(query),
            "size": 0,
            "track_total_hits": False,
            "aggs": compile_aggregations(aggregations, query.window),
        }
        found = self._search(body, self._indices(query))
        return read_answers(aggregations, found.get("aggregations", {}), query.window)

    def get(self, event_id: str) -> Event | None:
        """The event called ``event_id``."""
        hits = self._search({"query": {"term": {"event.id": event_id}}, "size": 1}, [f"{self._prefix}-*"])["hits"][
            "hits"
        ]
        return decode(hits[0]["_source"]) if hits else None

    def stats(self) -> Mapping[Stream, StreamStats]:
        """Size and extent of every stream that has events."""
        extent = {"t0": {"min": {"field": "@timestamp"}}, "t1": {"max": {"field": "@timestamp"}}}
        found = {}
        for stream in Stream:
            names = f"{self._prefix}-{stream}-*"
            answer = self._search({"size": 0, "track_total_hits": True, "aggs": extent}, [names])
            if count := answer["hits"]["total"]["value"]:
                size = asked(lambda n=names: self.client.indices.stats(index=n, metric="store"))  # type: ignore[misc]
                oldest, newest = (parse_rfc3339(answer["aggregations"][key]["value_as_string"]) for key in ("t0", "t1"))
                found[stream] = StreamStats(count, size["_all"]["total"]["store"]["size_in_bytes"], oldest, newest)
        return found

    def _streams(self, pattern: str) -> list[dict[str, Any]]:
        found = asked_if_there(lambda: self.client.indices.get_data_stream(name=f"{self._prefix}-{pattern}"))
        return list(found["data_streams"]) if found else []

    def days(self, stream: Stream) -> Sequence[date]:
        """Days of ``stream``, oldest first."""
        names = [found["name"] for found in self._streams(f"{stream}-*")]
        return sorted(date.fromisoformat(name.rpartition("-")[2].replace(".", "-")) for name in names)

    def drop_day(self, stream: Stream, day: date) -> int:
        """Remove a day of ``stream`` whole; how many events went."""
        name = self._data_stream(stream, day)
        if day not in self.days(stream):
            return 0
        asked(lambda: self.client.indices.refresh(index=name))
        count = asked(lambda: self.client.count(index=name))["count"]
        asked(lambda: self.client.indices.delete_data_stream(name=name))
        return int(count)

    def _data_stream(self, stream: Stream, day: date) -> str:
        return f"{self._prefix}-{stream}-{day:%Y.%m.%d}"

    def _indices(self, query: Query) -> list[str]:
        return [f"{self._prefix}-{stream}-*" for stream in (query.streams or tuple(Stream))]

    def close(self) -> None:
        """Give connections and threads back."""
        self._sender.close()
        self.client.close()


def added(left: SourceCount, right: SourceCount) -> SourceCount:
    """Both counts together; of the newest times the later."""
    sums = {name: getattr(left, name) + getattr(right, name) for name in left.__struct_fields__}
    return SourceCount(**{**sums, "newest_ns": max(left.newest_ns, right.newest_ns)})


def _within(query: Query) -> dict[str, Any]:
    window = {"gte": query.window.start.isoformat(), "lt": query.window.end.isoformat()}
    return {"bool": {"filter": [{"range": {"@timestamp": window}}, compile_dsl(query.filter)]}}


def _sort(key: Sort) -> dict[str, Any]:
    where = place(key.field)
    if where.words or where.flat or where.type is FieldType.BINARY:
        raise AppError(ErrorKind.INVALID, "infra.query_unsortable", place=key.field)
    return {key_path(where): {"order": "desc" if key.descending else "asc", "missing": "_last"}}
