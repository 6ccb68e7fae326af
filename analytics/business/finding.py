"""What a detector says: which document or thing is wrong, from when to when, by which events, how sure, and why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from infra.text import Language, say

MOST_EVENTS = 50
"""Evidence ids kept with a finding; the number of all is in the reason."""


class Subject(msgspec.Struct, frozen=True):
    """What a finding is about; which kind each detector uses is in docs/business-events.md."""

    kind: str
    value: str


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One document-level finding. ``reason`` names a text ``analytics.business.<reason>``; ``detail`` fills it."""

    detector: str
    subject: Subject
    begins: datetime
    ends: datetime
    events: tuple[str, ...]
    confidence: float
    reason: str
    detail: dict[str, Any] = {}
    system: str = "trace"

    def words(self, language: Language | None = None) -> str:
        """The reason for a person, in the language of the context or the one given."""
        return say(f"analytics.business.{self.reason}", language, **self.detail)


def finding(
    detector: str,
    kind: str,
    value: str,
    span: tuple[float, float],
    events: list[str] | tuple[str, ...],
    confidence: float,
    reason: str,
    system: str = "trace",
    **detail: Any,
) -> Finding:
    """A finding; ``span`` in Unix milliseconds."""
    begins, ends = (datetime.fromtimestamp(moment / 1000, UTC) for moment in span)
    kept = tuple(dict.fromkeys(events))[:MOST_EVENTS]
    return Finding(
        detector=detector, subject=Subject(kind, value), begins=begins, ends=ends, events=kept,
        confidence=round(min(0.99, confidence), 3), reason=reason, detail=detail, system=system,
    )  # fmt: skip
