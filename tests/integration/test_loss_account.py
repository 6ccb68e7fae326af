"""The account of every source adds up, through real receivers, spool, pipeline and store: overload and bad input
included.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx
import pytest

from collectors.parsers import ShippedParsers
from collectors.pipeline import Pipeline
from collectors.receivers.doors import ingest_application
from collectors.receivers.http import Doors
from collectors.receivers.refusal_book import RefusalBook, read_refusals
from collectors.receivers.syslog_tcp import SyslogTcpReceiver
from collectors.receivers.syslog_udp import SyslogUdpReceiver
from infra.clock import SystemClock
from infra.events import Event, Signal
from infra.spool import Limits, SpoolReader, SpoolWriter
from infra.store.embedded import EmbeddedStore
from infra.store.seams import SourceCount
from tests.unit.collectors.sinks import OneSource

pytestmark = pytest.mark.integration
FULL = os.environ.get("YAODUN_PROVE") == "full"
LOUD = 400_000 if FULL else 30_000
QUIET = 2_000 if FULL else 200


class Nothing:
    """A detector that finds nothing."""

    def match(self, events: Sequence[Event], twins: Sequence[int] | None = None) -> list[Signal]:
        return []


class Site:
    """Receivers, spool, pipeline and store of one site, in a folder."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder = folder
        self.writer = SpoolWriter(folder / "spool", limits)
        self.reader = SpoolReader(folder / "spool")
        self.store = EmbeddedStore(folder / "events", SystemClock(), read_only=False)
        self.refusals = RefusalBook(folder / "refusals.json")
        self.pipeline = Pipeline(
            spool="ingest",
            reader=self.reader,
            parsers=ShippedParsers(),
            enrich=lambda event: None,
            detector=Nothing(),
            hand_over=lambda signals: None,
            store=self.store,
        )
        self.tcp = SyslogTcpReceiver("127.0.0.1:0", self.refusals)
        self.udp = SyslogUdpReceiver("127.0.0.1:0", self.refusals, names={"127.0.0.1": "udp"})
        doors = Doors(self.writer, OneSource(), self.refusals, max_body=4 << 20)  # type: ignore[arg-type]
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(ingest_application(doors)),
            base_url="http://x",
            headers={"authorization": "Bearer right"},
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._turn)

    async def start(self) -> None:
        await self.tcp.start(self.writer)
        await self.udp.start(self.writer)
        self._thread.start()

    async def stop(self) -> None:
        await self.tcp.stop()
        await self.udp.stop()
        await self.http.aclose()
        self._stop.set()
        await asyncio.to_thread(self._thread.join)
        self.refusals.flush()

    def counts(self) -> dict[str, SourceCount]:
        return dict(self.store.counts())

    def close(self) -> None:
        self.writer.close()
        self.reader.close()
        self.store.close()

    def _turn(self) -> None:
        while not self._stop.is_set() or self.reader.lag_bytes():
            if not self.pipeline.turn():
                self._stop.wait(0.02)


@pytest.fixture
async def site(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    made = Site(tmp_path, request.param)
    await made.start()
    yield made
    made.close()


ROOMY = Limits(total=256 << 20, segment=8 << 20, reserve=0)
TIGHT = Limits(total=4 << 20, segment=1 << 20, pending=1 << 20, reserve=0)


def adds_up(count: SourceCount) -> bool:
    return count.received == count.stored + count.quarantined + count.duplicates


@pytest.mark.parametrize("site", [TIGHT], indirect=True)
async def test_a_loud_source_is_held_back_and_the_quiet_one_loses_nothing(site: Site) -> None:
    accepted = held_back = 0

    async def loud() -> None:
        nonlocal accepted, held_back
        line = b'{"create":{"_index":"loud"}}\n{"message":"' + b"x" * 300 + b'"}\n'
        for _ in range(LOUD // 500):
            reply = await site.http.post("/_bulk", content=line * 500)
            assert reply.status_code in (200, 429)
            accepted += 500 if reply.status_code == 200 else 0
            held_back += 500 if reply.status_code == 429 else 0

    async def quiet() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", int(site.tcp.addresses[0].address.rpartition(":")[2]))
        for number in range(QUIET):
            writer.write(b"<13>1 2026-11-24T23:20:10Z h app - - - quiet %d\n" % number)
            await writer.drain()
            await asyncio.sleep(0.001)
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(loud(), loud(), quiet())
    async with asyncio.timeout(60):
        while site.counts().get("syslog:127.0.0.1", SourceCount()).received < QUIET:
            await asyncio.sleep(0.05)
    await site.stop()
    counts = site.counts()
    assert held_back > 0
    assert counts["syslog:127.0.0.1"].stored == QUIET
    assert counts["web-shipper"].received == accepted
    assert all(adds_up(count) for count in counts.values())


@pytest.mark.parametrize("site", [ROOMY], indirect=True)
async def test_bad_input_is_one_quarantined_record_each_and_the_account_is_exact(site: Site) -> None:
    port = int(site.tcp.addresses[0].address.rpartition(":")[2])
    bad = [
        b"<13>" + b"a" * 10_000_000,
        b"<13>1 2031-01-01T00:00:00Z h app - - - from the future",
    ]
    odd = [
        b"<13>\xff\xfe\xfd broken",
        b"<999999>what",
        b"<13>1 nonsense",
        b"no priority at all",
        b"<13>Nov 24 23:20:10 h app: fine",
        "<13>Nov 24 23:20:10 h app: 中文".encode("gb18030"),
    ]
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    for message in [*bad, *odd]:
        writer.write(message + b"\n")
        await writer.drain()
    writer.close()
    await writer.wait_closed()
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        for message in odd:
            sender.sendto(message, ("127.0.0.1", int(site.udp.addresses[0].address.rpartition(":")[2])))
    documents = [
        b'{"a":NaN}',
        b"{broken",
        b'{"a":' * 60 + b"1" + b"}" * 60,
        b'{"source":{"ip":"x"}}',
        b'{"message":"fine"}',
    ]
    body = b"".join(b'{"create":{"_index":"a"}}\n' + document + b"\n" for document in documents)
    assert (await site.http.post("/_bulk", content=body)).status_code == 200
    assert (await site.http.post("/_bulk", content=b"nonsense\n{}\n")).status_code == 400
    expected = {"syslog:127.0.0.1": (len(odd), len(bad)), "udp": (len(odd), 0), "web-shipper": (1, 4)}
    async with asyncio.timeout(60):
        while {s: (c.stored, c.quarantined) for s, c in site.counts().items()} != expected:
            await asyncio.sleep(0.05)
    await site.stop()
    assert all(adds_up(count) for count in site.counts().values())
    assert read_refusals(site.folder / "refusals.json") == {"web-shipper": {"collectors.bulk_action": 1}}


@pytest.mark.parametrize("site", [ROOMY], indirect=True)
async def test_every_datagram_is_stored_or_charged_to_someone(site: Site) -> None:
    address = ("127.0.0.1", int(site.udp.addresses[0].address.rpartition(":")[2]))
    sent = 20_000

    def flood() -> None:
        with socket.socket(type=socket.SOCK_DGRAM) as sender:
            for number in range(sent):
                sender.sendto(b"<13>Nov 24 23:20:10 h app: datagram %d" % number, address)

    await asyncio.to_thread(flood)

    def accounted() -> int:
        refused = sum(sum(reasons.values()) for reasons in site.refusals.counts().values())
        return site.counts().get("udp", SourceCount()).received + refused

    async with asyncio.timeout(60):
        while accounted() < sent:
            await asyncio.sleep(0.05)
    await site.stop()
    assert accounted() == sent
    assert adds_up(site.counts()["udp"])
