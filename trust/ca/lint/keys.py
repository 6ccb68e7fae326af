"""Rules on keys and signature algorithms."""

from __future__ import annotations

from trust.ca.lint.rule import Group, Level, Subject, table
from trust.crypto.algorithm import KeyKind, signature_algorithm, split_identifier, weak_hash
from trust.keys.seams import KeyKind as Made

ERROR, WARNING = Level.ERROR, Level.WARNING
ALL, AUTHORITY, LEAF, GM, WEB = Group.ALL, Group.AUTHORITY, Group.LEAF, Group.GM, Group.WEB
_CURVES = {"secp256r1", "secp384r1", "secp521r1"}
_FAMILY = {kind: "rsa" for kind in Made if kind.startswith("rsa")} | {Made.P256: "ec", Made.P384: "ec"}
_SMALL_PRIMES = (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97)


def _kind(subject: Subject, kind: KeyKind) -> bool:
    key = subject.certificate.key
    return key is not None and key.kind is kind


def _rsa_bits(subject: Subject) -> int:
    key = subject.certificate.key
    return key.bits if key is not None and key.kind is KeyKind.RSA else 0


def _rsa_numbers(subject: Subject) -> tuple[int, int] | None:
    key = subject.certificate.key
    if key is None or key.kind is not KeyKind.RSA:
        return None
    numbers = key.key.public_numbers()
    return numbers.n, numbers.e


def _weak_exponent(subject: Subject) -> bool:
    numbers = _rsa_numbers(subject)
    return numbers is not None and (numbers[1] < 65537 or numbers[1] % 2 == 0)


def _smooth_modulus(subject: Subject) -> bool:
    numbers = _rsa_numbers(subject)
    return numbers is not None and (numbers[0] % 2 == 0 or any(numbers[0] % prime == 0 for prime in _SMALL_PRIMES))


def _curve(subject: Subject) -> str | bool:
    key = subject.certificate.key
    return key.curve if key is not None and key.kind is KeyKind.EC and key.curve not in _CURVES else False


def _kind_beyond_profile(subject: Subject) -> str | bool:
    key, profile = subject.certificate.key, subject.profile
    if key is None or profile is None or not profile.kinds:
        return False
    families = {_FAMILY.get(kind, str(kind)) for kind in profile.kinds}
    return False if str(key.kind) in families else str(key.kind)


def _parameters(subject: Subject) -> bytes:
    try:
        return split_identifier(subject.certificate.signature_algorithm)[1]
    except ValueError:
        return b""


def _same_key_as_issuer(subject: Subject) -> bool:
    issuer = subject.issuer
    return issuer is not None and not subject.certificate.is_ca and issuer.spki == subject.certificate.spki


RULES = table(
    ("e_key_unsupported", "RFC 3279, RFC 5480, GM/T 0009", ERROR, ALL, lambda s: s.certificate.key is None),
    ("e_rsa_below_2048", "BR 6.1.5, GB/T 39786", ERROR, ALL, lambda s: 0 < _rsa_bits(s) < 2048),
    ("w_rsa_authority_below_3072", "good practice", WARNING, AUTHORITY, lambda s: 0 < _rsa_bits(s) < 3072),
    ("e_rsa_not_divisible_by_8", "BR 6.1.5", ERROR, ALL, lambda s: _rsa_bits(s) % 8 != 0),
    ("w_rsa_above_8192", "work limits of relying parties", WARNING, ALL, lambda s: _rsa_bits(s) > 8192),
    ("e_rsa_exponent", "BR 6.1.6", ERROR, ALL, _weak_exponent),
    ("e_rsa_modulus_smooth", "BR 6.1.6", ERROR, ALL, _smooth_modulus),
    ("e_curve", "BR 6.1.5, RFC 5480", ERROR, ALL, _curve),
    ("e_dsa", "FIPS 186-5: DSA withdrawn", ERROR, ALL, lambda s: _kind(s, KeyKind.DSA)),
    ("e_kind_beyond_profile", "profile", ERROR, ALL, _kind_beyond_profile),
    (
        "e_signature_unknown",
        "RFC 5280 4.1.1.2",
        ERROR,
        ALL,
        lambda s: signature_algorithm(s.certificate.signature_algorithm) is None,
    ),
    ("e_hash_weak", "RFC 6151, RFC 9155", ERROR, ALL, lambda s: weak_hash(s.certificate.signature_algorithm)),
    (
        "e_gm_parameters",
        "GM/T 0015-2023: SM2 parameters absent",
        ERROR,
        GM,
        lambda s: _gm_signed(s) and _parameters(s) != b"",
    ),
    ("w_gm_key_foreign_signature", "GM/T 0015", WARNING, GM, lambda s: not _gm_signed(s)),
    ("e_same_key_as_issuer", "key separation", ERROR, LEAF, _same_key_as_issuer),
    ("w_ed25519_web", "BR 7.1.3.1", WARNING, WEB, lambda s: _kind(s, KeyKind.ED25519)),
)


def _gm_signed(subject: Subject) -> bool:
    algorithm = signature_algorithm(subject.certificate.signature_algorithm)
    return algorithm is not None and algorithm.kind is KeyKind.SM2
