"""Ordinary life of the trace chain: batches are made, travel to distributors and shops, and are sold."""

from __future__ import annotations

from collections import defaultdict

from yaodun.simulation.almanac import DAY, HOUR
from yaodun.simulation.dice import Dice
from yaodun.simulation.ledgering import office_hour
from yaodun.simulation.supply import Box, Case, Supply
from yaodun.simulation.world import Actor, Ware


def live(supply: Supply, codes: int) -> list[Box]:
    """Make and move goods until about ``codes`` smallest units were made; the boxes that reached retail, in order."""
    world, dice = supply.world, supply.dice
    wares = [ware for ware in world.wares if ware.areas and not ware.special]
    boxes_made = 0
    total = max(1, codes)
    units, sold = 0, []
    while units < total:
        ware = wares[boxes_made % len(wares)]
        boxes = max(ware.box_per_case, round(dice.spread(min(5000, total / 60) / ware.each_per_box, 0.3)))
        day = _made_on(dice, world.almanac.days)
        at = office_hour(world, dice, int(day))
        late = dice.between(2, 5) * DAY if dice.happens(0.04) else 0.0
        cases = supply.produce(ware, boxes, at, parts=dice.choose((1, 1, 2, 3)), late=late)
        sold += _distribute(supply, ware, cases, at)
        units += boxes * ware.each_per_box
        boxes_made += 1
    return sold


def _made_on(dice: Dice, days: int) -> float:
    """A day of production: the shelves are filled in the first week, then goods come evenly until the end."""
    return dice.between(1, 6) if dice.happens(0.12) else dice.between(1, days * 0.97)


def _distribute(supply: Supply, ware: Ware, cases: list[Case], at: float) -> list[Box]:
    dice, world = supply.dice, supply.world
    ways: dict[str, list[Case]] = defaultdict(list)
    targets = {actor.id: actor for actor in world.distributors if actor.province in ware.areas and not actor.reserved}
    names = list(targets)
    for case in cases:
        ways[dice.choose(names)].append(case)
    sold: list[Box] = []
    for name, part in ways.items():
        for start in range(0, len(part), 12):
            sold += _one_way(supply, part[start : start + 12], targets[name], at)
    return sold


def _one_way(supply: Supply, cases: list[Case], target: Actor, at: float) -> list[Box]:
    dice, world = supply.dice, supply.world
    leaves = office_hour(world, dice, int(at // DAY) + dice.whole(1, 6))
    middle = next(actor for actor in world.distributors if actor.province == target.province)
    if middle is not target and dice.happens(0.4):
        arrived = supply.deliver(cases, middle, leaves)
        leaves = office_hour(world, dice, int(arrived // DAY) + dice.whole(1, 4))
    arrived = supply.deliver(cases, target, leaves)
    if arrived >= world.almanac.end:
        return []
    boxes = supply.open_cases(cases, target, arrived + dice.between(1, 5) * HOUR)
    return _to_shops(supply, boxes, target)


def _to_shops(supply: Supply, boxes: list[Box], target: Actor) -> list[Box]:
    dice, world = supply.dice, supply.world
    kind = boxes[0].ware.kind
    shops = [shop for shop in world.retail if target in shop.suppliers and not shop.reserved and fits(shop, kind)]
    sold: list[Box] = []
    place = 0
    while place < len(boxes) and shops:
        part = boxes[place : place + dice.choose((1, 1, 2, 3))]
        place += len(part)
        day = int(part[-1].since // DAY) + 1 + int(dice.spread(6, 0.9))
        at = office_hour(world, dice, day)
        if at >= world.almanac.end:
            continue
        supply.send(part, dice.choose(shops), at)
        for box in part:
            supply.sell_out(box)
            sold.append(box)
    return sold


def fits(shop: Actor, kind: str) -> bool:
    """Whether a shop deals in a class of products."""
    if kind == "vaccine":
        return shop.role.value == "vaccination"
    return shop.role.value != "vaccination"
