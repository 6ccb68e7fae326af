"""E-licences that are forged or wrongly issued (B21, B22, B23)."""

from __future__ import annotations

from infra.events.business import ELicence, LicenceAction, NoticeType
from yaodun.simulation.almanac import DAY, HOUR
from yaodun.simulation.bureau import TYPES, Bureau, found, in_office, issue, new_number, operate
from yaodun.simulation.codes import LICENCE_ROOT, licence_number
from yaodun.simulation.dice import Dice
from yaodun.simulation.geography import provinces
from yaodun.simulation.stories.told import Scene, anomaly, look_alike


def _bureau(scene: Scene, dice: Dice) -> Bureau:
    return found(scene.world, dice, dice.choose(provinces()).code)


def _daily(scene: Scene, dice: Dice, bureau: Bureau, mean: float = 3.0) -> None:
    for day in range(1, scene.days):
        if not scene.almanac.is_off(day):
            for _ in range(dice.count(mean)):
                issue(scene.world, dice, bureau, in_office(scene.world, dice, day))


def _tell(scene: Scene, detector: str, kind: str, event: ELicence, also: tuple[str, ...] = ()) -> None:
    scene.tape.tell(detector, kind, ("licence", event.number), [event], also=also)


def _quiet(scene: Scene, detector: str, kind: str, events: list[ELicence]) -> None:
    scene.tape.tell(detector, kind, ("licence", events[-1].number), events, look_alike=True)


def _forged(scene: Scene, dice: Dice, kind: str) -> None:
    bureau = _bureau(scene, dice)
    at = in_office(scene.world, dice, scene.day(dice, 0.1, 0.9))
    good = new_number(scene.world, bureau, bureau.types[0], at)
    number = _forge(dice, kind, good, bureau)
    event = operate(
        scene.world,
        dice,
        bureau,
        LicenceAction.VERIFY,
        number,
        bureau.types[0],
        at,
        result=dice.choose(("ok", "unknown")),
    )
    _tell(scene, "B21", kind, event, ("B22",))


def _forge(dice: Dice, kind: str, good: str, bureau: Bureau) -> str:
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    if kind == "check_character":
        return good[:-1] + dice.choose([letter for letter in letters if letter != good[-1]])
    serial = good.split(".")[-3]
    if kind == "unknown_type":
        return licence_number("99900000ZZ9999999P999", bureau.issuer, serial, 1)
    if kind == "other_issuer":
        return licence_number(bureau.types[0], "12" + bureau.issuer[2:], serial, 1)
    return good.replace(".001.", f".{dice.whole(2, 9):03d}.", 1)


@anomaly("B21", "check_character")
def check_character(scene: Scene, dice: Dice) -> None:
    _forged(scene, dice, "check_character")


@anomaly("B21", "unknown_type")
def unknown_type(scene: Scene, dice: Dice) -> None:
    _forged(scene, dice, "unknown_type")


@anomaly("B21", "other_issuer")
def other_issuer(scene: Scene, dice: Dice) -> None:
    _forged(scene, dice, "other_issuer")


@anomaly("B21", "version_goes_back")
def version_back(scene: Scene, dice: Dice) -> None:
    bureau = _bureau(scene, dice)
    at = in_office(scene.world, dice, scene.day(dice, 0.05, 0.5))
    kind, serial = bureau.types[0], f"V{scene.world.number('elicence'):09d}"
    first = licence_number(kind, bureau.issuer, serial, 4)
    issue_event = operate(scene.world, dice, bureau, LicenceAction.ISSUE, first, kind, at, version=4)
    number = licence_number(kind, bureau.issuer, serial, 2)
    later = in_office(scene.world, dice, int(at // DAY) + dice.whole(3, 30))
    event = operate(scene.world, dice, bureau, LicenceAction.RENEW, number, kind, later, version=2)
    scene.tape.tell("B21", "version_goes_back", ("licence", number), [issue_event, event], also=("B23",))


@look_alike("B21", "legacy_number")
def legacy(scene: Scene, dice: Dice) -> None:
    bureau = _bureau(scene, dice)
    at = in_office(scene.world, dice, scene.day(dice, 0.1, 0.9))
    number = f"国药证字{dice.whole(10**7, 10**8 - 1)}"
    event = operate(
        scene.world, dice, bureau, LicenceAction.VERIFY, number, bureau.types[0], at, legacy=True, result="ok"
    )
    _quiet(scene, "B21", "legacy_number", [event])


@look_alike("B21", "renewed_with_next_version")
def next_version(scene: Scene, dice: Dice) -> None:
    bureau = _bureau(scene, dice)
    at = in_office(scene.world, dice, scene.day(dice, 0.05, 0.5))
    first = issue(scene.world, dice, bureau, at)
    serial = first.number.removeprefix(LICENCE_ROOT + ".").split(".")[2]
    number = licence_number(first.licence_type, bureau.issuer, serial, 2)
    later = in_office(scene.world, dice, int(at // DAY) + dice.whole(5, 40))
    again = operate(
        scene.world,
        dice,
        bureau,
        LicenceAction.RENEW,
        number,
        first.licence_type,
        later,
        version=2,
        holder=first.holder,
    )
    _quiet(scene, "B21", "renewed_with_next_version", [first, again])


@anomaly("B22", "off_hours")
def off_hours(scene: Scene, dice: Dice) -> None:
    bureau, day = _bureau(scene, dice), scene.day(dice, 0.1, 0.9)
    at = day * DAY + dice.choose((dice.between(0.5, 5.5), dice.between(21.5, 23.8))) * HOUR
    _tell(scene, "B22", "off_hours", issue(scene.world, dice, bureau, at))


@anomaly("B22", "type_not_allowed")
def type_not_allowed(scene: Scene, dice: Dice) -> None:
    bureau = _bureau(scene, dice)
    kind = dice.choose([kind for kind in TYPES if kind not in bureau.types])
    at = in_office(scene.world, dice, scene.day(dice, 0.1, 0.9))
    number = new_number(scene.world, bureau, kind, at)
    event = operate(scene.world, dice, bureau, LicenceAction.ISSUE, number, kind, at)
    _tell(scene, "B22", "type_not_allowed", event, ("B21",))


@anomaly("B22", "other_region")
def other_region(scene: Scene, dice: Dice) -> None:
    bureau = _bureau(scene, dice)
    land = dice.choose([land.code for land in provinces() if land.code != bureau.province])
    at = in_office(scene.world, dice, scene.day(dice, 0.1, 0.9))
    _tell(scene, "B22", "other_region", issue(scene.world, dice, bureau, at, holder_province=land))


@anomaly("B22", "approver_is_applicant")
def own_applicant(scene: Scene, dice: Dice) -> None:
    bureau, who = _bureau(scene, dice), ""
    who = dice.choose(bureau.approvers)
    at = in_office(scene.world, dice, scene.day(dice, 0.1, 0.9))
    event = issue(scene.world, dice, bureau, at, operator=who, applicant=who)
    _tell(scene, "B22", "approver_is_applicant", event)


@anomaly("B22", "without_a_case")
def without_case(scene: Scene, dice: Dice) -> None:
    bureau = _bureau(scene, dice)
    at = in_office(scene.world, dice, scene.day(dice, 0.1, 0.9))
    _tell(scene, "B22", "without_a_case", issue(scene.world, dice, bureau, at, case=None))


@look_alike("B22", "announced_night_batch")
def night_batch(scene: Scene, dice: Dice) -> None:
    bureau, day = _bureau(scene, dice), scene.day(dice, 0.1, 0.9)
    begins = day * DAY + 20 * HOUR
    scene.world.notice(NoticeType.SCHEDULED_BATCH, begins, begins + 6 * HOUR, "issuer", (bureau.issuer,))
    events = [issue(scene.world, dice, bureau, begins + dice.between(0, 6) * HOUR) for _ in range(dice.whole(5, 12))]
    _quiet(scene, "B22", "announced_night_batch", events)


@look_alike("B22", "make_up_day")
def make_up_day(scene: Scene, dice: Dice) -> None:
    bureau = _bureau(scene, dice)
    days = [scene.almanac.number_of(day) for day in scene.almanac.extra]
    day = next((day for day in days if 1 < day < scene.days - 1), scene.almanac.work_day(scene.day(dice)))
    events = [issue(scene.world, dice, bureau, day * DAY + dice.between(9, 17) * HOUR) for _ in range(3)]
    _quiet(scene, "B22", "make_up_day", events)


@anomaly("B23", "burst")
def burst(scene: Scene, dice: Dice) -> None:
    bureau, count = _bureau(scene, dice), scene.knobs.whole("issue.burst", dice)
    _daily(scene, dice, bureau)
    day = scene.almanac.work_day(scene.day(dice, 0.3, 0.8))
    start = day * DAY + dice.between(9, 15) * HOUR
    events = [issue(scene.world, dice, bureau, start + dice.between(0, 1.5) * HOUR) for _ in range(count)]
    scene.tape.tell("B23", "burst", ("issuer", bureau.issuer), events, knob={"issue.burst": count})


@anomaly("B23", "revoked_and_issued_again")
def cycles(scene: Scene, dice: Dice) -> None:
    bureau = _bureau(scene, dice)
    at = in_office(scene.world, dice, scene.day(dice, 0.05, 0.4))
    kind, serial, holder = bureau.types[0], f"R{scene.world.number('elicence'):09d}", f"E-{dice.whole(1, 9999):04d}"
    events = []
    for version in range(1, dice.whole(4, 6)):
        number = licence_number(kind, bureau.issuer, serial, version)
        action = LicenceAction.ISSUE if version == 1 else LicenceAction.REISSUE
        events.append(operate(scene.world, dice, bureau, action, number, kind, at, version=version, holder=holder))
        at = in_office(scene.world, dice, int(at // DAY) + dice.whole(1, 4))
        events.append(
            operate(scene.world, dice, bureau, LicenceAction.REVOKE, number, kind, at, version=version, holder=holder)
        )
        at = in_office(scene.world, dice, int(at // DAY) + dice.whole(1, 3))
    subject = ("licence", f"{LICENCE_ROOT}.{kind}.{bureau.issuer}.{serial}")
    scene.tape.tell("B23", "revoked_and_issued_again", subject, events)


@anomaly("B23", "signer_not_valid")
def signer_not_valid(scene: Scene, dice: Dice) -> None:
    bureau, day = _bureau(scene, dice), scene.day(dice, 0.1, 0.9)
    bureau.valid = dice.choose(((-800, day - dice.whole(1, 40)), (day + dice.whole(2, 30), 900)))
    at = in_office(scene.world, dice, day)
    _tell(scene, "B23", "signer_not_valid", issue(scene.world, dice, bureau, at))


@look_alike("B23", "annual_renewal")
def annual_renewal(scene: Scene, dice: Dice) -> None:
    bureau, day = _bureau(scene, dice), scene.day(dice, 0.3, 0.7)
    _daily(scene, dice, bureau)
    scene.world.notice(NoticeType.ANNUAL_RENEWAL, day * DAY, (day + 12) * DAY, "issuer", (bureau.issuer,))
    events = []
    for _ in range(dice.whole(40, 90)):
        at = in_office(scene.world, dice, day + dice.whole(0, 6))
        if at < (day + 11.5) * DAY:
            events.append(issue(scene.world, dice, bureau, at, version=1))
    scene.tape.tell("B23", "annual_renewal", ("issuer", bureau.issuer), events, look_alike=True)


@look_alike("B23", "corrected_once")
def corrected_once(scene: Scene, dice: Dice) -> None:
    bureau = _bureau(scene, dice)
    at = in_office(scene.world, dice, scene.day(dice, 0.05, 0.6))
    first = issue(scene.world, dice, bureau, at)
    serial = first.number.removeprefix(LICENCE_ROOT + ".").split(".")[2]
    gone = operate(
        scene.world, dice, bureau, LicenceAction.REVOKE, first.number, first.licence_type, at + DAY, holder=first.holder
    )
    number = licence_number(first.licence_type, bureau.issuer, serial, 2)
    later = in_office(scene.world, dice, int(at // DAY) + 2)
    again = operate(
        scene.world,
        dice,
        bureau,
        LicenceAction.REISSUE,
        number,
        first.licence_type,
        later,
        version=2,
        holder=first.holder,
    )
    _quiet(scene, "B23", "corrected_once", [first, gone, again])


@look_alike("B23", "signer_expired_afterwards")
def expired_afterwards(scene: Scene, dice: Dice) -> None:
    bureau, day = _bureau(scene, dice), scene.almanac.work_day(scene.day(dice, 0.1, 0.6))
    bureau.valid = (-400, day + 2)
    event = issue(scene.world, dice, bureau, in_office(scene.world, dice, day))
    at = (day + dice.whole(4, 20)) * DAY + 11 * HOUR
    checked = operate(
        scene.world, dice, bureau, LicenceAction.VERIFY, event.number, event.licence_type, at, result="ok",
        holder=event.holder,
    )  # fmt: skip
    _quiet(scene, "B23", "signer_expired_afterwards", [event, checked])
