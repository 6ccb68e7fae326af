"""The rows of incidents: the projection, its append-only events, and which alert belongs to which."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from infra.records import Record


class IncidentRow(Record):
    """The projection of one incident; ``body`` is the whole case, the other columns are there to be asked for."""

    __tablename__ = "ops_incidents"

    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    level: Mapped[str]
    rank: Mapped[int]
    owner: Mapped[str] = mapped_column(index=True)
    opened: Mapped[datetime]
    changed: Mapped[datetime] = mapped_column(index=True)
    body: Mapped[dict[str, Any]]
    events: Mapped[int]
    head: Mapped[str]


class IncidentEventRow(Record):
    """One case event. Nothing ever changes or removes one."""

    __tablename__ = "ops_incident_events"

    incident_id: Mapped[str] = mapped_column(ForeignKey("ops_incidents.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    time: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str]
    person: Mapped[str]
    kind: Mapped[str]
    body: Mapped[dict[str, Any]]
    hash: Mapped[str]


class IncidentAlertRow(Record):
    """An alert belongs to one incident at most."""

    __tablename__ = "ops_incident_alerts"

    alert_id: Mapped[str] = mapped_column(ForeignKey("ops_alerts.id", ondelete="CASCADE"), primary_key=True)
    incident_id: Mapped[str] = mapped_column(ForeignKey("ops_incidents.id"), index=True)


class CounterRow(Record):
    """Numbers given without a gap, by name (incidents of a day, work orders, ...)."""

    __tablename__ = "ops_counters"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]
