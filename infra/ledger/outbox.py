"""Writing to the ledger: an entry joins the transaction of the change it tells of, or neither happens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from infra.clock import SystemClock, rfc3339
from infra.ids import new_id
from infra.ledger.entry import Entry, actor_of, canonical
from infra.ledger.rows import OutboxRow
from infra.web.seams import Actor


def record(
    session: Session,
    *,
    actor: Actor | str,
    action: str,
    thing: str,
    detail: Mapping[str, Any],
    at: datetime | None = None,
) -> str:
    """Tell the ledger in ``session``'s own transaction; the answer is the entry's id.

    ``action`` is ``room.noun.verb``, ``thing`` is ``kind:id``, ``detail`` holds what changed (JSON values, no secret).
    Raises ``AppError(TOO_LARGE)`` above 64 KiB and ``ValueError`` where a key of ``detail`` names a secret.
    """
    moment = at or SystemClock().now()
    entry = Entry(
        id=new_id(), time=rfc3339(moment), actor=actor_of(actor), action=action, thing=thing, detail=dict(detail)
    )
    session.add(OutboxRow(entry=entry.id, body=canonical(entry)))
    return entry.id
