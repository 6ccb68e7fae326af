"""What the audit page and the API show of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from infra.ledger.entry import Entry
from infra.ledger.examine import Report
from infra.store.query.tree import Window
from infra.text import say


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


def row_of(entry: Entry, at: datetime, sequence: int | None, leaf_hash: str) -> AuditRow:
    """A row in the language of the context."""
    return AuditRow(
        sequence=sequence,
        at=at,
        actor=entry.actor.get("name") or entry.actor.get("id", ""),
        action=entry.action,
        words=words_of(entry.action),
        thing=entry.thing,
        hash=leaf_hash,
        detail=entry.detail,
    )


def words_of(action: str) -> str:
    """An action in words: the text ``ROOM.action.REST`` of its room, else the action itself."""
    room, _, rest = action.partition(".")
    key = f"{room}.action.{rest}"
    said = say(key)
    return action if said == key else said


def proof_of(report: Report, at: datetime) -> Proof:
    """The verdict of a report, with the first finding in words."""
    first = report.findings[0] if report.findings else None
    problem = say(f"infra.ledger.finding.{first.kind}", **msgspec.to_builtins(first)) if first else ""
    return Proof(
        whole=report.clean,
        leaves=report.leaves,
        head=report.sha256,
        at=at,
        broken_at=first.first if first else None,
        problem=problem,
    )
