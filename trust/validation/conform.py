"""Does a certificate keep the rules of its profile? Each rule gives a code; the profile says which codes count.

Sources: RFC 5280 section 4, CA/Browser Forum Baseline Requirements section 7.1, GM/T 0015.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator

from trust.crypto.algorithm import KeyKind, signature_algorithm, weak_hash
from trust.validation import extension as ext
from trust.validation.certificate import Certificate, Fault
from trust.validation.codes import Code
from trust.validation.general import Form, GeneralName, malformed, wildcard_base
from trust.validation.name import COMMON_NAME
from trust.validation.profile import Profile
from trust.validation.subtree import constraint_fault

Rule = Callable[[Certificate, "Place", Profile], Iterator[Fault]]


class Place:
    """Where a certificate stands in its path."""

    __slots__ = ("anchor", "issuer", "leaf")

    def __init__(self, issuer: Certificate | None, leaf: bool, anchor: bool) -> None:
        self.issuer, self.leaf, self.anchor = issuer, leaf, anchor


def conform(certificate: Certificate, place: Place, profile: Profile) -> list[Fault]:
    """Every fault of a certificate at its place, those of its encoding first."""
    found = list(certificate.faults)
    for rule in _RULES:
        found.extend(rule(certificate, place, profile))
    return found


def _key_identifiers(certificate: Certificate, place: Place, _: Profile) -> Iterator[Fault]:
    if certificate.critical(ext.AUTHORITY_KEY):
        yield Fault(Code.AKI_CRITICAL)
    if certificate.critical(ext.SUBJECT_KEY):
        yield Fault(Code.SKI_CRITICAL)
    if certificate.is_ca and certificate.get(ext.SUBJECT_KEY) is None:
        yield Fault(Code.SKI_MISSING)
    authority: ext.AuthorityKey | None = certificate.get(ext.AUTHORITY_KEY)
    if authority is None or authority.key_id is None:
        if authority is not None if place.anchor else not certificate.self_issued:
            yield Fault(Code.AKI_MISSING)
        return
    own = certificate.get(ext.SUBJECT_KEY)
    issuer = place.issuer.get(ext.SUBJECT_KEY) if place.issuer else (own if certificate.self_issued else None)
    if issuer is not None and issuer != authority.key_id:
        yield Fault(Code.AKI_MISMATCH)
    if place.anchor and (authority.issuer is not None or authority.serial is not None):
        yield Fault(Code.AKI_NOT_KEY_ONLY)


def _authority(certificate: Certificate, place: Place, _: Profile) -> Iterator[Fault]:
    if not certificate.is_ca:
        return
    if certificate.subject.empty:
        yield Fault(Code.CA_SUBJECT_EMPTY)
    if place.anchor and not certificate.critical(ext.BASIC):
        yield Fault(Code.BASIC_CONSTRAINTS_NOT_CRITICAL)
    if not place.leaf and certificate.key_usage is None:
        yield Fault(Code.CA_KEY_USAGE_MISSING)
    basic: ext.BasicConstraints = certificate.get(ext.BASIC)
    usage = certificate.key_usage
    if basic.path_length is not None and usage is not None and "key_cert_sign" not in usage:
        yield Fault(Code.CA_FLAGS_INCONSISTENT)


def _constraints(certificate: Certificate, place: Place, _: Profile) -> Iterator[Fault]:
    constraints: ext.NameConstraints | None = certificate.get(ext.NAME_CONSTRAINTS)
    if ext.NAME_CONSTRAINTS in certificate.extensions:
        if not certificate.is_ca:
            yield Fault(Code.NAME_CONSTRAINTS_IN_LEAF)
        if not certificate.critical(ext.NAME_CONSTRAINTS):
            yield Fault(Code.NAME_CONSTRAINTS_NOT_CRITICAL)
    if constraints is not None and (fault := constraint_fault(constraints)):
        yield Fault(fault.code, fault.name)
    policy = ext.POLICY_CONSTRAINTS in certificate.extensions and not certificate.critical(ext.POLICY_CONSTRAINTS)
    if policy and not place.leaf:
        yield Fault(Code.POLICY_CONSTRAINTS_NOT_CRITICAL)


def _access(certificate: Certificate, _: Place, __: Profile) -> Iterator[Fault]:
    if certificate.critical(ext.ACCESS):
        yield Fault(Code.AIA_CRITICAL)


def _leaf(certificate: Certificate, place: Place, _: Profile) -> Iterator[Fault]:
    if certificate.issuer.empty:
        yield Fault(Code.ISSUER_EMPTY)
    usage = certificate.key_usage or frozenset()
    if not certificate.is_ca and "key_cert_sign" in usage:
        yield Fault(Code.LEAF_CERT_SIGN)
    if place.leaf and certificate.is_ca:
        yield Fault(Code.LEAF_IS_CA)


def _alternative_names(certificate: Certificate, place: Place, _: Profile) -> Iterator[Fault]:
    present = ext.SUBJECT_NAME in certificate.extensions
    if present and certificate.subject.empty and not certificate.critical(ext.SUBJECT_NAME):
        yield Fault(Code.SAN_NOT_CRITICAL)
    if present and not certificate.subject.empty and certificate.critical(ext.SUBJECT_NAME):
        yield Fault(Code.SAN_CRITICAL)
    if not present:
        if place.leaf:
            yield Fault(Code.SAN_MISSING)
        return
    names: tuple[GeneralName, ...] = certificate.get(ext.SUBJECT_NAME) or ()
    for name in names:
        if name.form is Form.DNS and "*" in name.text:
            base = wildcard_base(name.text)
            if base is None or len(base) < 2:
                yield Fault(Code.WILDCARD_MALFORMED, name.text)
        elif malformed(name):
            yield Fault(Code.SAN_MALFORMED, str(name))


def _common_name(certificate: Certificate, place: Place, _: Profile) -> Iterator[Fault]:
    if not place.leaf:
        return
    names: tuple[GeneralName, ...] = certificate.get(ext.SUBJECT_NAME) or ()
    written = {_written(name) for name in names}
    for common in certificate.subject.values(COMMON_NAME):
        if common not in written:
            yield Fault(Code.CN_NOT_IN_SAN, common)


def _written(name: GeneralName) -> str:
    if name.form is Form.IP and len(name.content) in (4, 16):
        return str(ipaddress.ip_address(name.content))
    return name.text


def _usages(certificate: Certificate, place: Place, _: Profile) -> Iterator[Fault]:
    usages: frozenset[str] | None = certificate.get(ext.EXTENDED_USAGE)
    if usages is not None and place.anchor:
        yield Fault(Code.EKU_IN_ROOT)
    if not place.leaf:
        return
    if usages is None:
        yield Fault(Code.EKU_MISSING)
        return
    if certificate.critical(ext.EXTENDED_USAGE):
        yield Fault(Code.EKU_CRITICAL)
    if ext.ANY_USAGE in usages:
        yield Fault(Code.EKU_ANY)


def _key(certificate: Certificate, _: Place, profile: Profile) -> Iterator[Fault]:
    key = certificate.key
    if key is None:
        if signature_algorithm(certificate.signature_algorithm) is None or not _inherits(certificate):
            yield Fault(Code.KEY_UNSUPPORTED)
        return
    if key.kind not in profile.kinds:
        yield Fault(Code.ALGORITHM_NOT_ALLOWED, key.kind)
    if key.kind in (KeyKind.RSA, KeyKind.DSA) and (
        key.bits < profile.minimum_rsa or (profile.minimum_rsa > 1024 and key.bits % 8)
    ):
        yield Fault(Code.KEY_WEAK, f"{key.kind} {key.bits}")
    if key.kind is KeyKind.EC and (key.bits < 224 or (profile.curves and key.curve not in profile.curves)):
        yield Fault(Code.KEY_WEAK, key.curve)


def _inherits(certificate: Certificate) -> bool:
    """A DSA key may leave its parameters to its issuer (RFC 3279 clause 2.3.2)."""
    return b"\x2a\x86\x48\xce\x38\x04\x01" in certificate.spki[:32]


def _hash(certificate: Certificate, place: Place, profile: Profile) -> Iterator[Fault]:
    if place.anchor:
        return
    weak = weak_hash(certificate.signature_algorithm)
    algorithm = signature_algorithm(certificate.signature_algorithm)
    tolerated = profile.sha1_allowed or (weak == "sha1" and algorithm and algorithm.kind is KeyKind.DSA)
    if weak == "md5" or (weak and not tolerated):
        yield Fault(Code.HASH_WEAK, weak)


_RULES: tuple[Rule, ...] = (
    _key_identifiers,
    _authority,
    _constraints,
    _access,
    _leaf,
    _alternative_names,
    _common_name,
    _usages,
    _key,
    _hash,
)
