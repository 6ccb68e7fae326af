"""Records of models and of what people answered to their findings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from infra.records import Record


class ModelRow(Record):
    """One version of a named model; the arrays lie in the blob store under ``blob``."""

    __tablename__ = "analytics_models"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(index=True)
    number: Mapped[int]
    state: Mapped[str]
    card: Mapped[dict[str, Any]]
    blob: Mapped[str]
    signature: Mapped[bytes]
    created: Mapped[datetime]
    changed: Mapped[datetime]
    approver: Mapped[str]


class FeedbackRow(Record):
    """One disposition: what an analyst said of one signal."""

    __tablename__ = "analytics_feedback"

    signal_id: Mapped[str] = mapped_column(primary_key=True)
    rule_id: Mapped[str] = mapped_column(index=True)
    entity: Mapped[str] = mapped_column(index=True)
    label: Mapped[str]
    actor: Mapped[str]
    at: Mapped[datetime]
    expires: Mapped[datetime | None]
    features: Mapped[dict[str, Any]]
