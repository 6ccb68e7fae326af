"""Keeps the book of assets in the register: loaded at the start, written as observations change it."""

from __future__ import annotations

import fnmatch
import ipaddress
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from infra.clock import Clock, SystemClock
from infra.feed import publish
from infra.ids import stable_id
from infra.records import Records
from infra.register.identity.book import AssetBook
from infra.register.identity.claims import FOREVER, Claim
from infra.register.identity.known import Finding, Known
from infra.register.identity.observation import Observation
from infra.register.nouns import AddressKind, State
from infra.register.rows import AddressRow, AssetRow, FactRow, RuleRow, ZoneRow

TOPIC = "register"
KINDS = {
    "instance_id": AddressKind.INSTANCE, "machine_id": AddressKind.HOST_ID, "serial": AddressKind.SERIAL,
    "mac": AddressKind.MAC, "spki": AddressKind.CERTIFICATE, "name": AddressKind.NAME, "ip": AddressKind.IP,
}  # fmt: skip
_BACK = {kind.value: name for name, kind in KINDS.items()}
RESTORED_SIGHTINGS = 5


class AssetKeeper:
    """One per site, in the process that takes events in. Not safe for several threads."""

    def __init__(self, records: Records, clock: Clock | None = None) -> None:
        self._records = records
        self._clock = clock or SystemClock()
        self.book = AssetBook(asset_id)
        records.read(self._restore)
        self.book.findings.clear()
        self.book.touched.clear()

    def absorb(self, observations: Iterable[Observation]) -> list[Finding]:
        """Take observations in, write what they changed, and tell what is worth telling."""
        for seen in sorted(observations, key=lambda each: each.at):
            self.book.observe(seen)
        self.book.settle(self._clock.now().timestamp())
        touched, self.book.touched = self.book.touched, set()
        findings, self.book.findings = self.book.findings, []
        if touched:
            self._records.write(lambda session: self._write(session, sorted(touched)))
        return findings

    # Reading

    def _restore(self, session: Session) -> None:
        for row in session.scalars(select(AssetRow).where(AssetRow.state != State.RETIRED)):
            self.book.assets[row.id] = Known(row.id, FOREVER, sightings=RESTORED_SIGHTINGS)
        for address in session.scalars(select(AddressRow).order_by(AddressRow.since, AddressRow.id)):
            if address.asset in self.book.assets and address.kind in _BACK:
                self._restore_key(address)
        for fact in session.scalars(select(FactRow)):
            if fact.asset in self.book.assets:
                self.book.assets[fact.asset].facts[fact.name] = (fact.value, fact.told_by, fact.seen.timestamp())
        now = self._clock.now().timestamp()
        for one in self.book.assets.values():
            one.since = min(one.since, now)

    def _restore_key(self, row: AddressRow) -> None:
        since, seen = row.since.timestamp(), (row.seen or row.since).timestamp()
        until = row.until.timestamp() if row.until else FOREVER
        self.book.restore(
            row.asset, _BACK[row.kind], row.value, Claim(row.asset, since, seen, row.told_by or "", until)
        )

    # Writing

    def _write(self, session: Session, touched: Sequence[str]) -> None:
        rules = list(session.scalars(select(RuleRow).order_by(RuleRow.rank, RuleRow.id)))
        zones = list(session.scalars(select(ZoneRow)))
        for asset in touched:
            one = self.book.assets.get(asset)
            if one is None:
                self._retire(session, asset)
            else:
                self._write_asset(session, one, rules, zones)
        publish(session, TOPIC, at=self._clock.now())

    def _retire(self, session: Session, asset: str) -> None:
        """It was another all along: what it had is that one's, and it says so."""
        row = session.get(AssetRow, asset)
        if row is None:
            return
        row.state = State.RETIRED
        session.execute(delete(AddressRow).where(AddressRow.asset == asset))
        session.merge(
            FactRow(
                asset=asset, name="joined", value=self.book.current(asset), told_by="register", seen=self._clock.now()
            )
        )

    def _write_asset(self, session: Session, one: Known, rules: Sequence[RuleRow], zones: Sequence[ZoneRow]) -> None:
        row = session.get(AssetRow, one.id)
        if row is None:
            row = AssetRow(
                id=one.id, name=one.id, kind="device" if one.bare else "host", system="", unit="",
                dimension="infrastructure", zone="", importance=0.5, state=State.RUNNING.value,
            )  # fmt: skip
            session.add(row)
            session.flush()
        if row.name == one.id or row.name in one.keys["name"] or row.name in one.keys["ip"]:
            row.name = one.newest("name") or one.newest("ip") or one.id
        place(row, one, rules, zones)
        self._write_keys(session, one)
        for name, (value, told_by, seen) in one.facts.items():
            session.merge(FactRow(asset=one.id, name=name, value=value[:500], told_by=told_by, seen=_moment(seen)))

    def _write_keys(self, session: Session, one: Known) -> None:
        there = {
            (row.kind, row.value, _stamp(row.since.timestamp())): row
            for row in session.scalars(select(AddressRow).where(AddressRow.asset == one.id))
        }
        fixed = {(kind, value): row for (kind, value, _), row in there.items()}
        for name, value, claim in self.book.held_by(one.id):
            kind = KINDS[name].value
            row = there.get((kind, value, _stamp(claim.since)))
            if row is None and name not in ("name", "ip"):
                row = fixed.get((kind, value))
            if row is None:
                row = AddressRow(asset=one.id, kind=kind, value=value, since=_moment(claim.since), until=None)
                session.add(row)
            row.seen, row.told_by = _moment(claim.seen), claim.by
            row.until = None if claim.until == FOREVER else _moment(claim.until)


def asset_id(seen: Observation) -> str:
    """The id of a new asset, from its surest key: the same host is the same asset on every site."""
    if seen.machine_id:
        return f"host-{stable_id('host', seen.machine_id)}"
    keys = (("instance", seen.instance_id), ("serial", seen.serial), ("mac", (seen.macs or ("",))[0]),
            ("spki", seen.spki), ("name", seen.name))  # fmt: skip
    kind, value = next(((kind, value) for kind, value in keys if value), ("ip", f"{seen.ips[0]}@{int(seen.at)}"))
    return f"asset-{stable_id(kind, value)}"


def place(row: Any, one: Known, rules: Sequence[Any], zones: Sequence[Any]) -> None:
    """Give an asset the unit, system and zone that the first fitting rule says; what a person set stays."""
    for rule in rules:
        if fits(rule.match, one):
            for name in ("system", "unit", "zone"):
                if not getattr(row, name) and rule.put.get(name):
                    setattr(row, name, rule.put[name])
    if not row.zone:
        row.zone = zone_of(one.newest("ip"), zones)


def fits(match: dict[str, Any], one: Known) -> bool:
    """Does every condition of a rule hold? ``name`` is a pattern, ``network`` a CIDR, ``by`` a source, others facts."""
    for key, wanted in match.items():
        if key == "name":
            held = any(fnmatch.fnmatchcase(name, str(wanted).casefold()) for name in one.keys["name"])
        elif key == "network":
            held = any(_within(address, str(wanted)) for address in one.addresses or one.keys["ip"])
        elif key == "by":
            held = wanted in one.by
        else:
            held = fnmatch.fnmatchcase(one.facts.get(key, ("",))[0].casefold(), str(wanted).casefold())
        if not held:
            return False
    return bool(match)


def zone_of(address: str, zones: Sequence[Any]) -> str:
    """The zone with the narrowest network around an address, '' where none is."""
    found = [(ipaddress.ip_network(net).prefixlen, zone.id) for zone in zones for net in zone.networks
             if address and _within(address, net)]  # fmt: skip
    return max(found)[1] if found else ""


def _within(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network)
    except ValueError:
        return False


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _stamp(seconds: float) -> int:
    return round(seconds * 1000)
