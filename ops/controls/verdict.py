"""Verdicts of evaluation units and how they roll up (GB/T 28448: all yes, none, mixed, not applicable)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """符合, 部分符合, 不符合, 不适用, 未取得证据."""

    COMPLIANT = "compliant"
    PARTIAL = "partial"
    NON_COMPLIANT = "non_compliant"
    NOT_APPLICABLE = "not_applicable"
    NOT_OBTAINED = "not_obtained"


CREDIT = {Verdict.COMPLIANT: 1.0, Verdict.PARTIAL: 0.5, Verdict.NON_COMPLIANT: 0.0, Verdict.NOT_OBTAINED: 0.0}


def decide(holds: int, fails: int, missing: int) -> Verdict:
    """The verdict over parts of which so many hold, fail and are missing.

    Missing never makes compliant: with a failure seen it is partial or non-compliant, without one it is not obtained.
    """
    if not holds + fails + missing:
        return Verdict.NOT_APPLICABLE
    if fails:
        return Verdict.PARTIAL if holds else Verdict.NON_COMPLIANT
    return Verdict.NOT_OBTAINED if missing else Verdict.COMPLIANT


def floor(holds: int, fails: int, missing: int) -> Verdict:
    """The verdict when everything missing turns out to fail: what scores are counted from."""
    return decide(holds, fails + missing, 0)


def roll_up(counts: Mapping[Verdict, int]) -> Verdict:
    """Verdict of a unit from the verdicts of its assets: mixed ones are partial, so a partial asset counts as both."""
    partial = counts.get(Verdict.PARTIAL, 0)
    return decide(
        counts.get(Verdict.COMPLIANT, 0) + partial,
        counts.get(Verdict.NON_COMPLIANT, 0) + partial,
        counts.get(Verdict.NOT_OBTAINED, 0),
    )


class Judgement(msgspec.Struct, frozen=True):
    """A person's verdict on a unit (of one asset, or of the whole object: ``asset`` empty), until it expires."""

    unit: str
    asset: str
    verdict: Verdict
    by: str
    at: datetime
    valid_until: datetime
    reason: str
    evidence_sha256: str = ""

    def stands(self, now: datetime) -> bool:
        """Whether it still counts."""
        return self.at <= now < self.valid_until
