"""Parties and batches that may not trade (B10, B11, B12)."""

from __future__ import annotations

import msgspec

from infra.events.business import Bill, BusinessSystem, Measure, Recall, Register, Role
from yaodun.simulation.almanac import DAY, HOUR
from yaodun.simulation.dice import Dice
from yaodun.simulation.geography import provinces, town
from yaodun.simulation.ledgering import office_hour
from yaodun.simulation.stories.told import Scene, anomaly, look_alike
from yaodun.simulation.supply import Box, Trip
from yaodun.simulation.world import ALL_CLASSES, Actor

NARROW = ("chemical", "tcm")


def _shop(
    scene: Scene, dice: Dice, dealer: Actor, scope: tuple[str, ...], valid: tuple[int, int] = (-900, 900)
) -> Actor:
    """A pharmacy near ``dealer`` with this licence; the lane between them has been filed."""
    land = next(land for land in provinces() if land.code == dealer.province)
    shop = scene.world.settle(Role.PHARMACY, land, scope, place=town(land, dice), valid=valid)
    shop.reserved = True
    scene.filed(dealer, shop, 2 * HOUR)
    return shop


def _buys(scene: Scene, dice: Dice, boxes: list[Box], shop: Actor, first: float) -> list[Trip]:
    """One box after another, a day or two apart, from ``first`` on."""
    trips, at = [], first
    for box in boxes:
        at = office_hour(scene.world, dice, int(at // DAY) + 1)
        trips.append(scene.supply.send([box], shop, at))
    return trips


def _bills(trips: list[Trip]) -> list[Bill]:
    return [bill for trip in trips for bill in trip.taken_in]


@anomaly("B10", "outside_the_scope")
def outside_scope(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, dice.whole(3, 6), kind=dice.choose(("biological", "vaccine")))
    shop = _shop(scene, dice, boxes[0].holder, NARROW)
    trips = _buys(scene, dice, boxes, shop, boxes[0].since)
    scene.tape.tell("B10", "outside_the_scope", ("party", shop.id), _bills(trips), also=("B14", "B16"))


@look_alike("B10", "widened_in_the_province")
def widened(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, dice.whole(3, 6), kind="biological")
    shop = _shop(scene, dice, boxes[0].holder, NARROW)
    at = max(HOUR * 12, boxes[0].since - dice.between(1, 5) * DAY)
    shop.scope = ALL_CLASSES
    synced = at + dice.between(4, 25) * DAY
    _provincial(scene, shop, at, synced, (-900, 900))
    trips = _buys(scene, dice, boxes, shop, boxes[0].since)
    scene.tape.tell("B10", "widened_in_the_province", ("party", shop.id), _bills(trips), look_alike=True)


def _provincial(scene: Scene, shop: Actor, at: float, synced: float, valid: tuple[int, int]) -> None:
    """The province knows at once; the centre's register follows, if the world lasts so long."""
    world = scene.world
    known = scene.almanac.moment(synced) if synced < scene.almanac.end else None
    scene.tape.add(world.licence_event(shop, at, at + 2 * HOUR, valid, register=Register.PROVINCE, synced=None))
    if known:
        event = world.licence_event(shop, at, synced, valid, register=Register.CENTRE)
        scene.tape.add(msgspec.structs.replace(event, synced=known))


@anomaly("B11", "expired")
def expired(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, dice.whole(3, 6))
    last = int(boxes[0].since // DAY) - 1
    shop = _shop(scene, dice, boxes[0].holder, ALL_CLASSES, (-1000, last - dice.whole(0, 2)))
    _trades(scene, dice, boxes, shop, boxes[0].since, "expired")


@anomaly("B11", "suspended")
def suspended(scene: Scene, dice: Dice) -> None:
    _stopped(scene, dice, "suspended")


@anomaly("B11", "revoked")
def revoked(scene: Scene, dice: Dice) -> None:
    _stopped(scene, dice, "revoked")


def _stopped(scene: Scene, dice: Dice, status: str) -> None:
    boxes = scene.goods(dice, dice.whole(3, 6))
    shop = _shop(scene, dice, boxes[0].holder, ALL_CLASSES)
    at = max(12 * HOUR, boxes[0].since - dice.between(1, 4) * DAY)
    scene.tape.add(scene.world.licence_event(shop, at, at + HOUR, (-900, 900), status=status))
    _trades(scene, dice, boxes, shop, boxes[0].since, status)


def _trades(scene: Scene, dice: Dice, boxes: list[Box], shop: Actor, first: float, kind: str) -> None:
    bills = _bills(_buys(scene, dice, boxes, shop, first))
    lasts = scene.knobs.draw("licence.days", dice)
    sales = [bill for box in boxes[:2] for bill in scene.supply.sell_out(box, lasts, until=first + (lasts + 8) * DAY)]
    knob = {"licence.days": lasts}
    scene.tape.tell("B11", kind, ("party", shop.id), [*bills, *sales], knob=knob, also=("B14",))


@look_alike("B11", "renewed_in_the_province")
def renewed(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, dice.whole(3, 5))
    last = int(boxes[0].since // DAY) - 1
    shop = _shop(scene, dice, boxes[0].holder, ALL_CLASSES, (-1000, last))
    at = max(12 * HOUR, (last - dice.whole(2, 12)) * DAY + 10 * HOUR)
    _provincial(scene, shop, at, boxes[0].since + dice.between(5, 30) * DAY, (-1000, 900))
    bills = _bills(_buys(scene, dice, boxes, shop, boxes[0].since))
    scene.tape.tell("B11", "renewed_in_the_province", ("party", shop.id), bills, look_alike=True)


@look_alike("B11", "suspended_afterwards")
def suspended_afterwards(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, dice.whole(2, 4))
    shop = _shop(scene, dice, boxes[0].holder, ALL_CLASSES)
    shop.habit = "next_day"
    trips = _buys(scene, dice, boxes, shop, boxes[0].since)
    at = trips[-1].arrived + dice.between(0.5, 4) * HOUR
    scene.tape.add(scene.world.licence_event(shop, at, at + 600, (-900, 900), status="suspended"))
    scene.tape.tell("B11", "suspended_afterwards", ("party", shop.id), _bills(trips), look_alike=True)


@look_alike("B11", "returns_after_expiry")
def returns_after(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, 3, scene.day(dice, 0.05, 0.35))
    dealer = boxes[0].holder
    last = int(boxes[0].since // DAY) + 8
    shop = _shop(scene, dice, dealer, ALL_CLASSES, (-1000, last))
    scene.supply.send(boxes, shop, office_hour(scene.world, dice, int(boxes[0].since // DAY) + 1),
                      arrives=last * DAY - dice.between(20, 60) * HOUR)  # fmt: skip
    at = office_hour(scene.world, dice, last + dice.whole(2, 6))
    back = scene.supply.send(boxes, dealer, at, kinds=("202", "103"))
    scene.tape.tell("B11", "returns_after_expiry", ("party", shop.id), [back.given_out], look_alike=True)


def _batch(box: Box) -> tuple[str, str]:
    return "batch", f"{box.ware.id}/{box.batch}"


def _onward(scene: Scene, dice: Dice, boxes: list[Box], day: int) -> list[Bill]:
    """Sold on to shops on the days from ``day`` on; the outbound and inbound bills."""
    bills = []
    for number, box in enumerate(boxes):
        at = office_hour(scene.world, dice, day + number)
        trip = scene.supply.send([box], scene.shop(dice, box.holder), at)
        bills += [trip.given_out, *trip.taken_in]
    return bills


@anomaly("B12", "expired_batch")
def expired_batch(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, dice.whole(2, 4), scene.day(dice, 0.03, 0.3), life=dice.whole(20, 30))
    last = int(boxes[0].since // DAY) + 32
    bills = _onward(scene, dice, boxes, last)
    scene.tape.tell("B12", "expired_batch", _batch(boxes[0]), bills)


def _recall(scene: Scene, box: Box, at: float, *, withdrawn: bool = False, notice: str = "") -> str:
    number = notice or f"ZH{scene.world.number('recall'):05d}"
    scene.tape.add(
        Recall(
            id=scene.tape.name("r"), system=BusinessSystem.TRACE, time=scene.almanac.moment(at), simulated=True,
            recorded=scene.almanac.moment(at + 600), notice=number, product=box.ware.id, batches=(box.batch,),
            effective=scene.almanac.moment(at), party=box.ware.holder.id, withdrawn=withdrawn,
        )
    )  # fmt: skip
    return number


@anomaly("B12", "recalled_batch")
def recalled_batch(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, dice.whole(2, 5))
    at = boxes[0].since + dice.between(3, 30) * HOUR
    _recall(scene, boxes[0], at)
    bills = _onward(scene, dice, boxes, int(at // DAY) + 3)
    scene.tape.tell("B12", "recalled_batch", _batch(boxes[0]), bills)


@anomaly("B12", "before_release")
def before_release(scene: Scene, dice: Dice) -> None:
    start = scene.day(dice)
    released = (start + dice.whole(45, 60)) * DAY + 0.0
    ware = scene.ware(dice, "vaccine")
    boxes = scene.supply.stock_up(ware, scene.dealer(dice, ware), dice.whole(2, 4), start, released=released)
    clinic = scene.shop(dice, boxes[0].holder, Role.VACCINATION)
    trips = _buys(scene, dice, boxes, clinic, boxes[0].since)
    events = [bill for trip in trips for bill in (trip.given_out, *trip.taken_in)]
    scene.tape.tell("B12", "before_release", _batch(boxes[0]), events)


@look_alike("B12", "recalled_and_sent_back")
def sent_back(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, 3)
    at = boxes[0].since + dice.between(3, 30) * HOUR
    _recall(scene, boxes[0], at)
    leaves = office_hour(scene.world, dice, int(at // DAY) + dice.whole(2, 5))
    trip = scene.supply.send(boxes, boxes[0].ware.holder, leaves, kinds=("211", "108"))
    holder, box = boxes[0].ware.holder, boxes[0]
    gone = scene.clerk.bill(
        "205", holder, box.ware, box.batch, [each.code for each in boxes], 3,
        office_hour(scene.world, dice, int(trip.arrived // DAY) + 2), giver=holder, measure=Measure.BOX,
    )  # fmt: skip
    events = [trip.given_out, *trip.taken_in, gone]
    scene.tape.tell("B12", "recalled_and_sent_back", _batch(box), events, look_alike=True)


@look_alike("B12", "recall_lifted")
def recall_lifted(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, 3)
    at = boxes[0].since + dice.between(3, 30) * HOUR
    number = _recall(scene, boxes[0], at)
    lifted = at + dice.between(3, 8) * DAY
    _recall(scene, boxes[0], lifted, withdrawn=True, notice=number)
    bills = _onward(scene, dice, boxes, int(lifted // DAY) + 2)
    scene.tape.tell("B12", "recall_lifted", _batch(boxes[0]), bills, look_alike=True)


@look_alike("B12", "expired_and_destroyed")
def expired_destroyed(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, 2, scene.day(dice, 0.03, 0.3), life=dice.whole(20, 30))
    dealer, box = boxes[0].holder, boxes[0]
    at = office_hour(scene.world, dice, int(box.since // DAY) + 33)
    gone = scene.clerk.bill(
        "205", dealer, box.ware, box.batch, [each.code for each in boxes], 2, at, giver=dealer, measure=Measure.BOX,
        reason="expired",
    )  # fmt: skip
    scene.tape.tell("B12", "expired_and_destroyed", _batch(box), [gone], look_alike=True)
