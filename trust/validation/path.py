"""Path validation: one given path, every rule of RFC 5280 section 6.1, policies by RFC 9618.

In: certificates from the one an anchor signed down to the object's, the anchor, parameters.  Out: reasons and policies.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from trust.crypto.algorithm import Check, check_signature
from trust.crypto.curve import DEFAULT_ID
from trust.crypto.der import tlv
from trust.validation import extension as ext
from trust.validation.budget import Budget
from trust.validation.certificate import Certificate
from trust.validation.codes import Code
from trust.validation.conform import Place, conform
from trust.validation.extension import ANY_POLICY
from trust.validation.policy import PolicyGraph, user_policies
from trust.validation.profile import PROFILES, Profile, ProfileName
from trust.validation.subtree import check_names
from trust.validation.verdict import Reason

NO_LIMIT = 1 << 31


@dataclass(frozen=True, slots=True)
class Parameters:
    """Inputs of section 6.1.1 and the profile. ``max_depth`` counts intermediates that are not self-issued."""

    at: datetime
    profile: Profile = PROFILES[ProfileName.PATH]
    policies: frozenset[str] = frozenset({ANY_POLICY})
    require_explicit: bool = False
    inhibit_mapping: bool = False
    inhibit_any: bool = False
    max_depth: int | None = None
    sm2_id: bytes = DEFAULT_ID


@dataclass(frozen=True, slots=True)
class PathResult:
    """What validating one path found: counting and advisory reasons, and the policies that hold."""

    reasons: tuple[Reason, ...]
    policies: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Is there no counting reason?"""
        return all(reason.advice for reason in self.reasons)


@dataclass(slots=True)
class _State:
    spki: bytes
    max_path: int
    explicit: int
    mapping: int
    any_policy: int
    graph: PolicyGraph = field(default_factory=PolicyGraph)
    constraints: list[ext.NameConstraints] = field(default_factory=list)


class _Path:
    def __init__(self, anchor: Certificate, path: list[Certificate], given: Parameters, budget: Budget) -> None:
        self.anchor, self.path, self.given, self.budget = anchor, path, given, budget
        self.reasons: list[Reason] = []
        length = len(path)
        self.state = _State(
            anchor.spki,
            length if given.max_depth is None else given.max_depth,
            0 if given.require_explicit else length + 1,
            0 if given.inhibit_mapping else length + 1,
            0 if given.inhibit_any else length + 1,
        )

    def add(self, code: Code, certificate: Certificate, detail: str = "") -> None:
        self.reasons.append(Reason(code, certificate.label, detail))

    def run(self) -> PathResult:
        self._anchor()
        issuer = self.anchor
        for index, certificate in enumerate(self.path):
            last = index == len(self.path) - 1
            self._conform(certificate, Place(issuer, leaf=last, anchor=False))
            self._basic(certificate, issuer)
            self._names(certificate, last)
            self._policies(certificate, last)
            if not last:
                self._prepare(certificate)
            self._unknown_critical(certificate)
            issuer = certificate
        policies = self._wrap_up()
        return PathResult(tuple(self.reasons), policies)

    def _anchor(self) -> None:
        """An anchor given as a certificate is held to it (RFC 5937): dates, usage, constraints."""
        anchor = self.anchor
        self._conform(anchor, Place(None, leaf=not self.path, anchor=True))
        self._dates(anchor)
        self._unknown_critical(anchor)
        if not self.path:
            return
        self._may_issue(anchor)
        basic: ext.BasicConstraints | None = anchor.get(ext.BASIC)
        if basic is not None and basic.path_length is not None:
            self.state.max_path = min(self.state.max_path, basic.path_length)
        self._constrain(anchor)

    def _conform(self, certificate: Certificate, place: Place) -> None:
        for fault in conform(certificate, place, self.given.profile):
            advice = fault.code not in self.given.profile.forbidden
            self.reasons.append(Reason(fault.code, certificate.label, fault.detail, advice))

    def _basic(self, certificate: Certificate, issuer: Certificate) -> None:
        self.budget.signature()
        check = check_signature(
            self.state.spki,
            certificate.signature_algorithm,
            certificate.tbs,
            certificate.signature,
            self.given.sm2_id,
        )
        if check is not Check.GOOD:
            self.add(_SIGNATURE[check], certificate)
        self._dates(certificate)
        if not certificate.issuer.matches(issuer.subject):
            self.add(Code.NAME_CHAIN_BROKEN, certificate)
        self.state.spki = inherit_parameters(certificate.spki, self.state.spki)

    def _dates(self, certificate: Certificate) -> None:
        if self.given.at < certificate.not_before:
            self.add(Code.NOT_YET_VALID, certificate, certificate.not_before.isoformat())
        elif self.given.at.replace(microsecond=0) > certificate.not_after:
            self.add(Code.EXPIRED, certificate, certificate.not_after.isoformat())

    def _names(self, certificate: Certificate, last: bool) -> None:
        if certificate.self_issued and not last:
            return
        for constraints in self.state.constraints:
            if fault := check_names(certificate, constraints, self.budget):
                self.add(fault.code, certificate, fault.name)

    def _policies(self, certificate: Certificate, last: bool) -> None:
        state = self.state
        policies: frozenset[str] | None = certificate.get(ext.POLICIES)
        if policies is None:
            state.graph.clear()
        else:
            any_allowed = state.any_policy > 0 or (not last and certificate.self_issued)
            state.graph.descend(policies, any_allowed)
        if state.graph.empty and state.explicit <= 0:
            self._policy_required(certificate)

    def _policy_required(self, certificate: Certificate) -> None:
        if all(reason.code is not Code.POLICY_REQUIRED for reason in self.reasons):
            self.add(Code.POLICY_REQUIRED, certificate)

    def _prepare(self, certificate: Certificate) -> None:
        self._map(certificate)
        self._constrain(certificate)
        self._count_down(certificate)
        self._limits(certificate)
        self._may_issue(certificate)
        self._path_length(certificate)

    def _map(self, certificate: Certificate) -> None:
        pairs: tuple[tuple[str, str], ...] | None = certificate.get(ext.MAPPINGS)
        if not pairs:
            return
        if any(ANY_POLICY in pair for pair in pairs):
            self.add(Code.POLICY_MAPPING_ANY, certificate)
        self.state.graph.map(pairs, self.state.mapping > 0)

    def _constrain(self, certificate: Certificate) -> None:
        constraints: ext.NameConstraints | None = certificate.get(ext.NAME_CONSTRAINTS)
        if constraints is not None:
            self.state.constraints.append(constraints)

    def _count_down(self, certificate: Certificate) -> None:
        if certificate.self_issued:
            return
        state = self.state
        state.explicit = max(0, state.explicit - 1)
        state.mapping = max(0, state.mapping - 1)
        state.any_policy = max(0, state.any_policy - 1)

    def _limits(self, certificate: Certificate) -> None:
        state = self.state
        limits: ext.PolicyConstraints | None = certificate.get(ext.POLICY_CONSTRAINTS)
        if limits is not None and limits.require_explicit is not None:
            state.explicit = min(state.explicit, limits.require_explicit)
        if limits is not None and limits.inhibit_mapping is not None:
            state.mapping = min(state.mapping, limits.inhibit_mapping)
        inhibit: int | None = certificate.get(ext.INHIBIT_ANY)
        if inhibit is not None:
            state.any_policy = min(state.any_policy, inhibit)

    def _may_issue(self, certificate: Certificate) -> None:
        if not certificate.is_ca and not (certificate is self.anchor and certificate.version < 3):
            self.add(Code.NOT_A_CA, certificate)
        usage = certificate.key_usage
        if usage is not None and "key_cert_sign" not in usage:
            self.add(Code.KEY_USAGE_NO_CERT_SIGN, certificate)

    def _path_length(self, certificate: Certificate) -> None:
        state = self.state
        if not certificate.self_issued:
            if state.max_path <= 0:
                self.add(Code.PATH_TOO_LONG, certificate)
            state.max_path -= 1
        basic: ext.BasicConstraints | None = certificate.get(ext.BASIC)
        if basic is not None and basic.path_length is not None:
            state.max_path = min(state.max_path, basic.path_length)

    def _unknown_critical(self, certificate: Certificate) -> None:
        for oid, found in certificate.extensions.items():
            if found.critical and oid not in ext.UNDERSTOOD_CRITICAL:
                self.add(Code.CRITICAL_EXTENSION_UNKNOWN, certificate, oid)

    def _wrap_up(self) -> tuple[str, ...]:
        if not self.path:
            return ()
        leaf, state = self.path[-1], self.state
        explicit = max(0, state.explicit - 1) if state.explicit else 0
        limits: ext.PolicyConstraints | None = leaf.get(ext.POLICY_CONSTRAINTS)
        if limits is not None and limits.require_explicit == 0:
            explicit = 0
        found = user_policies(state.graph.authority_policies(), self.given.policies)
        if explicit == 0 and not found:
            self._policy_required(leaf)
        return tuple(sorted(found))


_SIGNATURE = {
    Check.BAD: Code.SIGNATURE_BAD,
    Check.UNSUPPORTED: Code.SIGNATURE_UNSUPPORTED,
    Check.MISMATCH: Code.KEY_MISMATCH,
}
_DSA = bytes.fromhex("06072a8648ce380401")


def inherit_parameters(spki: bytes, issuer: bytes) -> bytes:
    """The key with the issuer's DSA parameters where it leaves its own out (RFC 5280 clause 6.1.4 (f))."""
    start, stop = ext.sequence(spki)
    rows = list(ext.children(spki, start, stop))
    algorithm = spki[rows[0][2] : rows[0][3]]
    if algorithm not in (_DSA, _DSA + b"\x05\x00") or _DSA not in issuer:
        return spki
    issuer_start, issuer_stop = ext.sequence(issuer)
    first = next(iter(ext.children(issuer, issuer_start, issuer_stop)))
    return tlv(0x30, issuer[first[1] : first[3]] + spki[rows[1][1] : rows[1][3]])


def validate_path(anchor: Certificate, path: list[Certificate], given: Parameters, budget: Budget) -> PathResult:
    """Judge the path ``anchor`` -> ``path[0]`` -> ... -> ``path[-1]``; an empty path judges the anchor itself.

    May raise ``BudgetSpent``.
    """
    return _Path(anchor, path, given, budget).run()
