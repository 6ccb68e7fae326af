"""Tables of records and their steps."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from infra.records import Record


class SystemRecordRow(Record):
    """One system's record; a number once given stays with it for ever, revoked or not."""

    __tablename__ = "ops_system_records"
    __table_args__ = (UniqueConstraint("unit_code", "year", "sequence", name="uq_ops_system_records_place"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    system: Mapped[str] = mapped_column(index=True)
    unit: Mapped[str] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(index=True)
    application: Mapped[dict[str, Any]]
    unit_code: Mapped[str]
    number: Mapped[str | None] = mapped_column(unique=True)
    year: Mapped[int | None]
    sequence: Mapped[int | None]
    reviewed: Mapped[date | None]
    created: Mapped[datetime]
    changed: Mapped[datetime]


class SystemRecordStepRow(Record):
    """One step: who, when, from where to where."""

    __tablename__ = "ops_system_record_steps"
    id: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("ops_system_records.id", ondelete="CASCADE"), index=True)
    time: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    source: Mapped[str]
    target: Mapped[str]
    detail: Mapped[dict[str, Any]]
