"""Who did what, and whether the record of it is whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

import msgspec

from infra.store.query.tree import Window


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows: window on their time, actor, action and thing (prefixes), free text."""

    window: Window | None = None
    actor: str = ""
    action: str = ""
    thing: str = ""
    text: str = ""


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """One leaf of the ledger. ``sequence`` is None while it still waits in the outbox."""

    sequence: int | None
    at: datetime
    actor: str
    action: str
    words: str
    thing: str
    hash: str
    detail: Mapping[str, Any] = {}


class AuditPage(msgspec.Struct, frozen=True):
    """A page, newest first; ``after`` continues it."""

    items: tuple[AuditRow, ...]
    total: int
    after: str | None = None


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What a verification found: leaves checked, the tree's head, and the first leaf that does not fit."""

    whole: bool
    leaves: int
    head: str
    at: datetime
    broken_at: int | None = None
    problem: str = ""


class Audit(Protocol):
    """Reading and verifying the ledger."""

    def rows(self, wanted: AuditFilter, count: int, after: str | None = None) -> AuditPage: ...

    def verify(self) -> Proof: ...
