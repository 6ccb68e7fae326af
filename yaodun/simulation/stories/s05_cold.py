"""The cold chain (B13): readings every half an hour, every ten minutes on the road."""

from __future__ import annotations

from math import sin

from infra.events.business import BusinessSystem, Sensor
from yaodun.simulation.almanac import DAY, HOUR
from yaodun.simulation.dice import Dice
from yaodun.simulation.stories.told import Scene, anomaly, look_alike
from yaodun.simulation.world import Actor, Ware

MIDDLE = 5.0


class Store:
    """A cold store with a sensor of its own, for some days."""

    def __init__(self, scene: Scene, dice: Dice, days: float, step_s: float = 1800) -> None:
        self.scene, self.dice, self.step = scene, dice, step_s
        self.ware: Ware = scene.ware(dice, dice.choose(("vaccine", "biological")))
        self.actor: Actor = scene.dealer(dice, self.ware)
        self.sensor = f"T-{scene.world.number('sensor'):04d}"
        self.start = scene.day(dice, 0.02, 0.5) * DAY + dice.between(0, 20) * HOUR
        self.end = self.start + days * DAY
        self.batch = scene.supply.batch_name(self.start)
        self.mean = dice.between(4.2, 5.6)

    def run(self, rise: dict[tuple[float, float], float], *, empty: bool = False, gap: tuple[float, float] = (0, 0)
            ) -> list[Sensor]:  # fmt: skip
        """Readings with ``rise`` degrees added in the windows (seconds since the start); none in ``gap``."""
        readings, at = [], self.start
        while at < self.end:
            since = at - self.start
            if not gap[0] <= since < gap[1]:
                extra = sum(degrees for (begins, ends), degrees in rise.items() if begins <= since < ends)
                readings.append(self._reading(at, extra, empty))
            at += self.step * self.dice.between(0.98, 1.02)
        return readings

    def _reading(self, at: float, extra: float, empty: bool) -> Sensor:
        value = self.mean + 0.6 * sin(at / DAY * 6.283) + self.dice.normal(0, 0.25) + extra
        event = Sensor(
            id=self.scene.tape.name("x"), system=BusinessSystem.TRACE, time=self.scene.almanac.moment(at),
            recorded=self.scene.almanac.moment(at + self.dice.between(2, 90)), simulated=True, sensor=self.sensor,
            value=round(value, 2), party=self.actor.id, product=None if empty else self.ware.id,
            batch=None if empty else self.batch, province=self.actor.province,
        )  # fmt: skip
        self.scene.tape.add(event)
        return event

    def about(self, readings: list[Sensor], begins: float, ends: float) -> list[Sensor]:
        """The readings of a window."""
        first, last = self.scene.almanac.moment(self.start + begins), self.scene.almanac.moment(self.start + ends)
        return [event for event in readings if first <= event.time < last] or readings[:1]


def _broken(scene: Scene, dice: Dice, kind: str, sign: float, step_s: float) -> None:
    store = Store(scene, dice, dice.between(5, 12), step_s)
    hours, degrees = scene.knobs.draw("cold.hours", dice), scene.knobs.draw("cold.degrees", dice)
    begins = dice.between(20, 60) * HOUR
    window = (begins, begins + hours * HOUR)
    shift = 3 + degrees if sign > 0 else -(2 + degrees)
    readings = store.run({window: shift})
    knob = {"cold.hours": hours, "cold.degrees": degrees}
    scene.tape.tell("B13", kind, ("sensor", store.sensor), store.about(readings, *window), knob=knob)


@anomaly("B13", "too_warm")
def too_warm(scene: Scene, dice: Dice) -> None:
    _broken(scene, dice, "too_warm", 1, 1800)


@anomaly("B13", "frozen")
def frozen(scene: Scene, dice: Dice) -> None:
    _broken(scene, dice, "frozen", -1, 1800)


@anomaly("B13", "warm_on_the_road")
def warm_on_road(scene: Scene, dice: Dice) -> None:
    _broken(scene, dice, "warm_on_the_road", 1, 600)


@look_alike("B13", "door_opened")
def door_opened(scene: Scene, dice: Dice) -> None:
    store = Store(scene, dice, dice.between(5, 12), 600)
    openings = [dice.between(5, 110) * HOUR for _ in range(dice.whole(3, 9))]
    rise = {(begins, begins + dice.between(8, 19) * 60): dice.between(4, 9) for begins in openings}
    readings = store.run(rise)
    scene.tape.tell("B13", "door_opened", ("sensor", store.sensor), readings[:1] + readings[-1:], look_alike=True)


@look_alike("B13", "single_spike")
def single_spike(scene: Scene, dice: Dice) -> None:
    store = Store(scene, dice, dice.between(5, 12))
    begins = dice.between(20, 90) * HOUR
    readings = store.run({(begins, begins + 1750): dice.between(20, 60)})
    scene.tape.tell("B13", "single_spike", ("sensor", store.sensor), readings[:1] + readings[-1:], look_alike=True)


@look_alike("B13", "empty_store")
def empty_store(scene: Scene, dice: Dice) -> None:
    store = Store(scene, dice, dice.between(3, 6))
    readings = store.run({(6 * HOUR, 60 * HOUR): 15.0}, empty=True)
    scene.tape.tell("B13", "empty_store", ("sensor", store.sensor), readings[:1] + readings[-1:], look_alike=True)


@look_alike("B13", "gap_in_readings")
def gap_in_readings(scene: Scene, dice: Dice) -> None:
    store = Store(scene, dice, dice.between(5, 10))
    readings = store.run({}, gap=(30 * HOUR, dice.between(36, 60) * HOUR))
    scene.tape.tell("B13", "gap_in_readings", ("sensor", store.sensor), readings[:1] + readings[-1:], look_alike=True)
