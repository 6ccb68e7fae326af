"""Revocation: was this certificate revoked at that moment, by lists and responses at hand?

In: a certificate, its issuer, lists, OCSP responses.  Out: ``Status``.  Source: RFC 5280 section 6.3 (full, delta,
indirect, partitioned by place or reason). A list that cannot be used says why, so that "unknown" is explained.

A list issued after the moment judged is good evidence for it: what it does not hold was not revoked before, and an
entry counts from its own date on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from trust.crypto.algorithm import Check, check_signature
from trust.crypto.der import read_tlv, tlv
from trust.validation import extension as ext
from trust.validation.builder import Builder, Signatures
from trust.validation.certificate import Certificate
from trust.validation.codes import Code
from trust.validation.crl import NUMBER, Crl, Entry
from trust.validation.extension import ALL_REASONS, DistributionPoint, PointName
from trust.validation.general import Form, GeneralName
from trust.validation.name import Name, read_name
from trust.validation.verdict import Reason


@dataclass(frozen=True, slots=True)
class Status:
    """What is known: ``entry`` where revoked; ``known`` is False where it could not be found out; ``notes`` say why."""

    known: bool
    entry: Entry | None = None
    notes: tuple[Reason, ...] = ()
    used: tuple[str, ...] = ()


Trusted = Callable[[Certificate, Certificate], bool]
"""Does a path lead from this list signer to this anchor, unrevoked?"""


class Lists:
    """Looks certificates up in the lists at hand."""

    def __init__(
        self,
        crls: Iterable[Crl],
        at: datetime,
        now: datetime,
        builder: Builder,
        signatures: Signatures,
        trusted: Trusted,
        max_age: timedelta | None = None,
    ) -> None:
        self._crls = list(crls)
        self._at, self._now, self._max_age = at, now, max_age
        self._builder, self._signatures, self._trusted = builder, signatures, trusted

    def status(self, certificate: Certificate, issuer: Certificate, anchor: Certificate) -> Status:
        """The status of ``certificate``; every list used must lead to ``anchor``."""
        search = _Search(self, certificate, issuer, anchor)
        return search.run()

    def candidates(self, delta: bool) -> list[Crl]:
        """Full lists or delta lists, the newest first."""
        return sorted(
            (crl for crl in self._crls if crl.is_delta is delta), key=lambda crl: crl.this_update, reverse=True
        )

    def usable(self, crl: Crl, certificate: Certificate) -> Reason | None:
        """Why the list cannot be used, None where it can."""
        subject = crl.issuer.text
        if crl.unknown_critical:
            return Reason(Code.CRL_EXTENSION_UNKNOWN, subject, ", ".join(sorted(crl.unknown_critical)))
        if crl.number is None and crl.extensions:
            return Reason(Code.CRL_NUMBER_MISSING, subject)
        if NUMBER in crl.extensions and crl.extensions[NUMBER].critical:
            return Reason(Code.CRL_NUMBER_CRITICAL, subject)
        if crl.this_update > self._now:
            return Reason(Code.CRL_NOT_YET_VALID, subject, crl.this_update.isoformat())
        if crl.next_update is None or self._at > crl.next_update:
            return Reason(Code.REVOCATION_STALE, subject, crl.next_update.isoformat() if crl.next_update else "")
        if self._max_age is not None and self._at - crl.this_update > self._max_age:
            return Reason(Code.REVOCATION_STALE, subject, crl.this_update.isoformat())
        if crl.this_update > self._at and certificate.not_after < crl.this_update:
            return Reason(Code.REVOCATION_STALE, subject, crl.this_update.isoformat())
        return None

    def signer(self, crl: Crl, issuer: Certificate, anchor: Certificate) -> Certificate | Reason:
        """The certificate whose key signed the list, or why there is none to trust."""
        failure = Reason(Code.CRL_ISSUER_UNTRUSTED, crl.issuer.text)
        for candidate in self._signer_candidates(crl, issuer, anchor):
            if not self._signed(crl, candidate):
                failure = Reason(Code.CRL_SIGNATURE_BAD, crl.issuer.text, candidate.label)
                continue
            usage = candidate.key_usage
            if usage is not None and "crl_sign" not in usage:
                failure = Reason(Code.CRL_NO_SIGN_USAGE, crl.issuer.text, candidate.label)
                continue
            if candidate in (issuer, anchor) or self._trusted(candidate, anchor):
                return candidate
            failure = Reason(Code.CRL_ISSUER_UNTRUSTED, crl.issuer.text, candidate.label)
        return failure

    def _signer_candidates(self, crl: Crl, issuer: Certificate, anchor: Certificate) -> list[Certificate]:
        known = [certificate for certificate in (issuer, anchor) if certificate.subject.matches(crl.issuer)]
        return list(dict.fromkeys([*known, *self._builder.named(crl.issuer.key)]))

    def _signed(self, crl: Crl, candidate: Certificate) -> bool:
        self._signatures.budget.signature()
        spki = self._signatures.inherited.get(candidate.spki, candidate.spki)
        check = check_signature(spki, crl.signature_algorithm, crl.tbs, crl.signature, self._signatures.sm2_id)
        return check is Check.GOOD

    def counts(self, entry: Entry) -> bool:
        """Is the entry in force at the moment judged?"""
        since = min(entry.revoked, entry.invalid_since) if entry.invalid_since else entry.revoked
        return since <= self._at


class _Search:
    def __init__(self, lists: Lists, certificate: Certificate, issuer: Certificate, anchor: Certificate) -> None:
        self.lists, self.certificate, self.issuer, self.anchor = lists, certificate, issuer, anchor
        self.covered: frozenset[str] = frozenset()
        self.notes: dict[Reason, None] = {}
        self.used: list[str] = []

    def run(self) -> Status:
        points: tuple[DistributionPoint, ...] = self.certificate.get(ext.POINTS) or ()
        own = GeneralName(Form.DIRECTORY, self.certificate.issuer.der, "", self.certificate.issuer)
        for point in (*points, DistributionPoint(PointName(full=(own,)), None, None)):
            for crl in self.lists.candidates(delta=False):
                if (entry := self._try(point, crl)) is not None:
                    return Status(known=True, entry=entry, used=tuple(self.used))
                if self.covered == ALL_REASONS:
                    return Status(known=True, used=tuple(self.used))
        return Status(known=False, notes=tuple(self.notes), used=tuple(self.used))

    def _try(self, point: DistributionPoint, crl: Crl) -> Entry | None:
        if not self._in_scope(point, crl):
            return None
        reasons = self._reasons(point, crl)
        if not reasons - self.covered:
            return None
        trouble = self.lists.usable(crl, self.certificate)
        if trouble is None:
            signer = self.lists.signer(crl, self.issuer, self.anchor)
            trouble = signer if isinstance(signer, Reason) else None
        if trouble is not None:
            self.notes[trouble] = None
            return None
        assert isinstance(signer, Certificate)
        return self._look_up(crl, signer, reasons)

    def _look_up(self, crl: Crl, signer: Certificate, reasons: frozenset[str]) -> Entry | None:
        self.used.append(crl.fingerprint)
        entry = self._entry_with_delta(crl, signer)
        if entry is not None and self.lists.counts(entry) and entry.reason != "remove_from_crl":
            return entry
        self.covered |= reasons
        return None

    def _entry_with_delta(self, crl: Crl, signer: Certificate) -> Entry | None:
        delta = self._delta(crl, signer)
        if delta is not None:
            self.used.append(delta.fingerprint)
            changed = delta.find(self.certificate.serial, self.certificate.issuer)
            if changed is not None:
                return changed
        return crl.find(self.certificate.serial, self.certificate.issuer)

    def _delta(self, crl: Crl, signer: Certificate) -> Crl | None:
        for delta in self.lists.candidates(delta=True):
            if not self._extends(delta, crl) or self.lists.usable(delta, self.certificate):
                continue
            if self.lists.signer(delta, self.issuer, self.anchor) == signer:
                return delta
        return None

    def _extends(self, delta: Crl, crl: Crl) -> bool:
        """RFC 5280 clause 6.3.3 (c): same issuer, scope and key; base old enough; delta newer."""
        if crl.number is None or delta.base_number is None or delta.number is None:
            return False
        same = delta.issuer.matches(crl.issuer) and delta.point == crl.point and delta.key_id == crl.key_id
        return same and delta.base_number <= crl.number < delta.number

    def _in_scope(self, point: DistributionPoint, crl: Crl) -> bool:
        scope = crl.point
        if point.issuer is not None:
            if scope is None or not scope.indirect or not self._issued_by(point.issuer, crl):
                return False
        elif not crl.issuer.matches(self.certificate.issuer):
            return False
        if scope is None:
            return True
        ca = self.certificate.is_ca
        if scope.only_attribute or (scope.only_user and ca) or (scope.only_ca and not ca):
            return False
        return scope.name is None or self._names_meet(point, scope.name, crl)

    @staticmethod
    def _issued_by(names: tuple[GeneralName, ...], crl: Crl) -> bool:
        return any(name.directory is not None and name.directory.matches(crl.issuer) for name in names)

    def _names_meet(self, point: DistributionPoint, scope: PointName, crl: Crl) -> bool:
        theirs = _full_names(scope, crl.issuer)
        if point.name is not None:
            base = self._relative_base(point)
            ours = _full_names(point.name, base)
        else:
            ours = point.issuer or ()
        return any(_same(mine, other) for mine in ours for other in theirs)

    def _relative_base(self, point: DistributionPoint) -> Name:
        directory = [name.directory for name in point.issuer or () if name.directory is not None]
        return directory[0] if directory else self.certificate.issuer

    @staticmethod
    def _reasons(point: DistributionPoint, crl: Crl) -> frozenset[str]:
        reasons = ALL_REASONS if point.reasons is None else point.reasons & ALL_REASONS
        scope = crl.point.reasons if crl.point else None
        return reasons if scope is None else reasons & scope


def _full_names(name: PointName, base: Name) -> tuple[GeneralName, ...]:
    """Full names; a relative one is the base followed by one more relative name."""
    if not name.relative:
        return name.full
    _, start, stop = read_tlv(base.der, 0, len(base.der))
    joined = read_name(tlv(0x30, base.der[start:stop] + tlv(0x31, name.relative)))
    return (GeneralName(Form.DIRECTORY, joined.der, "", joined),)


def _same(mine: GeneralName, other: GeneralName) -> bool:
    if mine.directory is not None and other.directory is not None:
        return mine.directory.matches(other.directory)
    return mine.form is other.form and mine.content == other.content
