"""A million indicators: their share of all that the stream does with an event, storing included."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from itertools import pairwise
from pathlib import Path

from analytics.intelligence import Shelf, ThreatIndicator
from analytics.intelligence.detector import IndicatorDetector
from analytics.intelligence.indicator import IndicatorKind
from analytics.network import NetworkDetector
from analytics.rules import Engine, load_rules
from analytics.rules.load import shipped_rules
from bench.figure import Row, figure
from infra.clock import SystemClock
from infra.events import Conformed, Conformer, Event, Stream, table
from infra.store.embedded import EmbeddedStore
from infra.store.seams import Batch, SpoolPosition

NOW = datetime(2026, 11, 20, tzinfo=UTC)
INDICATORS, EVENTS, BATCH, ROUNDS = 1_000_000, 12_000, 1_000, 3
KNOWN_EVERY = 500
"""One event in so many meets an indicator."""


def indicators(chance: random.Random) -> Iterator[ThreatIndicator]:
    """Addresses, names and hashes, a third of each."""
    for number in range(INDICATORS):
        kind = (IndicatorKind.ADDRESS, IndicatorKind.DOMAIN, IndicatorKind.HASH)[number % 3]
        value = (
            str(IPv4Address((11 << 24) + 21 * number)),
            f"bad-{number}.{chance.getrandbits(32):08x}.example",
            f"{chance.getrandbits(256):064x}",
        )[number % 3]
        yield ThreatIndicator(
            kind=kind, value=value, source="bench", confidence=80, since=NOW, until=NOW + timedelta(days=90)
        )


def documents(chance: random.Random, bad: list[str]) -> Iterator[Event]:
    """Flows, names and requests: every one holds values that are looked up, half of them never seen before."""
    for number in range(EVENTS):
        client = f"10.{chance.randrange(4)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"
        server = bad[number % len(bad)] if number % KNOWN_EVERY == 0 else str(IPv4Address(chance.getrandbits(32)))
        common = {
            "@timestamp": (NOW + timedelta(milliseconds=number)).isoformat(), "source.ip": client,
            "destination.ip": server, "event.id": f"e{number}", "network.transport": "tcp",
        }  # fmt: skip
        name = f"h{chance.randrange(20_000)}.shop{chance.randrange(500)}.example.com"
        yield (
            {**common, "event.dataset": "yaodun.flow", "event.action": "network_flow", "yaodun.stream": "flows",
             "destination.port": 443, "source.packets": 9, "destination.packets": 9, "source.bytes": 900},
            {**common, "event.dataset": "yaodun.dns", "yaodun.stream": "flows", "network.protocol": "dns",
             "dns.question.name": name,
             "dns.question.registered_domain": "example.com", "dns.response_code": "NOERROR"},
            {**common, "event.dataset": "nginx.access", "yaodun.stream": "logs", "url.domain": name,
             "url.original": f"/a/{chance.getrandbits(40)}", "user_agent.original": "Mozilla/5.0",
             "event.category": ["web"],
             "http.request.method": "GET", "http.response.status_code": 200, "host.name": "web-1"},
        )[number % 3]  # fmt: skip


@figure("indicators_share_pct")
def share() -> Iterable[Row]:
    """CPU time of each part over the same events; rules are the shipped ones (more rules make the share smaller)."""
    chance = random.Random(8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "indicators.db"
        shelf = Shelf(path, write=True)
        began = time.process_time()
        total, _ = shelf.replace("bench", indicators(chance), NOW)
        shelf.note_file("bench", "1", NOW, total, 0, "")
        took_in = time.process_time() - began
        bad = [one.value for one in shelf.search("11.", 500)]
        shelf.close()
        shares, hits, parts = [], 0, ""
        for turn in range(ROUNDS):
            spent, hits = _spent(path, list(documents(random.Random(turn), bad)))
            parts = ", ".join(f"{part} {1e6 * taken / EVENTS:.1f}" for part, taken in spent.items()) + " us an event"
            shares.append(100 * spent["indicators"] / sum(spent.values()))
    note = (
        f"{total} indicators taken in within {took_in:.0f} s of CPU; {EVENTS} events, {hits} hits; the stream: {parts}"
    )
    yield Row("indicators_share_pct", round(sorted(shares)[ROUNDS // 2], 2), "%", detail=note)


def _spent(path: Path, raw: list[Event]) -> tuple[dict[str, float], int]:
    """CPU seconds of each part, and hits."""
    conformer, engine, traffic = Conformer(table()), Engine(load_rules([shipped_rules()])), NetworkDetector()
    known_bad = IndicatorDetector(path, lambda: NOW)
    known_bad.match([])
    store = EmbeddedStore(Path(tempfile.mkdtemp(dir=path.parent)), SystemClock())
    spent, hits = dict.fromkeys(("conform", "rules", "traffic", "indicators", "store"), 0.0), 0
    for at in range(0, len(raw), BATCH):
        marks = [time.process_time()]
        conformed = [conformer.conform(one, NOW) for one in raw[at : at + BATCH]]
        events = [one.event for one in conformed if isinstance(one, Conformed)]
        marks.append(time.process_time())
        engine.match(events)
        marks.append(time.process_time())
        traffic.match(events)
        marks.append(time.process_time())
        hits += len(known_bad.match(events))
        marks.append(time.process_time())
        batch = Batch(spool="b", position=SpoolPosition(1, at + 1), events={Stream.FLOWS: events}, counts={})
        store.append(batch)
        marks.append(time.process_time())
        for part, (first, last) in zip(spent, pairwise(marks), strict=True):
            spent[part] += last - first
    store.close()
    return spent, hits
