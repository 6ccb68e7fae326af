"""The tables of the fleet."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from infra.records import BIG, Record


class AgentRow(Record):
    """An agent: ``serial`` of its certificate in hexadecimal, ``previous`` the one it was renewed from."""

    __tablename__ = "collectors_agents"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    group: Mapped[str] = mapped_column("group_id", index=True)
    host: Mapped[str]
    public_key: Mapped[str]
    serial: Mapped[str]
    previous: Mapped[str]
    enrolled: Mapped[datetime]
    expires: Mapped[datetime]
    revoked: Mapped[datetime | None]


class EnrolmentRow(Record):
    """A one-time token: kept as a hash; ``agent`` is who used it."""

    __tablename__ = "collectors_enrolments"

    id: Mapped[str] = mapped_column(primary_key=True)
    secret: Mapped[str] = mapped_column(unique=True)
    group: Mapped[str] = mapped_column("group_id")
    name: Mapped[str]
    created: Mapped[datetime]
    created_by: Mapped[str]
    expires: Mapped[datetime]
    used: Mapped[datetime | None]
    agent: Mapped[str]


class GroupRow(Record):
    """A group of agents and its newest signed configuration."""

    __tablename__ = "collectors_agent_groups"

    id: Mapped[str] = mapped_column(primary_key=True)
    configuration: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(BIG)
    signed: Mapped[str]
    changed: Mapped[datetime]
    changed_by: Mapped[str]
