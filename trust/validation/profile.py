"""Profiles: which faults of a certificate count, as data.

``path`` is RFC 5280 section 6 with a safe floor: what decides trust, not neatness. ``rfc5280`` adds the MUSTs of the
certificate profile (section 4), ``webpki`` the CA/Browser Forum's rules, ``gm`` demands Chinese algorithms.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from trust.crypto.algorithm import KeyKind
from trust.validation.codes import Code


class ProfileName(StrEnum):
    """Names the command and the API take."""

    PATH = "path"
    RFC5280 = "rfc5280"
    WEBPKI = "webpki"
    GM = "gm"


@dataclass(frozen=True, slots=True)
class Profile:
    """What counts. ``forbidden`` holds the codes that make a verdict invalid; others are advice."""

    name: ProfileName
    forbidden: frozenset[Code]
    kinds: frozenset[KeyKind]
    minimum_rsa: int = 1024
    curves: frozenset[str] | None = None
    sha1_allowed: bool = False


_ALWAYS = frozenset(
    {
        Code.NOT_DER,
        Code.SIGNATURE_BAD,
        Code.VERSION_UNSUPPORTED,
        Code.ALGORITHMS_DIFFER,
        Code.EXTENSION_REPEATED,
        Code.EXTENSION_MALFORMED,
        Code.EXTENSIONS_NEED_VERSION_3,
        Code.NAME_MALFORMED,
        Code.NAME_CONSTRAINT_MALFORMED,
        Code.NAME_CONSTRAINT_UNSUPPORTED,
        Code.SAN_MALFORMED,
        Code.EKU_MALFORMED,
        Code.KEY_UNSUPPORTED,
        Code.KEY_WEAK,
        Code.HASH_WEAK,
        Code.ALGORITHM_NOT_ALLOWED,
        Code.CA_FLAGS_INCONSISTENT,
        Code.CA_SUBJECT_EMPTY,
        Code.ISSUER_EMPTY,
        Code.LEAF_CERT_SIGN,
        Code.NAME_CONSTRAINTS_IN_LEAF,
        Code.AIA_CRITICAL,
        Code.CRL_NUMBER_MISSING,
        Code.CRL_NUMBER_CRITICAL,
    }
)
_RFC5280 = _ALWAYS | {
    Code.SERIAL_TOO_LONG,
    Code.VALIDITY_MALFORMED,
    Code.AKI_CRITICAL,
    Code.AKI_MISSING,
    Code.AKI_MISMATCH,
    Code.SKI_CRITICAL,
    Code.SKI_MISSING,
    Code.BASIC_CONSTRAINTS_NOT_CRITICAL,
    Code.NAME_CONSTRAINTS_NOT_CRITICAL,
    Code.SAN_NOT_CRITICAL,
    Code.WILDCARD_MALFORMED,
}
_WEBPKI = (_RFC5280 - {Code.NAME_CONSTRAINTS_NOT_CRITICAL}) | {
    Code.SERIAL_NOT_POSITIVE,
    Code.POLICY_CONSTRAINTS_NOT_CRITICAL,
    Code.AKI_NOT_KEY_ONLY,
    Code.LEAF_IS_CA,
    Code.SAN_MISSING,
    Code.SAN_CRITICAL,
    Code.EKU_CRITICAL,
    Code.EKU_ANY,
    Code.EKU_MISSING,
    Code.EKU_IN_ROOT,
    Code.CN_NOT_IN_SAN,
    Code.CA_KEY_USAGE_MISSING,
}
_GM = _ALWAYS | {Code.SERIAL_TOO_LONG, Code.SERIAL_NOT_POSITIVE, Code.VALIDITY_MALFORMED, Code.CA_KEY_USAGE_MISSING}
_ALL_KINDS = frozenset(KeyKind)

PROFILES: dict[ProfileName, Profile] = {
    ProfileName.PATH: Profile(ProfileName.PATH, _ALWAYS, _ALL_KINDS),
    ProfileName.RFC5280: Profile(ProfileName.RFC5280, _RFC5280, _ALL_KINDS),
    ProfileName.WEBPKI: Profile(
        ProfileName.WEBPKI,
        _WEBPKI,
        frozenset({KeyKind.RSA, KeyKind.EC}),
        2048,
        frozenset({"secp256r1", "secp384r1", "secp521r1"}),
    ),
    ProfileName.GM: Profile(ProfileName.GM, _GM, frozenset({KeyKind.SM2})),
}
