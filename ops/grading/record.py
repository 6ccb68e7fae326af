"""Table of gradings that were kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from infra.records import Record


class GradingRow(Record):
    """One grading of an object: what was ticked, the levels, the packs it was computed with, who reviewed it."""

    __tablename__ = "ops_gradings"
    id: Mapped[str] = mapped_column(primary_key=True)
    object_id: Mapped[str] = mapped_column(index=True)
    unit: Mapped[str]
    label: Mapped[str]
    state: Mapped[str]
    by: Mapped[str]
    s: Mapped[int]
    a: Mapped[int]
    thing: Mapped[dict[str, Any]]
    packs: Mapped[list[Any]]
    at: Mapped[datetime]
    reviewer: Mapped[str]
    note: Mapped[str]
    reviewed: Mapped[datetime | None]
