"""Table of days on which somebody said a clock was answered."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Mapped, mapped_column

from infra.records import Record


class ClockAnswerRow(Record):
    """The newest day per object and kind: self-check, drill, cryptography, data risk, re-filing."""

    __tablename__ = "ops_clock_answers"
    object_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date]
    by: Mapped[str]
    at: Mapped[datetime]
    note: Mapped[str]
