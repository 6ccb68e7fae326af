"""Queries that tell of copies and guessing (B20, T13)."""

from __future__ import annotations

from infra.events.business import Scan
from yaodun.simulation.almanac import DAY, HOUR
from yaodun.simulation.dice import Dice
from yaodun.simulation.public import scan, somewhere
from yaodun.simulation.stories.s07_uploads import busy_shop
from yaodun.simulation.stories.told import Scene, anomaly, look_alike


def _requester(dice: Dice, kind: str = "dev") -> str:
    return f"{kind}-{dice.whole(0, 2**31):08x}"


@anomaly("B20", "copied_code_asked_everywhere")
def asked_everywhere(scene: Scene, dice: Dice) -> None:
    _, boxes = busy_shop(scene, dice, 60)
    code, count = boxes[0].units[0], scene.knobs.whole("storm.queries", dice)
    start, lasts = boxes[0].since + dice.between(2, 20) * DAY, dice.between(3, 25) * DAY
    events = [
        scan(scene.world, dice, code, start + dice.between(0, 1) * lasts, _requester(dice), product=boxes[0].ware.id,
             place=somewhere(dice))
        for _ in range(count)
    ]  # fmt: skip
    kept = _kept(scene, events)
    scene.tape.tell("B20", "copied_code_asked_everywhere", ("code", code), kept, knob={"storm.queries": count})


def _kept(scene: Scene, events: list[Scan]) -> list[Scan]:
    end = scene.almanac.moment(scene.almanac.end)
    return [event for event in events if event.recorded < end]


@look_alike("B20", "popular_product")
def popular_product(scene: Scene, dice: Dice) -> None:
    _, boxes = busy_shop(scene, dice, 120)
    events = [
        scan(scene.world, dice, code, boxes[0].since + dice.between(1, 20) * DAY, _requester(dice),
             product=box.ware.id, place=somewhere(dice))
        for box in boxes for code in box.units for _ in range(dice.choose((1, 2, 2, 3)))
    ]  # fmt: skip
    scene.tape.tell("B20", "popular_product", ("code", boxes[0].units[0]), events[:3], look_alike=True)


@look_alike("B20", "inspector_repeats")
def inspector_repeats(scene: Scene, dice: Dice) -> None:
    shop, boxes = busy_shop(scene, dice, 60)
    _repeats(scene, dice, "inspector_repeats", boxes[0].units[0], boxes[0].since, "inspection", shop.place)


@look_alike("B20", "insurer_repeats")
def insurer_repeats(scene: Scene, dice: Dice) -> None:
    shop, boxes = busy_shop(scene, dice, 60)
    _repeats(scene, dice, "insurer_repeats", boxes[0].units[0], boxes[0].since, "insurer", shop.place)


def _repeats(scene: Scene, dice: Dice, kind: str, code: str, since: float, channel: str, place) -> None:  # type: ignore[no-untyped-def]
    who, start = _requester(dice, channel), since + dice.between(1, 20) * DAY
    events = [
        scan(scene.world, dice, code, start + number * dice.between(30, 3000), who, channel=channel, place=place)
        for number in range(dice.whole(20, 45))
    ]
    scene.tape.tell("B20", kind, ("code", code), events, look_alike=True)


@anomaly("T13", "never_issued")
def never_issued(scene: Scene, dice: Dice) -> None:
    ware, count = scene.ware(dice, scheme="trace20"), scene.knobs.whole("scan.guesses", dice)
    codes = [
        f"{ware.mint.prefixes[0]}{dice.whole(600_000_000, 900_000_000)}{dice.whole(0, 9999):04d}" for _ in range(count)
    ]
    _guesses(scene, dice, "never_issued", codes)


@anomaly("T13", "counting_through")
def counting_through(scene: Scene, dice: Dice) -> None:
    ware, count = scene.ware(dice, scheme="trace20"), scene.knobs.whole("scan.guesses", dice)
    first = dice.whole(600_000_000, 900_000_000)
    codes = [f"{ware.mint.prefixes[0]}{first + number}{dice.whole(0, 9999):04d}" for number in range(count)]
    _guesses(scene, dice, "counting_through", codes)


def _guesses(scene: Scene, dice: Dice, kind: str, codes: list[str]) -> None:
    who, at, place = _requester(dice, "bot"), scene.day(dice, 0.1, 0.8) * DAY + dice.between(0, 20) * HOUR, None
    events = []
    for code in codes:
        at += dice.between(1, 90)
        events.append(scan(scene.world, dice, code, at, who, channel="api", found=False, place=place))
    scene.tape.tell("T13", kind, ("user", who), events, knob={"scan.guesses": len(codes)})


@look_alike("T13", "mistyped")
def mistyped(scene: Scene, dice: Dice) -> None:
    shop, boxes = busy_shop(scene, dice, 40)
    code, who = boxes[0].units[0], _requester(dice)
    at = boxes[0].since + dice.between(1, 30) * DAY
    events = [
        scan(scene.world, dice, code[:-1] + digit, at + 20 * number, who, found=False, place=shop.place)
        for number, digit in enumerate("?xo"[: dice.whole(1, 3)])
    ]
    events.append(scan(scene.world, dice, code, at + 90, who, product=boxes[0].ware.id, place=shop.place))
    scene.tape.tell("T13", "mistyped", ("user", who), events, look_alike=True)


@look_alike("T13", "inspector_scans_a_shelf")
def inspector_shelf(scene: Scene, dice: Dice) -> None:
    shop, boxes = busy_shop(scene, dice, 90)
    who, at = _requester(dice, "inspector"), boxes[0].since + dice.between(1, 20) * DAY
    events = []
    for box in boxes:
        for code in [box.code, *box.units]:
            at += dice.between(2, 9)
            events.append(
                scan(scene.world, dice, code, at, who, channel="inspection", product=box.ware.id, place=shop.place)
            )
    scene.tape.tell("T13", "inspector_scans_a_shelf", ("user", who), events, look_alike=True)
