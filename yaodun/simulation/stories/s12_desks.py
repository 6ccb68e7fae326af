"""Data taken out and cases gone astray (B27, B28)."""

from __future__ import annotations

from infra.events.business import BusinessSystem, Export, NoticeType, Step
from yaodun.simulation.almanac import DAY, HOUR
from yaodun.simulation.desks import LIMITS, PURPOSES, STAGES, Analyst, Office
from yaodun.simulation.dice import Dice
from yaodun.simulation.stories.told import Scene, anomaly, look_alike


def _night(scene: Scene, dice: Dice) -> float:
    return scene.day(dice, 0.4, 0.9) * DAY + dice.between(9, 23) * HOUR


def _tell(
    scene: Scene, kind: str, analyst: Analyst, events: list[Export], knob: dict[str, float] | None = None
) -> None:
    scene.tape.tell("B27", kind, ("user", analyst.user), events, knob=knob)


@anomaly("B27", "far_too_much")
def far_too_much(scene: Scene, dice: Dice) -> None:
    analyst, factor = Analyst(scene.world, dice), scene.knobs.draw("export.factor", dice)
    analyst.work()
    at = _night(scene, dice)
    events = [analyst.take(at + number * 1200, analyst.usual * factor) for number in range(dice.whole(1, 3))]
    _tell(scene, "far_too_much", analyst, events, {"export.factor": factor})


@anomaly("B27", "not_his_dataset")
def not_his(scene: Scene, dice: Dice) -> None:
    analyst = Analyst(scene.world, dice)
    analyst.work()
    event = analyst.take(_night(scene, dice), analyst.usual * 3, dataset="personal-records", masked=False)
    _tell(scene, "not_his_dataset", analyst, [event])


@anomaly("B27", "other_purpose")
def other_purpose(scene: Scene, dice: Dice) -> None:
    analyst = Analyst(scene.world, dice)
    analyst.work()
    purpose = dice.choose([purpose for purpose in PURPOSES if purpose not in analyst.purposes])
    event = analyst.take(_night(scene, dice), analyst.usual * 2, purpose=purpose)
    _tell(scene, "other_purpose", analyst, [event])


@look_alike("B27", "month_end_report")
def month_end_report(scene: Scene, dice: Dice) -> None:
    analyst = Analyst(scene.world, dice)
    analyst.work()
    events = []
    for day in range(2, scene.days - 1):
        if scene.almanac.day_text(day + 1)[8:] == "01":
            begins = (day - 1) * DAY
            scene.world.notice(NoticeType.MONTH_END_REPORT, begins, (day + 2) * DAY, "user", (analyst.user,),
                               system=BusinessSystem.SHARING)  # fmt: skip
            at = day * DAY + dice.between(9, 17) * HOUR
            events.append(analyst.take(at, analyst.usual * dice.between(15, 40)))
    if events:
        scene.tape.tell("B27", "month_end_report", ("user", analyst.user), events, look_alike=True)


@look_alike("B27", "newly_entitled")
def newly_entitled(scene: Scene, dice: Dice) -> None:
    analyst = Analyst(scene.world, dice)
    analyst.work()
    at = scene.almanac.work_day(scene.day(dice, 0.4, 0.8)) * DAY + 10 * HOUR
    analyst.entitle("dataset-new", at - DAY)
    events = [analyst.take(at + n * HOUR, analyst.usual * dice.spread(1, 0.3), dataset="dataset-new") for n in range(3)]
    scene.tape.tell("B27", "newly_entitled", ("user", analyst.user), events, look_alike=True)


def _office(scene: Scene, dice: Dice, cases: int = 12) -> tuple[Office, float]:
    """An office with some ordinary cases, and a morning for one more."""
    office = Office(scene.world, dice)
    for _ in range(cases):
        office.case(scene.almanac.work_day(scene.day(dice, 0.02, 0.9)) * DAY + dice.between(9, 16) * HOUR)
    return office, scene.almanac.work_day(scene.day(dice, 0.1, 0.5)) * DAY + dice.between(9, 16) * HOUR


def _wrong(scene: Scene, kind: str, steps: list[Step], knob: dict[str, float] | None = None) -> None:
    end = scene.almanac.moment(scene.almanac.end)
    kept = [step for step in steps if step.recorded < end]
    scene.tape.tell("B28", kind, ("case", steps[0].case), kept, knob=knob)


@anomaly("B28", "stage_skipped")
def skipped(scene: Scene, dice: Dice) -> None:
    office, at = _office(scene, dice)
    _wrong(scene, "stage_skipped", office.case(at, ("accept", "decide", "deliver")))


@anomaly("B28", "order_turned")
def turned(scene: Scene, dice: Dice) -> None:
    office, at = _office(scene, dice)
    _wrong(scene, "order_turned", office.case(at, ("accept", "review", "decide", "inspect", "deliver")))


@anomaly("B28", "limit_overrun")
def overrun(scene: Scene, dice: Dice) -> None:
    office, at = _office(scene, dice)
    factor, stage = scene.knobs.draw("case.overrun", dice), dice.choose(("accept", "review", "decide"))
    steps = office.case(at, slow={stage: LIMITS[stage] * factor})
    _wrong(scene, "limit_overrun", steps, {"case.overrun": factor})


@anomaly("B28", "one_person_twice")
def one_person(scene: Scene, dice: Dice) -> None:
    office, at = _office(scene, dice)
    who = dice.choose(office.officers["review"])
    _wrong(scene, "one_person_twice", office.case(at, actors={"review": who, "decide": who}))


@look_alike("B28", "urgent_lane")
def urgent(scene: Scene, dice: Dice) -> None:
    office, at = _office(scene, dice)
    scene.world.notice(NoticeType.URGENT_REVIEW, at - HOUR, at + 20 * DAY, "workflow", (office.workflow,),
                       system=BusinessSystem.SERVICES)  # fmt: skip
    steps = office.case(at, ("accept", "decide", "deliver"), lane="urgent")
    scene.tape.tell("B28", "urgent_lane", ("case", steps[0].case), steps, look_alike=True)


@look_alike("B28", "waiting_for_the_applicant")
def waiting(scene: Scene, dice: Dice) -> None:
    office, at = _office(scene, dice)
    steps = office.case(at, slow={"review": 100.0}, paused={"review": dice.between(260, 500)})
    scene.tape.tell("B28", "waiting_for_the_applicant", ("case", steps[0].case), steps, look_alike=True)


@look_alike("B28", "slow_but_in_time")
def slow(scene: Scene, dice: Dice) -> None:
    office, at = _office(scene, dice)
    steps = office.case(at, slow={stage: LIMITS[stage] * 0.85 for stage in STAGES[:3]})
    scene.tape.tell("B28", "slow_but_in_time", ("case", steps[0].case), steps, look_alike=True)
