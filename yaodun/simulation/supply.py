"""Moving goods honestly: production, packing, shipping, unpacking, sale; each step with all its paperwork."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from infra.events.business import Bill, Measure
from yaodun.simulation.almanac import DAY, HOUR
from yaodun.simulation.geography import kilometres
from yaodun.simulation.ledgering import Clerk, office_hour, retail_type
from yaodun.simulation.world import Actor, Ware, World

ROAD_KMH = 52.0


@dataclass(slots=True, eq=False)
class Box:
    """A box with its smallest units; ``holder`` has it since ``since``."""

    code: str
    units: list[str]
    ware: Ware
    batch: str
    holder: Actor
    since: float


@dataclass(slots=True, eq=False)
class Case:
    """A case of boxes."""

    code: str
    boxes: list[Box]


@dataclass(slots=True, eq=False)
class Trip:
    """One shipment with both bills; ``taken_in`` is empty where the receiver reports nothing here, ``arrived`` is when
    all of it is there."""

    given_out: Bill
    taken_in: list[Bill]
    arrived: float


class Supply:
    """The honest movements of the world."""

    def __init__(self, world: World, clerk: Clerk) -> None:
        self.world, self.clerk = world, clerk
        self.dice = clerk.dice
        self._partial = world.knobs.draw("partial", self.dice)

    def batch_name(self, at: float) -> str:
        """A new batch number."""
        day = self.world.almanac.day_text(int(at // DAY))
        return f"{day[2:4]}{day[5:7]}{day[8:]}{self.world.number('batch'):04d}"

    def produce(
        self, ware: Ware, boxes: int, at: float, *, parts: int = 1, late: float = 0.0, life: int = 720,
        released: float | None = None,
    ) -> list[Case]:  # fmt: skip
        """Make ``boxes`` full boxes in full cases (the last may hold fewer), report them, pack them."""
        name, holder = self.batch_name(at), ware.holder
        packed = [
            Box(code, ware.mint.codes(1, ware.each_per_box), ware, name, holder, at)
            for code in ware.mint.codes(2, boxes)
        ]
        groups = [packed[start : start + ware.box_per_case] for start in range(0, boxes, ware.box_per_case)]
        cases = [Case(code, group) for code, group in zip(ware.mint.codes(3, len(groups)), groups, strict=True)]
        needs = ware.kind == "vaccine"
        if needs and released is None:
            released = at + self.dice.between(0.2, 0.5) * DAY
        self.world.batch(ware, name, at, boxes * ware.each_per_box, released=released, needs=needs, life=life)
        recorded = self.clerk.upload(holder, at) + late
        share = -(-len(cases) // parts)
        for number in range(0, len(cases), share):
            self._report(ware, name, cases[number : number + share], at + number * 60, recorded + number * 60)
        return cases

    def _report(self, ware: Ware, name: str, cases: Sequence[Case], at: float, recorded: float) -> None:
        boxes = [box for case in cases for box in case.boxes]
        codes = [code for box in boxes for code in box.units]
        codes += [box.code for box in boxes] + [case.code for case in cases]
        quantity = sum(len(box.units) for box in boxes)
        self.clerk.bill("101", ware.holder, ware, name, codes, quantity, at, taker=ware.holder, recorded=recorded)
        for box in boxes:
            self.clerk.pack(ware.holder, box.code, box.units, ware, name, at + 900, recorded=recorded + 20)
        for case in cases:
            children = [box.code for box in case.boxes]
            self.clerk.pack(ware.holder, case.code, children, ware, name, at + 1800, recorded=recorded + 40)

    def travel(self, giver: Actor, taker: Actor, at: float) -> float:
        """When goods that leave at ``at`` are taken in: road time, handling, office hours of the receiver."""
        hours = kilometres(giver.place, taker.place) / ROAD_KMH + self.dice.between(5, 28)
        there = at + hours * HOUR
        day = int(there // DAY)
        if taker.role.value in ("pharmacy", "online") and self.dice.happens(0.7):
            return max(there, day * DAY + self.dice.between(8.2, 20) * HOUR)
        return max(there, office_hour(self.world, self.dice, day), there + self.dice.between(0, 1) * HOUR)

    def ship(
        self, giver: Actor, taker: Actor, ware: Ware, batch: str, codes: Sequence[str], quantity: float,
        measure: Measure, at: float, *, kinds: tuple[str, str] = ("201", "102"), arrives: float | None = None,
    ) -> Trip:  # fmt: skip
        """Out of one stock, into another."""
        given = self.clerk.bill(
            kinds[0], giver, ware, batch, codes, quantity, at, giver=giver, taker=taker, measure=measure
        )
        arrived = self.travel(giver, taker, at) if arrives is None else arrives
        if not taker.central:
            return Trip(given, [], arrived)

        def write(codes: Sequence[str], quantity: float, at: float, **more: Any) -> Bill:
            return self.clerk.bill(
                kinds[1], taker, ware, batch, codes, quantity, at, giver=giver, taker=taker, measure=measure, **more
            )

        if len(codes) > 3 and self.dice.happens(self._partial):
            later = arrived + self.dice.between(4, 40) * HOUR
            return Trip(given, self._in_parts(write, codes, quantity, arrived, later), later)
        more = {"refers_to": given.bill} if self.dice.happens(0.5) else {}
        return Trip(given, [write(codes, quantity, arrived, **more)], arrived)

    def _in_parts(
        self, write: Callable[..., Bill], codes: Sequence[str], quantity: float, arrived: float, later: float
    ) -> list[Bill]:
        """A receipt that comes in two uploads: the whole bill again, or a second bill for the rest."""
        cut = len(codes) // 2
        share = quantity * cut / len(codes)
        if self.dice.happens(0.5):
            return [write(codes[:cut], share, arrived), write(codes[cut:], quantity - share, later)]
        first = write(codes[:cut], share, arrived, partial=True)
        almanac, seconds = self.world.almanac, self.world.tape.seconds(first.recorded.timestamp())
        whole = msgspec.structs.replace(
            first, id=self.world.tape.name("t"), codes=tuple(codes), quantity=quantity, attempt=2, partial=False,
            recorded=almanac.moment(max(seconds + 600, later + 900)),
        )  # fmt: skip
        self.world.tape.add(whole)
        return [first, whole]

    def open_cases(self, cases: Sequence[Case], actor: Actor, at: float) -> list[Box]:
        """Unpack cases at ``actor``; their boxes."""
        boxes: list[Box] = []
        for number, case in enumerate(cases):
            self.clerk.unpack(actor, case.code, case.boxes[0].ware, case.boxes[0].batch, at + number * 40)
            for box in case.boxes:
                box.holder, box.since = actor, at + number * 40 + 60
                boxes.append(box)
        return boxes

    def deliver(self, cases: Sequence[Case], taker: Actor, at: float) -> float:
        """Whole cases from where they are to ``taker``; when they are there."""
        first = cases[0].boxes[0]
        full = all(len(case.boxes) == first.ware.box_per_case for case in cases)
        units = sum(len(box.units) for case in cases for box in case.boxes)
        quantity, measure = (len(cases), Measure.CASE) if full else (units, Measure.EACH)
        codes = [case.code for case in cases]
        trip = self.ship(first.holder, taker, first.ware, first.batch, codes, quantity, measure, at)
        for case in cases:
            for box in case.boxes:
                box.holder, box.since = taker, trip.arrived
        return trip.arrived

    def send(self, boxes: Sequence[Box], taker: Actor, at: float, *, arrives: float | None = None,
             kinds: tuple[str, str] = ("201", "102")) -> Trip:  # fmt: skip
        """Boxes from where they are to ``taker``."""
        first = boxes[0]
        codes = [box.code for box in boxes]
        trip = self.ship(
            first.holder, taker, first.ware, first.batch, codes, len(boxes), Measure.BOX, at, kinds=kinds,
            arrives=arrives,
        )  # fmt: skip
        for box in boxes:
            box.holder, box.since = taker, trip.arrived
        return trip

    def stock_up(self, ware: Ware, actor: Actor, boxes: int, day: float, **more: Any) -> list[Box]:
        """A batch of its own made for ``actor``, shipped and unpacked there; its boxes. Begins on ``day``."""
        at = office_hour(self.world, self.dice, int(day))
        cases = self.produce(ware, boxes, at, **more)
        leaves = office_hour(self.world, self.dice, int(at // DAY) + 1)
        arrived = self.deliver(cases, actor, leaves) if actor is not ware.holder else leaves
        return self.open_cases(cases, actor, arrived + self.dice.between(0.5, 3) * HOUR)

    def sell_out(self, box: Box, slow: float = 12.0, until: float = 1e12) -> list[Bill]:
        """Sell the units of a box where it is, over about ``slow`` days; nothing after ``until``."""
        actor, end = box.holder, min(self.world.almanac.end, until)
        kind = retail_type(actor)
        start = box.since + self.dice.between(0.5, 20) * HOUR
        if start >= end:
            return []
        if kind == "320" and self.dice.happens(0.4):
            return [self._sale(kind, box, [box.code], 1, start, Measure.BOX)]
        self.clerk.unpack(actor, box.code, box.ware, box.batch, start)
        return self._sell_units(kind, box, start, slow, end)

    def _sell_units(self, kind: str, box: Box, start: float, slow: float, end: float) -> list[Bill]:
        dice, units = self.dice, self.dice.shuffled(box.units)
        bills: list[Bill] = []
        at, place = start, 0
        step = slow * DAY / max(1.0, len(units) / 3)
        while place < len(units):
            at = self._shop_hour(at + dice.between(0.1, 2) * step)
            if at >= end:
                break
            count = dice.choose((1, 1, 2, 2, 3, 5))
            part = units[place : place + count]
            bills.append(self._sale(kind, box, part, len(part), at, Measure.EACH))
            place += count
        return bills

    def _shop_hour(self, at: float) -> float:
        hour = at % DAY / HOUR
        return at if 8 <= hour < 21 else at - at % DAY + (DAY if hour >= 21 else 0) + self.dice.between(8, 20.5) * HOUR

    def _sale(self, kind: str, box: Box, codes: Sequence[str], quantity: float, at: float, measure: Measure) -> Bill:
        return self.clerk.bill(kind, box.holder, box.ware, box.batch, codes, quantity, at, giver=box.holder,
                               measure=measure)  # fmt: skip
