"""Certificate login: a challenge is signed by the key behind a certificate; who is it, and may the certificate say so?

In: the challenge this site gave out, signature, certificates.  Out: ``Proof``.  The signed octets carry the site's
address and the purpose, so that a signature given here is worth nothing elsewhere and no other signature works here.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from infra.clock import rfc3339
from infra.errors import AppError, ErrorKind
from trust.validation.request import Document, Request
from trust.validation.verdict import Outcome, Verdict

LIFE = timedelta(minutes=2)
PURPOSE = "yaodun-login-1"
Verify = Callable[[Request], Verdict]


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the person's key has to sign: ``text`` in UTF-8. Keep it on the server and use it once."""

    nonce: str
    site: str
    until: datetime

    @property
    def text(self) -> str:
        """The octets to sign, as text."""
        return "\n".join((PURPOSE, self.site, self.nonce, rfc3339(self.until)))


@dataclass(frozen=True, slots=True)
class Proof:
    """Who signed: fingerprint, subject and serial number of the certificate, the authority's entry and level, and the
    persons or units the trust list maps the certificate to."""

    fingerprint: str
    subject: str
    serial: str
    authority: str
    level: str
    subjects: tuple[tuple[str, str], ...]
    verdict: Verdict


def new_challenge(site: str, now: datetime) -> Challenge:
    """A fresh challenge of 256 random bits for the address people see (``https://host``)."""
    return Challenge(secrets.token_urlsafe(32), site, now + LIFE)


def check_challenge(
    challenge: Challenge,
    signature: bytes,
    certificate: bytes,
    pool: tuple[bytes, ...],
    now: datetime,
    verify: Verify,
    min_level: int = 0,
) -> Proof:
    """The proof; ``AppError(UNAUTHENTICATED)`` where anything is wrong. ``verify`` is the site's verifier (trust list,
    revocation); the caller has taken the challenge out of its store before, so that it cannot be used twice."""
    if now >= challenge.until:
        raise AppError(ErrorKind.UNAUTHENTICATED, "trust.validation.challenge_over")
    documents = (signature, certificate, *pool)
    request = Request(
        documents=tuple(Document(f"part {number}", data) for number, data in enumerate(documents)),
        now=now,
        at=now,
        content=challenge.text.encode(),
        purpose="login",
        usage="client",
        min_level=min_level,
    )
    verdict = _demand_valid(verify(request))
    leaf = verdict.chain[0]
    subjects = tuple((row["scheme"], row["value"]) for row in verdict.facts.get("subjects", ()))
    authority = str(verdict.facts.get("authority", ""))
    return Proof(leaf.fingerprint, leaf.label, f"{leaf.serial:x}", authority, verdict.level, subjects, verdict)


def judge_owner(
    certificate: bytes, pool: tuple[bytes, ...], now: datetime, verify: Verify, min_level: int = 0
) -> Verdict:
    """The verdict about a certificate whose key was proven elsewhere (in a TLS handshake), for signing in;
    ``AppError(UNAUTHENTICATED)`` unless it is valid."""
    documents = tuple(Document(f"part {number}", data) for number, data in enumerate((certificate, *pool)))
    asked = Request(documents=documents, now=now, at=now, purpose="login", usage="client", min_level=min_level)
    return _demand_valid(verify(asked))


def _demand_valid(verdict: Verdict) -> Verdict:
    if verdict.outcome is not Outcome.VALID or not verdict.chain:
        codes = ", ".join(str(reason.code) for reason in verdict.reasons if not reason.advice)
        raise AppError(ErrorKind.UNAUTHENTICATED, "trust.validation.challenge_failed", codes=codes)
    return verdict
