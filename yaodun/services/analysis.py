"""analysis: signals become alerts, posture is measured, scheduled analytics run."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from typing import Any

import msgspec

from analytics.posture import PostureService
from infra.blobs import FolderBlobs
from infra.errors import AppError
from infra.events.courier import unpack_signals
from infra.events.stream import Stream
from infra.ledger import record
from infra.spool import SpoolReader
from infra.spool.bookmark import Bookmark
from ops.alerts import Alerts
from ops.alerts.chain import ChainWatch
from ops.alerts.pressure import AlertPressure
from ops.controls.posture import GradedPosture
from ops.controls.watch import SourceWatch
from ops.incidents import Incidents
from ops.incidents.pressure import IncidentPressure
from ops.work import Changes
from yaodun.intelligence import EMPTY, feeds_of, state_of
from yaodun.measures import indicator_sources
from yaodun.rooms.graded import graded_of
from yaodun.rooms.identity import SiteIdentity
from yaodun.rooms.weighting import weights_of
from yaodun.service import TRY_LATER
from yaodun.silence import silence_signals
from yaodun.site import Site
from yaodun.sources import source_rows

log = logging.getLogger(__name__)
POSTURE_EVERY_S = 30.0
POSTURE_SOON_S = 3.0
POLL_S = 0.1
JUDGE_AFTER_S = 240.0
"""Scheduled analytics judge an hour so many seconds after its end, when late events have come."""
BUSINESS_EVERY_S = 120.0
FEEDS_EVERY_S = 5.0
GRAPH_AFTER_S = 45.0
GRAPH_EVERY_S = 300.0
PRUNE_EVERY_S = 3600.0
COUNTED_KEPT = timedelta(days=8)
"""How long it is remembered which signals were counted: far longer than any repeat can take."""


class Analysis:
    """The service. Two threads: one counts signals on alerts, the other measures posture."""

    def __init__(self, site: Site) -> None:
        self._alerts = Alerts(site.records, site.clock, record)
        self._chains = ChainWatch(self._alerts, SiteIdentity(site))
        self._changes = Changes(site.records, site.clock, record)
        incidents = Incidents(site.records, site.clock, record, self._alerts, FolderBlobs(site.home.blobs))
        self._store = site.open_store(read_only=True)
        graded = graded_of(site, self._store)
        weighing = GradedPosture(graded.controls, graded.findings, graded.clocks.timers)
        gates = (IncidentPressure(incidents), AlertPressure(self._alerts, incidents.holders))
        self._watch = SourceWatch(graded.controls, site.clock)
        sources = [*indicator_sources(site, self._store), weighing]
        self._posture = PostureService(site.records, site.clock, sources, (*gates, weighing), gates, weights_of(site))
        self._bookmark = Bookmark(site.home.state / "signals.bookmark")
        self._reader = SpoolReader(site.home.signal_spool, self._bookmark.load())
        self._site = site
        self._totals: Counter[str] = Counter()
        self._soon = threading.Event()
        self._stop = threading.Event()
        self._pruned = time.monotonic()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop."""
        workers = [asyncio.create_task(asyncio.to_thread(work)) for work in (self._correlate, self._measure)]
        workers.append(asyncio.create_task(asyncio.to_thread(self._prove)))
        hourly = asyncio.create_task(self._judge_hourly())
        business = asyncio.create_task(self._judge_business())
        graph = asyncio.create_task(self._relate())
        intelligence = asyncio.create_task(self._learn_bad())
        await stop.wait()
        self._stop.set()
        self._soon.set()
        hourly.cancel()
        business.cancel()
        graph.cancel()
        intelligence.cancel()
        await asyncio.gather(*workers)
        self._site.records.close()

    def status(self) -> dict[str, Any]:
        """Signals taken, alerts touched, postures measured, bytes waiting."""
        return {"totals": dict(self._totals), "lag_bytes": self._reader.lag_bytes()}

    async def _judge_business(self) -> None:
        """When business events came, at most every two minutes; else hourly, for what is missing is news too."""
        judged, last = -1, 0.0
        while True:
            await asyncio.sleep(BUSINESS_EVERY_S)
            held = await asyncio.to_thread(self._business_held)
            if held and (held != judged or time.monotonic() - last > 3600):
                last = time.monotonic()
                code = await self._work("yaodun.workers.business", "judged_business")
                judged = -1 if code == TRY_LATER else held

    def _business_held(self) -> int:
        """Business events in the store; 0 where it does not answer now, so that the next turn asks again."""
        try:
            stats = self._store.stats().get(Stream.BUSINESS)
        except (AppError, OSError):
            log.exception("analysis.store_away")
            return 0
        return stats.events if stats else 0

    async def _work(self, module: str, counted: str) -> int:
        """Run a worker to its end in a process of its own; it ends with us. Its exit code."""
        words = (sys.executable, "-m", module, "--home", str(self._site.home.root))
        worker = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.DEVNULL)
        try:
            code = await worker.wait()
        except asyncio.CancelledError:
            worker.terminate()
            raise
        self._totals[counted if code == 0 else "judging_failed"] += 1
        self._soon.set()
        return code

    async def _learn_bad(self) -> None:
        """When the folder of feeds changed, and as often as TAXII servers are to be asked."""
        known, asked = "", time.monotonic()
        while True:
            seen = await asyncio.to_thread(state_of, feeds_of(self._site))
            chosen = self._site.settings.intelligence
            due = bool(chosen.taxii) and (not known or time.monotonic() - asked > chosen.taxii_every_min * 60)
            if seen != known or due:
                was, known = known, seen
                if seen != EMPTY or was not in ("", EMPTY) or due:
                    await self._work("yaodun.workers.intelligence", "intelligence_renewed")
                if due:  # counted from its end, so that the next turn finds every answer old enough
                    asked = time.monotonic()
            await asyncio.sleep(FEEDS_EVERY_S)

    async def _relate(self) -> None:
        """Keep the graph fresh: soon after the start, then every few minutes."""
        await asyncio.sleep(GRAPH_AFTER_S)
        while True:
            await self._work("yaodun.workers.graph", "graphs")
            await asyncio.sleep(GRAPH_EVERY_S)

    async def _judge_hourly(self) -> None:
        """Shortly after each whole hour, in a process of its own: the libraries it needs are heavy."""
        while True:
            await asyncio.sleep(3600 - (time.time() - JUDGE_AFTER_S) % 3600)
            await self._work("yaodun.workers.scheduled", "judged_hours")
            await self._work("yaodun.workers.models", "models_judged")

    def _correlate(self) -> None:
        while not self._stop.is_set():
            try:
                taken = self._absorb()
            except Exception:
                log.exception("analysis.absorb_failed")
                taken = 0
                self._stop.wait(1.0)
                self._reader = SpoolReader(self._site.home.signal_spool, self._bookmark.load())
            if not taken:
                self._stop.wait(POLL_S)

    def _absorb(self) -> int:
        frames = self._reader.read()
        if not frames:
            return 0
        signals = []
        for frame, _ in frames:
            try:
                signals.extend(unpack_signals(frame))
            except msgspec.MsgspecError:
                log.exception("analysis.frame_unreadable", extra={"source": frame.source})
        changed = self._alerts.absorb(signals)
        # What an announced change explains is closed first, so that it is no stage of an attack either.
        self._totals["alerts_hushed"] += self._changes.hush(self._alerts, changed)
        chains = self._alerts.absorb(self._chains.signals(changed, self._site.clock.now()))
        self._totals["alerts_hushed"] += self._changes.hush(self._alerts, chains)
        changed += chains
        self._bookmark.save(frames[-1][1])
        self._reader.release(frames[-1][1])
        self._totals["signals"] += len(signals)
        self._totals["alerts_touched"] += len(changed)
        self._soon.set()
        return len(frames)

    def _measure(self) -> None:
        while not self._stop.is_set():
            started = time.monotonic()
            self._soon.clear()
            try:
                self._tell_silence()
                self._posture.refresh()
                self._totals["postures"] += 1
            except Exception:
                log.exception("analysis.posture_failed")
            self._stop.wait(POSTURE_SOON_S)
            self._soon.wait(max(0.0, POSTURE_EVERY_S - (time.monotonic() - started)))

    def _prove(self) -> None:
        """Facts of evaluated objects, one object after another."""
        while not self._stop.is_set():
            try:
                name, pause_s = self._watch.next()
                self._totals["objects_proven"] += bool(name)
            except Exception:
                log.exception("analysis.proof_failed")
                pause_s = POSTURE_EVERY_S
            self._stop.wait(pause_s)

    def _tell_silence(self) -> None:
        rows = source_rows(self._site, self._store)
        self._totals["silences"] += len(self._alerts.absorb(silence_signals(rows, self._site.clock.now())))
        if time.monotonic() - self._pruned > PRUNE_EVERY_S:
            self._pruned = time.monotonic()
            self._alerts.forget_counted(self._site.clock.now() - COUNTED_KEPT)


def build(site: Site) -> Analysis:
    """The service of ``site``."""
    return Analysis(site)
