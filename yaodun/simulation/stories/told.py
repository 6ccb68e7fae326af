"""How stories are told: a registry of anomalies and look-alikes, and the scene they play on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import msgspec

import yaodun.simulation.stories
from infra.events.business import Bill, NoticeType, Party, Role
from yaodun.simulation.almanac import DAY
from yaodun.simulation.dice import Dice
from yaodun.simulation.geography import kilometres, provinces, town
from yaodun.simulation.supply import Box, Supply
from yaodun.simulation.world import ALL_CLASSES, Actor, Ware, World

Story = Callable[["Scene", Dice], None]


@dataclass(frozen=True, slots=True)
class Told:
    """A story: the detector it is about, its kind, whether it is a look-alike, the days it needs."""

    detector: str
    kind: str
    look_alike: bool
    tell: Story


STORIES: list[Told] = []


def anomaly(detector: str, kind: str) -> Callable[[Story], Story]:
    """Register a wrong."""
    return _registrar(detector, kind, look_alike=False)


def look_alike(detector: str, kind: str) -> Callable[[Story], Story]:
    """Register what resembles a wrong and is right."""
    return _registrar(detector, kind, look_alike=True)


def _registrar(detector: str, kind: str, *, look_alike: bool) -> Callable[[Story], Story]:
    def register(tell: Story) -> Story:
        STORIES.append(Told(detector, kind, look_alike, tell))
        return tell

    return register


class Scene:
    """Where stories play: the world, honest supply, and people to play with."""

    def __init__(self, world: World, supply: Supply) -> None:
        self.world, self.supply, self.clerk = world, supply, supply.clerk
        self.tape, self.almanac, self.knobs = world.tape, world.almanac, world.knobs

    @property
    def days(self) -> int:
        """Length of the world in days."""
        return self.almanac.days

    def day(self, dice: Dice, begins: float = 0.05, ends: float = 0.5) -> int:
        """A day in this part of the world's time."""
        return int(dice.between(max(1.0, begins * self.days), max(2.0, ends * self.days)))

    def ware(self, dice: Dice, kind: str | None = None, *, scheme: str | None = None) -> Ware:
        """A product of ordinary life."""
        fitting = [
            ware for ware in self.world.wares
            if ware.areas and not ware.special and (kind is None or ware.kind == kind)
            and (scheme is None or ware.mint.scheme.value == scheme)
        ]  # fmt: skip
        return dice.choose([ware for ware in fitting if kind or ware.kind != "vaccine"] or fitting)

    def distributor(self, dice: Dice, *others: Actor) -> Actor:
        """A distributor of ordinary life, none of ``others``."""
        return dice.choose([actor for actor in self.world.distributors if actor not in others and not actor.reserved])

    def dealer(self, dice: Dice, ware: Ware) -> Actor:
        """A distributor that deals in ``ware`` in ordinary life."""
        return dice.choose([actor for actor in self.world.distributors if actor.province in ware.areas])

    def goods(
        self, dice: Dice, boxes: int, day: int | None = None, *, kind: str | None = None, **more: Any
    ) -> list[Box]:
        """Honest boxes at a distributor that deals in them."""
        ware = self.ware(dice, kind)
        start = self.day(dice) if day is None else day
        return self.supply.stock_up(ware, self.dealer(dice, ware), boxes, start, **more)

    def far(self, dice: Dice, place: Actor, ware: Ware | None = None) -> Actor:
        """A shop of ordinary life at least 700 km away, where ``ware`` (if given) is sold too."""
        shops = [
            shop for shop in self.world.retail
            if shop.role is not Role.VACCINATION and kilometres(shop.place, place.place) > 700
            and (ware is None or shop.province in ware.areas)
        ]  # fmt: skip
        return dice.choose(shops or [shop for shop in self.world.retail if shop.province != place.province])

    def shop(self, dice: Dice, supplier: Actor, role: Role = Role.PHARMACY) -> Actor:
        """A shop that buys from ``supplier``."""
        near = [shop for shop in self.world.retail if supplier in shop.suppliers and not shop.reserved]
        fitting = [shop for shop in near if shop.role is role]
        return dice.choose(fitting or [shop for shop in near if shop.role is not Role.VACCINATION] or near)

    def newcomer(self, dice: Dice, role: Role, like: Actor | None = None, **more: object) -> Actor:
        """A party that takes part in nothing but its story; in the province of ``like`` where given."""
        lands = provinces()
        land = next(land for land in lands if land.code == like.province) if like else dice.choose(lands)
        place = town(land, dice)
        actor = self.world.settle(role, land, ALL_CLASSES, place=place, **more)  # type: ignore[arg-type]
        actor.reserved = True
        return actor

    def filed(self, giver: Actor, taker: Actor, at: float) -> None:
        """The new customer has been filed, so that the lane is no surprise."""
        lane = (f"{giver.id}>{taker.id}",)
        self.world.notice(NoticeType.CUSTOMER_FILING, at, self.almanac.end + 200 * DAY, "lane", lane)


def tell_all(scene: Scene) -> None:
    """Tell every story so often as the knobs say; the order and the dice of each are its own."""
    for module in sorted(module.name for module in iter_modules(yaodun.simulation.stories.__path__)):
        import_module(f"yaodun.simulation.stories.{module}")
    for story in sorted(STORIES, key=lambda told: (told.detector, told.look_alike, told.kind)):
        for number in range(_times(scene, story)):
            story.tell(scene, scene.world.dice.apart(f"{story.detector}/{story.kind}/{number}"))
    close_extras(scene)


def close_extras(scene: Scene) -> None:
    """Parties that were there for a story alone give up business after it, so that their silence means nothing."""
    last: dict[str, float] = {}
    for bill in scene.tape.events_of(Bill):
        last[bill.party] = max(last.get(bill.party, 0.0), scene.tape.seconds(bill.time.timestamp()))
    extras = {actor.id for actor in scene.world.extras if not actor.stays}
    for known in scene.tape.events_of(Party):
        at = last.get(known.party, scene.almanac.end) + 1.5 * DAY
        if known.party in extras and at < scene.almanac.end - 6 * DAY:
            moment = scene.almanac.moment(at)
            closed = msgspec.structs.replace(known, id=scene.tape.name("p"), time=moment, recorded=moment, closed=True)
            scene.tape.add(closed)


def _times(scene: Scene, story: Told) -> int:
    siblings = sorted(
        other.kind for other in STORIES if (other.detector, other.look_alike) == (story.detector, story.look_alike)
    )
    name = "look_alikes" if story.look_alike else "anomalies"
    total = max(scene.knobs.whole(name, scene.world.dice), 0)
    share, rest = divmod(total, len(siblings))
    return share + (siblings.index(story.kind) < rest)
