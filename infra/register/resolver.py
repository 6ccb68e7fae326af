"""The fast read side: which asset, system, unit and dimension an event belongs to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.events.stream import Event
from infra.feed import Feed
from infra.records import Records
from infra.register.register import TOPIC, Register
from infra.register.rows import AddressRow, AssetRow, SystemRow
from infra.register.sighting import Sighting

EVER = datetime.max.replace(tzinfo=UTC)
MAX_SIGHTINGS = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event of an asset belongs."""

    asset: str
    system: str
    unit: str
    dimension: str
    zone: str


Intervals = tuple[tuple[datetime, datetime, Place], ...]


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """One state of the register, compiled; replaced whole, never changed."""

    host_ids: Mapping[str, Intervals]
    sources: Mapping[str, Intervals]
    ips: Mapping[str, Intervals]
    names: Mapping[str, Intervals]
    systems: Mapping[str, str]


class Resolver:
    """Answers from memory. ``listen`` keeps it fresh through the feed; ``refresh`` reads the register anew."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._snapshot = records.read(_compile)
        self._unknown: dict[str, Sighting] = {}
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Take the register as it is now."""
        self._snapshot = self._records.read(_compile)

    def listen(self, feed: Feed) -> Callable[[], None]:
        """Refresh whenever the feed tells of the register; the answer ends it."""
        return feed.subscribe([TOPIC], lambda notice: self.refresh())

    def place(self, event: Event) -> Place | None:
        """The asset of an event at its time: by host id, source, host name, then host and observer addresses."""
        snapshot, at = self._snapshot, event["@timestamp"]
        host = event.get("host.id")
        if host is not None and (found := _at(snapshot.host_ids.get(host), at)):
            return found
        if (source := event.get("yaodun.source")) and (found := _at(snapshot.sources.get(source), at)):
            return found
        name = event.get("host.name")
        if isinstance(name, str) and (found := _at(snapshot.names.get(name.casefold()), at)):
            return found
        for field in ("host.ip", "observer.ip"):
            for address in event.get(field) or ():
                if found := _at(snapshot.ips.get(address), at):
                    return found
        return None

    def address(self, address: str, at: datetime) -> Place | None:
        """Whose address it was at that time."""
        return _at(self._snapshot.ips.get(address), at)

    def whose(self, kind: str, value: str, at: datetime) -> str:
        """The asset that an address (``ip``), a host's name or id (``host``) or an asset means; '' where none."""
        snapshot = self._snapshot
        if kind == "asset":
            return value
        if kind == "ip":
            found = _at(snapshot.ips.get(value), at)
        elif kind == "host":
            found = _at(snapshot.names.get(value.casefold()), at) or _at(snapshot.host_ids.get(value), at)
            found = found or _at(snapshot.ips.get(value), at)
        else:
            found = None
        return found.asset if found else ""

    def names_of(self, asset: str) -> frozenset[str]:
        """Every address, host name and host id an asset ever had."""
        kinds = (self._snapshot.ips, self._snapshot.names, self._snapshot.host_ids)
        return frozenset(
            value
            for values in kinds
            for value, intervals in values.items()
            if any(place.asset == asset for _, _, place in intervals)
        )

    def enrich(self, event: Event) -> None:
        """Fill ``yaodun.asset``, ``system``, ``unit``, ``dimension`` and ``zone`` where the event does not say them.

        Needs ``@timestamp`` (aware). A business event belongs to the system it names. A host nobody knows is remembered
        as a sighting; see ``flush``.
        """
        business = event.get("yaodun.biz.system")
        if business is not None:
            event.setdefault("yaodun.system", business)
        place = self.place(event)
        if place is not None:
            for name, value in (
                ("yaodun.asset", place.asset),
                ("yaodun.system", place.system),
                ("yaodun.unit", place.unit),
                ("yaodun.zone", place.zone),
            ):
                if value:
                    event.setdefault(name, value)
        elif (host := event.get("host.id")) and host not in self._unknown:
            self._remember(host, event)
        if "yaodun.unit" not in event and (unit := self._snapshot.systems.get(event.get("yaodun.system", ""))):
            event["yaodun.unit"] = unit
        if "yaodun.dimension" not in event:
            event["yaodun.dimension"] = (
                "business" if business is not None else place.dimension if place else "infrastructure"
            )

    def flush(self, register: Register) -> int:
        """Hand the sightings to the register; how many hosts were new."""
        with self._lock:
            sightings, self._unknown = list(self._unknown.values()), {}
        new = register.sight(sightings)
        if sightings:
            self.refresh()
        return new

    def _remember(self, host: str, event: Event) -> None:
        name, addresses = event.get("host.name"), event.get("host.ip") or ()
        with self._lock:
            if len(self._unknown) < MAX_SIGHTINGS:
                self._unknown[host] = Sighting(
                    host[:200], name[:200] if isinstance(name, str) else "", tuple(addresses), event["@timestamp"]
                )


def _at(intervals: Intervals | None, at: datetime) -> Place | None:
    if intervals is None:
        return None
    for since, until, place in intervals:
        if since <= at < until:
            return place
    return None


def _compile(session: Session) -> _Snapshot:
    systems = {row.id: row.unit for row in session.execute(select(SystemRow.id, SystemRow.unit))}
    places = {
        row.id: Place(row.id, row.system, row.unit or systems.get(row.system, ""), row.dimension, row.zone)
        for row in session.execute(select(AssetRow.__table__))
    }
    found: dict[str, dict[str, list[tuple[datetime, datetime, Place]]]] = {
        "host_id": {}, "source": {}, "ip": {}, "name": {},
    }  # fmt: skip
    kinds = AddressRow.kind.in_(list(found))
    query = select(AddressRow.__table__).where(kinds).order_by(AddressRow.since.desc(), AddressRow.id.desc())
    for row in session.execute(query):
        found[row.kind].setdefault(row.value, []).append(_interval(row, places[row.asset]))
    _drop_copied(found["host_id"])
    for intervals in (*found["host_id"].values(), *found["source"].values(), *found["name"].values()):
        _reach_back(intervals)
    compiled: dict[str, Mapping[str, Intervals]] = {
        kind: {value: tuple(intervals) for value, intervals in values.items()} for kind, values in found.items()
    }
    return _Snapshot(compiled["host_id"], compiled["source"], compiled["ip"], compiled["name"], systems)


def _drop_copied(host_ids: dict[str, list[tuple[datetime, datetime, Place]]]) -> None:
    """A machine id that several assets have at once (clones) says nothing: name and address decide."""
    for value, intervals in list(host_ids.items()):
        if len({place.asset for _, until, place in intervals if until == EVER}) > 1:
            del host_ids[value]


def _interval(row: Any, place: Place) -> tuple[datetime, datetime, Place]:
    return row.since, row.until or EVER, place


def _reach_back(intervals: list[tuple[datetime, datetime, Place]]) -> None:
    """An id, a source or a name meant the same thing before it was first registered: late logs find their asset."""
    _, until, place = intervals[-1]
    intervals[-1] = (datetime.min.replace(tzinfo=UTC), until, place)
