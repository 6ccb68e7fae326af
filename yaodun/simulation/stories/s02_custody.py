"""Broken chains of custody (B03 to B07, T02, T05)."""

from __future__ import annotations

import msgspec

from infra.events.business import Bill, BusinessSystem, Corrected, Correction, Measure, NoticeType, Role
from yaodun.simulation.almanac import DAY, HOUR
from yaodun.simulation.dice import Dice
from yaodun.simulation.geography import kilometres, provinces, town
from yaodun.simulation.ledgering import office_hour, retail_type
from yaodun.simulation.stories.s01_codes import ware_boxes
from yaodun.simulation.stories.told import Scene, anomaly, look_alike
from yaodun.simulation.supply import Box, Trip

CHAIN = ("B03", "B04", "B05", "B07", "B08", "B09", "B14", "T02", "T05")


def key(bill: Bill) -> tuple[str, str]:
    """The subject of a bill."""
    return "bill", f"{bill.party}/{bill.bill}"


def others(own: str) -> tuple[str, ...]:
    """The detectors that may rightly speak about a broken chain, without ``own``."""
    return tuple(detector for detector in CHAIN if detector != own)


def _days_after(scene: Scene, dice: Dice, at: float, least: float = 1) -> float:
    return office_hour(scene.world, dice, int(at // DAY + least + scene.knobs.draw("trace.gap_days", dice)))


def _in_shop(scene: Scene, dice: Dice, boxes: list[Box], role: Role = Role.PHARMACY) -> Trip:
    shop = scene.shop(dice, boxes[0].holder, role)
    return scene.supply.send(boxes, shop, office_hour(scene.world, dice, int(boxes[0].since // DAY) + 1))


def _units(box: Box, scene: Scene, dice: Dice) -> list[str]:
    return box.units[: scene.knobs.whole("trace.codes", dice)]


def _sold(scene: Scene, dice: Dice, box: Box, codes: list[str]) -> Bill:
    """A box opened and some of its units sold where it is."""
    at = box.since + dice.between(2, 60) * HOUR
    scene.clerk.unpack(box.holder, box.code, box.ware, box.batch, at)
    return scene.clerk.bill(
        retail_type(box.holder), box.holder, box.ware, box.batch, codes, len(codes), at + 600, giver=box.holder
    )


@anomaly("B03", "copied_box")
def copied_box(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, 3)
    genuine = _in_shop(scene, dice, boxes[:2])
    copy_at = scene.far(dice, boxes[0].holder, boxes[0].ware)
    pretended = copy_at.suppliers[0]
    at = _days_after(scene, dice, genuine.arrived)
    bill = scene.clerk.bill(
        "102", copy_at, boxes[0].ware, boxes[0].batch, [boxes[0].code], 1, at, giver=pretended, taker=copy_at,
        measure=Measure.BOX,
    )  # fmt: skip
    scene.tape.tell("B03", "copied_box", key(bill), [bill], also=others("B03"))


@anomaly("B03", "copied_units")
def copied_units(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, 3)
    genuine = _in_shop(scene, dice, boxes[:1])
    codes = _units(boxes[0], scene, dice)
    scene.clerk.unpack(boxes[0].holder, boxes[0].code, boxes[0].ware, boxes[0].batch, genuine.arrived + HOUR)
    copy_at = scene.far(dice, boxes[0].holder, boxes[0].ware)
    at = _days_after(scene, dice, genuine.arrived)
    bill = scene.clerk.bill(
        "102", copy_at, boxes[0].ware, boxes[0].batch, codes, len(codes), at, giver=copy_at.suppliers[0], taker=copy_at
    )
    scene.tape.tell("B03", "copied_units", key(bill), [bill], also=others("B03"), knob={"trace.codes": len(codes)})


@look_alike("B03", "bill_retried")
def bill_retried(scene: Scene, dice: Dice) -> None:
    trip = _in_shop(scene, dice, scene.goods(dice, 4))
    again = scene.clerk.retry(trip.taken_in[-1])
    scene.tape.tell("B03", "bill_retried", key(again), [trip.taken_in[-1], again], look_alike=True)


@look_alike("B03", "returned_and_sold_again")
def returned(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, 2, scene.day(dice, 0.05, 0.35))
    dealer = boxes[0].holder
    _in_shop(scene, dice, boxes)
    back = scene.supply.send(boxes, dealer, _soon(scene, dice, boxes[0].since), kinds=("202", "103"))
    shop = scene.shop(dice, dealer)
    again = scene.supply.send(boxes, shop, _soon(scene, dice, back.arrived))
    scene.tape.tell(
        "B03", "returned_and_sold_again", key(again.taken_in[0]), [back.given_out, again.taken_in[0]], look_alike=True
    )


def _soon(scene: Scene, dice: Dice, at: float) -> float:
    return office_hour(scene.world, dice, int(at // DAY) + dice.whole(1, 4))


@anomaly("B04", "too_fast")
def too_fast(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, 3)
    shop = scene.far(dice, boxes[0].holder, boxes[0].ware)
    speed = scene.knobs.draw("trace.speed", dice)
    at = office_hour(scene.world, dice, int(boxes[0].since // DAY) + 1)
    scene.filed(boxes[0].holder, shop, at - DAY)
    arrives = at + kilometres(boxes[0].holder.place, shop.place) / speed * HOUR
    trip = scene.supply.send(boxes, shop, at, arrives=arrives)
    scene.tape.tell(
        "B04", "too_fast", key(trip.taken_in[0]), [trip.given_out, *trip.taken_in], also=("B14", "B15", "B03"),
        knob={"trace.speed": speed},
    )  # fmt: skip


@look_alike("B04", "wrong_address")
def wrong_address(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, 3)
    dealer = boxes[0].holder
    land = dice.choose([land for land in provinces() if kilometres(town(land, dice), dealer.place) > 1200])
    shop = scene.world.settle(Role.PHARMACY, land, ("chemical", "tcm", "biological"), checked=False)
    shop.reserved = True
    at = office_hour(scene.world, dice, int(boxes[0].since // DAY) + 1)
    scene.filed(dealer, shop, at - DAY)
    trip = scene.supply.send(boxes, shop, at, arrives=at + dice.between(1.5, 7) * HOUR)
    scene.tape.tell(
        "B04", "wrong_address", key(trip.taken_in[0]), [trip.given_out, *trip.taken_in], look_alike=True, also=("B15",)
    )


@look_alike("B04", "air_freight")
def air_freight(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, 3)
    ware, dealer = boxes[0].ware, boxes[0].holder
    hubs = [hub for hub in scene.world.distributors if hub.province in ware.areas and hub is not dealer]
    hub = max(hubs, key=lambda other: kilometres(other.place, dealer.place))
    at = office_hour(scene.world, dice, int(boxes[0].since // DAY) + 1)
    scene.filed(dealer, hub, at - DAY)
    hours = kilometres(hub.place, dealer.place) / dice.between(450, 650) + 3
    trip = scene.supply.send(boxes, hub, at, arrives=at + hours * HOUR)
    scene.tape.tell("B04", "air_freight", key(trip.taken_in[0]), [trip.given_out, *trip.taken_in], look_alike=True)


@anomaly("B05", "reflow_after_dispensing")
def reflow(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, 2)
    _in_shop(scene, dice, boxes[:1], Role.HOSPITAL)
    codes = _units(boxes[0], scene, dice)
    sale = _sold(scene, dice, boxes[0], codes)
    buyer = scene.distributor(dice)
    at = _days_after(scene, dice, scene.tape.seconds(sale.time.timestamp()))
    bill = scene.clerk.bill(
        "102",
        buyer,
        boxes[0].ware,
        boxes[0].batch,
        codes,
        len(codes),
        at,
        giver=boxes[0].holder,
        taker=buyer,
    )
    scene.tape.tell(
        "B05", "reflow_after_dispensing", key(bill), [sale, bill], also=others("B05"), knob={"trace.codes": len(codes)}
    )


@look_alike("B05", "consumer_return")
def consumer_return(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, 2, scene.day(dice, 0.05, 0.4))
    dealer = boxes[0].holder
    _in_shop(scene, dice, boxes[:1])
    shop, codes = boxes[0].holder, boxes[0].units[:2]
    sale = _sold(scene, dice, boxes[0], codes)
    at = _soon(scene, dice, scene.tape.seconds(sale.time.timestamp()))
    back = scene.clerk.bill("116", shop, boxes[0].ware, boxes[0].batch, codes, 2, at, taker=shop, reason="consumer")
    trip = scene.supply.ship(
        shop, dealer, boxes[0].ware, boxes[0].batch, codes, 2, Measure.EACH, _soon(scene, dice, at),
        kinds=("202", "103"),
    )  # fmt: skip
    events = [sale, back, trip.given_out, *trip.taken_in]
    scene.tape.tell("B05", "consumer_return", key(trip.taken_in[0]), events, look_alike=True)


@anomaly("B06", "never_arrived")
def never_arrived(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, dice.whole(2, 5))
    shop = scene.shop(dice, boxes[0].holder)
    at = office_hour(scene.world, dice, int(boxes[0].since // DAY) + 1)
    bill = scene.clerk.bill(
        "201", boxes[0].holder, boxes[0].ware, boxes[0].batch, [box.code for box in boxes], len(boxes), at,
        giver=boxes[0].holder, taker=shop, measure=Measure.BOX,
    )  # fmt: skip
    scene.tape.tell("B06", "never_arrived", key(bill), [bill])


@look_alike("B06", "receiver_elsewhere")
def receiver_elsewhere(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, 3)
    outsider = dice.choose(scene.world.outsiders)
    at = office_hour(scene.world, dice, int(boxes[0].since // DAY) + 1)
    scene.filed(boxes[0].holder, outsider, at - DAY)
    trip = scene.supply.send(boxes, outsider, at)
    scene.tape.tell("B06", "receiver_elsewhere", key(trip.given_out), [trip.given_out], look_alike=True)


@look_alike("B06", "in_transit_at_the_end")
def in_transit(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, 3, scene.day(dice, 0.6, 0.7))
    at = scene.almanac.end - dice.between(6, 30) * HOUR
    shop = scene.shop(dice, boxes[0].holder)
    bill = scene.clerk.bill(
        "201", boxes[0].holder, boxes[0].ware, boxes[0].batch, [box.code for box in boxes], len(boxes), at,
        giver=boxes[0].holder, taker=shop, measure=Measure.BOX, recorded=at + 900,
    )  # fmt: skip
    scene.tape.tell("B06", "in_transit_at_the_end", key(bill), [bill], look_alike=True)


@look_alike("B06", "over_a_holiday")
def over_holiday(scene: Scene, dice: Dice) -> None:
    holiday = next((day for day in range(15, scene.days - 12) if scene.almanac.in_holiday(day)), None)
    last = (holiday or scene.day(dice)) - 1
    boxes = scene.goods(dice, 3, max(1, last - 10))
    at = max(last * DAY + dice.between(13, 17) * HOUR, boxes[0].since + HOUR)
    trip = scene.supply.send(boxes, scene.shop(dice, boxes[0].holder), at,
                             arrives=scene.almanac.work_day(int(at // DAY) + 9) * DAY + 10 * HOUR)  # fmt: skip
    scene.tape.tell("B06", "over_a_holiday", key(trip.given_out), [trip.given_out, *trip.taken_in], look_alike=True)


@anomaly("B07", "never_sent")
def never_sent(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, dice.whole(2, 5))
    shop = scene.shop(dice, boxes[0].holder)
    at = _soon(scene, dice, boxes[0].since + DAY)
    bill = scene.clerk.bill(
        "102", shop, boxes[0].ware, boxes[0].batch, [box.code for box in boxes], len(boxes), at,
        giver=boxes[0].holder, taker=shop, measure=Measure.BOX,
    )  # fmt: skip
    scene.tape.tell("B07", "never_sent", key(bill), [bill], also=("B03", "B08", "B04"))


@look_alike("B07", "sender_elsewhere")
def sender_elsewhere(scene: Scene, dice: Dice) -> None:
    outsider, ware = dice.choose(scene.world.outsiders), scene.ware(dice)
    holder = scene.newcomer(dice, Role.HOLDER, platform="other-1")
    ware = scene.world.launch(holder, "chemical", ware.mint.scheme, sizes=(20, 5))
    boxes, taker = ware_boxes(scene, ware, 3), scene.distributor(dice)
    at = office_hour(scene.world, dice, scene.day(dice))
    scene.filed(outsider, taker, at - DAY)
    bill = scene.clerk.bill(
        "102", taker, ware, boxes[0].batch, [box.code for box in boxes], len(boxes), at, giver=outsider, taker=taker,
        measure=Measure.BOX,
    )  # fmt: skip
    scene.tape.tell("B07", "sender_elsewhere", key(bill), [bill], look_alike=True)


@look_alike("B07", "sender_uploads_late")
def sender_late(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, 3)
    dealer, shop = boxes[0].holder, scene.shop(dice, boxes[0].holder)
    at = office_hour(scene.world, dice, int(boxes[0].since // DAY) + 1)
    trip = scene.supply.send(boxes, shop, at)
    late = msgspec.structs.replace(
        trip.given_out, recorded=scene.almanac.moment(trip.arrived + dice.between(2, 7) * DAY)
    )
    scene.tape.replace(late)
    scene.tape.tell("B07", "sender_uploads_late", key(trip.taken_in[0]), [late, *trip.taken_in], look_alike=True)
    assert dealer.id == late.party


@anomaly("T02", "sold_twice")
def sold_twice(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, 2)
    _in_shop(scene, dice, boxes[:1])
    code = boxes[0].units[0]
    first = _sold(scene, dice, boxes[0], [code])
    elsewhere = scene.far(dice, boxes[0].holder)
    at = _days_after(scene, dice, scene.tape.seconds(first.time.timestamp()), 2)
    second = scene.clerk.bill(
        retail_type(elsewhere), elsewhere, boxes[0].ware, boxes[0].batch, [code], 1, at, giver=elsewhere
    )
    scene.tape.tell("T02", "sold_twice", ("code", code), [first, second], also=(*others("T02"), "B15"))


@look_alike("T02", "sold_returned_sold")
def sold_returned_sold(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, 2)
    _in_shop(scene, dice, boxes[:1])
    shop, code = boxes[0].holder, boxes[0].units[0]
    first = _sold(scene, dice, boxes[0], [code])
    at = _soon(scene, dice, scene.tape.seconds(first.time.timestamp()))
    ware, batch = boxes[0].ware, boxes[0].batch
    back = scene.clerk.bill("116", shop, ware, batch, [code], 1, at, taker=shop, reason="consumer")
    again = scene.clerk.bill(retail_type(shop), shop, ware, batch, [code], 1, at + 5 * HOUR, giver=shop)
    scene.tape.tell("T02", "sold_returned_sold", ("code", code), [first, back, again], look_alike=True)


@anomaly("T05", "moves_after_its_end")
def after_its_end(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, 3)
    dealer, codes = boxes[0].holder, [box.code for box in boxes]
    at = office_hour(scene.world, dice, int(boxes[0].since // DAY) + 1)
    kind = dice.choose(("205", "216", "215", "206"))
    end = scene.clerk.bill(
        kind, dealer, boxes[0].ware, boxes[0].batch, codes, len(boxes), at, giver=dealer, measure=Measure.BOX
    )
    trip = scene.supply.send(boxes, scene.shop(dice, dealer), _days_after(scene, dice, at))
    scene.tape.tell(
        "T05", "moves_after_its_end", key(trip.given_out), [end, trip.given_out, *trip.taken_in], also=others("T05")
    )


@look_alike("T05", "shortage_then_surplus")
def shortage_surplus(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, 2)
    dealer, codes, ware, batch = boxes[0].holder, [box.code for box in boxes], boxes[0].ware, boxes[0].batch
    at = office_hour(scene.world, dice, int(boxes[0].since // DAY) + 1)
    scene.world.notice(NoticeType.STOCKTAKE, at - HOUR, at + 12 * DAY, "party", (dealer.id,))
    lost = scene.clerk.bill("214", dealer, ware, batch, codes, 2, at, giver=dealer, measure=Measure.BOX)
    found = scene.clerk.bill(
        "111", dealer, ware, batch, codes, 2, _soon(scene, dice, at), taker=dealer, measure=Measure.BOX
    )
    start = scene.tape.seconds(found.time.timestamp())
    trip = scene.supply.send(boxes, scene.shop(dice, dealer), _soon(scene, dice, start))
    events = [lost, found, trip.given_out]
    scene.tape.tell("T05", "shortage_then_surplus", key(trip.given_out), events, look_alike=True)


@look_alike("T05", "destruction_corrected")
def corrected(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, 2)
    dealer, codes, ware, batch = boxes[0].holder, [box.code for box in boxes], boxes[0].ware, boxes[0].batch
    at = office_hour(scene.world, dice, int(boxes[0].since // DAY) + 1)
    wrong = scene.clerk.bill(
        "205", dealer, ware, batch, codes, 2, at, giver=dealer, measure=Measure.BOX, recorded=at + 1800
    )
    when = scene.almanac.moment(scene.tape.seconds(wrong.recorded.timestamp()) + 3 * HOUR)
    undo = Correction(
        id=scene.tape.name("z"), system=BusinessSystem.TRACE, time=when, recorded=when, simulated=True,
        wrong=(Corrected(event=wrong.id, reason="incorrect_data"),), party=dealer.id,
    )  # fmt: skip
    scene.tape.add(undo)
    trip = scene.supply.send(boxes, scene.shop(dice, dealer), _soon(scene, dice, at + DAY))
    scene.tape.tell("T05", "destruction_corrected", key(trip.given_out), [wrong, undo, trip.given_out], look_alike=True)
