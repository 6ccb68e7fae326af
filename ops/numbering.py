"""Numbers people say on the telephone: ``INC-20261118-07``, counted per day without a gap."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

BEIJING = ZoneInfo("Asia/Shanghai")
_NEXT = text(
    "INSERT INTO ops_counters (name, value) VALUES (:name, 1) "
    "ON CONFLICT (name) DO UPDATE SET value = ops_counters.value + 1 RETURNING value"
)


def next_number(session: Session, kind: str, now: datetime) -> str:
    """The next number of ``kind`` on the day of ``now`` in Beijing, given in ``session``'s own transaction."""
    name = f"{kind}-{now.astimezone(BEIJING):%Y%m%d}"
    value = session.execute(_NEXT, {"name": name}).scalar_one()
    return f"{name}-{value:02d}"
