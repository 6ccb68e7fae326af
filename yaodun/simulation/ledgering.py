"""Paperwork of the trace chain: bills and packing with realistic hours, uploads, retries and late data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from infra.events.business import Bill, BusinessSystem, Measure, Pack, PackAction
from yaodun.simulation.almanac import DAY, HOUR
from yaodun.simulation.dice import Dice
from yaodun.simulation.world import Actor, Ware, World

RETAIL_TYPE = {"hospital": "320", "vaccination": "322", "online": "326"}


class Clerk:
    """Writes the bills of everybody."""

    def __init__(self, world: World, purpose: str) -> None:
        self.world = world
        self.dice: Dice = world.dice.apart(purpose)
        self._late = world.knobs.draw("late", self.dice)
        self._retries = world.knobs.draw("retries", self.dice)
        self._quiet: dict[str, tuple[float, float]] = {}
        self._held: dict[str, tuple[float, float, float]] = {}

    def silence(self, actor: Actor, begins: float, ends: float) -> None:
        """Nothing of ``actor`` is uploaded between."""
        self._quiet[actor.id] = (begins, ends)

    def hold(self, actor: Actor, begins: float, ends: float, released: float) -> None:
        """What ``actor`` does between is uploaded from ``released`` on, within an hour."""
        self._held[actor.id] = (begins, ends, released)

    def upload(self, actor: Actor, at: float, *, usual: bool = False) -> float:
        """When the centre records what ``actor`` did at ``at``."""
        if (held := self._held.get(actor.id)) and held[0] <= at < held[1]:
            return held[2] + self.dice.between(0, HOUR)
        chance = 1.0 if usual else self.dice.chance()
        if chance < self._late:
            return at + self.dice.between(1, 6) * DAY
        if actor.habit == "live":
            return at + min(12 * HOUR, self.dice.spread(900, 1.0)) + 5
        day = int(at // DAY)
        if actor.habit == "evening":
            evening = day * DAY + self.dice.between(18.5, 23) * HOUR
            return evening if evening > at else at + self.dice.between(60, 3000)
        return self.world.almanac.work_day(day + 1) * DAY + self.dice.between(8.5, 12) * HOUR

    def bill(
        self, kind: str, party: Actor, ware: Ware, batch: str, codes: Sequence[str], quantity: float, at: float,
        *, giver: Actor | None = None, taker: Actor | None = None, measure: Measure = Measure.EACH,
        recorded: float | None = None, **more: Any,
    ) -> Bill:  # fmt: skip
        """One bill of ``party`` on the tape; sometimes it is uploaded again."""
        world, almanac = self.world, self.world.almanac
        event = Bill(
            id=world.tape.name("t"), system=BusinessSystem.TRACE, simulated=True, province=party.province,
            time=almanac.moment(at), recorded=almanac.moment(self.upload(party, at) if recorded is None else recorded),
            bill=more.pop("number", None) or self.number(kind, at), bill_type=kind, party=party.id, product=ware.id,
            batch=batch, quantity=quantity, measure=measure, from_party=giver.id if giver else None,
            to_party=taker.id if taker else None, codes=tuple(codes), place=more.pop("place", party.place),
            operator=f"{party.id}/u{1 + int(at // 977) % 3}", **more,
        )  # fmt: skip
        if (quiet := self._quiet.get(party.id)) and quiet[0] <= at < quiet[1]:
            return event
        world.tape.add(event)
        if recorded is None and self.dice.happens(self._retries):
            self.retry(event)
        return event

    def number(self, kind: str, at: float) -> str:
        """A number for a bill."""
        day = self.world.almanac.day_text(int(at // DAY)).replace("-", "")
        return f"{'RK' if kind[0] == '1' else 'CK'}{day}-{self.world.number('bill'):07d}"

    def retry(self, event: Bill) -> Bill:
        """The same bill uploaded again, or the same event delivered again."""
        later = self.world.tape.seconds(event.recorded.timestamp()) + self.dice.between(30, 6 * HOUR)
        if self.dice.happens(0.4):
            self.world.tape.repeat(event, self.dice.between(5, 600))
            return event
        again = msgspec.structs.replace(
            event, id=self.world.tape.name("t"), attempt=event.attempt + 1, recorded=self.world.almanac.moment(later)
        )
        self.world.tape.add(again)
        return again

    def pack(self, party: Actor, parent: str, children: Sequence[str], ware: Ware, batch: str, at: float, *,
             recorded: float | None = None, place: Any = None) -> Pack:  # fmt: skip
        """Children into a parent."""
        return self._pack(PackAction.PACK, party, parent, children, ware, batch, at, recorded, place)

    def unpack(self, party: Actor, parent: str, ware: Ware, batch: str, at: float, children: Sequence[str] = (),
               *, recorded: float | None = None) -> Pack:  # fmt: skip
        """Children out of a parent; all without ``children``."""
        return self._pack(PackAction.UNPACK, party, parent, children, ware, batch, at, recorded, None)

    def _pack(
        self, action: PackAction, party: Actor, parent: str, children: Sequence[str], ware: Ware, batch: str, at: float,
        recorded: float | None, place: Any,
    ) -> Pack:  # fmt: skip
        almanac = self.world.almanac
        event = Pack(
            id=self.world.tape.name("k"), system=BusinessSystem.TRACE, simulated=True, province=party.province,
            time=almanac.moment(at), action=action, party=party.id, parent=parent, children=tuple(children),
            recorded=almanac.moment(self.upload(party, at, usual=True) if recorded is None else recorded),
            product=ware.id, batch=batch, place=place or party.place,
        )  # fmt: skip
        if not ((quiet := self._quiet.get(party.id)) and quiet[0] <= at < quiet[1]):
            self.world.tape.add(event)
        return event


def office_hour(world: World, dice: Dice, day: int) -> float:
    """A moment in office hours of the first working day from ``day`` on."""
    return world.almanac.work_day(day) * DAY + dice.between(8.6, 17.2) * HOUR


def retail_type(actor: Actor) -> str:
    """The type of the final sale of an actor."""
    return RETAIL_TYPE.get(actor.role.value, "321")
