"""The table of the device register."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from infra.records import Record


class DeviceRow(Record):
    """A device as JSON, the columns people look for beside it. ``key`` is sealed, None where it has none."""

    __tablename__ = "collectors_devices"

    id: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[str]
    system: Mapped[str]
    device: Mapped[dict[str, Any]] = mapped_column(JSON)
    key: Mapped[bytes | None] = mapped_column(LargeBinary)
    changed: Mapped[datetime]
