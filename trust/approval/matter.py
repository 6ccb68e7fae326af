"""A matter as others see it: what, how many voices, whose, and whether it is granted."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec


class MatterState(StrEnum):
    """Where a matter stands."""

    WAITING = "waiting"
    GRANTED = "granted"
    REFUSED = "refused"
    OVER = "over"


class Matter(msgspec.Struct, frozen=True, kw_only=True):
    """Something to approve. ``sha256`` is the hash of exactly what is approved; ``approved_by`` who said yes."""

    id: str
    kind: str
    thing: str
    title: str
    sha256: str
    requester: str
    needed: int
    signed: bool
    state: MatterState
    created: datetime
    expires: datetime
    approved_by: tuple[str, ...] = ()
    detail: dict[str, Any] = {}
