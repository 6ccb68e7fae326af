"""Path building: from a certificate upwards to any anchor, over cross-certificates, bridges and renewed keys.

Candidates are found by name, tried best first, and followed only where the signature holds, so a pool full of
look-alikes costs signature checks, not paths. No loop: neither a certificate nor a pair of name and key occurs twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from trust.crypto.algorithm import Check, check_signature
from trust.crypto.curve import DEFAULT_ID
from trust.validation import extension as ext
from trust.validation.budget import Budget
from trust.validation.certificate import Certificate
from trust.validation.codes import Code
from trust.validation.name import Rdn
from trust.validation.verdict import Reason

MAX_LENGTH = 24

Path = tuple[Certificate, list[Certificate]]
"""An anchor, and the certificates below it down to the object's."""


class Pool:
    """Certificates by subject name."""

    def __init__(self, certificates: Iterable[Certificate]) -> None:
        self._by_name: dict[tuple[Rdn, ...], dict[Certificate, None]] = {}
        for certificate in certificates:
            self._by_name.setdefault(certificate.subject.key, {})[certificate] = None

    def named(self, key: tuple[Rdn, ...]) -> list[Certificate]:
        """Those whose subject is ``key``."""
        return list(self._by_name.get(key, ()))


class Signatures:
    """Signature checks of one judgement, each pair of key and certificate once.

    ``inherited`` maps a DSA key without parameters to the same key with those of its issuer, once a path showed them.
    """

    def __init__(self, budget: Budget, sm2_id: bytes = DEFAULT_ID) -> None:
        self.budget, self.sm2_id = budget, sm2_id
        self._known: dict[tuple[bytes, bytes], Check] = {}
        self.inherited: dict[bytes, bytes] = {}

    def check(self, certificate: Certificate, spki: bytes) -> Check:
        """Was ``certificate`` signed by the key ``spki``?"""
        pair = (spki, certificate.der)
        if pair not in self._known:
            self.budget.signature()
            self._known[pair] = check_signature(
                spki, certificate.signature_algorithm, certificate.tbs, certificate.signature, self.sm2_id
            )
        return self._known[pair]


class Builder:
    """Finds paths. After ``paths`` is used up, ``dead_ends`` says where building stopped and why."""

    def __init__(
        self, anchors: Iterable[Certificate], pool: Iterable[Certificate], at: datetime, signatures: Signatures
    ) -> None:
        self._anchors = set(anchors)
        self._pool = Pool([*self._anchors, *pool])
        self._at = at
        self._signatures = signatures
        self.dead_ends: dict[Reason, None] = {}

    def named(self, key: tuple[Rdn, ...]) -> list[Certificate]:
        """Anchors and pool certificates with this subject."""
        return self._pool.named(key)

    def paths(self, leaf: Certificate) -> Iterator[Path]:
        """Every path from ``leaf`` to an anchor, likely ones first. May raise ``BudgetSpent``."""
        if leaf in self._anchors:
            yield leaf, []
            return
        yield from self._climb([leaf], {(leaf.subject.key, leaf.spki)})

    def _climb(self, below: list[Certificate], seen: set[tuple[tuple[Rdn, ...], bytes]]) -> Iterator[Path]:
        top = below[-1]
        self._signatures.budget.step()
        candidates = self._candidates(top)
        if not candidates or len(below) > MAX_LENGTH:
            self.dead_ends[Reason(Code.ISSUER_UNKNOWN, top.label, top.issuer.text)] = None
            return
        for candidate in candidates:
            pair = (candidate.subject.key, candidate.spki)
            if candidate in below or not self._signed(top, candidate):
                continue
            if candidate in self._anchors:
                yield candidate, below[::-1]
            elif pair not in seen:
                yield from self._climb([*below, candidate], seen | {pair})

    def _signed(self, certificate: Certificate, issuer: Certificate) -> bool:
        check = self._signatures.check(certificate, issuer.spki)
        if check is Check.UNSUPPORTED:
            return True
        if check is not Check.GOOD:
            self.dead_ends[Reason(Code.SIGNATURE_BAD, certificate.label, issuer.label)] = None
        return check is Check.GOOD

    def _candidates(self, certificate: Certificate) -> list[Certificate]:
        found = self._pool.named(certificate.issuer.key)
        return sorted(found, key=lambda candidate: self._rank(certificate, candidate))

    def _rank(self, certificate: Certificate, candidate: Certificate) -> tuple[bool, bool, bool, bool]:
        authority: ext.AuthorityKey | None = certificate.get(ext.AUTHORITY_KEY)
        own = candidate.get(ext.SUBJECT_KEY)
        wanted = authority.key_id if authority else None
        return (
            wanted is not None and own is not None and wanted != own,
            candidate not in self._anchors,
            not candidate.not_before <= self._at <= candidate.not_after,
            candidate.self_issued,
        )
