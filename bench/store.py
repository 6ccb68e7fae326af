"""Figures of the stores: queries over ten million events, disk per event, dropping a day, agreement with OpenSearch.

``YAODUN_BENCH_HOME`` names a folder with room for 2 GB; the prepared store is made there once. Agreement needs a node:
``YAODUN_BENCH_OPENSEARCH`` its address (infra/deploy/opensearch/node.sh runs one).
"""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
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
from infra.store.query.tree import Phrase, Query, Term, Wildcard, Window
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
        files = [path for path in Path(folder).glob("*/*/*") if path.suffix in (".parquet", SIDECAR)]
        size = sum(path.stat().st_size for path in files) + (Path(folder) / "manifest.db").stat().st_size
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
