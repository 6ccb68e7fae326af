"""The tables of approvals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from infra.records import Record


class MatterRow(Record):
    """Something to approve: exactly the content whose hash is ``sha256``."""

    __tablename__ = "trust_matters"
    __table_args__ = (Index("ix_trust_matters_state", "state", "created"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))
    thing: Mapped[str]
    title: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    requester: Mapped[str]
    needed: Mapped[int]
    signed: Mapped[bool]
    state: Mapped[str]
    created: Mapped[datetime]
    expires: Mapped[datetime]
    detail: Mapped[dict[str, Any]]


class VoiceRow(Record):
    """What one person said. Where ``signed`` matters, statement and signature are what counts, not the row."""

    __tablename__ = "trust_voices"

    matter: Mapped[str] = mapped_column(ForeignKey("trust_matters.id"), primary_key=True)
    approver: Mapped[str] = mapped_column(primary_key=True)
    decision: Mapped[str]
    given: Mapped[datetime]
    statement: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
