"""Who trades with whom, where and how much (B14 to B17)."""

from __future__ import annotations

from collections.abc import Sequence

from infra.events.business import Bill, Measure, NoticeType, Role, Scheme
from yaodun.simulation.almanac import DAY, HOUR
from yaodun.simulation.dice import Dice
from yaodun.simulation.geography import provinces, town
from yaodun.simulation.ledgering import office_hour
from yaodun.simulation.stories.told import Scene, anomaly, look_alike
from yaodun.simulation.supply import Box, Trip
from yaodun.simulation.world import ALL_CLASSES, Actor, Ware

FOREVER = 400 * DAY


def _one_by_one(scene: Scene, dice: Dice, boxes: list[Box], taker: Actor, day: int, every: float = 1.3) -> list[Trip]:
    return [
        scene.supply.send([box], taker, office_hour(scene.world, dice, int(day + number * every)))
        for number, box in enumerate(boxes)
    ]


def _bills(trips: Sequence[Trip]) -> list[Bill]:
    return [bill for trip in trips for bill in (trip.given_out, *trip.taken_in)]


@anomaly("B14", "strangers")
def strangers(scene: Scene, dice: Dice) -> None:
    count = scene.knobs.whole("lane.bills", dice)
    boxes = scene.goods(dice, count, scene.day(dice, 0.2, 0.45))
    dealer = boxes[0].holder
    taker = scene.far(dice, dealer, boxes[0].ware)
    trips = _one_by_one(scene, dice, boxes, taker, int(boxes[0].since // DAY) + 1)
    subject = ("lane", f"{dealer.id}>{taker.id}")
    scene.tape.tell("B14", "strangers", subject, _bills(trips), knob={"lane.bills": count}, also=("B15", "B16"))


@look_alike("B14", "filed_customer")
def filed_customer(scene: Scene, dice: Dice) -> None:
    count = scene.knobs.whole("lane.bills", dice)
    boxes = scene.goods(dice, count, scene.day(dice, 0.2, 0.45))
    dealer = boxes[0].holder
    taker = scene.far(dice, dealer, boxes[0].ware)
    first = int(boxes[0].since // DAY) + 1
    scene.filed(dealer, taker, (first - 1) * DAY)
    trips = _one_by_one(scene, dice, boxes, taker, first)
    scene.tape.tell("B14", "filed_customer", ("lane", f"{dealer.id}>{taker.id}"), _bills(trips), look_alike=True)


@look_alike("B14", "new_shop_near_by")
def new_shop(scene: Scene, dice: Dice) -> None:
    start = scene.day(dice, 0.2, 0.45)
    boxes = scene.goods(dice, 6, start)
    dealer = boxes[0].holder
    land = next(land for land in provinces() if land.code == dealer.province)
    shop = scene.world.settle(Role.PHARMACY, land, ALL_CLASSES, at=start * DAY, place=town(land, dice))
    shop.reserved = True
    neighbours = [other for other in scene.world.distributors if other.province == dealer.province]
    second = scene.supply.stock_up(boxes[0].ware, neighbours[neighbours[0] is dealer], 3, start)
    trips = _one_by_one(scene, dice, second, shop, int(second[0].since // DAY) + 1, 3)
    trips += _one_by_one(scene, dice, boxes, shop, int(boxes[0].since // DAY) + 1, 3)
    subject = ("lane", f"{dealer.id}>{shop.id}")
    scene.tape.tell("B14", "new_shop_near_by", subject, _bills(trips), look_alike=True)


def _abroad(scene: Scene, dice: Dice, ware: Ware) -> str:
    """A province where the product is never sold but distributors and shops are."""
    lands = sorted({shop.province for shop in scene.world.retail})
    return dice.choose([land for land in lands if land not in ware.areas])


def _flood(scene: Scene, dice: Dice, *, filed: bool) -> tuple[str, list[Bill], int, float, float]:
    count = scene.knobs.whole("region.factor", dice)
    boxes = scene.goods(dice, count, scene.day(dice, 0.25, 0.45))
    land = _abroad(scene, dice, boxes[0].ware)
    shops = [shop for shop in scene.world.retail if shop.province == land and shop.role is not Role.VACCINATION]
    takers = dice.some(shops, 4)
    first = boxes[0].since + DAY
    if filed:
        for taker in takers:
            scene.filed(boxes[0].holder, taker, first - DAY)
    trips = [
        scene.supply.send([box], takers[number % len(takers)],
                          office_hour(scene.world, dice, int(first // DAY) + number // 3))
        for number, box in enumerate(boxes)
    ]  # fmt: skip
    return f"{boxes[0].ware.id}/{land}", _bills(trips), count, first, trips[-1].arrived


@anomaly("B15", "leak")
def leak(scene: Scene, dice: Dice) -> None:
    subject, bills, count, _, _ = _flood(scene, dice, filed=False)
    knob = {"region.factor": float(count)}
    scene.tape.tell("B15", "leak", ("product_province", subject), bills, knob=knob, also=("B14", "B16"))


@look_alike("B15", "tender")
def tender(scene: Scene, dice: Dice) -> None:
    subject, bills, _, first, last = _flood(scene, dice, filed=True)
    scene.world.notice(
        NoticeType.TENDER, first - 2 * DAY, last + FOREVER, "product_province", (subject,), announced=first - 9 * DAY
    )
    scene.tape.tell("B15", "tender", ("product_province", subject), bills, look_alike=True)


class Steady:
    """A hospital that takes in one product without codes every working day."""

    def __init__(self, scene: Scene, dice: Dice, dealer: Actor, ware: Ware, mean: float) -> None:
        self.scene, self.dice, self.dealer, self.ware, self.mean = scene, dice, dealer, ware, mean
        land = next(land for land in provinces() if land.code == dealer.province)
        self.actor = scene.world.settle(Role.HOSPITAL, land, ALL_CLASSES, place=town(land, dice))
        self.actor.reserved = True
        scene.filed(dealer, self.actor, 2 * HOUR)

    def run(self, factor: dict[int, float]) -> dict[int, list[Bill]]:
        """Every working day's intake; ``factor`` lifts days. The inbound bills by day."""
        found: dict[int, list[Bill]] = {}
        name = self.scene.supply.batch_name(DAY)
        for day in range(2, self.scene.days - 3):
            if self.scene.almanac.is_off(day):
                continue
            amount = max(1, self.dice.count(self.mean * (1.25 if day % 7 == 0 else 1) * factor.get(day, 1)))
            at = day * DAY + self.dice.between(8.5, 10) * HOUR
            trip = self.scene.supply.ship(
                self.dealer, self.actor, self.ware, name, (), amount, Measure.EACH, at,
                arrives=at + self.dice.between(3, 7) * HOUR,
            )  # fmt: skip
            found[day] = trip.taken_in
        return found


def _peers(scene: Scene, dice: Dice, count: int) -> list[Steady]:
    ware = scene.world.launch(dice.choose(scene.world.holders), "chemical", Scheme.TRACE20, sizes=(10, 10))
    dealer = scene.distributor(dice)
    return [Steady(scene, dice, dealer, ware, dice.between(15, 60)) for _ in range(count)]


@anomaly("B16", "surge")
def surge(scene: Scene, dice: Dice) -> None:
    one, *rest = _peers(scene, dice, 3)
    factor = scene.knobs.draw("surge.factor", dice)
    first = scene.day(dice, 0.5, 0.75)
    window = range(first, first + dice.whole(4, 7))
    bills = one.run(dict.fromkeys(window, factor))
    for other in rest:
        other.run({})
    surged = [bill for day in window for bill in bills.get(day, [])]
    if surged:
        subject = ("product_party", f"{one.ware.id}/{one.actor.id}")
        scene.tape.tell("B16", "surge", subject, surged, knob={"surge.factor": factor}, also=("B19", "B08"))


@look_alike("B16", "epidemic")
def epidemic(scene: Scene, dice: Dice) -> None:
    peers = _peers(scene, dice, 3)
    first = scene.day(dice, 0.5, 0.75)
    window = range(first, first + dice.whole(8, 14))
    if dice.happens(0.5):
        scene.world.notice(
            NoticeType.EPIDEMIC, (first - 1) * DAY, (window[-1] + 4) * DAY, "province", (peers[0].actor.province,)
        )
    factor = scene.knobs.draw("surge.factor", dice) * 0.6
    for peer in peers:
        bills = peer.run({day: factor * dice.between(0.8, 1.2) for day in window})
        surged = [bill for day in window for bill in bills.get(day, [])]
        if surged and peer is peers[0]:
            subject = ("product_party", f"{peer.ware.id}/{peer.actor.id}")
            scene.tape.tell("B16", "epidemic", subject, surged, look_alike=True)


@anomaly("B17", "round_trip")
def round_trip(scene: Scene, dice: Dice) -> None:
    rounds = scene.knobs.whole("shell.rounds", dice)
    boxes = scene.goods(dice, dice.whole(6, 12), scene.day(dice, 0.05, 0.25))
    land = next(land for land in provinces() if land.code == boxes[0].holder.province)
    near = sorted(provinces(), key=lambda other: (other.lat - land.lat) ** 2 + (other.lon - land.lon) ** 2)[:3]
    ring = [scene.world.settle(Role.DISTRIBUTOR, place, ALL_CLASSES, place=town(place, dice)) for place in near]
    for actor in ring:
        actor.reserved = True
    scene.filed(boxes[0].holder, ring[0], 2 * HOUR)
    at = office_hour(scene.world, dice, int(boxes[0].since // DAY) + 1)
    trips = [scene.supply.send(boxes, ring[0], at)]
    for hop in range(rounds * 3):
        at = trips[-1].arrived + dice.between(0.5, 4) * HOUR
        trips.append(scene.supply.send(boxes, ring[(hop + 1) % 3], at))
        if trips[-1].arrived > scene.almanac.end - 3 * DAY:
            break
    bills = _bills(trips[1:])
    ring_names = ("party", ring[0].id)
    knob = {"shell.rounds": rounds}
    scene.tape.tell("B17", "round_trip", ring_names, bills, knob=knob, also=("B14", "B16", "B03"))


def _through(scene: Scene, dice: Dice, role: Role, kind: str) -> None:
    """A real depot: goods come in and leave within a day to shops that sell them."""
    boxes = scene.goods(dice, 16, scene.day(dice, 0.05, 0.3))
    dealer = boxes[0].holder
    land = next(land for land in provinces() if land.code == dealer.province)
    depot = scene.world.settle(role, land, ALL_CLASSES, place=town(land, dice))
    depot.reserved = True
    scene.filed(dealer, depot, 2 * HOUR)
    shops = [shop for shop in scene.world.retail if dealer in shop.suppliers and shop.role is not Role.VACCINATION]
    takers = dice.some(shops, 5)
    for taker in takers:
        scene.filed(depot, taker, 2 * HOUR)
    trips: list[Trip] = []
    for number in range(0, 16, 2):
        at = office_hour(scene.world, dice, int(boxes[number].since // DAY) + 1 + number)
        came = scene.supply.send(boxes[number : number + 2], depot, at)
        leaves = came.arrived + dice.between(1, 6) * HOUR
        trips.append(scene.supply.send(boxes[number : number + 2], takers[number % len(takers)], leaves))
        for box in boxes[number : number + 2]:
            scene.supply.sell_out(box)
    scene.tape.tell("B17", kind, ("party", depot.id), [trip.given_out for trip in trips], look_alike=True)


@look_alike("B17", "third_party_logistics")
def third_party(scene: Scene, dice: Dice) -> None:
    _through(scene, dice, Role.LOGISTICS, "third_party_logistics")


@look_alike("B17", "cross_dock")
def cross_dock(scene: Scene, dice: Dice) -> None:
    _through(scene, dice, Role.DISTRIBUTOR, "cross_dock")
