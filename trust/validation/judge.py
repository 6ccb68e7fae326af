"""The judge: a certificate, what it may lean on, and a moment; out comes a verdict.

Paths are tried until one is sound, revocation and purpose included. Where none is, the best failed path explains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from trust.validation.budget import Budget, BudgetSpent
from trust.validation.builder import Builder, Signatures
from trust.validation.certificate import Certificate
from trust.validation.codes import UNDECIDED, Code
from trust.validation.crl import Crl
from trust.validation.ocsp import OcspResponse, Responses
from trust.validation.path import Parameters, inherit_parameters, validate_path
from trust.validation.purpose import purpose_faults
from trust.validation.revocation import Lists, Status
from trust.validation.verdict import Reason, Verdict, outcome_of

MAX_SIGNER_DEPTH = 3

PathRule = Callable[[Certificate, list[Certificate]], list[Reason]]
"""An extra rule over (anchor, path from below the anchor down): the trust list's conditions."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a judgement may lean on. Anchors are trusted; nothing else is."""

    anchors: tuple[Certificate, ...]
    pool: tuple[Certificate, ...] = ()
    crls: tuple[Crl, ...] = ()
    responses: tuple[OcspResponse, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: parameters of the path, name, usage, whether revocation must be known, the clock's now."""

    path: Parameters
    now: datetime
    name: str | None = None
    usage: str | None = None
    revocation: bool = False
    max_age: timedelta | None = None
    rule: PathRule | None = None
    budget: Callable[[], Budget] = Budget


@dataclass(slots=True)
class _Best:
    """The most telling failure so far: fewest counting reasons, undecided before wrong."""

    reasons: list[Reason] = field(default_factory=list)
    chain: tuple[Certificate, ...] = ()
    rank: tuple[int, int] = (1 << 30, 0)

    def offer(self, reasons: list[Reason], chain: tuple[Certificate, ...]) -> None:
        counting = [reason for reason in reasons if not reason.advice]
        wrong = sum(reason.code not in UNDECIDED for reason in counting)
        if (wrong, len(counting)) < self.rank:
            self.rank, self.reasons, self.chain = (wrong, len(counting)), reasons, chain


class Judge:
    """Judges certificates against one material at one moment. One budget for each question."""

    def __init__(self, material: Material, question: Question) -> None:
        self.material, self.question = material, question
        self.budget = question.budget()
        self.signatures = Signatures(self.budget, question.path.sm2_id)
        at = question.path.at
        self.builder = Builder(material.anchors, material.pool, at, self.signatures)
        self.lists = Lists(
            material.crls, at, question.now, self.builder, self.signatures, self._signer_trusted, question.max_age
        )
        self.responses = Responses(material.responses, at, question.now, self.signatures)
        self._busy: set[Certificate] = set()

    def judge(self, leaf: Certificate) -> Verdict:
        """The verdict about ``leaf``."""
        best = _Best()
        try:
            for anchor, path in self.builder.paths(leaf):
                self.budget.path()
                verdict = self._judge_path(leaf, anchor, path, best)
                if verdict is not None:
                    return verdict
        except BudgetSpent as spent:
            best.reasons = [*best.reasons, Reason(Code.BUDGET_SPENT, leaf.label, spent.limit)]
        if not best.reasons:
            best.reasons = self._no_path(leaf)
        reasons = tuple(dict.fromkeys(best.reasons))
        return Verdict(outcome=outcome_of(reasons), reasons=reasons, chain=best.chain or (leaf,))

    def _no_path(self, leaf: Certificate) -> list[Reason]:
        return [Reason(Code.NO_PATH, leaf.label), *list(self.builder.dead_ends)[:8]]

    def _judge_path(
        self, leaf: Certificate, anchor: Certificate, path: list[Certificate], best: _Best
    ) -> Verdict | None:
        chain = (*reversed(path), anchor)
        result = validate_path(anchor, path, self.question.path, self.budget)
        reasons = list(result.reasons)
        reasons.extend(purpose_faults(list(chain), self.question.name, self.question.usage))
        if self.question.rule is not None:
            reasons.extend(self.question.rule(anchor, path))
        if all(reason.advice for reason in reasons):
            reasons.extend(self._revocation(anchor, path))
        if all(reason.advice for reason in reasons):
            return Verdict(outcome=outcome_of(reasons), reasons=tuple(reasons), chain=chain, policies=result.policies)
        best.offer(reasons, chain)
        return None

    def _revocation(self, anchor: Certificate, path: list[Certificate]) -> Iterable[Reason]:
        if not self.question.revocation:
            return
        self._inherit(anchor, path)
        issuer = anchor
        for certificate in path:
            status = self._status(certificate, issuer, anchor)
            if status.entry is not None:
                held = status.entry.reason == "certificate_hold"
                detail = f"{status.entry.revoked.isoformat()} {status.entry.reason}"
                yield Reason(Code.ON_HOLD if held else Code.REVOKED, certificate.label, detail)
            elif not status.known:
                yield Reason(Code.REVOCATION_UNKNOWN, certificate.label)
                yield from status.notes
            issuer = certificate

    def _inherit(self, anchor: Certificate, path: list[Certificate]) -> None:
        spki = anchor.spki
        for certificate in path:
            spki = inherit_parameters(certificate.spki, spki)
            if spki != certificate.spki:
                self.signatures.inherited[certificate.spki] = spki

    def _status(self, certificate: Certificate, issuer: Certificate, anchor: Certificate) -> Status:
        answered = self.responses.status(certificate, issuer)
        if answered.known:
            return answered
        listed = self.lists.status(certificate, issuer, anchor)
        return listed if listed.known else Status(known=False, notes=(*answered.notes, *listed.notes))

    def _signer_trusted(self, signer: Certificate, anchor: Certificate) -> bool:
        """A list signer needs a path of its own to the same anchor; one that vouches for itself is taken as it is."""
        if signer in self._busy:
            return True
        if len(self._busy) >= MAX_SIGNER_DEPTH:
            return False
        self._busy.add(signer)
        try:
            return any(self._signer_path(path, found, anchor) for found, path in self.builder.paths(signer))
        finally:
            self._busy.discard(signer)

    def _signer_path(self, path: list[Certificate], found: Certificate, anchor: Certificate) -> bool:
        if found != anchor:
            return False
        given = Parameters(
            at=self.question.path.at, profile=self.question.path.profile, sm2_id=self.question.path.sm2_id
        )
        sound = validate_path(anchor, path, given, self.budget).sound
        return sound and all(reason.advice for reason in self._revocation(anchor, path))


def judge(leaf: Certificate, material: Material, question: Question) -> Verdict:
    """The verdict about one certificate."""
    _ = leaf.key  # the first SM2 key starts the self-test of the provider, which no judgement should pay for
    return Judge(material, question).judge(leaf)
