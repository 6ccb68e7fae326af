"""How parties upload: late, too regularly, in bursts, not at all, by a wrong clock (B18, B19, B29, T12, T14)."""

from __future__ import annotations

import msgspec

from infra.events.business import Bill, Measure, NoticeType, Party, Role
from yaodun.simulation.almanac import DAY, HOUR
from yaodun.simulation.dice import Dice
from yaodun.simulation.geography import provinces, town
from yaodun.simulation.ledgering import office_hour
from yaodun.simulation.stories.told import Scene, anomaly, look_alike
from yaodun.simulation.supply import Box
from yaodun.simulation.world import ALL_CLASSES, Actor, Ware


def busy_shop(scene: Scene, dice: Dice, units: float, day: int = 2, habit: str = "live") -> tuple[Actor, list[Box]]:
    """A pharmacy of its own with a stock of about ``units``, ready to be sold."""
    ware = scene.ware(dice)
    boxes = max(2, round(units / ware.each_per_box))
    goods = scene.supply.stock_up(ware, scene.dealer(dice, ware), boxes, day)
    dealer = goods[0].holder
    land = next(land for land in provinces() if land.code == dealer.province)
    shop = scene.world.settle(Role.PHARMACY, land, ALL_CLASSES, place=town(land, dice))
    shop.reserved, shop.habit = True, habit
    scene.filed(dealer, shop, 2 * HOUR)
    scene.supply.send(goods, shop, office_hour(scene.world, dice, int(goods[0].since // DAY) + 1))
    return shop, goods


def sell_daily(scene: Scene, dice: Dice, shop: Actor, boxes: list[Box], last: int, per_day: float = 2.5) -> list[Bill]:
    """Some units every day from the opening of each box on, until day ``last`` or the stock is gone."""
    bills: list[Bill] = []
    shelf: list[str] = []
    waiting = list(boxes)
    for day in range(int(boxes[0].since // DAY) + 1, min(last, scene.days - 1)):
        for _ in range(max(1, dice.count(per_day))):
            if len(shelf) < 4:
                if not waiting:
                    return bills
                box = waiting.pop()
                scene.clerk.unpack(shop, box.code, box.ware, box.batch, day * DAY + 7.5 * HOUR)
                shelf = dice.shuffled(box.units)
            codes = [shelf.pop() for _ in range(dice.choose((1, 1, 2, 3)))]
            at = day * DAY + dice.between(8, 20.9) * HOUR
            bills.append(scene.clerk.bill("321", shop, box.ware, box.batch, codes, len(codes), at, giver=shop))
    return bills


def _span(scene: Scene, bills: list[Bill]) -> list[Bill]:
    """The first and the last bill that the centre has at the end of the world."""
    end = scene.almanac.moment(scene.almanac.end)
    kept = [bill for bill in bills if bill.recorded < end]
    return kept[:1] + kept[-1:]


def _between(scene: Scene, bills: list[Bill], begins: float, ends: float) -> list[Bill]:
    low, high = scene.almanac.moment(begins), scene.almanac.moment(ends)
    return [bill for bill in bills if low <= bill.time < high]


def _backfill(scene: Scene, dice: Dice) -> tuple[Actor, list[Bill], float, float, float]:
    shop, boxes = busy_shop(scene, dice, 600)
    lasts = scene.knobs.draw("backfill.days", dice)
    begins = boxes[0].since + dice.between(8, 18) * DAY
    ends = min(begins + lasts * DAY, (scene.days - 8) * DAY)
    released = office_hour(scene.world, dice, int(ends // DAY) + 1)
    scene.clerk.hold(shop, begins, ends, released)
    bills = sell_daily(scene, dice, shop, boxes, scene.days)
    return shop, _between(scene, bills, begins, ends), begins, released, lasts


@anomaly("B18", "weeks_at_once")
def weeks_at_once(scene: Scene, dice: Dice) -> None:
    shop, bills, _, _, lasts = _backfill(scene, dice)
    knob = {"backfill.days": lasts}
    scene.tape.tell("B18", "weeks_at_once", ("party", shop.id), bills, knob=knob, also=("T12", "T14", "B06"))


@look_alike("B18", "after_an_outage")
def after_outage(scene: Scene, dice: Dice) -> None:
    shop, bills, begins, released, _ = _backfill(scene, dice)
    scene.world.notice(NoticeType.OUTAGE, begins, released + 6 * HOUR, "party", (shop.id,), announced=begins + DAY)
    scene.tape.tell("B18", "after_an_outage", ("party", shop.id), bills, look_alike=True)


@look_alike("B18", "after_the_weekend")
def after_weekend(scene: Scene, dice: Dice) -> None:
    shop, boxes = busy_shop(scene, dice, 600, habit="next_day")
    bills = sell_daily(scene, dice, shop, boxes, scene.days)
    scene.tape.tell("B18", "after_the_weekend", ("party", shop.id), _span(scene, bills), look_alike=True)


@anomaly("B19", "equal_gaps")
def equal_gaps(scene: Scene, dice: Dice) -> None:
    count = scene.knobs.whole("regular.bills", dice)
    shop, boxes = busy_shop(scene, dice, 800)
    step = dice.whole(3, 7)
    codes = sorted(code for box in boxes for code in box.units)
    chosen = codes[dice.whole(0, step) :: step][:count]
    start = boxes[0].since + DAY
    for box in boxes:
        scene.clerk.unpack(shop, box.code, box.ware, box.batch, start - HOUR)
    bills: list[Bill] = []
    for number, code in enumerate(chosen):
        at = (int(start // DAY) + 1 + number // 4) * DAY + (9 + number % 4 * 2.5 + dice.between(0, 2)) * HOUR
        bills.append(scene.clerk.bill("321", shop, boxes[0].ware, boxes[0].batch, [code], 1, at, giver=shop))
    knob = {"regular.bills": len(chosen)}
    kept = [bill for bill in bills if bill.recorded < scene.almanac.moment(scene.almanac.end)]
    scene.tape.tell("B19", "equal_gaps", ("party", shop.id), kept, knob=knob, also=("B16", "T14"))


@anomaly("B19", "made_up_quantities")
def made_up(scene: Scene, dice: Dice) -> None:
    count = scene.knobs.whole("regular.bills", dice)
    shop, batch, ware = _uncoded_shop(scene, dice)
    bills = [
        scene.clerk.bill("321", shop, ware, batch, (), 50 * dice.whole(10, 19), _day(scene, dice, number, count),
                         giver=shop)
        for number in range(count)
    ]  # fmt: skip
    knob = {"regular.bills": count}
    scene.tape.tell(
        "B19", "made_up_quantities", ("party", shop.id), bills, knob=knob, also=("B08", "B16", "B07", "T14")
    )


@look_alike("B19", "natural_quantities")
def natural_quantities(scene: Scene, dice: Dice) -> None:
    shop, batch, ware = _uncoded_shop(scene, dice)
    bills = [
        scene.clerk.bill("321", shop, ware, batch, (), max(1, round(dice.spread(30, 1.3))),
                         _day(scene, dice, number, 120), giver=shop)
        for number in range(120)
    ]  # fmt: skip
    scene.tape.tell("B19", "natural_quantities", ("party", shop.id), bills, look_alike=True)


def _uncoded_shop(scene: Scene, dice: Dice) -> tuple[Actor, str, Ware]:
    ware = scene.ware(dice)
    shop = scene.newcomer(dice, Role.ONLINE)
    name = scene.supply.batch_name(DAY)
    scene.world.batch(ware, name, DAY, None)
    scene.filed(ware.holder, shop, 2 * HOUR)
    for day in range(2, scene.days - 6, 7):
        amount = round(5000 * dice.between(0.85, 1.15))
        scene.supply.ship(ware.holder, shop, ware, name, (), amount, Measure.EACH, office_hour(scene.world, dice, day))
    return shop, name, ware


def _day(scene: Scene, dice: Dice, number: int, count: int) -> float:
    day = 9 + number * max(1.0, scene.days - 14) / count
    return int(day) * DAY + dice.between(8.5, 20) * HOUR


@look_alike("B19", "whole_boxes_in_order")
def whole_boxes(scene: Scene, dice: Dice) -> None:
    shop, boxes = busy_shop(scene, dice, 200)
    bills = []
    for number, box in enumerate(boxes[:10]):
        at = box.since + (1 + number * 2) * DAY
        scene.clerk.unpack(shop, box.code, box.ware, box.batch, at)
        bills.append(
            scene.clerk.bill("321", shop, box.ware, box.batch, box.units, len(box.units), at + 900, giver=shop)
        )
    scene.tape.tell("B19", "whole_boxes_in_order", ("party", shop.id), bills, look_alike=True)


def _clock(scene: Scene, dice: Dice, hours: float, tz: str) -> tuple[Actor, list[Bill]]:
    shop, boxes = busy_shop(scene, dice, 600)
    bills = sell_daily(scene, dice, shop, boxes, scene.days)
    first = scene.almanac.moment(boxes[0].since + dice.between(6, 40) * DAY)
    wrong: list[Bill] = []
    for bill in bills:
        if bill.time < first:
            continue
        shifted = scene.almanac.moment(scene.tape.seconds(bill.time.timestamp()) + hours * HOUR)
        wrong.append(msgspec.structs.replace(bill, time=shifted, tz=tz))
    for bill in wrong:
        scene.tape.replace(bill)
    return shop, wrong


@anomaly("B29", "clock_ahead")
def clock_ahead(scene: Scene, dice: Dice) -> None:
    hours = max(1.0, scene.knobs.draw("clock.hours", dice))
    shop, wrong = _clock(scene, dice, hours, "+08:00")
    _tell_clock(scene, "clock_ahead", shop, wrong, hours)


@anomaly("B29", "wrong_zone")
def wrong_zone(scene: Scene, dice: Dice) -> None:
    hours = max(1, round(scene.knobs.draw("clock.hours", dice)))
    shop, wrong = _clock(scene, dice, hours, f"+{8 - min(hours, 8):02d}:00")
    _tell_clock(scene, "wrong_zone", shop, wrong, hours)


def _tell_clock(scene: Scene, kind: str, shop: Actor, wrong: list[Bill], hours: float) -> None:
    end = scene.almanac.moment(scene.almanac.end)
    kept = [bill for bill in wrong if bill.recorded < end]
    if kept:
        scene.tape.tell("B29", kind, ("party", shop.id), kept, knob={"clock.hours": hours}, also=("T12", "B04"))


@look_alike("B29", "seconds_of_skew")
def seconds_of_skew(scene: Scene, dice: Dice) -> None:
    shop, boxes = busy_shop(scene, dice, 600)
    bills = sell_daily(scene, dice, shop, boxes, scene.days)
    skewed = []
    for bill in bills:
        recorded = scene.tape.seconds(bill.time.timestamp()) + dice.between(-25, 120)
        skewed.append(msgspec.structs.replace(bill, recorded=scene.almanac.moment(recorded)))
    for bill in skewed:
        scene.tape.replace(bill)
    scene.tape.tell("B29", "seconds_of_skew", ("party", shop.id), _span(scene, skewed), look_alike=True)


@look_alike("B29", "long_delays")
def long_delays(scene: Scene, dice: Dice) -> None:
    shop, boxes = busy_shop(scene, dice, 600, habit="next_day")
    bills = sell_daily(scene, dice, shop, boxes, scene.days)
    scene.tape.tell("B29", "long_delays", ("party", shop.id), _span(scene, bills), look_alike=True)


@anomaly("T12", "identical_seconds")
def identical_seconds(scene: Scene, dice: Dice) -> None:
    shop, boxes = busy_shop(scene, dice, 200)
    start = int(boxes[0].since // DAY) + 2
    bills: list[Bill] = []
    for box in boxes[:6]:
        day = start + dice.whole(0, 25)
        at = day * DAY + dice.between(9, 20) * HOUR
        scene.clerk.unpack(shop, box.code, box.ware, box.batch, at - 600)
        order = dice.shuffled(box.units)
        recorded = at + dice.between(5, 40)
        bills += [
            scene.clerk.bill("321", shop, box.ware, box.batch, [code], 1, at, giver=shop, recorded=recorded)
            for code in order[:20]
        ]
    scene.tape.tell("T12", "identical_seconds", ("party", shop.id), bills, also=("B19", "B18", "T14"))


@anomaly("T12", "all_at_month_end")
def month_end(scene: Scene, dice: Dice) -> None:
    shop, boxes = busy_shop(scene, dice, 500)
    bills: list[Bill] = []
    day = int(boxes[0].since // DAY) + 1
    while boxes and day < scene.days - 2:
        if scene.almanac.day_text(day + 1)[8:] == "01":
            for box in [boxes.pop() for _ in range(min(4, len(boxes)))]:
                at = day * DAY + dice.between(15, 17) * HOUR
                scene.clerk.unpack(shop, box.code, box.ware, box.batch, at - 3000)
                bills += [
                    scene.clerk.bill("321", shop, box.ware, box.batch, [code], 1, at + number * dice.between(20, 60),
                                     giver=shop)
                    for number, code in enumerate(dice.shuffled(box.units)[:18])
                ]  # fmt: skip
        day += 1
    if bills:
        scene.tape.tell("T12", "all_at_month_end", ("party", shop.id), bills, also=("B19", "B18", "T14"))


@look_alike("T12", "evening_upload")
def evening_upload(scene: Scene, dice: Dice) -> None:
    shop, boxes = busy_shop(scene, dice, 900, habit="evening")
    bills = sell_daily(scene, dice, shop, boxes, scene.days, 4)
    scene.tape.tell("T12", "evening_upload", ("party", shop.id), _span(scene, bills), look_alike=True)


def _falls_silent(scene: Scene, dice: Dice) -> tuple[Actor, list[Bill], float, float]:
    shop, boxes = busy_shop(scene, dice, 600)
    shop.stays = True
    lasts = scene.knobs.draw("silence.days", dice)
    begins = boxes[0].since + dice.between(15, 25) * DAY
    ends = begins + lasts * DAY
    scene.clerk.silence(shop, begins, ends)
    bills = sell_daily(scene, dice, shop, boxes, scene.days)
    said = [bill for bill in bills if not begins <= scene.tape.seconds(bill.time.timestamp()) < ends]
    return shop, said, begins, lasts


@anomaly("T14", "silent_with_stock")
def silent(scene: Scene, dice: Dice) -> None:
    shop, said, begins, lasts = _falls_silent(scene, dice)
    before = _between(scene, said, 0, begins)
    if before:
        scene.tape.tell("T14", "silent_with_stock", ("party", shop.id), before[-1:], knob={"silence.days": lasts})


@look_alike("T14", "outage_announced")
def outage_announced(scene: Scene, dice: Dice) -> None:
    shop, said, begins, lasts = _falls_silent(scene, dice)
    scene.world.notice(NoticeType.OUTAGE, begins - DAY, begins + (lasts + 1) * DAY, "party", (shop.id,))
    scene.tape.tell(
        "T14", "outage_announced", ("party", shop.id), _between(scene, said, 0, begins)[-1:], look_alike=True
    )


@look_alike("T14", "closed")
def closed(scene: Scene, dice: Dice) -> None:
    shop, boxes = busy_shop(scene, dice, 300)
    last = int(boxes[0].since // DAY) + dice.whole(15, 25)
    bills = sell_daily(scene, dice, shop, boxes, last)
    known = next(event for event in scene.tape.events_of(Party) if event.party == shop.id)
    at = scene.almanac.moment(last * DAY + 10 * HOUR)
    scene.tape.add(msgspec.structs.replace(known, id=scene.tape.name("p"), time=at, recorded=at, closed=True))
    scene.tape.tell("T14", "closed", ("party", shop.id), bills[-1:], look_alike=True)


@look_alike("T14", "uploads_weekly")
def uploads_weekly(scene: Scene, dice: Dice) -> None:
    shop, boxes = busy_shop(scene, dice, 300)
    bills: list[Bill] = []
    for number, box in enumerate(boxes):
        at = (int(box.since // DAY) + 1 + number * 12 + dice.whole(0, 3)) * DAY + 15 * HOUR
        scene.clerk.unpack(shop, box.code, box.ware, box.batch, at - 900)
        bills.append(scene.clerk.bill("321", shop, box.ware, box.batch, box.units[:9], 9, at, giver=shop))
    scene.tape.tell("T14", "uploads_weekly", ("party", shop.id), bills, look_alike=True)
