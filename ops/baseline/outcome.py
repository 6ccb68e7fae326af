"""What a check answers."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

import msgspec

LONGEST_QUOTE = 200
MOST_PROOFS = 20


class Verdict(StrEnum):
    """The four answers a check can give."""

    COMPLIANT = "compliant"
    NON_COMPLIANT = "non_compliant"
    NOT_APPLICABLE = "not_applicable"
    NOT_OBTAINED = "not_obtained"


class Proof(msgspec.Struct, frozen=True):
    """Where it is seen: a file (or ``/proc`` path), its line, and what stands there. Holds no secret."""

    source: str
    text: str
    line: int | None = None


class Outcome(msgspec.Struct, frozen=True):
    """A verdict with evidence; ``detail`` holds the numbers and names the reason is told with."""

    verdict: Verdict
    evidence: tuple[Proof, ...] = ()
    detail: dict[str, Any] = {}


class NotObtainedError(Exception):
    """What a check needs cannot be read or understood."""

    def __init__(self, source: str, why: str) -> None:
        super().__init__(f"{source}: {why}")
        self.source = source
        self.why = why


class NotApplicableError(Exception):
    """The thing the check is about is not on this host."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


_SECRET = re.compile(r"(?i)((?:password|passwd|pwd|secret|token)\s*[=:]\s*|--password[= ]|\s-p)(?=[^\s-])\S+")


def proof(source: str, text: str, line: int | None = None) -> Proof:
    """A proof with its quote cut to a bounded length and what looks like a secret taken out."""
    clean = _SECRET.sub(r"\1<secret>", " ".join(text.split()))
    return Proof(source, clean if len(clean) <= LONGEST_QUOTE else clean[: LONGEST_QUOTE - 1] + "…", line)


def decide(good: object, *evidence: Proof, **detail: Any) -> Outcome:
    """Compliant where ``good`` holds, else non-compliant."""
    verdict = Verdict.COMPLIANT if good else Verdict.NON_COMPLIANT
    return Outcome(verdict, tuple(evidence[:MOST_PROOFS]), detail)


def failed(*evidence: Proof, **detail: Any) -> Outcome:
    """Non-compliant."""
    return decide(None, *evidence, **detail)


def passed(*evidence: Proof, **detail: Any) -> Outcome:
    """Compliant."""
    return decide("yes", *evidence, **detail)
