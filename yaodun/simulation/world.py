"""The people of a simulated world: holders, distributors, retail; their products, licences and habits."""

from __future__ import annotations

from dataclasses import dataclass, field

from infra.events.business import (
    Batch,
    BusinessSystem,
    Licence,
    Notice,
    NoticeType,
    Party,
    Place,
    Product,
    Role,
    Scheme,
)
from yaodun.simulation.almanac import DAY, HOUR, Almanac
from yaodun.simulation.codes import Mint
from yaodun.simulation.dice import Dice
from yaodun.simulation.geography import Province, provinces, town
from yaodun.simulation.knobs import Knobs
from yaodun.simulation.tape import Tape

ALL_CLASSES = ("chemical", "tcm", "biological", "vaccine", "narcotic", "device")
LICENCE_TYPE = {
    Role.HOLDER: "production", Role.MANUFACTURER: "production", Role.DISTRIBUTOR: "distribution",
    Role.LOGISTICS: "distribution", Role.PHARMACY: "retail", Role.ONLINE: "retail", Role.HOSPITAL: "practice",
    Role.VACCINATION: "practice",
}  # fmt: skip
FIRST = 2 * HOUR
"""Master data is there from the first hours on."""


@dataclass(slots=True, eq=False)
class Actor:
    """A party with its habits. ``habit`` is how it uploads: ``live``, ``evening`` or ``next_day``."""

    id: str
    role: Role
    place: Place
    habit: str
    central: bool = True
    scope: tuple[str, ...] = ()
    licence: str = ""
    suppliers: list[Actor] = field(default_factory=list)
    reserved: bool = False
    stays: bool = False

    @property
    def province(self) -> str:
        """Code of its province."""
        return self.place.province or ""


@dataclass(slots=True, eq=False)
class Ware:
    """A product with its mint."""

    id: str
    kind: str
    holder: Actor
    mint: Mint
    each_per_box: int
    box_per_case: int
    special: bool = False
    cold: bool = False
    areas: tuple[str, ...] = ()

    @property
    def per_case(self) -> int:
        """Smallest units in a full case."""
        return self.each_per_box * self.box_per_case


@dataclass(slots=True, eq=False)
class World:
    """Everything a story may use."""

    almanac: Almanac
    dice: Dice
    knobs: Knobs
    tape: Tape
    holders: list[Actor] = field(default_factory=list)
    distributors: list[Actor] = field(default_factory=list)
    retail: list[Actor] = field(default_factory=list)
    outsiders: list[Actor] = field(default_factory=list)
    settled: list[Actor] = field(default_factory=list)
    wares: list[Ware] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)

    @property
    def extras(self) -> list[Actor]:
        """Parties that take part in their own story only."""
        return [actor for actor in self.settled if actor.reserved]

    def number(self, prefix: str) -> int:
        """The next number of a series."""
        self._numbers[prefix] = self._numbers.get(prefix, 0) + 1
        return self._numbers[prefix]

    def settle(
        self, role: Role, province: Province, scope: tuple[str, ...], *, at: float = FIRST, platform: str = "central",
        checked: bool = True, place: Place | None = None, valid: tuple[int, int] = (-900, 900),
    ) -> Actor:  # fmt: skip
        """A new party with a licence, known from ``at`` on; ``valid`` are the first and last day of the licence."""
        letter = {"logistics": "L", "vaccination": "V", "online": "O"}.get(role.value, role.value[0].upper())
        actor = Actor(
            id=f"{letter}-{self.number(letter):04d}", role=role, place=place or town(province, self.dice),
            habit=self.dice.choose(("live", "live", "evening", "evening", "next_day")), central=platform == "central",
            scope=scope,
        )  # fmt: skip
        self.tape.add(
            Party(
                id=self.tape.name("p"), system=BusinessSystem.TRACE, time=self.almanac.moment(at), simulated=True,
                recorded=self.almanac.moment(at + 300), province=actor.province, party=actor.id, role=role,
                name=f"{province.name}{actor.id}", place=actor.place, platform=platform, checked=checked,
            )
        )  # fmt: skip
        self.license(actor, at, valid)
        self.settled.append(actor)
        return actor

    def license(self, actor: Actor, at: float, valid: tuple[int, int]) -> None:
        """The licence of a party in the centre's register."""
        actor.licence = f"{actor.province[:2]}A{self.number('licence'):07d}"
        self.tape.add(self.licence_event(actor, at, at + 600, valid))

    def licence_event(
        self, actor: Actor, at: float, recorded: float, valid: tuple[int, int], **more: object
    ) -> Licence:
        """One state of the licence of a party."""
        fields: dict[str, object] = {
            "id": self.tape.name("l"), "system": BusinessSystem.LICENCE, "time": self.almanac.moment(at),
            "recorded": self.almanac.moment(recorded), "simulated": True, "province": actor.province,
            "number": actor.licence, "party": actor.id, "licence_type": LICENCE_TYPE[actor.role], "scope": actor.scope,
            "valid_from": self.almanac.day_text(valid[0]), "valid_to": self.almanac.day_text(valid[1]),
        }  # fmt: skip
        return Licence(**(fields | more))  # type: ignore[arg-type]

    def notice(
        self, kind: NoticeType, begins: float, ends: float, scope_kind: str = "all", scope: tuple[str, ...] = (),
        *, system: BusinessSystem = BusinessSystem.TRACE, announced: float | None = None, text: str = "",
    ) -> Notice:  # fmt: skip
        """Announce something; ``announced`` is when (default: a day before it begins)."""
        at = self.almanac.moment(max(0.0, begins - DAY if announced is None else announced))
        event = Notice(
            id=self.tape.name("n"), system=system, time=at, recorded=at, simulated=True, notice_type=kind,
            begins=self.almanac.moment(begins), ends=self.almanac.moment(ends), scope_kind=scope_kind, scope=scope,
            text=text,
        )  # fmt: skip
        self.tape.add(event)
        return event

    def launch(
        self, holder: Actor, kind: str, scheme: Scheme, *, special: bool = False, sizes: tuple[int, int] | None = None
    ) -> Ware:
        """A new product of ``holder``, known from the first hours on."""
        number = self.number("product")
        each, boxes = sizes or (self.dice.choose((10, 20, 20, 30, 40, 50)), self.dice.choose((5, 8, 10)))
        cold = kind in ("vaccine", "biological")
        ware = Ware(f"YP-{number:04d}", kind, holder, Mint(scheme, number), each, boxes, special, cold)
        coded = scheme is Scheme.TRACE20
        at = self.almanac.moment(FIRST)
        self.tape.add(
            Product(
                id=self.tape.name("m"), system=BusinessSystem.DOSSIER, time=at, recorded=at, simulated=True,
                product=ware.id, name=f"示例品种{number}", product_class=kind, holder=holder.id, scheme=scheme,
                prefixes=ware.mint.prefixes if coded else (), gtins=ware.mint.gtins if scheme is Scheme.GS1 else (),
                own_pattern=ware.mint.pattern if scheme is Scheme.OWN else None, special=special, each_per_box=each,
                box_per_case=boxes, temperature_min=2.0 if cold else None, temperature_max=8.0 if cold else None,
            )
        )  # fmt: skip
        self.wares.append(ware)
        return ware

    def batch(
        self, ware: Ware, name: str, at: float, made: float | None, *, released: float | None = None,
        needs: bool = False, life: int = 720,
    ) -> None:  # fmt: skip
        """Master data of a batch that may be used for ``life`` days."""
        day = int(at // DAY)
        self.tape.add(
            Batch(
                id=self.tape.name("b"), system=BusinessSystem.TRACE, time=self.almanac.moment(at), simulated=True,
                recorded=self.almanac.moment(at + 2 * HOUR), product=ware.id, batch=name,
                produced=self.almanac.day_text(day), expiry=self.almanac.day_text(day + life), made=made,
                release_required=needs, released=None if released is None else self.almanac.moment(released),
            )
        )  # fmt: skip


def populate(world: World, size: int) -> None:
    """Fill a world for about ``size`` codes: who lives where, who buys from whom, what is made."""
    dice = world.dice.apart("populate")
    lands = dice.some(provinces(), 12 if size < 300_000 else 18)
    for land in lands[: max(4, len(lands) // 2)]:
        world.holders.append(world.settle(Role.HOLDER, land, ALL_CLASSES))
    for land in lands:
        for _ in range(2):
            world.distributors.append(world.settle(Role.DISTRIBUTOR, land, ALL_CLASSES))
    world.outsiders = [
        world.settle(Role.DISTRIBUTOR, dice.choose(lands), ALL_CLASSES, platform="other-1") for _ in range(3)
    ]
    _retail(world, lands, size, dice)
    _products(world, lands, dice)
    _days_off(world)


def _retail(world: World, lands: list[Province], size: int, dice: Dice) -> None:
    shops = min(420, max(60, size // 2500))
    roles = (Role.PHARMACY, Role.PHARMACY, Role.PHARMACY, Role.HOSPITAL, Role.HOSPITAL, Role.VACCINATION)
    for number in range(shops):
        land = lands[number % len(lands)]
        actor = world.settle(roles[(number // len(lands)) % len(roles)], land, ALL_CLASSES)
        near = [other for other in world.distributors if other.province == actor.province]
        actor.suppliers = near if dice.happens(0.6) else [dice.choose(near)]
        world.retail.append(actor)


def _products(world: World, lands: list[Province], dice: Dice) -> None:
    schemes = (Scheme.TRACE20,) * 5 + (Scheme.GS1, Scheme.OWN)
    kinds = ("chemical", "chemical", "tcm", "biological", "vaccine", "chemical")
    for number in range(24):
        ware = world.launch(dice.choose(world.holders), kinds[number % 6], schemes[number % 7])
        ware.areas = tuple(land.code for land in dice.some(lands, max(3, round(len(lands) * 0.6))))


def _days_off(world: World) -> None:
    almanac = world.almanac
    for begin, end in almanac.holidays:
        first, last = almanac.number_of(begin), almanac.number_of(end)
        if last >= 0 and first <= almanac.days:
            world.notice(NoticeType.HOLIDAY, first * DAY, (last + 1) * DAY, announced=0.0)
    for day in almanac.extra:
        number = almanac.number_of(day)
        if 0 <= number <= almanac.days:
            world.notice(NoticeType.WORKDAY, number * DAY, (number + 1) * DAY, announced=0.0)
