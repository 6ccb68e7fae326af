"""Figures of the path from the wire into the queryable store.

Rates count every second of processor time that the process spends, receiving, spooling, parsing, matching and storing,
with nothing gained by a second core: what a busy machine and an idle one agree on.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson

from analytics.rules import Engine, load_rules
from analytics.rules.coverage import Watch, Watched
from analytics.rules.load import shipped_rules
from bench import Row, figure, mixed
from collectors.frames import FrameKind
from collectors.parsers.shipped import ShippedParsers
from collectors.pipeline import Pipeline
from collectors.receivers.refusal_book import RefusalBook
from collectors.receivers.syslog_tcp import SyslogTcpReceiver
from infra.clock import SystemClock
from infra.events.courier import pack_signals
from infra.events.frame import Frame
from infra.events.stream import Stream
from infra.spool import SpoolPosition, SpoolReader, SpoolWriter
from infra.store.embedded import EmbeddedStore
from infra.store.embedded.columns import to_arrow
from infra.store.query.tree import All, DateHistogram, Query, TermsCount, Window
from infra.store.seams import Batch, SourceCount

LINE = b"<38>%s gate sshd[900]: Failed password for root from 203.0.113.77 port 40022 ssh2\n"
LINES, ROUNDS, BATCH = 10_000, 5, 2_000
TURNS = 21
"""Rounds of the whole path: of a short one a neighbour on the machine decides."""
SPENT = "events for each second of processor time, nothing gained by the second core"


class Route:
    """Spool, pipeline with the shipped rules, and store, in a folder; a thread takes turns."""

    def __init__(self, folder: Path) -> None:
        self.spool, self.signals = SpoolWriter(folder / "spool"), SpoolWriter(folder / "signals")
        self.store = EmbeddedStore(folder / "events", SystemClock())
        rules = load_rules([shipped_rules()])
        self.pipeline = Pipeline(
            spool="ingest", reader=SpoolReader(folder / "spool"), parsers=ShippedParsers(), enrich=lambda event: None,
            detector=Watched(Engine(rules), Watch(rules)),
            hand_over=lambda made: self.signals.append(pack_signals(made, "ingest")), store=self.store,
        )  # fmt: skip
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._turn)
        self._thread.start()

    def _turn(self) -> None:
        while not self._stop.is_set():
            if not self.pipeline.turn():
                self._stop.wait(0.005)

    @property
    def stored(self) -> int:
        """Records taken in so far."""
        return self.pipeline.totals["stored"] + self.pipeline.totals["quarantined"]

    def until(self, count: int) -> None:
        """Wait until so many are in."""
        while self.stored < count:
            time.sleep(0.002)

    def close(self) -> None:
        """End it."""
        self._stop.set()
        self._thread.join()
        for part in (self.spool, self.signals, self.store):
            part.close()


@contextmanager
def path() -> Iterator[Route]:
    """A path in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="yaodun-bench-", dir=os.environ.get("YAODUN_BENCH_HOME")) as folder:
        made = Route(Path(folder))
        try:
            yield made
        finally:
            made.close()


def spent(work: Callable[[], None]) -> float:
    """Seconds of processor time that ``work`` costs this process, all threads."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


@figure("sshd_line_eps")
def sshd_line() -> Iterator[Row]:
    """One sshd line 10,000 times over TCP: received, spooled, parsed, matched with the starter rules, stored."""
    line = LINE % time.strftime("%b %d %H:%M:%S", time.gmtime()).encode()
    with path() as made:
        loop = asyncio.new_event_loop()
        runner = threading.Thread(target=loop.run_forever)
        runner.start()
        refusals = RefusalBook(Path(tempfile.gettempdir()) / f"yaodun-bench-{os.getpid()}.json")
        receiver = SyslogTcpReceiver("127.0.0.1:0", refusals)
        asyncio.run_coroutine_threadsafe(receiver.start(made.spool), loop).result()
        port = int(receiver.addresses[0].address.rpartition(":")[2])

        def one_round() -> None:
            goal = made.stored + LINES
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(line * LINES)
            made.until(goal)

        one_round()
        clocked: list[float] = []
        costs: list[float] = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            costs.append(spent(one_round))
            clocked.append(time.perf_counter() - begun)
        asyncio.run_coroutine_threadsafe(receiver.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        runner.join()
    rate = LINES / statistics.median(costs)
    yield Row("sshd_line_eps", rate, "events/s", f"{SPENT}; beside it by the clock", LINES / statistics.median(clocked))


@figure("e2e_vs_orjson")
def end_to_end() -> Iterator[Row]:
    """NDJSON events of 27 fields through the whole path, a reader asking all the while, beside decoding their lines."""
    events = list(
        mixed.events(BATCH * (TURNS + 1), start=SystemClock().now() - timedelta(hours=1), span=timedelta(minutes=50))
    )
    for event in events:
        event["ecs.version"] = "9.4.0"
        del event["event.id"], event["event.ingested"]
    bodies = [mixed.ndjson(events[at : at + BATCH]) for at in range(0, len(events), BATCH)]
    costs, decodes = [], []
    with path() as made, reading(made.store):
        for number, body in enumerate(bodies):
            goal = made.stored + BATCH

            def one_round(body: bytes = body, goal: int = goal) -> None:
                made.spool.append([Frame("bench", FrameKind.NDJSON, BATCH, time.time_ns(), body)])
                made.until(goal)

            cost = spent(one_round)
            decode = spent(lambda body=body: [orjson.loads(line) for line in body.splitlines()])  # type: ignore[misc]
            if number:
                costs.append(cost)
                decodes.append(decode)
    rate, bare = BATCH / statistics.median(costs), BATCH / statistics.median(decodes)
    yield Row(
        "e2e_vs_orjson", rate / bare, "ratio", f"orjson.loads of the same lines on one core; {SPENT}", bare, rate / bare
    )


@contextmanager
def reading(store: EmbeddedStore) -> Iterator[None]:
    """A process that asks like a dashboard, once a second, while the block runs; its own time is not counted."""
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom bench.ingest import ask\n"
        "from infra.clock import SystemClock\nfrom infra.store.embedded import EmbeddedStore\n"
        "store = EmbeddedStore(Path(sys.argv[1]), SystemClock(), read_only=True)\n"
        "while True:\n    ask(store)\n    time.sleep(1)\n"
    )
    reader = subprocess.Popen([sys.executable, "-c", script, str(store.folder)], stderr=subprocess.DEVNULL)
    try:
        yield
        assert reader.poll() is None, "the reader ended by itself"
    finally:
        reader.kill()
        reader.wait()


def ask(store: EmbeddedStore) -> None:
    """One look of a dashboard at the last day."""
    now = SystemClock().now()
    query = Query(streams=("logs",), window=Window(now - timedelta(days=1), now), filter=All(), limit=0)
    store.aggregate(query, {"time": DateHistogram(60), "hosts": TermsCount("host.name", size=20)})


@contextmanager
def reading_file(database: Any) -> Iterator[None]:
    """The same looks at a DuckDB file, from a thread: no other process may open it while it is written."""
    stop = threading.Event()

    def look() -> None:
        cursor, window = database.cursor(), 'FROM logs WHERE "@timestamp" >= $since'
        while not stop.wait(1):
            since = {"since": (SystemClock().now() - timedelta(days=1)).replace(tzinfo=None)}
            minutes = f"""SELECT date_trunc('minute', "@timestamp"), count(*) {window} GROUP BY 1"""
            cursor.execute(minutes, since).fetchall()
            hosts = f'SELECT "host.name", count(*) {window} GROUP BY 1 ORDER BY 2 DESC LIMIT 20'
            cursor.execute(hosts, since).fetchall()

    reader = threading.Thread(target=look)
    reader.start()
    try:
        yield
    finally:
        stop.set()
        reader.join()


@figure("store_vs_duckdb_file")
def beside_duckdb() -> Iterator[Row]:
    """The same batches into our store and into a DuckDB file, a commit for each, alternating, each with a reader of its
    own; all of them together, for a file stalls when it folds its journal in."""
    import duckdb

    made = list(mixed.events(BATCH, start=SystemClock().now() - timedelta(hours=2), span=timedelta(hours=2)))
    batches = int(os.environ.get("YAODUN_BENCH_BATCHES", "100"))
    ours = theirs = 0.0
    with tempfile.TemporaryDirectory(prefix="yaodun-bench-", dir=os.environ.get("YAODUN_BENCH_HOME")) as folder:
        store = EmbeddedStore(Path(folder) / "events", SystemClock())
        database = duckdb.connect(str(Path(folder) / "file.duckdb"))
        rows = to_arrow(made)
        database.execute("CREATE TABLE logs AS SELECT * FROM rows")
        with reading(store), reading_file(database):
            for number in range(1, batches + 1):
                batch = [{**event, "event.id": f"{event['event.id']}{number}"} for event in made]
                begun = time.perf_counter()
                counts = {"a": SourceCount(stored=BATCH, received=BATCH)}
                position = SpoolPosition(1, number)
                store.append(Batch(spool="b", position=position, events={Stream.LOGS: batch}, counts=counts))
                ours += time.perf_counter() - begun
                begun = time.perf_counter()
                rows = to_arrow(batch)
                database.execute("BEGIN")
                database.execute("INSERT INTO logs BY NAME SELECT * FROM rows")
                database.execute("COMMIT")
                theirs += time.perf_counter() - begun
        assert rows.num_rows == BATCH
        database.close()
        store.close()
    other = batches * BATCH / theirs
    note = "" if batches >= 100 else f"{batches} batches instead of 100"
    yield Row("store_vs_duckdb_file", theirs / ours, "ratio", "DuckDB file", other, theirs / ours, note)
