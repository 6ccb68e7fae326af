"""A red-team day on the simulated site: how far the score falls within five minutes of the first stage, and which asset
the first alert that names one names.

The site's own parts judge: conformer, register, shipped rules, business detectors, packs, alerts, posture. The hosts'
own numbers (processor, disks ...) are held at their best before and after, so that the fall is the attack's alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from analytics.business import build_book, judge_book
from analytics.business.signals import signal_of
from analytics.business.summary import summarise
from analytics.posture import PostureService
from analytics.posture.catalogue import Reading, catalogue
from analytics.posture.seams import IndicatorSource
from analytics.rules import Engine, load_rules
from analytics.rules.load import shipped_rules
from analytics.systems.health import system_health
from analytics.systems.packs import packs
from bench.figure import Row, figure
from infra.clock import ManualClock
from infra.events import Conformed, Conformer, table
from infra.events.business import BusinessEvent, document_of
from infra.exchange import Dimension
from infra.home import Home
from infra.ledger import record
from infra.records.migrate import migrate
from infra.register import Resolver
from ops.alerts import Alerts
from ops.alerts.pressure import AlertPressure
from yaodun.business_state import read_state, write_state
from yaodun.console import console_actor
from yaodun.demo.everyday import host_events, office, readings
from yaodun.demo.hosts import enter
from yaodun.demo.story import STAGES, Scene
from yaodun.measures import BusinessMeasures
from yaodun.settings import Settings
from yaodun.simulation.business import simulate
from yaodun.simulation.dice import Dice
from yaodun.site import Site

NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)
DAYS, CODES = 28, 4000
PAUSE_S, WITHIN_S = 60.0, 300.0
_QUIET = {"anomalies": 0.0, "look_alikes": 0.0}


@dataclass(frozen=True, slots=True)
class Day:
    """Overall score before the first stage and at most five minutes after; asset and system that alerts name first."""

    before: float
    after: float
    asset: str
    system: str

    @property
    def fall(self) -> float:
        """Points."""
        return self.before - self.after


class _Well:
    """Infrastructure's own indicators at their best."""

    def readings(self, now: datetime) -> Mapping[str, Reading]:
        """All but the health of the systems, which is measured."""
        return {
            name: Reading(entry.best, "", 1, "held")
            for name, (dimension, entry) in catalogue().items()
            if dimension is Dimension.INFRASTRUCTURE and not name.endswith("systems_health")
        }


class RedTeam:
    """One site in a folder of its own."""

    def __init__(self, seed: int, folder: Path) -> None:
        home = Home(folder)
        home.prepare()
        self.seed, self.clock = seed, ManualClock(NOW)
        self.site = Site(home, Settings(), self.clock)
        migrate(self.site.records.engine)
        enter(self.site.register, console_actor(), NOW - timedelta(days=30))
        self.resolver, self.conformer = Resolver(self.site.records), Conformer(table())
        self.engine = Engine(load_rules([shipped_rules()]))
        self.alerts = Alerts(self.site.records, self.clock, record)
        weighing = AlertPressure(self.alerts)
        measured: list[IndicatorSource] = [BusinessMeasures(self.site), _Well()]
        self.posture = PostureService(self.site.records, self.clock, measured, [weighing], [weighing])
        self.business: list[BusinessEvent] = []
        self._number = 0

    def receive(self, documents: Iterable[dict[str, Any]], events: Iterable[BusinessEvent]) -> None:
        """Match and judge what came."""
        arrived = list(events)
        self.business += arrived
        rows = [*self._conformed(documents), *self._conformed(document_of(event) for event in arrived)]
        self.alerts.absorb(self.engine.match(rows))
        now = self.clock.now()
        book = build_book(self.business)
        findings = judge_book(book)
        self.alerts.absorb([signal_of(one, now) for one in findings])
        state = self.site.home.state
        health = system_health(packs(), self.business, now)
        write_state(state, read_state(state).renewed(now, summarise(book, findings), health))

    def _conformed(self, documents: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for document in documents:
            found = self.conformer.conform(dict(document), self.clock.now())
            if isinstance(found, Conformed):
                self._number += 1
                event = {**found.event, "event.id": f"r-{self._number}", "yaodun.source": "demo-hosts"}
                self.resolver.enrich(event)
                yield event

    def score(self) -> float:
        """The overall score now; its pessimistic bound where a dimension is unmeasured."""
        overall = self.posture.refresh().overall
        return overall.low if overall.score is None else overall.score

    def play(self) -> Day:
        """Everyday life, then a stage a minute."""
        dice = Dice(self.seed, "demo")
        last = (NOW + timedelta(hours=8)).date()
        weeks = simulate(self.seed, DAYS, codes=CODES, knobs=_QUIET, first=last - timedelta(days=DAYS - 1), label="w")
        calm = [event for event in weeks.recorded() if event.recorded <= NOW]
        own = [*readings(dice.apart("readings"), NOW, "r"), *office(dice.apart("office"), NOW, "r")]
        self.receive(host_events(dice.apart("hosts"), NOW, "r"), [*calm, *own])
        before, known = self.score(), {alert.id for alert in self.alerts.open()}
        for number, stage in enumerate(STAGES):
            if number * PAUSE_S >= WITHIN_S:
                break
            self.clock.advance(PAUSE_S if number else 30.0)
            scene = Scene(Dice(self.seed, f"demo/{stage.name}"), self.clock.now(), stage.name, "r")
            self.receive(stage.host_events(scene), stage.business_events(scene))
        fresh = [alert for alert in self.alerts.open() if alert.id not in known and alert.asset]
        first = min(fresh, key=lambda alert: (alert.first_seen, -alert.level.rank))
        return Day(before, self.score(), first.asset, first.system)

    def close(self) -> None:
        """Let the records go."""
        self.site.records.close()


def red_team_day(seed: int, folder: Path) -> Day:
    """Play one."""
    team = RedTeam(seed, folder)
    try:
        return team.play()
    finally:
        team.close()


@figure("redteam_drop")
def measure() -> Iterator[Row]:
    """The smallest fall of three seeds."""
    days = []
    for seed in (11, 12, 13):
        with tempfile.TemporaryDirectory() as folder:
            days.append(red_team_day(seed, Path(folder)))
    yield Row("redteam_drop", min(day.fall for day in days), "points", "score before", max(day.before for day in days))
    right = sum((day.asset, day.system) == ("demo-portal-app", "portal") for day in days)
    yield Row("redteam_first_named", right / len(days), "ratio")
