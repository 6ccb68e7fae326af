"""The rows of inspections: one per run, its results in ``body``; written once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from infra.records import Record


class InspectionRow(Record):
    """One run of a check list. ``plan`` is the schedule it ran for and ``due`` its due time, '' and None by hand."""

    __tablename__ = "ops_inspection_runs"
    __table_args__ = (
        Index("ix_ops_inspection_runs_list", "list", "started"),
        Index("ix_ops_inspection_runs_plan", "plan", "due"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    list: Mapped[str]
    version: Mapped[str]
    plan: Mapped[str]
    state: Mapped[str]
    actor: Mapped[str]
    hash: Mapped[str]
    due: Mapped[datetime | None]
    started: Mapped[datetime]
    ended: Mapped[datetime]
    checked: Mapped[int]
    anomalies: Mapped[int]
    unknown: Mapped[int]
    body: Mapped[dict[str, Any]]
