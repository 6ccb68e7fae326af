"""The tables of the register."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
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
