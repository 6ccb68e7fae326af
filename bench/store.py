"""Figures of the stores: queries over ten million events, disk per event, dropping a day, agreement with OpenSearch.

``YAODUN_BENCH_HOME`` names a folder with room for 2 GB; the prepared store is made there once. Agreement needs a node:
``YAODUN_BENCH_OPENSEARCH`` its address (infra/deploy/opensearch/node.sh runs one).
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench import Row, figure, mixed
from bench.prepared import SEGMENTS, prepared, where
from infra.clock import ManualClock
from infra.events.stream import Stream
from infra.spool import SpoolPosition
from infra.store.embedded import EmbeddedStore
from infra.store.embedded.compact import Tiers, compact
from infra.store.embedded.segment import SIDECAR
from infra.store.query.shaping import moment
from infra.store.query.tree import (
    AnyAggregation,
    Cardinality,
    DateHistogram,
    Percentiles,
    Phrase,
    Query,
    Term,
    TermsCount,
    Wildcard,
    Window,
)
from infra.store.seams import Batch, SourceCount

TURNS = 7


def p95(ask: Callable[[], Any], turns: int = TURNS) -> float:
    """Milliseconds that 95 of 100 turns stay under: of so few turns, the slowest but the first, which warms up."""
    taken = []
    for _ in range(turns + 1):
        begun = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - begun) * 1000)
    return sorted(taken[1:])[-1]


@figure("rare_token_p95_ms", "wildcard_p95_ms", "latest100_p95_ms", "by_id_p95_ms")
def queries() -> Iterator[Row]:
    """Hunting over the prepared store."""
    segments = int(os.environ.get("YAODUN_BENCH_SEGMENTS", SEGMENTS))
    store = prepared(where(), segments)
    live = store.manifest.live()
    rows = sum(segment.rows for segment in live)
    window = Window(mixed.START, moment(max(segment.t1 for segment in live) + 1))
    note = "" if rows >= 10_000_000 else f"{rows:,} events instead of 10 M"

    def ask(node: Any, **more: Any) -> Callable[[], Any]:
        return lambda: store.search(Query(streams=("logs",), window=window, filter=node, **more))

    known = ask(Term("event.outcome", "failure"))().events[-1]["event.id"]
    measured = {
        "rare_token_p95_ms": ask(Phrase("message", mixed.RARE)),
        "wildcard_p95_ms": ask(Wildcard("process.command_line", "*powershell*enc*"), count_up_to=0),
        "latest100_p95_ms": ask(Term("event.outcome", "failure")),
        "by_id_p95_ms": lambda: store.get(known),
    }
    for name, what in measured.items():
        yield Row(name, p95(what), "ms", value_note=note)
    store.close()


@figure("bytes_per_event", "drop_day_ms")
def disk() -> Iterator[Row]:
    """Disk per event after compaction, filters of words and manifest included; then the time to drop that day."""
    count, flush = 262_144, 32_768
    with tempfile.TemporaryDirectory(dir=os.environ.get("YAODUN_BENCH_HOME")) as folder:
        store = EmbeddedStore(Path(folder), ManualClock(mixed.START + timedelta(days=2)))
        for at in range(0, count, flush):
            made = list(mixed.events(flush, first=at, total=count, span=timedelta(hours=20)))
            position = SpoolPosition(1, at + 1)
            store.append(
                Batch(spool="b", position=position, events={Stream.LOGS: made}, counts={"a": SourceCount(flush)})
            )
        compact(store, Tiers(grace=timedelta(seconds=-1)))
        size = size_of(Path(folder))
        yield Row("bytes_per_event", size / count, "bytes", "the same events as NDJSON", 947.0, size / count / 947.0)
        (day,) = store.days(Stream.LOGS)
        begun = time.perf_counter()
        store.drop_day(Stream.LOGS, day)
        yield Row("drop_day_ms", (time.perf_counter() - begun) * 1000, "ms")
        store.close()


@figure("stores_agree_pct")
def agreement() -> Iterator[Row]:
    """Made-up questions to both stores; the share with equal answers."""
    address = os.environ.get("YAODUN_BENCH_OPENSEARCH")
    if not address:
        return
    from infra.store.opensearch import Address, OpenSearchStore, Shape
    from tests.contract.agreement import agreeing

    with tempfile.TemporaryDirectory() as folder:
        clock = ManualClock(mixed.START)
        cluster = OpenSearchStore(
            Address.read(address), clock, Shape(visible_at_once=True, prefix=f"yd{secrets.token_hex(4)}")
        )
        cluster.prepare()
        embedded = EmbeddedStore(Path(folder), clock)
        asked, equal = agreeing(embedded, cluster, int(os.environ.get("YAODUN_BENCH_QUERIES", "600")))
        note = "" if asked >= 500 else f"{asked} queries instead of 500"
        yield Row("stores_agree_pct", 100 * equal / asked, "%", value_note=note)
        for stream in Stream:
            for day in cluster.days(stream):
                cluster.drop_day(stream, day)
        embedded.close()
        cluster.close()


PANELS: dict[str, AnyAggregation] = {
    "time": DateHistogram(3600, inner={"outcome": TermsCount("event.outcome", size=5)}),
    "modules": TermsCount("event.module", size=10),
    "severity": TermsCount("event.severity", size=10),
    "hosts": TermsCount("host.name", size=20),
    "sources": TermsCount("source.ip", size=20),
    "users": Cardinality("user.name"),
    "status": TermsCount("http.response.status_code", size=10),
    "bytes": Percentiles("network.bytes", (50, 95, 99)),
}
ARRIVING = """
import sys, time
from datetime import timedelta
from pathlib import Path
from bench import mixed
from infra.clock import SystemClock
from infra.events.stream import Stream
from infra.spool import SpoolPosition
from infra.store.embedded import EmbeddedStore
from infra.store.seams import Batch, SourceCount

store = EmbeddedStore(Path(sys.argv[1]), SystemClock())
now, turn = SystemClock().now(), int(time.time())
made = list(mixed.events(20_000, start=now, span=timedelta(seconds=1)))
print("ready", flush=True)
while True:
    begun = time.monotonic()
    turn += 1
    fresh = [{**event, "event.id": f"{event['event.id']}{turn}"} for event in made]
    counts = {"bench": SourceCount(stored=len(fresh), received=len(fresh))}
    store.append(Batch(spool="bench", position=SpoolPosition(turn, 1), events={Stream.LOGS: fresh}, counts=counts))
    time.sleep(max(0.0, 1 - (time.monotonic() - begun)))
"""


@figure("dashboard_p95_ms")
def dashboard() -> Iterator[Row]:
    """Eight panels over all events, asked together, while another process appends 20,000 events each second."""
    store = prepared(where(), int(os.environ.get("YAODUN_BENCH_SEGMENTS", SEGMENTS)))
    live = store.manifest.live()
    rows = sum(segment.rows for segment in live)
    days = {segment.day for segment in live}
    window = Window(mixed.START, moment(max(segment.t1 for segment in live) + 1))
    query = Query(streams=("logs",), window=window, limit=0)
    writer = subprocess.Popen(
        [sys.executable, "-c", ARRIVING, str(store.folder)], stdout=subprocess.PIPE, env={**os.environ}
    )
    try:
        assert writer.stdout is not None
        writer.stdout.readline()
        value = p95(lambda: store.aggregate(query, PANELS))
    finally:
        writer.kill()
        writer.wait()
        for day in {segment.day for segment in store.manifest.live()} - days:
            store.drop_day(Stream.LOGS, date.fromisoformat(day))
    yield Row("dashboard_p95_ms", value, "ms", value_note="" if rows >= 10_000_000 else f"{rows:,} events, not 10 M")
    store.close()


@figure("bytes_vs_opensearch")
def beside_opensearch() -> Iterator[Row]:
    """Disk per event beside a force-merged index of a real node that holds the same events."""
    address = os.environ.get("YAODUN_BENCH_OPENSEARCH")
    if not address:
        return
    from infra.store.opensearch import Address, OpenSearchStore, Shape

    count = int(os.environ.get("YAODUN_BENCH_EVENTS", "200000"))
    clock = ManualClock(mixed.START + timedelta(days=2))
    cluster = OpenSearchStore(Address.read(address), clock, Shape(prefix=f"yd{secrets.token_hex(4)}"))
    cluster.prepare()
    with tempfile.TemporaryDirectory(dir=os.environ.get("YAODUN_BENCH_HOME")) as folder:
        embedded = EmbeddedStore(Path(folder), clock)
        for at in range(0, count, 20_000):
            made = list(mixed.events(20_000, first=at, total=count, span=timedelta(hours=20)))
            counts = {"a": SourceCount(len(made))}
            one = Batch(spool="b", position=SpoolPosition(1, at + 1), events={Stream.LOGS: made}, counts=counts)
            embedded.append(one)
            cluster.append(one)
        compact(embedded, Tiers(grace=timedelta(seconds=-1)))
        ours = size_of(Path(folder)) / count
        embedded.close()
    name = f"{cluster.shape.prefix}-*"
    cluster.client.indices.forcemerge(index=name, params={"max_num_segments": 1, "request_timeout": 600})
    cluster.client.indices.refresh(index=name)
    theirs = cluster.client.indices.stats(index=name, metric="store")["_all"]["primaries"]["store"]["size_in_bytes"]
    for day in cluster.days(Stream.LOGS):
        cluster.drop_day(Stream.LOGS, day)
    cluster.close()
    ratio = ours / (theirs / count)
    yield Row(
        "bytes_vs_opensearch",
        ratio,
        "ratio",
        f"bytes for each of {count:,} events in OpenSearch",
        theirs / count,
        ratio,
    )


def size_of(folder: Path) -> int:
    """Bytes of segments, their indices and the manifest."""
    files = [path for path in folder.glob("*/*/*") if path.suffix in (".parquet", SIDECAR)]
    return sum(path.stat().st_size for path in files) + (folder / "manifest.db").stat().st_size


KEEPING = """
import os, sys
from datetime import timedelta
from pathlib import Path
from bench import mixed
from infra.clock import ManualClock
from infra.events.stream import Stream
from infra.spool import SpoolPosition
from infra.store.embedded import EmbeddedStore
from infra.store.embedded.compact import Tiers, compact
from infra.store.seams import Batch, SourceCount

store = EmbeddedStore(Path(sys.argv[1]), ManualClock(mixed.START + timedelta(days=2)))
made = list(mixed.events(20_000, span=timedelta(hours=1)))
print("ready", flush=True)
os.nice(10)
for turn in range(1, 1_000_000):
    counts = {"b": SourceCount(stored=len(made), received=len(made))}
    store.append(Batch(spool="b", position=SpoolPosition(turn, 1), events={Stream.LOGS: made}, counts=counts))
    compact(store, Tiers(width=2, grace=timedelta(seconds=-1)))
"""


@figure("ack_p99_compacting_ms")
def acknowledged_meanwhile() -> Iterator[Row]:
    """Time until a frame of 100 events is on disk, while a niced process like keeper merges without pause."""
    from infra.events.frame import Frame
    from infra.spool import SpoolWriter

    with tempfile.TemporaryDirectory(dir=os.environ.get("YAODUN_BENCH_HOME")) as folder:
        keeper = subprocess.Popen([sys.executable, "-c", KEEPING, f"{folder}/events"], stdout=subprocess.PIPE)
        spool, taken = SpoolWriter(Path(folder) / "spool"), []
        try:
            assert keeper.stdout is not None
            keeper.stdout.readline()
            for number in range(1_000):
                begun = time.perf_counter()
                spool.append([Frame("bench", "lines", 100, number, b"x" * 85_500)])
                taken.append((time.perf_counter() - begun) * 1000)
                time.sleep(0.01)
        finally:
            keeper.kill()
            keeper.wait()
            spool.close()
    yield Row("ack_p99_compacting_ms", sorted(taken)[int(len(taken) * 0.99)], "ms")
