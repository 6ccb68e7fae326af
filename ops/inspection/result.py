"""What a look at one target answers."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from infra.exchange import Level
from infra.text import say


class Verdict(StrEnum):
    """As it should be; not; or it could not be seen (which is never "as it should be")."""

    OK = "ok"
    ANOMALY = "anomaly"
    UNKNOWN = "unknown"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One look: the target, the verdict, what was measured against what, why, and the evidence."""

    target: str
    verdict: Verdict
    value: str = ""
    limit: str = ""
    reason: str = ""
    detail: dict[str, Any] = {}
    evidence: dict[str, Any] = {}


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A look as a run keeps it: with its item of the list, its level, and the order it opened or closed."""

    item: str
    check: str
    level: Level
    found: Found
    order: str = ""
    closed: str = ""

    @property
    def words(self) -> str:
        """Why, in the language of the context."""
        if not self.found.reason:
            return ""
        return say(f"ops.inspection.reason.{self.found.reason}", **self.found.detail)


def ok(target: str, value: object = "", limit: object = "", **evidence: Any) -> Found:
    """As it should be."""
    return Found(target=target, verdict=Verdict.OK, value=str(value), limit=str(limit), evidence=evidence)


def bad(target: str, reason: str, value: object = "", limit: object = "", **detail: Any) -> Found:
    """Not as it should be."""
    shown = {name: str(each) for name, each in detail.items()}
    return Found(
        target=target, verdict=Verdict.ANOMALY, value=str(value), limit=str(limit), reason=reason, detail=shown,
        evidence=shown,
    )  # fmt: skip


def unseen(target: str, reason: str, **detail: Any) -> Found:
    """It could not be looked at."""
    shown = {name: str(each) for name, each in detail.items()}
    return Found(target=target, verdict=Verdict.UNKNOWN, reason=reason, detail=shown, evidence=shown)
