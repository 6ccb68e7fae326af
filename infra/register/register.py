"""``Register``: reading and changing units, systems and assets. Blocks; call it in a thread from async code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.clock import Clock, SystemClock
from infra.errors import AppError, ErrorKind
from infra.feed import publish
from infra.ledger import record
from infra.records import Record, Records
from infra.register.nouns import Address, AddressKind, Asset, System, Unit
from infra.register.rows import AddressRow, AssetRow, SystemRow, UnitRow
from infra.register.seed import OWN_SYSTEM, REGULATOR, seed
from infra.register.sighting import Sighting, hold_address, place_sighting
from infra.web.seams import Actor, Authorizer

TOPIC = "register"
SEEDER = "platform"

N = TypeVar("N", Unit, System)


class Register:
    """The register of a site. Changes by people are judged by ``access`` and enter the ledger; sightings do not, they
    are telemetry. Each change is told on the feed."""

    def __init__(self, records: Records, access: Authorizer, clock: Clock | None = None) -> None:
        self._records = records
        self._access = access
        self._clock = clock or SystemClock()

    # Reading

    def units(self) -> Sequence[Unit]:
        """All units by id."""
        return self._records.read(lambda session: [_unit(row) for row in session.scalars(_all(UnitRow))])

    def systems(self) -> Sequence[System]:
        """All business systems by id."""
        return self._records.read(lambda session: [_system(row) for row in session.scalars(_all(SystemRow))])

    def assets(self, system: str = "") -> Sequence[Asset]:
        """All assets, or those of a system, with their addresses past and present."""

        def look(session: Session) -> list[Asset]:
            query = _all(AssetRow).where(AssetRow.system == system) if system else _all(AssetRow)
            addresses: dict[str, list[AddressRow]] = defaultdict(list)
            for row in session.scalars(select(AddressRow).order_by(AddressRow.since, AddressRow.id)):
                addresses[row.asset].append(row)
            return [_asset(row, addresses[row.id]) for row in session.scalars(query)]

        return self._records.read(look)

    def asset(self, asset: str) -> Asset:
        """One asset; ``AppError(NOT_FOUND)``."""

        def look(session: Session) -> Asset:
            row = session.get(AssetRow, asset)
            if row is None:
                raise AppError(ErrorKind.NOT_FOUND, "infra.register.no_asset", place=asset[:64])
            query = select(AddressRow).where(AddressRow.asset == asset).order_by(AddressRow.since, AddressRow.id)
            return _asset(row, session.scalars(query).all())

        return self._records.read(look)

    # Changing

    def save_unit(self, actor: Actor, unit: Unit) -> None:
        """Make or change a unit; ``AppError(INVALID)`` where the unit above it does not exist or lies below it."""

        def check(session: Session) -> None:
            above, seen = unit.parent, {unit.id}
            while above:
                parent = session.get(UnitRow, above)
                if parent is None or above in seen:
                    raise AppError(ErrorKind.INVALID, "infra.register.parent_wrong", place="parent", unit=above)
                seen.add(above)
                above = parent.parent

        self._save(actor, "unit", UnitRow, unit, check)

    def save_system(self, actor: Actor, system: System) -> None:
        """Make or change a business system."""
        self._save(actor, "system", SystemRow, system, lambda session: _exists(session, UnitRow, "unit", system.unit))

    def save_asset(self, actor: Actor, asset: Asset) -> None:
        """Make or change an asset. Addresses in it that are new are held from now on; those left out are given up."""

        def check(session: Session) -> None:
            _exists(session, UnitRow, "unit", asset.unit)
            _exists(session, SystemRow, "system", asset.system)

        self._save(actor, "asset", AssetRow, asset, check)

    # What the platform itself knows

    def prepare(self) -> None:
        """Begin with the shipped units and systems; what is there stays as it is."""

        def put(session: Session) -> None:
            for kind, row_type, nouns in (("unit", UnitRow, seed().units), ("system", SystemRow, seed().systems)):
                for noun in nouns:
                    if session.get(row_type, noun.id) is None:
                        session.add(row_type(**_columns(noun)))
                        self._tell(session, SEEDER, f"infra.{kind}.create", f"{kind}:{noun.id}", seeded=True)

        if self._records.read(lambda session: session.scalar(select(SystemRow.id).limit(1))) is None:
            self._records.write(put)

    def prepare_host(self, host_id: str, name: str, addresses: Iterable[str]) -> str:
        """The asset of the machine the platform runs on; it belongs to the platform's own system at first."""
        sighting = Sighting(host_id, name, tuple(addresses), self._clock.now())

        def put(session: Session) -> None:
            if place_sighting(session, sighting):
                row = session.get_one(AssetRow, sighting.asset)
                row.system, row.unit = OWN_SYSTEM, REGULATOR
                self._tell(session, SEEDER, "infra.asset.create", f"asset:{row.id}", name=row.name)
            publish(session, TOPIC, sighting.asset, at=self._clock.now())

        self._records.write(put)
        return sighting.asset

    def sight(self, sightings: Iterable[Sighting]) -> int:
        """Take in hosts that events told of; how many were new."""
        wanted = list(sightings)

        def put(session: Session) -> int:
            new = sum(place_sighting(session, sighting) for sighting in wanted)
            publish(session, TOPIC, at=self._clock.now())
            return new

        return self._records.write(put) if wanted else 0

    def _save(self, actor: Actor, kind: str, row_type: type[Record], noun: Any, check: Any) -> None:
        self._access.demand(actor, "register.edit", f"{kind}:{noun.id}")
        noun = _valid(noun)

        def put(session: Session) -> None:
            check(session)
            row = session.get(row_type, noun.id)
            before, after = _before(row, noun), _columns(noun)
            if row is None:
                session.add(row_type(**after))
                session.flush()
            else:
                for name, value in after.items():
                    setattr(row, name, value)
            if isinstance(noun, Asset):
                self._place_addresses(session, noun)
            changed = {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
            action = "change" if before else "create"
            self._tell(session, actor, f"infra.{kind}.{action}", f"{kind}:{noun.id}", changed=changed)

        self._records.write(put)

    def _place_addresses(self, session: Session, asset: Asset) -> None:
        now = self._clock.now()
        wanted = {(address.kind, _folded(address)) for address in asset.addresses if address.until is None}
        open_rows = select(AddressRow).where(AddressRow.asset == asset.id, AddressRow.until.is_(None))
        for row in session.scalars(open_rows):
            if (AddressKind(row.kind), row.value) not in wanted:
                row.until = max(row.since, now)
        for kind, value in sorted(wanted):
            hold_address(session, asset.id, kind, value, now)

    def _tell(self, session: Session, actor: Actor | str, action: str, thing: str, **detail: Any) -> None:
        record(session, actor=actor, action=action, thing=thing, detail=detail, at=self._clock.now())
        publish(session, TOPIC, thing, at=self._clock.now())


def _all(row_type: Any) -> Any:
    return select(row_type).order_by(row_type.id)


def _folded(address: Address) -> str:
    return address.value.casefold() if address.kind is AddressKind.NAME else address.value


def _valid(noun: Any) -> Any:
    """The noun if it keeps the limits of its type; ``AppError(INVALID)`` naming the field."""
    try:
        return msgspec.convert(msgspec.to_builtins(noun), type(noun))
    except msgspec.ValidationError as error:
        problem, _, where = str(error).partition(" - at `$.")
        place = where.rstrip("`") or type(noun).__name__.lower()
        raise AppError(ErrorKind.INVALID, "infra.register.field_wrong", place=place, problem=problem) from None


def _columns(noun: Any) -> dict[str, Any]:
    columns = dict(msgspec.to_builtins(noun))
    columns.pop("addresses", None)
    return columns


def _before(row: Record | None, noun: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _columns(noun)} if row is not None else {}


def _exists(session: Session, row_type: type[Record], field: str, wanted: str) -> None:
    if wanted and session.get(row_type, wanted) is None:
        raise AppError(ErrorKind.INVALID, "infra.register.not_there", place=field, wanted=wanted)


def _plain(row: Record, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _unit(row: UnitRow) -> Unit:
    return Unit(**_plain(row, *Unit.__struct_fields__))


def _system(row: SystemRow) -> System:
    return msgspec.convert(_plain(row, *System.__struct_fields__), System)


def _asset(row: AssetRow, addresses: Sequence[AddressRow]) -> Asset:
    names = [name for name in Asset.__struct_fields__ if name != "addresses"]
    found = [
        Address(AddressKind(item.kind), item.value, item.since, item.until, item.seen, item.told_by or "")
        for item in addresses
    ]
    return msgspec.convert({**_plain(row, *names), "addresses": found}, Asset)
