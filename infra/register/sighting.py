"""Sightings: what an event says of its host, and how that becomes addresses of an asset over time."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.ids import stable_id
from infra.register.nouns import AddressKind
from infra.register.rows import AddressRow, AssetRow

MAX_ADDRESSES = 64


class Sighting(msgspec.Struct, frozen=True):
    """A host was seen: its own id (machine id), name and addresses."""

    host_id: str
    name: str
    addresses: tuple[str, ...]
    at: datetime

    @property
    def asset(self) -> str:
        """The id of its asset: the same host is the same asset on every site."""
        return f"host-{stable_id('host', self.host_id)}"


def place_sighting(session: Session, sighting: Sighting) -> bool:
    """Let the host be an asset with these addresses from its sighting on; True where it is new."""
    asset = session.get(AssetRow, sighting.asset)
    new = asset is None
    if asset is None:
        asset = AssetRow(
            id=sighting.asset, name=sighting.name or sighting.host_id, kind="host", system="", unit="",
            dimension="infrastructure", zone="", importance=0.5, state="running",
        )  # fmt: skip
        session.add(asset)
        session.flush()
    for kind, value in _addresses(sighting):
        hold_address(session, asset.id, kind, value, sighting.at)
    return new


def hold_address(session: Session, asset: str, kind: AddressKind, value: str, at: datetime) -> None:
    """From ``at`` on the address is that asset's; whoever had it has it no longer."""
    holding = select(AddressRow).where(AddressRow.kind == kind, AddressRow.value == value, AddressRow.until.is_(None))
    for row in session.scalars(holding):
        if row.asset == asset:
            return
        row.until = max(row.since, at)
    session.add(AddressRow(asset=asset, kind=kind, value=value, since=at, until=None))


def _addresses(sighting: Sighting) -> Iterator[tuple[AddressKind, str]]:
    yield AddressKind.HOST_ID, sighting.host_id
    if sighting.name:
        yield AddressKind.NAME, sighting.name.casefold()
    for value in own_addresses(sighting.addresses):
        yield AddressKind.IP, value


def own_addresses(addresses: Iterable[str]) -> list[str]:
    """Those addresses that tell hosts apart: no loopback, link-local, multicast or unspecified ones."""
    found = []
    for text in list(addresses)[:MAX_ADDRESSES]:
        try:
            address = ipaddress.ip_address(text.partition("%")[0])
        except ValueError:
            continue
        if not (address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified):
            found.append(str(address))
    return list(dict.fromkeys(found))
