"""The rows of alerts: the alert itself, the signals it already counted, and its history."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from infra.records import Record


class State(StrEnum):
    """Where an alert stands."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class Disposition(StrEnum):
    """What a closed alert turned out to be."""

    TRUE_POSITIVE = "true_positive"
    BENIGN = "benign"
    FALSE_POSITIVE = "false_positive"
    UNDETERMINED = "undetermined"


class AlertRow(Record):
    """One alert. ``version`` counts changes by people, so that two of them cannot overwrite each other unseen."""

    __tablename__ = "ops_alerts"

    id: Mapped[str] = mapped_column(primary_key=True)
    rule_id: Mapped[str] = mapped_column(index=True)
    rule_name: Mapped[str]
    detector: Mapped[str]
    author: Mapped[str] = mapped_column(default="")
    reference: Mapped[str] = mapped_column(default="")
    level: Mapped[str]
    rank: Mapped[int]
    entity_type: Mapped[str]
    entity_value: Mapped[str]
    system: Mapped[str] = mapped_column(default="", index=True)
    asset: Mapped[str] = mapped_column(default="", index=True)
    dimension: Mapped[str]
    techniques: Mapped[list[Any]]
    why: Mapped[list[Any]]
    event_ids: Mapped[list[Any]]
    count: Mapped[int]
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(default=State.NEW, index=True)
    assignee: Mapped[str] = mapped_column(default="")
    disposition: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    acknowledged: Mapped[datetime | None] = mapped_column(default=None)
    closed: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        Index("ix_ops_alerts_group", "rule_id", "entity_type", "entity_value", "last_seen"),
        Index("ix_ops_alerts_order", "rank", "last_seen", "id"),
    )


class AlertSignal(Record):
    """A signal that was counted; its id is what keeps a repeat from counting twice."""

    __tablename__ = "ops_alert_signals"

    signal_id: Mapped[str] = mapped_column(primary_key=True)
    alert_id: Mapped[str] = mapped_column(ForeignKey("ops_alerts.id", ondelete="CASCADE"), index=True)
    time: Mapped[datetime] = mapped_column(index=True)


class AlertHistory(Record):
    """What a person did with an alert, and what it was before (so that it can be undone)."""

    __tablename__ = "ops_alert_history"

    id: Mapped[str] = mapped_column(primary_key=True)
    alert_id: Mapped[str] = mapped_column(ForeignKey("ops_alerts.id", ondelete="CASCADE"), index=True)
    time: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    detail: Mapped[dict[str, Any]]
    before: Mapped[dict[str, Any]]
