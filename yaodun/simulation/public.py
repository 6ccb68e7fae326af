"""The public asks about codes: consumers, insurers, inspectors."""

from __future__ import annotations

from collections.abc import Sequence

from infra.events.business import BusinessSystem, Place, Scan
from yaodun.simulation.almanac import DAY, HOUR
from yaodun.simulation.dice import Dice
from yaodun.simulation.geography import provinces, town
from yaodun.simulation.supply import Box
from yaodun.simulation.world import World

SHARE = 0.012


def scan(
    world: World, dice: Dice, code: str, at: float, requester: str, *, channel: str = "app", found: bool = True,
    product: str | None = None, place: Place | None = None,
) -> Scan:  # fmt: skip
    """One query on the tape."""
    event = Scan(
        id=world.tape.name("s"), system=BusinessSystem.TRACE, time=world.almanac.moment(at), simulated=True,
        recorded=world.almanac.moment(at + dice.between(0, 3)), code=code, requester=requester, channel=channel,
        found=found, product=product if found else None, place=place,
        address=f"198.51.{dice.whole(0, 255)}.{dice.whole(1, 254)}",
    )  # fmt: skip
    world.tape.add(event)
    return event


def ask(world: World, boxes: Sequence[Box]) -> None:
    """Ordinary queries about goods that reached retail; a few mistype."""
    dice = world.dice.apart("public")
    for box in boxes:
        for code in box.units:
            if not dice.happens(SHARE):
                continue
            at = box.since + dice.spread(9, 0.8) * DAY
            for _ in range(dice.choose((1, 1, 1, 2))):
                at += dice.between(0, 2) * HOUR
                if at < world.almanac.end:
                    _one(world, dice, box, code, at)


def _one(world: World, dice: Dice, box: Box, code: str, at: float) -> None:
    who = f"dev-{dice.whole(0, 2**31):08x}"
    if dice.happens(0.02) and code.isdigit():
        place = dice.whole(8, len(code) - 1)
        wrong = code[:place] + str((int(code[place]) + dice.whole(1, 9)) % 10) + code[place + 1 :]
        scan(world, dice, wrong, at, who, found=False, place=box.holder.place)
    channel = "insurer" if dice.happens(0.1) else "app"
    scan(world, dice, code, at + 40, who, channel=channel, product=box.ware.id, place=box.holder.place)


def somewhere(dice: Dice) -> Place:
    """A place anywhere in the country."""
    return town(dice.choose(provinces()), dice)
