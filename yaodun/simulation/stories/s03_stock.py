"""Batches that do not balance and packing that breaks (B08, B09)."""

from __future__ import annotations

from infra.events.business import Bill, Measure, NoticeType, Role
from yaodun.simulation.almanac import DAY, HOUR
from yaodun.simulation.dice import Dice
from yaodun.simulation.ledgering import office_hour, retail_type
from yaodun.simulation.stories.told import Scene, anomaly, look_alike
from yaodun.simulation.supply import Box
from yaodun.simulation.world import Actor, Ware

BROKEN = ("B03", "B04", "B05", "B06", "B07", "B08", "B14", "T02", "T05")


class Uncoded:
    """A batch that moves by quantity alone, from its holder to a distributor and on to shops."""

    def __init__(self, scene: Scene, dice: Dice) -> None:
        self.scene, self.dice = scene, dice
        self.ware: Ware = scene.ware(dice)
        self.dealer: Actor = scene.dealer(dice, self.ware)
        self.cases = dice.whole(6, 20)
        self.units = self.cases * self.ware.per_case
        self.at = office_hour(scene.world, dice, scene.day(dice, 0.05, 0.4))
        self.name = scene.supply.batch_name(self.at)

    def make(self, parts: int = 1) -> None:
        """Reported by the holder in ``parts``."""
        self.scene.world.batch(self.ware, self.name, self.at, self.units, released=self.at, needs=False)
        left = self.units
        for number in range(parts):
            share = left if number == parts - 1 else self.units // parts
            left -= share
            holder = self.ware.holder
            self.scene.clerk.bill("101", holder, self.ware, self.name, (), share, self.at + number * HOUR, taker=holder)

    def bring(self) -> float:
        """All of it to the distributor, counted in cases; when it is there."""
        leaves = office_hour(self.scene.world, self.dice, int(self.at // DAY) + 1)
        trip = self.scene.supply.ship(
            self.ware.holder, self.dealer, self.ware, self.name, (), self.cases, Measure.CASE, leaves
        )
        return trip.arrived

    def give(self, units: float, at: float, measure: Measure = Measure.EACH) -> Bill:
        """Some of it to a shop."""
        shop = self.scene.shop(self.dice, self.dealer)
        size = {Measure.EACH: 1, Measure.BOX: self.ware.each_per_box, Measure.CASE: self.ware.per_case}[measure]
        trip = self.scene.supply.ship(self.dealer, shop, self.ware, self.name, (), round(units / size), measure, at)
        return trip.given_out

    def spread(self, total: float, start: float, measures: tuple[Measure, ...]) -> list[Bill]:
        """``total`` units given out in several bills on the following days."""
        count = self.dice.whole(4, 8)
        return [
            self.give(total / count, office_hour(self.scene.world, self.dice, int(start // DAY) + 1 + number),
                      measures[number % len(measures)])
            for number in range(count)
        ]  # fmt: skip


@anomaly("B08", "more_out_than_in")
def more_out(scene: Scene, dice: Dice) -> None:
    batch, factor = Uncoded(scene, dice), scene.knobs.draw("batch.excess", dice)
    batch.make()
    bills = batch.spread(batch.units * factor, batch.bring(), (Measure.EACH,))
    subject = ("batch", f"{batch.ware.id}/{batch.name}")
    scene.tape.tell(
        "B08", "more_out_than_in", subject, bills, knob={"batch.excess": factor}, also=("B19", "B16", "B17")
    )


@anomaly("B08", "more_used_than_made")
def more_used(scene: Scene, dice: Dice) -> None:
    batch, factor = Uncoded(scene, dice), scene.knobs.draw("batch.excess", dice)
    batch.make()
    arrived = batch.bring()
    shop = scene.shop(dice, batch.dealer, Role.HOSPITAL)
    leaves = office_hour(scene.world, dice, int(arrived // DAY) + 1)
    got = batch.units // 2
    trip = scene.supply.ship(batch.dealer, shop, batch.ware, batch.name, (), got, Measure.EACH, leaves)
    first = int(trip.arrived // DAY) + 1
    bills = [
        scene.clerk.bill(retail_type(shop), shop, batch.ware, batch.name, (), round(batch.units * factor / 6),
                         (first + 2 * number) * DAY + 15 * HOUR, giver=shop)
        for number in range(6)
    ]  # fmt: skip
    subject = ("batch", f"{batch.ware.id}/{batch.name}")
    scene.tape.tell("B08", "more_used_than_made", subject, bills, knob={"batch.excess": factor}, also=("B19", "B16"))


@look_alike("B08", "boxes_against_cases")
def boxes_against_cases(scene: Scene, dice: Dice) -> None:
    batch = Uncoded(scene, dice)
    batch.make()
    bills = batch.spread(batch.units * 0.85, batch.bring(), (Measure.BOX, Measure.EACH))
    _quiet(scene, batch, "boxes_against_cases", bills)


@look_alike("B08", "made_in_parts")
def made_in_parts(scene: Scene, dice: Dice) -> None:
    batch = Uncoded(scene, dice)
    batch.make(parts=3)
    _quiet(scene, batch, "made_in_parts", batch.spread(batch.units * 0.95, batch.bring(), (Measure.EACH,)))


@look_alike("B08", "stocktaking")
def stocktaking(scene: Scene, dice: Dice) -> None:
    batch = Uncoded(scene, dice)
    batch.make()
    arrived = batch.bring()
    at = office_hour(scene.world, dice, int(arrived // DAY) + 1)
    scene.world.notice(NoticeType.STOCKTAKE, at - HOUR, at + 9 * DAY, "party", (batch.dealer.id,))
    amount = max(1, batch.units // 40)
    short = scene.clerk.bill("214", batch.dealer, batch.ware, batch.name, (), amount, at, giver=batch.dealer)
    found = scene.clerk.bill("111", batch.dealer, batch.ware, batch.name, (), amount, at + 2 * DAY, taker=batch.dealer)
    bills = batch.spread(batch.units * 0.99, at + 2 * DAY, (Measure.EACH,))
    _quiet(scene, batch, "stocktaking", [short, found, *bills])


def _quiet(scene: Scene, batch: Uncoded, kind: str, bills: list[Bill]) -> None:
    scene.tape.tell("B08", kind, ("batch", f"{batch.ware.id}/{batch.name}"), bills, look_alike=True)


def _two_shops(scene: Scene, dice: Dice) -> tuple[list[Box], Actor, float]:
    boxes = scene.goods(dice, 3)
    shop = scene.shop(dice, boxes[0].holder)
    at = office_hour(scene.world, dice, int(boxes[0].since // DAY) + 1)
    trip = scene.supply.send(boxes, shop, at)
    return boxes, shop, trip.arrived


@anomaly("B09", "child_sold_apart")
def child_sold_apart(scene: Scene, dice: Dice) -> None:
    boxes, _, arrived = _two_shops(scene, dice)
    elsewhere = scene.far(dice, boxes[0].holder, boxes[0].ware)
    codes = boxes[0].units[: dice.whole(1, 4)]
    at = (int(arrived // DAY) + dice.whole(2, 8)) * DAY + dice.between(9, 19) * HOUR
    sale = scene.clerk.bill(
        retail_type(elsewhere), elsewhere, boxes[0].ware, boxes[0].batch, codes, len(codes), at, giver=elsewhere
    )
    scene.tape.tell("B09", "child_sold_apart", ("code", boxes[0].code), [sale], also=(*BROKEN, "B15"))


@anomaly("B09", "packed_by_two")
def packed_by_two(scene: Scene, dice: Dice) -> None:
    boxes, _, arrived = _two_shops(scene, dice)
    elsewhere = scene.distributor(dice)
    at = office_hour(scene.world, dice, int(arrived // DAY) + dice.whole(1, 5))
    event = scene.clerk.pack(elsewhere, boxes[0].code, boxes[1].units[:3], boxes[0].ware, boxes[0].batch, at)
    scene.tape.tell("B09", "packed_by_two", ("code", boxes[0].code), [event], also=BROKEN)


@anomaly("B09", "child_in_two_parents")
def child_in_two(scene: Scene, dice: Dice) -> None:
    boxes, shop, arrived = _two_shops(scene, dice)
    at = max(arrived + HOUR, office_hour(scene.world, dice, int(arrived // DAY) + dice.whole(1, 4)))
    scene.clerk.unpack(shop, boxes[1].code, boxes[1].ware, boxes[1].batch, at)
    event = scene.clerk.pack(shop, boxes[1].code, boxes[0].units[:5], boxes[0].ware, boxes[0].batch, at + 900)
    scene.tape.tell("B09", "child_in_two_parents", ("code", boxes[1].code), [event], also=BROKEN)


@look_alike("B09", "repacked")
def repacked(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, 3)
    dealer, box, other = boxes[0].holder, boxes[0], boxes[1]
    at = office_hour(scene.world, dice, int(box.since // DAY) + 1)
    for each in (box, other):
        scene.clerk.unpack(dealer, each.code, each.ware, each.batch, at)
    event = scene.clerk.pack(dealer, box.code, other.units, box.ware, box.batch, at + 1800)
    trip = scene.supply.send([box], scene.shop(dice, dealer), at + 5 * HOUR)
    scene.tape.tell("B09", "repacked", ("code", box.code), [event, trip.given_out], look_alike=True)


@look_alike("B09", "sold_after_unpacking")
def sold_after(scene: Scene, dice: Dice) -> None:
    boxes, shop, arrived = _two_shops(scene, dice)
    at = (int(arrived // DAY) + 1) * DAY + dice.between(9, 12) * HOUR
    event = scene.clerk.unpack(shop, boxes[0].code, boxes[0].ware, boxes[0].batch, at, boxes[0].units[:4])
    codes = boxes[0].units[:3]
    sale = scene.clerk.bill(retail_type(shop), shop, boxes[0].ware, boxes[0].batch, codes, 3, at + 2 * HOUR, giver=shop)
    scene.tape.tell("B09", "sold_after_unpacking", ("code", boxes[0].code), [event, sale], look_alike=True)
