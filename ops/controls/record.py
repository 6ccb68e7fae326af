"""Tables of evaluated objects, their facts and people's verdicts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from infra.records import Record


class ObjectRow(Record):
    """An evaluated object: its profile as JSON."""

    __tablename__ = "ops_control_objects"
    id: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str] = mapped_column(index=True)
    profile: Mapped[dict[str, Any]]
    changed: Mapped[datetime]


class FactRow(Record):
    """The newest fact of each kind per asset."""

    __tablename__ = "ops_control_facts"
    object_id: Mapped[str] = mapped_column(primary_key=True)
    asset: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(JSON, nullable=True)
    observed: Mapped[datetime]
    received: Mapped[datetime]
    valid_until: Mapped[datetime]
    collector: Mapped[str]
    evidence: Mapped[str]
    sha256: Mapped[str]


class JudgementRow(Record):
    """People's verdicts; the newest per unit and asset counts, earlier ones stay."""

    __tablename__ = "ops_control_judgements"
    id: Mapped[str] = mapped_column(primary_key=True)
    object_id: Mapped[str] = mapped_column(index=True)
    unit: Mapped[str]
    asset: Mapped[str]
    verdict: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
    valid_until: Mapped[datetime]
    reason: Mapped[str]
    evidence_sha256: Mapped[str]
