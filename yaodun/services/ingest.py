"""ingest: receivers in front of the spool, the pipeline behind it, the event store at the end."""

from __future__ import annotations

import asyncio
import logging
import ssl
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analytics.intelligence.detector import IndicatorDetector
from analytics.network import NetworkDetector
from analytics.rules import Engine
from analytics.rules.backtest import received_since
from analytics.rules.coverage import Watched
from analytics.rules.memory import Remembering
from collectors.fleet.muster import Muster
from collectors.fleet.presence import PRESENCE, Presence
from collectors.frames import FrameKind
from collectors.parsers.readings import ReadingsSplitter
from collectors.parsers.shipped import ShippedParsers
from collectors.pipeline import Pipeline
from collectors.places import Places
from collectors.rates import Rates
from collectors.receivers.agent_socket import AgentSocketReceiver
from collectors.receivers.agent_tls import AgentTlsReceiver
from collectors.receivers.backlog_gate import BacklogGate
from collectors.receivers.doors import ingest_application
from collectors.receivers.flows_udp import FlowUdpReceiver
from collectors.receivers.http import Doors
from collectors.receivers.refusal_book import RefusalBook
from collectors.receivers.seams import Listener, ListenerKind, Receiver
from collectors.receivers.syslog_tcp import SyslogTcpReceiver
from collectors.receivers.syslog_udp import SyslogUdpReceiver
from collectors.sensing.book import DeviceBook
from collectors.sensing.decoder import Decoders, shipped_decoders, site_decoders
from collectors.sensing.judge import SensingJudge
from collectors.sensing.silent_devices import SilentDevices
from collectors.sightings import Sightings
from collectors.silence import SilenceWatch
from collectors.sources.business.receiver import BusinessReceiver
from collectors.zone_watch import ZoneWatch
from infra.events import Signal
from infra.events.courier import pack_signals
from infra.events.stream import Event
from infra.feed import Feed
from infra.feed.notice import Notice
from infra.register import Resolver
from infra.register.identity.keeper import AssetKeeper
from infra.register.zones import TOPIC as ZONES_TOPIC
from infra.spool import Limits, SpoolReader, SpoolWriter
from infra.web.certificate import SiteCertificate, site_certificate
from infra.web.hosts import is_loopback
from infra.web.server import server_of
from infra.web.serving import Serving, plain_server
from trust.identity.authenticate import SourceTokens
from yaodun.detectors import Together
from yaodun.findings import finding_signals
from yaodun.preflight import split_address
from yaodun.rules import FreshRules
from yaodun.site import Site

log = logging.getLogger(__name__)
SPOOL = "ingest"
FLUSH_S = 0.5
"""A turn waits until at least so long after the one before, so that segments are not too small."""
IDLE_S = 0.05
TURN_S, MIN_TURN, MAX_TURN = 0.7, 128 << 10, 4 << 20
BACKLOG_WAIT_S = 0.5
"""Backlog of agents comes in only as fast as keeps what waits for the pipeline below so long."""
SIGHTINGS_S = 10.0
"""How often hosts that nobody knew become assets."""


class Ingest:
    """The service."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._store = site.open_store(read_only=False)
        self._feed = Feed(site.records, site.clock)  # before anything is read that it tells changes of
        self._rules = FreshRules(site, self._feed)
        self._memory = Remembering(Engine(self._rules.ruleset), site.home.state / "correlations")
        self._watched = Watched(self._memory, self._rules.watch)
        self._refusals = RefusalBook(site.home.state / "refusals.json")
        self._signals = SpoolWriter(site.home.signal_spool)
        committed = self._store.committed(SPOOL)
        limits = Limits(total=site.settings.ingest.spool_quota_mb << 20)
        self._spool = SpoolWriter(site.home.ingest_spool, limits, floor=committed.segment)
        self._reader = SpoolReader(site.home.ingest_spool, committed)
        self._resolver = Resolver(site.records)
        self._keeper = AssetKeeper(site.records, site.clock)
        self._sightings = Sightings()
        self._zones = ZoneWatch(site.zones.zones())
        self._feed.subscribe([ZONES_TOPIC], self._read_zones)
        self._resolver.listen(self._feed)
        self._book = DeviceBook(site.devices)
        self._book.listen(self._feed)
        self._judge = SensingJudge(self._book.devices, site.home.state / "sensing.bin")
        decoders = Decoders([*site_decoders(site.home.decoders), *shipped_decoders()])
        more = {FrameKind.READINGS.value: ReadingsSplitter(decoders, self._book.keys, self._book.devices).split}
        self._pipeline = Pipeline(
            spool=SPOOL, reader=self._reader, parsers=ShippedParsers(more), enrich=self._enrich,
            detector=self._detectors(), hand_over=self._hand_over, store=self._store,
            sensing=self._judge,
        )  # fmt: skip
        self._places = Places(self._spool, site.home.ingest_spool, site.home.state / "ingest-places.json")
        self._gate = BacklogGate(
            self._places, lambda: self._pipeline.newest_ns, lambda: not self._reader.lag_bytes(), wait_s=BACKLOG_WAIT_S
        )
        self._turn_bytes = MAX_TURN // 4
        self._receivers: list[Receiver] = [
            AgentSocketReceiver(site.home.run / "agent.sock", self._places, self._gate.hold_ms),
            SilenceWatch(self._store.counts, site.home.state / "silence.json"),
            SilentDevices(self._book.devices, self._judge.heard),
            business_receiver(site),
        ]
        self._doors: list[Listener] = []
        self._stop = threading.Event()
        self._rates = Rates()

    def _detectors(self) -> Together:
        """Rules, traffic, and known bad values, in this order."""
        known_bad = IndicatorDetector(self._site.home.indicators, self._site.clock.now)
        return Together(self._watched, NetworkDetector(), known_bad)

    async def run(self, stop: asyncio.Event) -> None:
        """Receive and store until told to stop; then take in what is already acknowledged."""
        self._feed.start()
        self._rules.start()
        pump = asyncio.create_task(asyncio.to_thread(self._pump))
        http = await self._open_doors()
        await stop.wait()
        await http.stop()
        for receiver in self._receivers:
            await receiver.stop()
        self._stop.set()
        await pump
        await asyncio.to_thread(self._rules.stop)
        await asyncio.to_thread(self._feed.stop)
        for spool in (self._spool, self._signals):
            await asyncio.to_thread(spool.close)
        self._refusals.flush()
        self._judge.save()
        self._store.close()
        self._site.records.close()

    def status(self) -> dict[str, Any]:
        """Totals, doors, lag, spool, rules."""
        self._refusals.flush()
        return {
            "listeners": [{"kind": door.kind.value, "address": door.address} for door in self._doors],
            "totals": dict(self._pipeline.totals),
            "lag_s": self._lag_s(),
            "rates": self._rates.note(dict(self._pipeline.received), time.monotonic()),
            "lag_bytes": self._reader.lag_bytes(),
            "spool": self._spool.stats(),
            "rules": self._rules_status(),
        }

    def _rules_status(self) -> dict[str, int]:
        """Rules loaded, refused, and blind: nothing that could feed them was seen since the start."""
        ruleset = self._rules.ruleset
        blind = len(self._rules.watch.blind())
        return {"loaded": len(ruleset.rules), "failed": len(ruleset.failures), "blind": blind}

    def _lag_s(self) -> float:
        if not self._reader.lag_bytes():
            return 0.0
        newest = self._pipeline.newest_ns
        return round(max(0.0, time.time() - newest / 1e9), 2) if newest else 0.0

    async def _open_doors(self) -> Serving:
        settings = self._site.settings.ingest
        if settings.syslog_tcp_listen:
            self._receivers.append(SyslogTcpReceiver(settings.syslog_tcp_listen, self._refusals))
        if settings.syslog_udp_listen:
            self._receivers.append(SyslogUdpReceiver(settings.syslog_udp_listen, self._refusals))
        if settings.flows_listen:
            kept = self._site.home.state / "flow-templates.json"
            self._receivers.append(FlowUdpReceiver(settings.flows_listen, self._refusals, kept))
        if settings.syslog_tls_listen:
            tls = self._tls(split_address(settings.syslog_tls_listen, "ingest.syslog_tls_listen")[0])
            self._receivers.append(SyslogTcpReceiver(settings.syslog_tls_listen, self._refusals, tls=tls_context(tls)))
        if settings.agents_listen:
            self._receivers.append(await asyncio.to_thread(self._agents_door, settings.agents_listen))
        for receiver in self._receivers:
            await receiver.start(self._gate)
            self._doors.extend(receiver.addresses)
        return await self._open_http(settings.http_listen)

    async def _open_http(self, listen: str) -> Serving:
        host, port = split_address(listen, "ingest.http_listen")
        doors = Doors(self._places, SourceTokens(self._site.tokens), self._refusals)
        application, secure = ingest_application(doors), not is_loopback(host)
        server = (
            server_of(application, host, port, self._tls(host)) if secure else plain_server(application, host, port)
        )
        serving = Serving(server)
        await serving.start()
        self._doors.append(Listener(ListenerKind.HTTPS if secure else ListenerKind.HTTP, listen))
        return serving

    def _agents_door(self, listen: str) -> AgentTlsReceiver:
        muster = Muster(self._site.fleet)
        muster.listen(self._feed)
        presence = Presence(self._site.home.state / PRESENCE)
        return AgentTlsReceiver(listen, self._places, self._site.fleet, muster, presence, self._gate.hold_ms)

    def _tls(self, host: str) -> SiteCertificate:
        """The site's certificate, for whatever is open to other machines."""
        return site_certificate(self._site.home.tls, [host], self._site.clock)

    def _hand_over(self, signals: Sequence[Signal]) -> None:
        self._signals.append(pack_signals(signals, SPOOL))

    def _enrich(self, event: Event) -> None:
        self._resolver.enrich(event)
        self._sightings.see(event)
        self._zones.see(event)

    def _read_zones(self, notice: Notice) -> None:
        if notice.key != "paths":
            self._zones.use(self._site.zones.zones())

    def _note_sightings(self) -> None:
        """Assets from what was seen, paths between zones, and signals of what people should know of both."""
        try:
            if seen := self._sightings.take():
                begun = min((one.since for one in self._keeper.book.assets.values()), default=0.0)
                self._tell(finding_signals(self._keeper.absorb(seen), begun))
                self._resolver.refresh()
            paths = self._zones.take()
            self._site.zones.note(paths)
            self._tell(self._zones.signals(paths))
        except Exception:
            log.exception("ingest.sightings_failed")

    def _tell(self, signals: Sequence[Signal]) -> None:
        if signals:
            self._hand_over(signals)

    def _use_fresh_rules(self) -> None:
        """Go on with rules that changed; correlations keep what they have seen."""
        if (ruleset := self._rules.take()) is not None:
            self._memory.engine.reload(ruleset)
        self._rules.tell_tried(self._memory.engine.take_tried())
        self._watched.watch = self._rules.watch

    def _turn(self, started: float) -> int:
        """One turn, as large as the pipeline gets through in about a second: larger ones would keep events waiting."""
        self._use_fresh_rules()
        totals = self._pipeline.totals
        records, size = totals["records"], totals["bytes"]
        taken = self._pipeline.turn(self._turn_bytes)
        seconds = time.monotonic() - started
        self._gate.worked(totals["records"] - records, seconds)
        if (size := totals["bytes"] - size) >= MIN_TURN // 2:
            self._turn_bytes = max(MIN_TURN, min(MAX_TURN, round(size * TURN_S / seconds)))
        return taken

    def _pump(self) -> None:
        self._pipeline.recall(self._site.clock.now())
        self._memory.recall(lambda taken_ns: received_since(self._store, taken_ns, self._site.clock.now()))
        flushed = time.monotonic()
        while not self._stop.is_set():
            started = time.monotonic()
            if started - flushed > SIGHTINGS_S:
                flushed = started
                self._note_sightings()
            try:
                taken = self._turn(started)
            except Exception:
                log.exception("ingest.turn_failed")
                self._stop.wait(1.0)
                self._reader.position = self._store.committed(SPOOL)
                continue
            if taken:
                self._memory.keep(self._pipeline.newest_ns)
            rest = FLUSH_S - (time.monotonic() - started) if taken else IDLE_S
            if rest > 0 and self._reader.lag_bytes() < (4 << 20):
                self._stop.wait(rest)
        while self._pipeline.turn():
            pass
        if self._pipeline.newest_ns:
            self._memory.keep(self._pipeline.newest_ns, now=True)


def business_receiver(site: Site) -> BusinessReceiver:
    """The drop folder and the pulls of a site."""
    settings, own = site.settings.ingest, site.home.root / "business"
    drop = Path(settings.business_drop) if settings.business_drop else own / "drop"
    pulls = Path(settings.business_pulls) if settings.business_pulls else own / "pulls.toml"
    return BusinessReceiver(drop, pulls, site.home.state / "business")


def tls_context(certificate: SiteCertificate) -> ssl.SSLContext:
    """TLS 1.2 and later with the site's certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate.certificate, certificate.key)
    return context


def build(site: Site) -> Ingest:
    """The service of ``site``."""
    return Ingest(site)
