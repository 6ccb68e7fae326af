"""Data exchange: silence, losses, drift (B24, B25, B26)."""

from __future__ import annotations

from infra.events.business import Column, Manifest, NoticeType, Receipt, Sample
from yaodun.simulation.almanac import DAY, HOUR
from yaodun.simulation.dice import Dice
from yaodun.simulation.stories.told import Scene, anomaly, look_alike
from yaodun.simulation.wires import Row, Wire


def _gap(scene: Scene, dice: Dice, *, announced: bool) -> None:
    wire, hours = Wire(scene.world, dice), scene.knobs.draw("feed.silent_h", dice)
    begins = scene.day(dice, 0.2, 0.8) * DAY + dice.between(0, 24) * HOUR
    window = (begins, begins + hours * HOUR)
    beats = wire.beats(window)
    first = int(begins // DAY) + (begins % DAY > 22.3 * HOUR)
    wire.daily((first, int(window[1] // DAY) + (window[1] % DAY > 20 * HOUR)))
    before = [event for event in beats if event.time <= scene.almanac.moment(begins)][-1:]
    if announced:
        wire.announce(NoticeType.MAINTENANCE, begins - HOUR, window[1] + HOUR)
        scene.tape.tell("B24", "maintenance", ("feed", wire.feed), before, look_alike=True)
    else:
        scene.tape.tell("B24", "silent", ("feed", wire.feed), before, knob={"feed.silent_h": hours})


@anomaly("B24", "silent")
def silent(scene: Scene, dice: Dice) -> None:
    _gap(scene, dice, announced=False)


@look_alike("B24", "maintenance")
def maintenance(scene: Scene, dice: Dice) -> None:
    _gap(scene, dice, announced=True)


@look_alike("B24", "jitter")
def jitter(scene: Scene, dice: Dice) -> None:
    wire = Wire(scene.world, dice)
    begins = scene.day(dice, 0.2, 0.8) * DAY
    beats = wire.beats((begins, begins + dice.between(1.2, 2.4) * HOUR))
    wire.daily()
    scene.tape.tell("B24", "jitter", ("feed", wire.feed), [beats[0], beats[-1]], look_alike=True)


def _transmission(scene: Scene, dice: Dice, share: float) -> tuple[Wire, Manifest, float, int]:
    wire, day = Wire(scene.world, dice), scene.almanac.work_day(scene.day(dice, 0.1, 0.8))
    wire.daily()
    wire.beats(interval=6 * HOUR)
    records = dice.whole(400, 4000)
    at = day * DAY + 19 * HOUR
    sent = wire.sent(at, records, wire.name(day))
    return wire, sent, at, max(1, round(records * share))


@anomaly("B25", "records_missing")
def missing(scene: Scene, dice: Dice) -> None:
    share = scene.knobs.draw("feed.missing", dice)
    wire, sent, at, lost = _transmission(scene, dice, share)
    got = wire.got(sent, at + 300, sent.records - lost)
    _wrong(scene, "records_missing", [sent, got], share)


@anomaly("B25", "retried_but_short")
def retried_short(scene: Scene, dice: Dice) -> None:
    share = scene.knobs.draw("feed.missing", dice)
    wire, sent, at, lost = _transmission(scene, dice, share)
    first = wire.got(sent, at + 300, sent.records // 2, status="partial")
    again = wire.sent(at + 3600, sent.records, sent.manifest, attempt=2)
    last = wire.got(again, at + 4000, sent.records - lost)
    _wrong(scene, "retried_but_short", [sent, first, again, last], share)


@anomaly("B25", "digest_differs")
def digest_differs(scene: Scene, dice: Dice) -> None:
    wire, sent, at, _ = _transmission(scene, dice, 0.1)
    got = wire.got(sent, at + 300, sent.records, spoilt=True)
    _wrong(scene, "digest_differs", [sent, got], 0.0)


def _wrong(scene: Scene, kind: str, events: list[Manifest | Receipt], share: float) -> None:
    knob = {"feed.missing": share} if share else {}
    scene.tape.tell("B25", kind, ("manifest", events[0].manifest), events, knob=knob)


@look_alike("B25", "retry_completes")
def retry_completes(scene: Scene, dice: Dice) -> None:
    wire, sent, at, _ = _transmission(scene, dice, 0.1)
    first = wire.got(sent, at + 300, sent.records // 3, status=dice.choose(("partial", "failed")))
    again = wire.sent(at + 2 * HOUR, sent.records, sent.manifest, attempt=2)
    last = wire.got(again, at + 2 * HOUR + 400, sent.records)
    events = [sent, first, again, last]
    scene.tape.tell("B25", "retry_completes", ("manifest", sent.manifest), events, look_alike=True)


@look_alike("B25", "rejected_but_accounted")
def rejected(scene: Scene, dice: Dice) -> None:
    wire, sent, at, lost = _transmission(scene, dice, dice.between(0.01, 0.08))
    got = wire.got(sent, at + 300, sent.records - lost, rejected=lost)
    scene.tape.tell("B25", "rejected_but_accounted", ("manifest", sent.manifest), [sent, got], look_alike=True)


def _drifts(scene: Scene, dice: Dice, kind: str) -> None:
    wire, share = Wire(scene.world, dice), scene.knobs.draw("feed.drift", dice)
    first = scene.almanac.work_day(scene.day(dice, 0.4, 0.7))
    last = first + 21

    def rows(day: int) -> Row:
        row = wire.row(day)
        return _spoilt(row, kind) if first <= day < last and dice.happens(share) else row

    samples = wire.daily(rows=rows)
    wire.beats(interval=6 * HOUR)
    bad = _days(scene, samples, first, last)
    scene.tape.tell("B26", kind, ("feed", wire.feed), bad, knob={"feed.drift": share})


def _spoilt(row: Row, kind: str) -> Row:
    if kind == "nulls":
        return row | {"inspector": None, "score": None}
    if kind == "new_values":
        return row | {"result": "PASSED"}
    if kind == "lengths":
        return row | {"enterprise": str(row["enterprise"]) * 4}
    return row | {"score": round(float(row["score"] or 80) / 10, 2)}


def _days(scene: Scene, samples: list[Sample], first: int, last: int) -> list[Sample]:
    low, high = scene.almanac.moment(first * DAY), scene.almanac.moment(last * DAY)
    return [event for event in samples if low <= event.time < high]


@anomaly("B26", "nulls")
def nulls(scene: Scene, dice: Dice) -> None:
    _drifts(scene, dice, "nulls")


@anomaly("B26", "new_values")
def new_values(scene: Scene, dice: Dice) -> None:
    _drifts(scene, dice, "new_values")


@anomaly("B26", "lengths")
def lengths(scene: Scene, dice: Dice) -> None:
    _drifts(scene, dice, "lengths")


@anomaly("B26", "scale")
def scale(scene: Scene, dice: Dice) -> None:
    _drifts(scene, dice, "scale")


@look_alike("B26", "planned_switch")
def planned_switch(scene: Scene, dice: Dice) -> None:
    wire, first = Wire(scene.world, dice), scene.almanac.work_day(scene.day(dice, 0.4, 0.7))
    at = first * DAY + HOUR
    extra = (Column(name="channel", type="code", values=("online", "onsite")),)
    wire.announce(NoticeType.SCHEMA_SWITCH, at, at + 3 * DAY)

    def rows(day: int) -> Row:
        if day == first and wire.version == "1.0":
            wire.version = "2.0"
            wire.schema("2.0", at, extra)
        more: Row = {"channel": dice.choose(("online", "onsite")), "inspector": None} if day >= first else {}
        return wire.row(day) | more

    samples = wire.daily(rows=rows)
    wire.beats(interval=6 * HOUR)
    after = _days(scene, samples, first, first + 10)
    scene.tape.tell("B26", "planned_switch", ("feed", wire.feed), after, look_alike=True)


@look_alike("B26", "ordinary_scatter")
def ordinary_scatter(scene: Scene, dice: Dice) -> None:
    wire = Wire(scene.world, dice)
    samples = wire.daily()
    wire.beats(interval=6 * HOUR)
    scene.tape.tell("B26", "ordinary_scatter", ("feed", wire.feed), samples[:1] + samples[-1:], look_alike=True)
