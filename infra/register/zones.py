"""Zones of the network: who may reach whom, what was seen, and the rules that say where a new asset belongs."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.clock import Clock, SystemClock
from infra.errors import AppError, ErrorKind
from infra.feed import publish
from infra.ledger import record
from infra.records import Records
from infra.register.nouns import Id, Name
from infra.register.rows import FactRow, RuleRow, ZonePathRow, ZoneRow
from infra.text import Language, language
from infra.web.seams import Actor, Authorizer

TOPIC = "zones"
OUTSIDE = "outside"
"""Public addresses that are in no zone."""


class ZoneKind(StrEnum):
    """What a zone is for. A path between intranet and extranet is the worst there is."""

    INTRANET = "intranet"
    EXTRANET = "extranet"
    DMZ = "dmz"
    MANAGEMENT = "management"
    CLOUD = "cloud"
    OUTSIDE = "outside"


Reach = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(:(tcp|udp|icmp)(/\d{1,5})?)?$")]


class Zone(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A zone. ``reaches`` are zones it may open connections to, ``dmz`` or narrower ``dmz:tcp/443``."""

    id: Id
    name_zh: Name
    name_en: str = ""
    kind: ZoneKind = ZoneKind.INTRANET
    networks: Annotated[tuple[str, ...], msgspec.Meta(max_length=500)] = ()
    reaches: Annotated[tuple[Reach, ...], msgspec.Meta(max_length=200)] = ()

    @property
    def name(self) -> str:
        """In the language of the context."""
        return (self.name_en or self.name_zh) if language() is Language.EN else self.name_zh


class ZonePath(msgspec.Struct, frozen=True, kw_only=True):
    """Connections seen from zone to zone with a service such as ``tcp/443``; ``event`` is the first one's id."""

    source: str
    target: str
    service: str
    first: datetime
    last: datetime
    count: int
    event: str = ""


class AssetRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Assets that ``match`` belong where ``put`` says. The lowest ``rank`` counts."""

    id: Id
    rank: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 100
    match: dict[str, str]
    put: dict[str, str]


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something known of an asset, who said it, and when last."""

    name: str
    value: str
    told_by: str
    seen: datetime


def allowed(source: Zone, target: Zone, service: str) -> bool:
    """May ``source`` reach ``target`` with this service?"""
    transport = service.partition("/")[0]
    fitting = {target.id, f"{target.id}:{transport}", f"{target.id}:{service}"}
    return source.id == target.id or not fitting.isdisjoint(source.reaches)


class Zones:
    """Zones, paths and rules of a site. Changes by people are judged and enter the ledger. Blocks."""

    def __init__(self, records: Records, access: Authorizer, clock: Clock | None = None) -> None:
        self._records = records
        self._access = access
        self._clock = clock or SystemClock()

    def zones(self) -> Sequence[Zone]:
        """All zones by id."""
        query = select(ZoneRow).order_by(ZoneRow.id)
        return self._records.read(lambda session: [_noun(row, Zone) for row in session.scalars(query)])

    def paths(self) -> Sequence[ZonePath]:
        """All paths that were seen, the newest first."""
        query = select(ZonePathRow).order_by(ZonePathRow.last.desc()).limit(5_000)
        return self._records.read(lambda session: [_noun(row, ZonePath) for row in session.scalars(query)])

    def rules(self) -> Sequence[AssetRule]:
        """All rules in their order."""
        query = select(RuleRow).order_by(RuleRow.rank, RuleRow.id)
        return self._records.read(lambda session: [_noun(row, AssetRule) for row in session.scalars(query)])

    def facts(self, asset: str) -> Sequence[Fact]:
        """What is known of an asset."""
        query = select(FactRow).where(FactRow.asset == asset).order_by(FactRow.name)
        return self._records.read(lambda session: [_noun(row, Fact) for row in session.scalars(query)])

    def save_zone(self, actor: Actor, zone: Zone) -> None:
        """Make or change a zone; ``AppError(INVALID)`` names a network that is none."""
        for network in zone.networks:
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise AppError(
                    ErrorKind.INVALID, "infra.register.field_wrong", place="networks", problem=str(error)
                ) from None
        self._save(actor, "zone", ZoneRow, zone)

    def save_rule(self, actor: Actor, rule: AssetRule) -> None:
        """Make or change a rule; it counts for assets found or seen from now on."""
        unknown = rule.put.keys() - {"system", "unit", "zone"}
        if unknown or not rule.match:
            problem = f"{sorted(unknown)} is not system, unit or zone" if unknown else "no condition"
            raise AppError(ErrorKind.INVALID, "infra.register.field_wrong", place="put", problem=problem)
        self._save(actor, "asset_rule", RuleRow, rule)

    def note(self, seen: Mapping[tuple[str, str, str], tuple[datetime, datetime, int, str]]) -> None:
        """Add connections: by source, target and service the first and last time, how many, and the first's id."""

        def put(session: Session) -> None:
            for (source, target, service), (first, last, count, event) in seen.items():
                row = session.get(ZonePathRow, (source, target, service))
                if row is None:
                    session.add(ZonePathRow(source=source, target=target, service=service, first=first, last=last,
                                            count=count, event=event))  # fmt: skip
                else:
                    row.first, row.last = min(row.first, first), max(row.last, last)
                    row.count += count
            publish(session, TOPIC, "paths", at=self._clock.now())

        if seen:
            self._records.write(put)

    def _save(self, actor: Actor, kind: str, row_type: Any, noun: Any) -> None:
        self._access.demand(actor, "register.edit", f"{kind}:{noun.id}")
        columns = msgspec.to_builtins(noun)

        def put(session: Session) -> None:
            row = session.get(row_type, noun.id)
            action = "create" if row is None else "change"
            session.merge(row_type(**columns))
            record(session, actor=actor, action=f"infra.{kind}.{action}", thing=f"{kind}:{noun.id}", detail=columns,
                   at=self._clock.now())  # fmt: skip
            publish(session, TOPIC, f"{kind}:{noun.id}", at=self._clock.now())

        self._records.write(put)


def _noun(row: Any, kind: Any) -> Any:
    return msgspec.convert({name: getattr(row, name) for name in kind.__struct_fields__}, kind)
