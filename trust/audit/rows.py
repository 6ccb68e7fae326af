"""Signed checkpoints of the ledger, as they were made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from infra.records import BIG, Record


class CheckpointRow(Record):
    """A signed head: its size and the document with both signatures."""

    __tablename__ = "trust_checkpoints"

    size: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    made: Mapped[datetime]
    document: Mapped[str] = mapped_column(Text)
