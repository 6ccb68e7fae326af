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

from infra.clock import rfc3339
from infra.errors import AppError
from infra.feed import Feed
from infra.ledger import Ledger, Sequencer
from infra.ledger.keeping import WitnessFile
from infra.schedule import Clockwork, Fire
from infra.web.seams import Actor
from ops.controls.watch import HostWatch
from playbooks.responder import Responder
from yaodun.rooms.casework import casework_of
from yaodun.rooms.clockwork import jobs_of, minutely, plan_defaults
from yaodun.rooms.graded import host_watches
from yaodun.rooms.playbooks import engine_of, room_of
from yaodun.site import Site
from yaodun.trust.checkpointing import Checkpointing
from yaodun.trust.lookout import Lookout
from yaodun.trust.telling import Telling, quietly

log = logging.getLogger(__name__)
SUPERVISE_EVERY_S = 60
LOOK_EVERY_S = 20
"""How often the baseline is asked whether a check is due."""


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
        self._work = casework_of(site)
        self._feed = Feed(site.records, site.clock)
        self._playbooks, self._engine = room_of(site), engine_of(site)
        named = site.settings.playbooks.automatic
        self._responder = Responder(self._playbooks, self._work.alerts, site.clock, named)
        jobs = {**jobs_of(site), "playbook": self._fire}
        self._watches: list[HostWatch] = []
        self._clockwork = Clockwork(site.records, self._scheduler, jobs, site.clock)

    async def run(self, stop: asyncio.Event) -> None:
        """Keep time until told to stop."""
        self._scheduler.add_job(
            self._tick,
            IntervalTrigger(seconds=self._site.settings.records.witness_every_s),
            id="tick",
            coalesce=True,
            max_instances=1,
        )
        self._scheduler.add_job(
            self._supervise, IntervalTrigger(seconds=SUPERVISE_EVERY_S), id="supervise", coalesce=True, max_instances=1
        )
        self._scheduler.add_job(
            self._look, IntervalTrigger(seconds=LOOK_EVERY_S), id="baseline", coalesce=True, max_instances=1
        )
        self._scheduler.start()
        await asyncio.to_thread(self._begin)
        ledger = asyncio.create_task(asyncio.to_thread(self._sequencer.run, self._stop))
        engine = asyncio.create_task(asyncio.to_thread(self._engine.serve, self._stop))
        responder = asyncio.create_task(asyncio.to_thread(self._responder.serve, self._stop, self._engine.stir))
        await stop.wait()
        self._stop.set()
        await asyncio.to_thread(self._feed.stop)
        await asyncio.to_thread(self._clockwork.stop)
        await ledger
        await engine
        await responder
        self._site.records.close()

    def status(self) -> dict[str, Any]:
        """Ticks so far, and the jobs with their next run."""
        jobs = [
            {"id": job.id, "next": job.next_run_time.isoformat() if job.next_run_time else None}
            for job in self._scheduler.get_jobs()
        ]
        totals = {**self._totals, **self._checkpoints.totals, "trust_events": self._telling.told}
        return {"totals": totals, "jobs": jobs}

    def _begin(self) -> None:
        """Set the timers of all schedules, and follow their changes."""
        plan_defaults(self._site, self._work)
        self._totals["playbooks_shelved"] = self._playbooks.shelve()
        self._feed.subscribe(["runs"], lambda _: self._engine.stir())
        self._clockwork.start()
        self._clockwork.listen(self._feed)
        self._feed.start()

    def _fire(self, fire: Fire) -> None:
        """A schedule is due: its playbook runs. The due time names the run, so that a repeat starts no second one."""
        cause = f"schedule:{fire.schedule}@{rfc3339(fire.due)}"
        if self._playbooks.reading.runs(cause=cause, limit=1):
            return
        actor = Actor(id=f"service:{fire.schedule}", name=fire.schedule, kind="service")
        simulate, inputs = bool(fire.arguments.get("simulate", False)), dict(fire.arguments.get("inputs", {}))
        self._playbooks.start(actor, str(fire.arguments["playbook"]), inputs, simulate=simulate, cause=cause)
        self._totals["playbooks_fired"] += 1

    async def _tick(self) -> None:
        self._totals["ticks"] += 1
        await asyncio.to_thread(self._witness)
        await asyncio.to_thread(self._checkpoints.turn)
        await asyncio.to_thread(quietly, self._telling)

    def _supervise(self) -> None:
        """Timers of incidents, lights of orders, missed inspections; what fails is told, and the others go on."""
        for name, work in minutely(self._site, self._work).items():
            try:
                self._totals[name] += work()
            except Exception:
                log.exception("runner.supervision_failed", extra={"work": name})

    def _look(self) -> None:
        """The baseline of this host and of mounted trees, for the objects they belong to."""
        try:
            if not self._watches:
                self._watches = host_watches(self._site)
            self._totals["baseline_facts"] += sum(watch.look() for watch in self._watches)
        except Exception:
            log.exception("runner.baseline_failed")

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
