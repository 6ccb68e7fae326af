"""The tables of schedules and their fires."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from infra.records import Record


class ScheduleRow(Record):
    """A schedule; every due time up to ``done_until`` has been fired or passed over."""

    __tablename__ = "infra_schedules"

    id: Mapped[str] = mapped_column(primary_key=True)
    job: Mapped[str]
    arguments: Mapped[dict[str, Any]]
    timing: Mapped[dict[str, Any]]
    catch_up: Mapped[str]
    enabled: Mapped[bool]
    done_until: Mapped[datetime]


class FireRow(Record):
    """One fire: its key is the schedule and the due time, so that there cannot be two."""

    __tablename__ = "infra_schedule_fires"
    __table_args__ = (Index("ix_infra_schedule_fires_state", "state", "due"),)

    schedule: Mapped[str] = mapped_column(ForeignKey("infra_schedules.id"), primary_key=True)
    due: Mapped[datetime] = mapped_column(primary_key=True)
    fired: Mapped[datetime]
    ended: Mapped[datetime | None]
    state: Mapped[str]
    attempts: Mapped[int]
    problem: Mapped[str]
