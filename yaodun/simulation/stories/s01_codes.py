"""Codes that cannot be, were never born, or were born twice (B01, B02, T01)."""

from __future__ import annotations

import msgspec

from infra.events.business import Bill, BusinessSystem, Product, Role, Scheme
from yaodun.simulation.almanac import DAY, HOUR
from yaodun.simulation.dice import Dice
from yaodun.simulation.ledgering import office_hour, retail_type
from yaodun.simulation.stories.told import Scene, anomaly, look_alike
from yaodun.simulation.supply import Box
from yaodun.simulation.world import Actor, Ware

ALSO_B01 = ("B02", "B03", "B07", "B08", "B19", "T05")
ALSO_B02 = ("B01", "B03", "B07", "B08", "B19", "T05")


def _shelf(scene: Scene, dice: Dice, scheme: str | None = None) -> tuple[Box, Actor]:
    """A box that honestly came to a shop and is being sold there."""
    ware = scene.ware(dice, scheme=scheme)
    boxes = scene.supply.stock_up(ware, scene.dealer(dice, ware), 2, scene.day(dice, ends=0.6))
    shop = scene.shop(dice, boxes[0].holder)
    scene.supply.send(boxes[:1], shop, office_hour(scene.world, dice, int(boxes[0].since // DAY) + 1))
    scene.supply.sell_out(boxes[0])
    return boxes[0], shop


def _sell(scene: Scene, dice: Dice, box: Box, shop: Actor, codes: list[str]) -> Bill:
    at = (int(box.since // DAY) + 2 + dice.whole(0, 5)) * DAY + dice.between(9, 19) * HOUR
    return scene.clerk.bill(retail_type(shop), shop, box.ware, box.batch, codes, len(codes), at, giver=shop)


def _key(bill: Bill) -> tuple[str, str]:
    return "bill", f"{bill.party}/{bill.bill}"


def _wrong(scene: Scene, dice: Dice, kind: str, scheme: str) -> None:
    box, shop = _shelf(scene, dice, scheme)
    count = scene.knobs.whole("trace.codes", dice)
    bill = _sell(scene, dice, box, shop, _bad(scene, dice, kind, box, count))
    scene.tape.tell("B01", kind, _key(bill), [bill], also=ALSO_B01, knob={"trace.codes": count})


def _bad(scene: Scene, dice: Dice, kind: str, box: Box, count: int) -> list[str]:
    good = [dice.choose(box.units) for _ in range(count)]
    if kind == "wrong_length":
        return [code[:-1] if dice.happens(0.5) else code + str(dice.whole(0, 9)) for code in good]
    if kind == "unknown_prefix":
        head = f"81{dice.whole(900_00, 999_99)}"
        return [head + code[7:] for code in good]
    if kind == "gtin_check":
        return [code[:17] + str((int(code[17]) + dice.whole(1, 9)) % 10) + code[18:] for code in good]
    other = dice.choose(
        [ware for ware in scene.world.wares if ware.mint.scheme is Scheme.TRACE20 and ware is not box.ware]
    )
    return [other.mint.prefixes[0] + code[7:] for code in good]


@anomaly("B01", "wrong_length")
def wrong_length(scene: Scene, dice: Dice) -> None:
    _wrong(scene, dice, "wrong_length", "trace20")


@anomaly("B01", "unknown_prefix")
def unknown_prefix(scene: Scene, dice: Dice) -> None:
    _wrong(scene, dice, "unknown_prefix", "trace20")


@anomaly("B01", "gtin_check")
def gtin_check(scene: Scene, dice: Dice) -> None:
    _wrong(scene, dice, "gtin_check", "gs1")


@anomaly("B01", "foreign_product")
def foreign_product(scene: Scene, dice: Dice) -> None:
    _wrong(scene, dice, "foreign_product", "trace20")


@look_alike("B01", "gs1_codes")
def gs1_codes(scene: Scene, dice: Dice) -> None:
    box, shop = _shelf(scene, dice, "gs1")
    _honest(scene, dice, "gs1_codes", box, shop)


@look_alike("B01", "own_codes")
def own_codes(scene: Scene, dice: Dice) -> None:
    box, shop = _shelf(scene, dice, "own")
    _honest(scene, dice, "own_codes", box, shop)


def _honest(scene: Scene, dice: Dice, kind: str, box: Box, shop: Actor) -> None:
    extra = scene.supply.stock_up(box.ware, scene.dealer(dice, box.ware), 1, scene.day(dice, 0.1, 0.4))[0]
    at = office_hour(scene.world, dice, int(extra.since // DAY) + 2)
    supplier = shop.suppliers[0]
    if extra.holder is not supplier:
        scene.filed(extra.holder, shop, at - DAY)
    scene.supply.send([extra], shop, at)
    start = extra.since + HOUR
    scene.clerk.unpack(shop, extra.code, extra.ware, extra.batch, start)
    units = extra.units[:4]
    bill = scene.clerk.bill(
        retail_type(shop), shop, extra.ware, extra.batch, units, len(units), start + HOUR, giver=shop
    )
    scene.tape.tell("B01", kind, _key(bill), [bill], look_alike=True)


@look_alike("B01", "new_prefix_announced")
def new_prefix(scene: Scene, dice: Dice) -> None:
    world, old = scene.world, scene.ware(dice, scheme="trace20")
    at = scene.day(dice) * DAY + 9 * HOUR
    number = world.number("product") + 500
    extra = tuple(f"8{level}{10_000 + number * 37:05d}" for level in (1, 2, 3))
    moment = scene.almanac.moment(at)
    event = Product(
        id=scene.tape.name("m"), system=BusinessSystem.DOSSIER, time=moment, recorded=moment, simulated=True,
        product=old.id, name=f"示例品种{old.id}", product_class=old.kind, holder=old.holder.id, scheme=Scheme.TRACE20,
        prefixes=(*old.mint.prefixes, *extra), each_per_box=old.each_per_box, box_per_case=old.box_per_case,
        temperature_min=2.0 if old.cold else None, temperature_max=8.0 if old.cold else None,
    )  # fmt: skip
    scene.tape.add(event)
    kept = old.mint.prefixes
    old.mint.prefixes = extra
    try:
        boxes = scene.supply.stock_up(old, scene.dealer(dice, old), 3, int(at // DAY) + 1)
    finally:
        old.mint.prefixes = kept
    trip = scene.supply.send(
        boxes[:2], scene.shop(dice, boxes[0].holder), office_hour(world, dice, int(boxes[0].since // DAY) + 1)
    )
    scene.tape.tell("B01", "new_prefix_announced", _key(trip.given_out), [event, trip.given_out], look_alike=True)


@anomaly("B02", "never_made")
def never_made(scene: Scene, dice: Dice) -> None:
    box, shop = _shelf(scene, dice, "trace20")
    count = scene.knobs.whole("trace.codes", dice)
    start = dice.whole(700_000_000, 900_000_000)
    codes = [
        f"{box.ware.mint.prefixes[0]}{start + dice.whole(0, 90_000_000):09d}{dice.whole(0, 9999):04d}"
        for _ in range(count)
    ]
    bill = _sell(scene, dice, box, shop, codes)
    scene.tape.tell("B02", "never_made", _key(bill), [bill], also=ALSO_B02, knob={"trace.codes": count})


@look_alike("B02", "late_production_upload")
def late_upload(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, 3, late=dice.between(3, 9) * DAY)
    shop = scene.shop(dice, boxes[0].holder)
    trip = scene.supply.send(boxes, shop, office_hour(scene.world, dice, int(boxes[0].since // DAY) + 1))
    scene.tape.tell("B02", "late_production_upload", _key(trip.given_out), [trip.given_out], look_alike=True)


@look_alike("B02", "holder_elsewhere")
def holder_elsewhere(scene: Scene, dice: Dice) -> None:
    holder = scene.newcomer(dice, Role.HOLDER, platform="other-1")
    ware = scene.world.launch(holder, "chemical", Scheme.TRACE20, sizes=(20, 5))
    taker = scene.distributor(dice)
    bill = _enters(scene, dice, ware_boxes(scene, ware, 4), taker, "102", holder)
    scene.tape.tell("B02", "holder_elsewhere", _key(bill), [bill], look_alike=True)


@look_alike("B02", "import")
def imported(scene: Scene, dice: Dice) -> None:
    holder = scene.newcomer(dice, Role.HOLDER)
    ware = scene.world.launch(holder, "chemical", Scheme.TRACE20, sizes=(20, 5))
    bill = _enters(scene, dice, ware_boxes(scene, ware, 4), scene.distributor(dice), "113", None)
    scene.tape.tell("B02", "import", _key(bill), [bill], look_alike=True)


def ware_boxes(scene: Scene, ware: Ware, count: int) -> list[Box]:
    """Boxes that come from outside: nothing about their making is reported."""
    name = scene.supply.batch_name(DAY)
    scene.world.batch(ware, name, DAY, None)
    return [
        Box(code, ware.mint.codes(1, ware.each_per_box), ware, name, ware.holder, 0.0)
        for code in ware.mint.codes(2, count)
    ]


def _enters(scene: Scene, dice: Dice, boxes: list[Box], taker: Actor, kind: str, giver: Actor | None) -> Bill:
    at = office_hour(scene.world, dice, scene.day(dice))
    codes, first = [box.code for box in boxes], boxes[0]
    if kind == "113":
        codes = codes + [code for box in boxes for code in box.units]
    scene.clerk.bill(kind, taker, first.ware, first.batch, codes, len(boxes) * first.ware.each_per_box, at,
                     taker=taker, giver=giver)  # fmt: skip
    for box in boxes:
        scene.clerk.pack(taker, box.code, box.units, box.ware, box.batch, at + 60)
        box.holder, box.since = taker, at + 120
    shop = scene.shop(dice, taker)
    return scene.supply.send(boxes[:2], shop, office_hour(scene.world, dice, int(at // DAY) + 1)).given_out


@anomaly("T01", "born_twice")
def born_twice(scene: Scene, dice: Dice) -> None:
    boxes = scene.goods(dice, 3)
    holder, units = boxes[0].ware.holder, boxes[0].units
    count = min(len(units), scene.knobs.whole("trace.codes", dice))
    at = office_hour(scene.world, dice, int(boxes[0].since // DAY) + dice.whole(2, 15))
    bill = scene.clerk.bill("101", holder, boxes[0].ware, boxes[0].batch, units[:count], count, at, taker=holder)
    also = ("B02", "B03", "B04", "B08", "B09", "T05")
    scene.tape.tell("T01", "born_twice", _key(bill), [bill], also=also, knob={"trace.codes": count})


@look_alike("T01", "production_bill_retried")
def retried(scene: Scene, dice: Dice) -> None:
    ware = scene.ware(dice)
    at = office_hour(scene.world, dice, scene.day(dice))
    cases = scene.supply.produce(ware, 4, at)
    first = cases[0].boxes[0]
    again = next(
        event
        for event in reversed(scene.tape.events_of(Bill))
        if event.bill_type == "101" and first.code in event.codes
    )
    retry = msgspec.structs.replace(
        again, id=scene.tape.name("t"), attempt=2,
        recorded=scene.almanac.moment(scene.tape.seconds(again.recorded.timestamp()) + dice.between(1, 40) * HOUR),
    )  # fmt: skip
    scene.tape.add(retry)
    scene.tape.tell("T01", "production_bill_retried", _key(retry), [again, retry], look_alike=True)
