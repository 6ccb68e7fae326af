"""The PKI database: opening it, and the audit rows that go with every change of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import insert
from sqlalchemy.orm import Session

from infra.records import Records, open_records
from trust.ca import rows


def open_pki(place: Path | str) -> Records:
    """The PKI database at a path or URL, its tables made where they are missing."""
    if isinstance(place, Path):
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    records = open_records(place)
    rows.METADATA.create_all(records.engine)
    if isinstance(place, Path):
        place.chmod(0o600)
    return records


def tell(
    session: Session,
    action: str,
    thing: str,
    actor: str,
    at: datetime,
    detail: Mapping[str, Any],
    intent: str | None = None,
) -> None:
    """Add an audit row in the session's own transaction."""
    session.execute(insert(rows.outbox), [audit_row(action, thing, actor, at, detail, intent)])


def audit_row(
    action: str, thing: str, actor: str, at: datetime, detail: Mapping[str, Any], intent: str | None = None
) -> dict[str, Any]:
    """The values of an audit row."""
    return {
        "action": action,
        "thing": thing,
        "actor": actor,
        "at": at,
        "detail": orjson.dumps(detail).decode(),
        "intent": intent,
    }
