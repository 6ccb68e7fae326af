"""Verdicts: what was found, why, along which chain, and what is needed to find it again."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from infra.clock import rfc3339
from infra.text import Language, say
from trust.validation.certificate import Certificate
from trust.validation.codes import UNDECIDED, Code


class Outcome(StrEnum):
    """The three answers."""

    VALID = "valid"
    INVALID = "invalid"
    INDETERMINATE = "indeterminate"


class Reason(msgspec.Struct, frozen=True):
    """One reason: stable code, the certificate or object it is about, and the detail its words mention.

    ``advice`` marks a fault the profile does not count.
    """

    code: Code
    subject: str = ""
    detail: str = ""
    advice: bool = False

    def text(self, language: Language) -> str:
        """The reason in words."""
        return say(
            f"trust.validation.reason.{self.code}", language, subject=self.subject or "—", detail=self.detail or "—"
        )

    def plain(self) -> dict[str, Any]:
        """The shape the command and the API answer with."""
        return {
            "code": str(self.code),
            "text_zh": self.text(Language.ZH),
            "text_en": self.text(Language.EN),
            "subject": self.subject,
            "detail": self.detail,
            "advice": self.advice,
        }


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answer about one object. ``chain`` runs from the object's certificate to the anchor."""

    outcome: Outcome
    reasons: tuple[Reason, ...] = ()
    chain: tuple[Certificate, ...] = ()
    policies: tuple[str, ...] = ()
    list_version: int | None = None
    level: str = ""
    facts: dict[str, Any] = {}
    evidence: dict[str, Any] = {}

    def plain(self) -> dict[str, Any]:
        """The shape the command and the API answer with."""
        return {
            "verdict": str(self.outcome),
            "reasons": [reason.plain() for reason in self.reasons],
            "chain": [describe(certificate) for certificate in self.chain],
            "policies": list(self.policies),
            "list_version": self.list_version,
            "level": self.level,
            **self.facts,
            "evidence": self.evidence,
        }


def outcome_of(reasons: tuple[Reason, ...] | list[Reason]) -> Outcome:
    """Valid without a counting reason; indeterminate where every counting reason leaves the question open."""
    counting = [reason for reason in reasons if not reason.advice]
    if not counting:
        return Outcome.VALID
    return Outcome.INDETERMINATE if all(reason.code in UNDECIDED for reason in counting) else Outcome.INVALID


def describe(certificate: Certificate) -> dict[str, Any]:
    """What people want to see of a certificate."""
    key = certificate.key
    return {
        "subject": certificate.subject.text,
        "issuer": certificate.issuer.text,
        "serial": f"{certificate.serial:x}",
        "not_before": rfc3339(certificate.not_before),
        "not_after": rfc3339(certificate.not_after),
        "fingerprint": certificate.fingerprint,
        "key": f"{key.kind}-{key.bits}" if key else "",
        "ca": certificate.is_ca,
    }
