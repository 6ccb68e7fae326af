"""runner: the clock of the platform. Schedules fire here, and the ledger's entries get their places."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from infra.errors import AppError
from infra.ledger import Ledger, Sequencer
from infra.ledger.keeping import WitnessFile
from yaodun.site import Site
from yaodun.trust.checkpointing import Checkpointing
from yaodun.trust.lookout import Lookout
from yaodun.trust.telling import Telling, quietly

log = logging.getLogger(__name__)


class Runner:
    """The service: APScheduler as clock (memory job store), and the one sequencer of the ledger."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._sequencer = Sequencer(site.records, site.clock)
        self._totals: Counter[str] = Counter()
        self._stop = threading.Event()
        self._ledger = Ledger(site.records)
        places = [site.home.state / "witness" / "heads.txt", *map(Path, site.settings.records.witnesses)]
        self._witnesses = [WitnessFile(place) for place in places]
        self._checkpoints = Checkpointing(site, places)
        self._telling = Telling(site, Lookout(site))

    async def run(self, stop: asyncio.Event) -> None:
        """Keep time until told to stop."""
        self._scheduler.add_job(
            self._tick,
            IntervalTrigger(seconds=self._site.settings.records.witness_every_s),
            id="tick",
            coalesce=True,
            max_instances=1,
        )
        self._scheduler.start()
        ledger = asyncio.create_task(asyncio.to_thread(self._sequencer.run, self._stop))
        await stop.wait()
        self._stop.set()
        self._scheduler.shutdown(wait=False)
        await ledger
        self._site.records.close()

    def status(self) -> dict[str, Any]:
        """Ticks so far, and the jobs with their next run."""
        jobs = [
            {"id": job.id, "next": job.next_run_time.isoformat() if job.next_run_time else None}
            for job in self._scheduler.get_jobs()
        ]
        totals = {**self._totals, **self._checkpoints.totals, "trust_events": self._telling.told}
        return {"totals": totals, "jobs": jobs}

    async def _tick(self) -> None:
        self._totals["ticks"] += 1
        await asyncio.to_thread(self._witness)
        await asyncio.to_thread(self._checkpoints.turn)
        await asyncio.to_thread(quietly, self._telling)

    def _witness(self) -> None:
        """Let every witness see the ledger; one that objects, or cannot be written, is told in the log each time."""
        for witness in self._witnesses:
            try:
                if witness.witness(self._ledger) is not None:
                    self._totals["witnessed"] += 1
            except (AppError, OSError) as error:
                self._totals["witness_objections"] += 1
                log.error("ledger.witness_objects", extra={"problem": str(error)})


def build(site: Site) -> Runner:
    """The service of ``site``."""
    return Runner(site)
