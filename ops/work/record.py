"""The rows of work: one per order, change, shift and drill (its whole in ``body``), and what was done with each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from infra.records import Record


class WorkRow(Record):
    """One piece of work. ``key`` is what it is about, where only one may be open per key (else ''); ``starts`` and
    ``due`` bound it in time."""

    __tablename__ = "ops_work"
    __table_args__ = (Index("ix_ops_work_kind_state", "kind", "state"), Index("ix_ops_work_key", "key"))

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    state: Mapped[str]
    person: Mapped[str] = mapped_column(index=True)
    key: Mapped[str]
    opened: Mapped[datetime]
    changed: Mapped[datetime] = mapped_column(index=True)
    starts: Mapped[datetime | None]
    due: Mapped[datetime | None] = mapped_column(index=True)
    body: Mapped[dict[str, Any]]
    version: Mapped[int]


class WorkNoteRow(Record):
    """One line of what was done with a piece of work; never changed."""

    __tablename__ = "ops_work_notes"

    work_id: Mapped[str] = mapped_column(ForeignKey("ops_work.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    time: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    detail: Mapped[dict[str, Any]]
