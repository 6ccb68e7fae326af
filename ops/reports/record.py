"""The rows of reports: which period, in which language, and the blobs of its two forms."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from infra.records import Record


class ReportRow(Record):
    """One written report; ``hash`` is the SHA-256 of its figures."""

    __tablename__ = "ops_reports"
    __table_args__ = (Index("ix_ops_reports_period", "period", "until"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str]
    language: Mapped[str]
    html: Mapped[str]
    docx: Mapped[str]
    hash: Mapped[str]
    since: Mapped[datetime]
    until: Mapped[datetime]
    written: Mapped[datetime]
    figures: Mapped[dict[str, Any]]
