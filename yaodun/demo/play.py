"""The demonstration from beginning to end: assets, everyday life, weeks of business, then the attack stage by stage."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from infra.clock import Clock
from infra.events.business import BusinessEvent
from yaodun.demo.everyday import host_events, office, readings
from yaodun.demo.graded import telemetry
from yaodun.demo.sender import Sender
from yaodun.demo.story import STAGES, Scene
from yaodun.simulation.business import simulate
from yaodun.simulation.dice import Dice

DAYS = 28
CODES = 4000
BACK = timedelta(seconds=70)
"""Stages are told as if they had just ended, so that nothing lies in the future."""
CHINA = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Played:
    """A stage that was sent: its name, when, and how many events of both kinds."""

    stage: str
    at: datetime
    host_events: int
    business_events: int


class Play:
    """One demonstration with its seed; ``pause_s`` lies between two stages."""

    def __init__(self, sender: Sender, clock: Clock, seed: int, pause_s: float) -> None:
        self._sender, self._clock, self._pause_s = sender, clock, pause_s
        self._seed = seed
        self.run = f"demo-{seed}-{clock.now():%Y%m%dT%H%M%S}"

    def background(self) -> Played:
        """Everyday life of the last day, and four weeks of business with its own wrongs."""
        now = self._clock.now()
        dice = Dice(self._seed, "demo")
        hosts = self._sender.documents(host_events(dice.apart("hosts"), now, self.run))
        hosts += self._sender.documents(telemetry(dice.apart("graded"), now, self.run))
        business = self._sender.events(readings(dice.apart("readings"), now, self.run))
        business += self._sender.events(office(dice.apart("office"), now, self.run))
        business += self._sender.events(self._weeks(now))
        return Played("background", now, hosts, business)

    def _weeks(self, now: datetime) -> Iterator[BusinessEvent]:
        last: date = (now + CHINA).date()
        knobs = {"anomalies": 2.0, "look_alikes": 2.0}
        tape = simulate(
            self._seed, DAYS, codes=CODES, knobs=knobs, first=last - timedelta(days=DAYS - 1), label=self.run
        )
        for event in tape.recorded():
            if event.recorded <= now and event.time <= now + timedelta(minutes=4):
                yield event

    def attack(self, tell: Callable[[Played], None]) -> list[Played]:
        """Every stage in turn, with pauses; ``tell`` hears of each as it is sent."""
        played = []
        for number, stage in enumerate(STAGES):
            if number:
                time.sleep(self._pause_s)
            scene = Scene(Dice(self._seed, f"demo/{stage.name}"), self._clock.now() - BACK, stage.name, self.run)
            hosts = self._sender.documents(stage.host_events(scene))
            business = self._sender.events(stage.business_events(scene))
            played.append(Played(stage.name, scene.at, hosts, business))
            tell(played[-1])
        return played
