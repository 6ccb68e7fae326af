"""A notice, and how a change publishes one in its own transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Mapped, Session, mapped_column

from infra.clock import SystemClock
from infra.records import BIG, Record

CHANNEL = "yaodun_feed"


class Notice(msgspec.Struct, frozen=True):
    """Something changed: look at ``key`` of ``topic`` again."""

    id: int
    topic: str
    key: str
    detail: dict[str, Any]
    at: datetime


class NoticeRow(Record):
    """A notice on its way."""

    __tablename__ = "infra_feed"

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=True)
    topic: Mapped[str]
    key: Mapped[str]
    detail: Mapped[dict[str, Any]]
    at: Mapped[datetime] = mapped_column(index=True)


def publish(
    session: Session, topic: str, key: str = "", detail: Mapping[str, Any] | None = None, at: datetime | None = None
) -> None:
    """Tell every process that ``key`` of ``topic`` changed, once ``session``'s transaction is durable."""
    moment = at or SystemClock().now()
    session.add(NoticeRow(topic=topic, key=key, detail=dict(detail or {}), at=moment))
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"NOTIFY {CHANNEL}"))
