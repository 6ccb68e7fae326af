"""Conforming: a flat document meets the table, or is rejected with the field and the reason.

What the table does not know goes into its flat field; a value of a wrong type is a rejection, never a silent cast:
only lossless readings are taken (``"22"`` for a long, ``"true"`` for a boolean, RFC 3339 text for a date).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from infra.events.field_values import FITS, READERS, READY, UnfitError, as_flat, as_ip, fits_64_bits, ip_text, reader_of
from infra.events.stream import Event
from infra.events.table import FieldType, Table

MAX_FUTURE = timedelta(minutes=5)
MAX_AHEAD = timedelta(hours=24)
"""How far the clock of a host may be ahead of ours before its events are quarantined."""
MAX_NAMES = 65_536
ALIKE = 8
"""So many documents with the same names are worth being taken together."""
_BLOCK = 256
"""At most so many at once: they stay in the processor's cache, and an odd one sends no more than these the long way."""
MAX_SHAPES, MAX_SHAPE_TEXT = 2_048, 16_384
"""Plans that are kept, and the characters of the names of one: who makes up names must not fill the memory."""


class Rejection(msgspec.Struct, frozen=True):
    """Why a document was not taken: a stable reason code, the field, and words for a person."""

    reason: str
    field: str
    detail: str


class Conformed(msgspec.Struct, frozen=True):
    """An event that meets the table."""

    event: Event


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a name goes: values whose type is exactly ``ready``, and that ``fits`` where that is asked, are taken as
    they are, others through ``read``; ``single`` does for what is no list, None where a list is wanted."""

    ready: type | None
    fits: Callable[[Any], bool] | None
    target: str
    key: str
    read: Callable[[Any], Any]
    single: Callable[[Any], Any] | None = None

    def reader(self, kind: type) -> Callable[[Any], Any]:
        """What reads values of ``kind``."""
        if self.single is None or issubclass(kind, list | tuple):
            return self.read
        return ip_text if self.single is as_ip and kind is str else self.single


@dataclass(frozen=True, slots=True)
class _Plan:
    """What documents of the same names and types need, by name: values whose size or kind is asked, values to be read,
    and those that go into a flat field. All others stay as they are."""

    asked: tuple[tuple[str, Callable[[Any], bool], Callable[[Any], Any]], ...]
    read: tuple[tuple[str, Callable[[Any], Any]], ...]
    flat: tuple[tuple[str, str, str], ...]


Shape = tuple[tuple[str, ...], tuple[type, ...]]


class Conformer:
    """Brings flat documents to the table. Keeps a bounded memory of names, and of what documents of the same names and
    types need; one per thread."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._places: dict[str, _Place] = {}
        self._plans: dict[Shape, _Plan | None] = {}
        self._fresh: set[Shape] = set()
        self._asked: tuple[datetime | None, datetime | None] = (None, None)
        self._answer = datetime.min.replace(tzinfo=UTC)

    def conform(self, document: Event, received: datetime, collected: datetime | None = None) -> Conformed | Rejection:
        """The event of ``document``, or why not. An absent ``@timestamp`` is filled with ``collected``, the time by the
        clock of the host it comes from, or ``received``."""
        return self.take(document.copy(), received, collected)

    def take(self, document: Event, received: datetime, collected: datetime | None = None) -> Conformed | Rejection:
        """As ``conform``; ``document`` itself may become the event. One that is rejected stays as it is."""
        shape = (tuple(document), tuple(map(type, document.values())))
        plan = self._plans.get(shape) or self._planned(shape)
        made = self._one_by_one(document) if plan is None else _by_plan(plan, document)
        if isinstance(made, Rejection):
            return made
        collected = collected or received
        moment = made.get("@timestamp") or (plan and document.get("@timestamp")) or collected
        if moment > self._newest(received, collected):
            return Rejection("future_timestamp", "@timestamp", f"{moment.isoformat()} lies after receipt")
        if plan is not None:
            document.update(made)
        return Conformed(_completed(plan, document if plan is not None else made, received, collected))

    def take_all(
        self, documents: Sequence[Event], received: datetime, collected: datetime | None = None
    ) -> list[Event | Rejection]:
        """As ``take`` of each, in their order; those with the same names are taken together, name by name."""
        found: list[Event | Rejection] = list(documents)
        alike: dict[tuple[str, ...], list[int]] = {}
        for at, document in enumerate(documents):
            alike.setdefault(tuple(document), []).append(at)
        for names, places in alike.items():
            for start in range(0, len(places), _BLOCK):
                block = places[start : start + _BLOCK]
                together = [documents[at] for at in block]
                if len(block) < ALIKE or not self._take_alike(names, together, received, collected):
                    for at in block:
                        one = self.take(documents[at], received, collected)
                        found[at] = one.event if isinstance(one, Conformed) else one
        return found

    def _take_alike(
        self, names: tuple[str, ...], documents: Sequence[Event], received: datetime, collected: datetime | None
    ) -> bool:
        """Make events of documents with the same names; False, and nothing is changed, where one of them is odd."""
        columns = dict(zip(names, zip(*map(dict.values, documents), strict=True), strict=True))
        kinds = [set(map(type, column)) for column in columns.values()]
        if any(len(one) > 1 for one in kinds):
            return False
        shape = (names, tuple(one.pop() for one in kinds))
        plan = self._planned(shape) or self._planned(shape)  # the second time it is worth planning
        made = _columns_by_plan(plan, columns) if plan is not None else None
        if plan is None or made is None:
            return False
        collected = collected or received
        moments = made.get("@timestamp") or columns.get("@timestamp") or (collected,)
        if max(moments) > self._newest(received, collected):
            return False
        for name, values in made.items():
            for document, value in zip(documents, values, strict=True):
                document[name] = value
        for document in documents:
            _completed(plan, document, received, collected)
        return True

    def _planned(self, shape: Shape) -> _Plan | None:
        """The plan for documents of ``shape`` once they come again; None for those whose values have to be taken one by
        one: with nulls, or with two names for the same."""
        if shape not in self._plans:
            if sum(map(len, shape[0])) > MAX_SHAPE_TEXT:
                return None
            if len(self._plans) >= MAX_SHAPES:
                self._plans.clear()
                self._fresh.clear()
            self._plans[shape] = None
            self._fresh.add(shape)
            return None
        if shape in self._fresh:
            self._fresh.discard(shape)
            self._plans[shape] = self._plan(*shape)
        return self._plans[shape]

    def _plan(self, names: tuple[str, ...], types: tuple[type, ...]) -> _Plan | None:
        places = [
            (name, self._places.get(name) or self._learn(name), kind) for name, kind in zip(names, types, strict=True)
        ]
        flat = tuple((name, place.target, place.key) for name, place, _ in places if place.key)
        if type(None) in types or any(target in names for _, target, _ in flat):
            return None
        if any(not place.key and place.target != name for name, place, _ in places):
            return None  # the name of nothing stands for the overflow as a whole
        whole = [(name, place, kind) for name, place, kind in places if not place.key]
        return _Plan(
            tuple((name, one.fits, one.reader(kind)) for name, one, kind in whole if one.ready is kind and one.fits),
            tuple((name, one.reader(kind)) for name, one, kind in whole if one.ready is not kind),
            flat,
        )

    def _one_by_one(self, document: Event) -> Event | Rejection:
        event: Event = {}
        places = self._places
        for name, value in document.items():
            if value is None:
                continue
            place = places.get(name) or self._learn(name)
            if type(value) is place.ready and (place.fits is None or place.fits(value)):
                event[place.target] = value
                continue
            try:
                if place.key:
                    event.setdefault(place.target, {})[place.key] = as_flat(value)
                else:
                    event[place.target] = place.read(value)
            except UnfitError as problem:
                return Rejection("type_conflict", name, str(problem))
        return event

    def _newest(self, received: datetime, collected: datetime) -> datetime:
        """The latest that an event may have happened: the records of a frame ask one after another."""
        if received is not self._asked[0] or collected is not self._asked[1]:
            self._asked = (received, collected)
            self._answer = max(received, min(collected, received + MAX_AHEAD)) + MAX_FUTURE
        return self._answer

    def _learn(self, name: str) -> _Place:
        if len(self._places) >= MAX_NAMES:
            self._places.clear()
        field, key = self._table.resolve(name)
        ready = None if key or field.array else READY.get(field.type)
        single = None if field.array or field.type is FieldType.FLAT else READERS[field.type]
        place = _Place(ready, FITS.get(field.type), field.name, key, as_flat if key else reader_of(field), single)
        self._places[name] = place
        return place


def _by_plan(plan: _Plan, document: Event) -> Event | Rejection:
    """The values of ``document`` that are not what they have to be, as they have to be."""
    made: Event = {}
    name = ""
    try:
        for name, fits, read in plan.asked:
            if not fits(document[name]):
                made[name] = read(document[name])
        for name, read in plan.read:
            made[name] = read(document[name])
    except UnfitError as problem:
        return Rejection("type_conflict", name, str(problem))
    return made


def _columns_by_plan(plan: _Plan, columns: Mapping[str, Sequence[Any]]) -> dict[str, Sequence[Any]] | None:
    """The columns that are not what they have to be, as they have to be; None where a value does not fit."""
    try:
        made: dict[str, Sequence[Any]] = {name: list(map(read, columns[name])) for name, read in plan.read}
    except UnfitError:
        return None
    return made if all(_all_fit(fits, columns[name]) for name, fits, _ in plan.asked) else None


def _all_fit(fits: Callable[[Any], bool], column: Sequence[Any]) -> bool:
    return fits(min(column)) and fits(max(column)) if fits is fits_64_bits else all(map(fits, column))


def _completed(plan: _Plan | None, event: Event, received: datetime, collected: datetime) -> Event:
    for name, target, key in plan.flat if plan is not None else ():
        event.setdefault(target, {})[key] = as_flat(event.pop(name))
    event.setdefault("@timestamp", collected)
    event.setdefault("event.ingested", received)
    return event
