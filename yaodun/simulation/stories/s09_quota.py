"""Special drugs and their quotas (T09)."""

from __future__ import annotations

from infra.events.business import Bill, BusinessSystem, Measure, Quota, Role, Scheme
from yaodun.simulation.almanac import DAY, HOUR
from yaodun.simulation.dice import Dice
from yaodun.simulation.geography import provinces, town
from yaodun.simulation.ledgering import office_hour
from yaodun.simulation.stories.told import Scene, anomaly, look_alike
from yaodun.simulation.world import ALL_CLASSES, Actor, Ware


class Ward:
    """A hospital that takes in a narcotic under a quota of a quarter."""

    def __init__(self, scene: Scene, dice: Dice) -> None:
        self.scene, self.dice = scene, dice
        holder = dice.choose(scene.world.holders)
        self.ware: Ware = scene.world.launch(holder, "narcotic", Scheme.TRACE20, special=True, sizes=(10, 5))
        self.dealer: Actor = scene.distributor(dice)
        land = next(land for land in provinces() if land.code == self.dealer.province)
        self.actor = scene.world.settle(Role.HOSPITAL, land, ALL_CLASSES, place=town(land, dice))
        self.actor.reserved = True
        scene.filed(self.dealer, self.actor, 2 * HOUR)
        self.amount = 10 * dice.whole(10, 40)

    def quota(self, amount: float, at: float, *, replaces: bool = False) -> Quota:
        """The quota of the whole period."""
        almanac = self.scene.almanac
        event = Quota(
            id=self.scene.tape.name("q"), system=BusinessSystem.TRACE, time=almanac.moment(at), simulated=True,
            recorded=almanac.moment(at + 60), party=self.actor.id, product=self.ware.id, amount=amount,
            period_from=almanac.moment(0), period_to=almanac.moment(max(almanac.end, 90 * DAY)), replaces=replaces,
        )  # fmt: skip
        self.scene.tape.add(event)
        return event

    def takes(self, units: float, first: int) -> list[Bill]:
        """Boxes for about ``units`` in weekly portions from day ``first`` on; the inbound bills."""
        boxes = max(2, round(units / 10))
        goods = self.scene.supply.stock_up(self.ware, self.dealer, boxes, first)
        at, bills = goods[0].since, []
        share = max(1, boxes // 6)
        for start in range(0, boxes, share):
            at = office_hour(self.scene.world, self.dice, int(at // DAY) + self.dice.whole(2, 6))
            trip = self.scene.supply.ship(
                self.dealer, self.actor, self.ware, goods[0].batch, [box.code for box in goods[start : start + share]],
                len(goods[start : start + share]), Measure.BOX, at,
            )  # fmt: skip
            bills += trip.taken_in
        end = self.scene.almanac.moment(self.scene.almanac.end)
        return [bill for bill in bills if bill.recorded < end]


@anomaly("T09", "above_the_quota")
def above(scene: Scene, dice: Dice) -> None:
    ward, factor = Ward(scene, dice), scene.knobs.draw("quota.factor", dice)
    ward.quota(ward.amount, 3 * HOUR)
    bills = ward.takes(ward.amount * factor + 10, 3)
    scene.tape.tell(
        "T09", "above_the_quota", ("party", ward.actor.id), bills, knob={"quota.factor": factor}, also=_ALSO
    )


@anomaly("T09", "without_a_quota")
def without(scene: Scene, dice: Dice) -> None:
    ward = Ward(scene, dice)
    bills = ward.takes(ward.amount * 0.5, 3)
    scene.tape.tell("T09", "without_a_quota", ("party", ward.actor.id), bills, also=_ALSO)


@look_alike("T09", "within_the_quota")
def within(scene: Scene, dice: Dice) -> None:
    ward = Ward(scene, dice)
    ward.quota(ward.amount + 20, 3 * HOUR)
    scene.tape.tell(
        "T09", "within_the_quota", ("party", ward.actor.id), ward.takes(ward.amount * 0.9, 3), look_alike=True
    )


@look_alike("T09", "quota_raised")
def raised(scene: Scene, dice: Dice) -> None:
    ward = Ward(scene, dice)
    ward.quota(ward.amount, 3 * HOUR)
    ward.quota(ward.amount * 2 + 20, 5 * DAY, replaces=True)
    bills = ward.takes(ward.amount * 1.7, 3)
    scene.tape.tell("T09", "quota_raised", ("party", ward.actor.id), bills, look_alike=True)


_ALSO = ("B14", "B16")
