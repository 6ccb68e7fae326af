"""The duty rota (值班): shifts made of a rule, who is on duty now, and the hand-over between them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.exchange import Level, Todo
from infra.records import Records
from infra.web.seams import Actor
from ops.alerts.service import Audit
from ops.work.record import WorkRow
from ops.work.shelf import Note, Outline, Shelf, words

MOST_SHIFTS = 400
ROLES = ("primary", "backup")


class ShiftState(StrEnum):
    """Whether a shift was handed over: ``planned``, ``offered`` to the next, ``over`` once that one took it."""

    PLANNED = "planned"
    OFFERED = "offered"
    OVER = "over"
    CANCELLED = "cancelled"


class Rota(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule that makes shifts: people take turns, each ``hours`` long, from ``starts`` for ``count`` shifts."""

    people: tuple[str, ...]
    starts: datetime
    hours: float
    count: int
    role: str = "primary"


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """One shift of one person."""

    id: str
    person: str
    starts: datetime
    ends: datetime
    role: str = "primary"
    state: ShiftState = ShiftState.PLANNED
    notes: str = ""
    taken_by: str = ""
    handed: datetime | None = None

    def covers(self, now: datetime) -> bool:
        """Whether it is on then."""
        return self.state is not ShiftState.CANCELLED and self.starts <= now < self.ends


class Duty:
    """The rota of the site. Whoever calls has checked the right to."""

    def __init__(self, records: Records, clock: Clock, audit: Audit) -> None:
        self._clock = clock
        self.shelf: Shelf[Shift] = Shelf(
            records, clock, audit, "shift", "SH", Shift,
            lambda shift: Outline(person=shift.person, key=shift.role, starts=shift.starts, due=shift.ends),
        )  # fmt: skip

    def plan(self, actor: Actor, rota: Rota) -> list[Shift]:
        """The shifts of a rule; ``AppError(CONFLICT)`` names one that already covers a part of the time."""
        if not rota.people or rota.role not in ROLES or not 0 < rota.hours <= 168 or not 0 < rota.count <= MOST_SHIFTS:
            raise AppError(ErrorKind.INVALID, "ops.work.rota", place="rota", most=MOST_SHIFTS)
        step = timedelta(hours=rota.hours)
        known = self.between(rota.starts, rota.starts + step * rota.count)
        if clash := next((shift for shift in known if shift.role == rota.role), None):
            raise AppError(ErrorKind.CONFLICT, "ops.work.shift_clash", place="starts", shift=clash.id)
        made = []
        for turn in range(rota.count):
            start = rota.starts + step * turn
            person = rota.people[turn % len(rota.people)]
            made.append(self._shift(actor, person, start, start + step, rota.role))
        return made

    def _shift(self, actor: Actor, person: str, starts: datetime, ends: datetime, role: str) -> Shift:
        return self.shelf.make(
            actor, lambda number: Shift(id=number, person=person, starts=starts, ends=ends, role=role), "plan"
        )

    def swap(self, actor: Actor, shift: str, person: str) -> Shift:
        """Another person takes a shift that is not over."""
        return self.shelf.change(
            actor, shift, "swap", lambda found: msgspec.structs.replace(_running(found), person=person),
            {"person": person},
        )  # fmt: skip

    def cancel(self, actor: Actor, shift: str) -> Shift:
        """A shift that shall not be."""
        work = lambda found: msgspec.structs.replace(_running(found), state=ShiftState.CANCELLED)  # noqa: E731
        return self.shelf.change(actor, shift, "cancel", work)

    def offer(self, actor: Actor, shift: str, notes: str) -> Shift:
        """Hand over: what the next one has to know. Only by who has the shift."""
        said = words(notes, "notes")

        def work(found: Shift) -> Shift:
            _running(found)
            if actor.id != found.person:
                raise AppError(ErrorKind.FORBIDDEN, "ops.work.not_your_shift", place=shift)
            return msgspec.structs.replace(found, state=ShiftState.OFFERED, notes=said)

        return self.shelf.change(actor, shift, "offer", work)

    def take(self, actor: Actor, shift: str) -> Shift:
        """Take over what was offered; by somebody else than who offered it."""

        def work(found: Shift) -> Shift:
            if found.state is not ShiftState.OFFERED:
                raise AppError(ErrorKind.CONFLICT, "ops.work.not_offered", place=shift)
            if actor.id == found.person:
                raise AppError(ErrorKind.FORBIDDEN, "ops.work.own_shift", place=shift)
            return msgspec.structs.replace(
                found, state=ShiftState.OVER, taken_by=actor.id, handed=self._clock.now()
            )  # fmt: skip

        return self.shelf.change(actor, shift, "take", work)

    def on_duty(self, now: datetime | None = None, role: str = "primary") -> Shift | None:
        """Who is on duty; None where nobody is."""
        at = now or self._clock.now()
        found = [shift for shift in self.between(at, at + timedelta(microseconds=1)) if shift.role == role]
        return found[0] if found else None

    def on_call(self, now: datetime | None = None) -> list[str]:
        """Whom to call, in this order: primary, then backup; account ids."""
        shifts = [self.on_duty(now, role) for role in ROLES]
        return [shift.person for shift in shifts if shift is not None]

    def between(self, start: datetime, end: datetime) -> list[Shift]:
        """Shifts that lie in ``[start, end)`` with any part, in order."""
        where = (WorkRow.starts < end, WorkRow.due > start, WorkRow.state != ShiftState.CANCELLED)
        return sorted(self.shelf.find(*where), key=lambda shift: (shift.starts, shift.role))

    def notes(self, shift: str) -> list[Note]:
        """What was done with it."""
        return self.shelf.notes(shift)

    def todos(self, actor: Actor) -> Sequence[Todo]:
        """Shifts of others offered to whoever comes next; the actor's own that have ended without a hand-over."""
        now = self._clock.now()
        found = []
        for shift in self.between(now - timedelta(days=2), now + timedelta(minutes=1)):
            offered = shift.state is ShiftState.OFFERED and shift.person != actor.id
            late = shift.state is ShiftState.PLANNED and shift.person == actor.id and shift.ends <= now
            if offered or late:
                level = Level.HIGH if late else Level.MEDIUM
                who = actor.id if late else None
                found.append(Todo(shift.id, shift.id, who, shift.ends, level, "/ui/orders?tab=duty", "ops/work"))
        return found


def _running(shift: Shift) -> Shift:
    if shift.state in (ShiftState.OVER, ShiftState.CANCELLED):
        raise AppError(ErrorKind.CONFLICT, "ops.work.ended", place=shift.id)
    return shift
