"""Tables of filings and of every step they took."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from infra.records import Record


class FilingRow(Record):
    """One filing; ``document`` is the JSON of the form, ``packs`` the rule packs it was computed with."""

    __tablename__ = "ops_filings"
    id: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(index=True)
    level: Mapped[int]
    document: Mapped[dict[str, Any]]
    packs: Mapped[list[Any]]
    certificate_number: Mapped[str] = mapped_column(default="")
    certified: Mapped[date | None]
    expires: Mapped[date | None] = mapped_column(index=True)
    created: Mapped[datetime]
    changed: Mapped[datetime]
    version: Mapped[int]


class FilingStepRow(Record):
    """One step: who, when, from where to where, with which file."""

    __tablename__ = "ops_filing_steps"
    __table_args__ = (Index("ix_ops_filing_steps_order", "filing_id", "time"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    filing_id: Mapped[str] = mapped_column(ForeignKey("ops_filings.id", ondelete="CASCADE"))
    time: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    source: Mapped[str]
    target: Mapped[str]
    file_sha256: Mapped[str] = mapped_column(default="")
    document_sha256: Mapped[str]
    detail: Mapped[dict[str, Any]]
