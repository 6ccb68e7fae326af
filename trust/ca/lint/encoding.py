"""Rules on encoding, version, serial number and dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from trust.ca.lint.rule import Group, Level, Subject, table
from trust.validation.codes import Code
from trust.validation.extension import children, sequence

ERROR, WARNING = Level.ERROR, Level.WARNING
ALL, AUTHORITY, LEAF, GM, WEB = Group.ALL, Group.AUTHORITY, Group.LEAF, Group.GM, Group.WEB


def fault(code: Code) -> Callable[[Subject], str | bool]:
    """Broken where reading the certificate noted this fault."""

    def test(subject: Subject) -> str | bool:
        details = [found.detail for found in subject.certificate.faults if found.code is code]
        return (details[0] or True) if details else False

    return test


def _days(subject: Subject) -> float:
    span = subject.certificate.not_after - subject.certificate.not_before
    return (span + timedelta(seconds=1)) / timedelta(days=1)


def _times(subject: Subject) -> list[int]:
    tbs = subject.certificate.tbs
    rows = list(children(tbs, *sequence(tbs)))
    validity = tbs[rows[4][1] : rows[4][3]]
    return [row[0] for row in children(validity, *sequence(validity))]


def _time_form(subject: Subject) -> bool:
    certificate = subject.certificate
    wanted = [23 if moment.year < 2050 else 24 for moment in (certificate.not_before, certificate.not_after)]
    return _times(subject) != wanted


def _outlives(subject: Subject) -> bool:
    return subject.issuer is not None and subject.certificate.not_after > subject.issuer.not_after


def _predates(subject: Subject) -> bool:
    return subject.issuer is not None and subject.certificate.not_before < subject.issuer.not_before


def _longer_than_profile(subject: Subject) -> str | bool:
    limit = subject.profile.days if subject.profile else None
    return f"{_days(subject):.1f} > {limit}" if limit is not None and _days(subject) > limit + 1 else False


def _serial_entropy(subject: Subject) -> bool:
    return subject.certificate.serial.bit_length() < 60


RULES = table(
    ("e_not_der", "X.690 10", ERROR, ALL, fault(Code.NOT_DER)),
    ("e_version", "RFC 5280 4.1.2.1", ERROR, ALL, lambda s: s.certificate.version != 3),
    ("e_version_unknown", "RFC 5280 4.1.2.1", ERROR, ALL, fault(Code.VERSION_UNSUPPORTED)),
    ("e_algorithms_differ", "RFC 5280 4.1.1.2", ERROR, ALL, fault(Code.ALGORITHMS_DIFFER)),
    ("e_extension_repeated", "RFC 5280 4.2", ERROR, ALL, fault(Code.EXTENSION_REPEATED)),
    ("e_extension_malformed", "RFC 5280 4.2", ERROR, ALL, fault(Code.EXTENSION_MALFORMED)),
    ("e_extensions_need_version_3", "RFC 5280 4.1.2.9", ERROR, ALL, fault(Code.EXTENSIONS_NEED_VERSION_3)),
    ("e_serial_not_positive", "RFC 5280 4.1.2.2, GM/T 0015", ERROR, ALL, fault(Code.SERIAL_NOT_POSITIVE)),
    ("e_serial_too_long", "RFC 5280 4.1.2.2, GM/T 0015", ERROR, ALL, fault(Code.SERIAL_TOO_LONG)),
    ("e_serial_entropy", "BR 7.1: 64 bits from a CSPRNG", ERROR, ALL, _serial_entropy),
    ("e_validity_malformed", "RFC 5280 4.1.2.5", ERROR, ALL, fault(Code.VALIDITY_MALFORMED)),
    ("e_time_form", "RFC 5280 4.1.2.5, GM/T 0015", ERROR, ALL, _time_form),
    (
        "e_validity_reversed",
        "RFC 5280 4.1.2.5",
        ERROR,
        ALL,
        lambda s: s.certificate.not_after < s.certificate.not_before,
    ),
    ("e_outlives_issuer", "RFC 5280 6.1 (shell model)", ERROR, ALL, _outlives),
    ("w_predates_issuer", "RFC 5280 6.1 (shell model)", WARNING, ALL, _predates),
    ("e_longer_than_profile", "profile", ERROR, ALL, _longer_than_profile),
    ("e_web_398_days", "BR 6.3.2", ERROR, WEB, lambda s: s.profile is not None and _days(s) > 398),
    ("w_leaf_five_years", "good practice", WARNING, LEAF, lambda s: _days(s) > 5 * 366),
    ("w_root_thirty_years", "good practice", WARNING, AUTHORITY, lambda s: _days(s) > 30 * 366),
    (
        "w_starts_before_2000",
        "good practice",
        WARNING,
        ALL,
        lambda s: s.certificate.not_before < datetime(2000, 1, 1, tzinfo=UTC),
    ),
    ("e_no_extensions", "RFC 5280 4.2", ERROR, ALL, lambda s: not s.certificate.extensions),
    ("w_very_large", "work limits of relying parties", WARNING, ALL, lambda s: len(s.certificate.der) > 16 << 10),
)
