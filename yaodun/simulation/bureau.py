"""Issuing authorities and their e-licences: who may issue what, with which certificate, and honest issuing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from infra.events.business import Authority, BusinessSystem, ELicence, LicenceAction
from yaodun.simulation.almanac import DAY, HOUR
from yaodun.simulation.codes import check_character, licence_number
from yaodun.simulation.dice import Dice
from yaodun.simulation.geography import provinces
from yaodun.simulation.world import World

TYPES = tuple(f"11100000MB03{number:05d}P001" for number in (31001, 31002, 31003, 31004, 31005))


@dataclass(slots=True, eq=False)
class Bureau:
    """An authority with its approvers and its signing certificate (days of validity)."""

    issuer: str
    province: str
    types: tuple[str, ...]
    approvers: tuple[str, ...]
    signer: str
    valid: tuple[int, int] = (-200, 500)
    numbers: dict[str, int] = field(default_factory=dict)


def found(world: World, dice: Dice, province: str) -> Bureau:
    """A new authority, known from the first hours on."""
    number = world.number("issuer")
    body = f"11{province}{number:08d}X"[:17]
    issuer = body + check_character(body)
    signer = f"{dice.whole(0, 2**40):010x}"
    people = tuple(f"{province[:2]}-officer-{number}-{each}" for each in range(1, 5))
    bureau = Bureau(issuer, province, tuple(sorted(dice.some(TYPES, 3))), people, signer)
    at = world.almanac.moment(HOUR)
    world.tape.add(
        Authority(
            id=world.tape.name("a"), system=BusinessSystem.LICENCE, time=at, recorded=at, simulated=True,
            province=province, issuer=issuer, licence_types=bureau.types, regions=(province,), name=f"审批处{number}",
        )
    )  # fmt: skip
    return bureau


def operate(
    world: World, dice: Dice, bureau: Bureau, action: LicenceAction, number: str, kind: str, at: float, **more: Any
) -> ELicence:
    """One operation on the tape; ``more`` overrides its fields."""
    almanac = world.almanac
    fields: dict[str, Any] = {
        "id": world.tape.name("v"), "system": BusinessSystem.LICENCE, "time": almanac.moment(at), "simulated": True,
        "recorded": almanac.moment(at + dice.between(0, 20)), "province": bureau.province, "action": action,
        "number": number, "licence_type": kind, "issuer": bureau.issuer, "holder": f"E-{dice.whole(1, 9999):04d}",
        "holder_province": bureau.province,
    }  # fmt: skip
    if action is not LicenceAction.VERIFY:
        fields |= {
            "operator": dice.choose(bureau.approvers), "applicant": f"app-{dice.whole(1, 99999):05d}",
            "case": f"C-{dice.whole(1, 10**8):08d}", "signer": bureau.signer, "dated": almanac.day_text(int(at // DAY)),
            "signer_from": almanac.moment(bureau.valid[0] * DAY), "signer_to": almanac.moment(bureau.valid[1] * DAY),
        }  # fmt: skip
    event = ELicence(**(fields | more))
    world.tape.add(event)
    return event


def new_number(world: World, bureau: Bureau, kind: str, at: float, version: int = 1) -> str:
    """The number of a new licence."""
    day = world.almanac.day_text(int(at // DAY)).replace("-", "")
    return licence_number(kind, bureau.issuer, f"{day}{world.number('elicence'):06d}", version)


def issue(world: World, dice: Dice, bureau: Bureau, at: float, **more: Any) -> ELicence:
    """An honest issue."""
    kind = dice.choose(bureau.types)
    return operate(world, dice, bureau, LicenceAction.ISSUE, new_number(world, bureau, kind, at), kind, at, **more)


def in_office(world: World, dice: Dice, day: int) -> float:
    """A moment well inside office hours of the first working day from ``day`` on."""
    return world.almanac.work_day(day) * DAY + dice.between(9, 17) * HOUR


def ordinary(world: World) -> list[Bureau]:
    """Some authorities that issue and verify every working day."""
    dice = world.dice.apart("bureaux")
    bureaux = [found(world, dice, land.code) for land in dice.some(provinces(), 6)]
    for day in range(1, world.almanac.days):
        if world.almanac.is_off(day):
            continue
        for bureau in bureaux:
            for _ in range(dice.count(3)):
                event = issue(world, dice, bureau, in_office(world, dice, day))
                _used(world, dice, bureau, event, day)
    return bureaux


def _used(world: World, dice: Dice, bureau: Bureau, event: ELicence, day: int) -> None:
    for _ in range(dice.whole(0, 2)):
        at = (day + dice.spread(10, 0.8)) * DAY + dice.between(8, 22) * HOUR
        if at < world.almanac.end:
            operate(
                world, dice, bureau, LicenceAction.VERIFY, event.number, event.licence_type, at, result="ok",
                holder=event.holder,
            )  # fmt: skip
