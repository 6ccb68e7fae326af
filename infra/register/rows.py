"""The tables of the register."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from infra.records import BIG, Record


class UnitRow(Record):
    """A unit."""

    __tablename__ = "infra_units"

    id: Mapped[str] = mapped_column(primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    parent: Mapped[str]
    region: Mapped[str]
    contact: Mapped[str]


class SystemRow(Record):
    """A business system."""

    __tablename__ = "infra_systems"

    id: Mapped[str] = mapped_column(primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    unit: Mapped[str]
    weights: Mapped[dict[str, Any]]
    level: Mapped[int | None]
    state: Mapped[str]
    about: Mapped[str]


class AssetRow(Record):
    """An asset."""

    __tablename__ = "infra_assets"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    system: Mapped[str]
    unit: Mapped[str]
    dimension: Mapped[str]
    zone: Mapped[str]
    importance: Mapped[float]
    state: Mapped[str]


class AddressRow(Record):
    """An address of an asset during an interval."""

    __tablename__ = "infra_addresses"
    __table_args__ = (
        Index("ix_infra_addresses_value", "kind", "value", "since"),
        Index("ix_infra_addresses_asset", "asset"),
    )

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=True)
    asset: Mapped[str] = mapped_column(ForeignKey("infra_assets.id"))
    kind: Mapped[str]
    value: Mapped[str]
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    seen: Mapped[datetime | None]
    told_by: Mapped[str | None]


class FactRow(Record):
    """What is known of an asset beside its keys, who said so, and when last."""

    __tablename__ = "infra_asset_facts"

    asset: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    told_by: Mapped[str]
    seen: Mapped[datetime]


class RuleRow(Record):
    """Which system, unit and zone an asset belongs to when it is found."""

    __tablename__ = "infra_asset_rules"

    id: Mapped[str] = mapped_column(primary_key=True)
    rank: Mapped[int]
    match: Mapped[dict[str, Any]]
    put: Mapped[dict[str, Any]]


class ZoneRow(Record):
    """A network zone: its networks and the zones it may reach."""

    __tablename__ = "infra_zones"

    id: Mapped[str] = mapped_column(primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    kind: Mapped[str]
    networks: Mapped[list[Any]] = mapped_column(JSON)
    reaches: Mapped[list[Any]] = mapped_column(JSON)


class ZonePathRow(Record):
    """Traffic seen from one zone to another."""

    __tablename__ = "infra_zone_paths"

    source: Mapped[str] = mapped_column(primary_key=True)
    target: Mapped[str] = mapped_column(primary_key=True)
    service: Mapped[str] = mapped_column(primary_key=True)
    first: Mapped[datetime]
    last: Mapped[datetime]
    count: Mapped[int] = mapped_column(BIG)
    event: Mapped[str]
