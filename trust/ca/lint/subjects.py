"""Rules on issuer and subject names."""

from __future__ import annotations

import re

from trust.ca.lint.encoding import fault
from trust.ca.lint.rule import Group, Level, Subject, Test, table
from trust.validation.codes import Code
from trust.validation.name import COMMON_NAME

ERROR, WARNING = Level.ERROR, Level.WARNING
ALL, AUTHORITY, LEAF, GM, WEB = Group.ALL, Group.AUTHORITY, Group.LEAF, Group.GM, Group.WEB
COUNTRY, ORGANISATION, UNIT, LOCALITY, PROVINCE, SERIAL = (
    "2.5.4.6",
    "2.5.4.10",
    "2.5.4.11",
    "2.5.4.7",
    "2.5.4.8",
    "2.5.4.5",
)
_OIDS = {"CN": COMMON_NAME, "O": ORGANISATION, "C": COUNTRY, "OU": UNIT, "L": LOCALITY, "ST": PROVINCE}
_BOUNDS = {COMMON_NAME: 64, ORGANISATION: 64, UNIT: 64, LOCALITY: 128, PROVINCE: 128, SERIAL: 64}
_PLACEHOLDERS = {".", "-", "n/a", "none", "null", "default", "test", "xx", "无", "未知"}


def _values(subject: Subject) -> list[tuple[str, str]]:
    return [pair for rdn in subject.certificate.subject.rdns for pair in rdn]


def _over_bound(subject: Subject) -> str | bool:
    return next((value for oid, value in _values(subject) if len(value) > _BOUNDS.get(oid, 256)), False)


def _bad_country(subject: Subject) -> str | bool:
    return next((v for oid, v in _values(subject) if oid == COUNTRY and not re.fullmatch(r"[A-Z]{2}", v)), False)


def _blank(subject: Subject) -> str | bool:
    return next((oid for oid, value in _values(subject) if not value.strip()), False)


def _edges(subject: Subject) -> str | bool:
    return next((value for _, value in _values(subject) if value != value.strip()), False)


def _placeholder(subject: Subject) -> str | bool:
    return next((value for _, value in _values(subject) if value.strip().lower() in _PLACEHOLDERS), False)


def _control(subject: Subject) -> str | bool:
    return next((oid for oid, value in _values(subject) if any(ord(char) < 32 for char in value)), False)


def _missing(subject: Subject) -> str | bool:
    if subject.profile is None:
        return False
    present = {oid for oid, _ in _values(subject)}
    return ", ".join(name for name in subject.profile.required if _OIDS[name] not in present)


def _several(oid: str) -> Test:
    return lambda s: len(s.certificate.subject.values(oid)) > 1


def _issuer_mismatch(subject: Subject) -> bool:
    return subject.issuer is not None and subject.certificate.issuer.der != subject.issuer.subject.der


def _own_name(subject: Subject) -> bool:
    """An end entity must not carry its authority's name: relying parties would take it for a renewed authority."""
    return not subject.certificate.is_ca and subject.certificate.self_issued


def _common_name_outside(subject: Subject) -> str | bool:
    names = {str(name).lower() for name in subject.certificate.get("2.5.29.17") or ()}
    return next((cn for cn in subject.certificate.subject.values(COMMON_NAME) if cn.lower() not in names), False)


def _multi_valued(subject: Subject) -> bool:
    return any(len(rdn) > 1 for rdn in subject.certificate.subject.rdns)


def _order(subject: Subject) -> bool:
    kinds = [oid for oid, _ in _values(subject)]
    return COUNTRY in kinds and kinds.index(COUNTRY) != 0


RULES = table(
    ("e_name_unreadable", "RFC 5280 4.1.2.4", ERROR, ALL, fault(Code.NAME_MALFORMED)),
    ("e_issuer_empty", "RFC 5280 4.1.2.4", ERROR, ALL, lambda s: s.certificate.issuer.empty),
    ("e_authority_subject_empty", "RFC 5280 4.1.2.6", ERROR, AUTHORITY, lambda s: s.certificate.subject.empty),
    (
        "e_nameless",
        "RFC 5280 4.1.2.6",
        ERROR,
        ALL,
        lambda s: s.certificate.subject.empty and not s.certificate.get("2.5.29.17"),
    ),
    ("e_issuer_mismatch", "RFC 5280 4.1.2.4", ERROR, ALL, _issuer_mismatch),
    ("e_own_name", "RFC 5280 6.1", ERROR, ALL, _own_name),
    ("e_attribute_missing", "profile", ERROR, ALL, _missing),
    ("e_attribute_over_bound", "RFC 5280 appendix A.1", ERROR, ALL, _over_bound),
    ("e_country", "ISO 3166-1, GM/T 0015", ERROR, ALL, _bad_country),
    ("e_attribute_blank", "BR 7.1.4", ERROR, ALL, _blank),
    ("e_attribute_edge_space", "BR 7.1.4", ERROR, ALL, _edges),
    ("e_attribute_placeholder", "BR 7.1.4.2.2", ERROR, ALL, _placeholder),
    ("e_attribute_control", "RFC 5280 7.1", ERROR, ALL, _control),
    ("e_country_repeated", "RFC 5280 4.1.2.4", ERROR, ALL, _several(COUNTRY)),
    ("e_common_name_repeated", "BR 7.1.4.3", ERROR, ALL, _several(COMMON_NAME)),
    ("w_organisation_repeated", "good practice", WARNING, ALL, _several(ORGANISATION)),
    ("e_web_common_name_outside_names", "BR 7.1.4.3", ERROR, WEB, _common_name_outside),
    ("w_multi_valued_name", "good practice", WARNING, ALL, _multi_valued),
    ("w_country_not_first", "GM/T 0015: C first", WARNING, GM, _order),
)
