"""Rules on extensions."""

from __future__ import annotations

from trust.ca.lint.encoding import fault
from trust.ca.lint.rule import Group, Level, Subject, Test, table
from trust.validation import extension as ext
from trust.validation.budget import Budget
from trust.validation.codes import Code
from trust.validation.general import Form, GeneralName, malformed, wildcard_base
from trust.validation.ocsp import NO_CHECK, OCSP_SIGNING
from trust.validation.subtree import check_names, constraint_fault

ERROR, WARNING = Level.ERROR, Level.WARNING
ALL, AUTHORITY, LEAF, GM, WEB = Group.ALL, Group.AUTHORITY, Group.LEAF, Group.GM, Group.WEB
_TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
_SIGNING = {"digital_signature", "non_repudiation"}
_ENCRYPTING = {"key_encipherment", "data_encipherment", "key_agreement"}


def _critical(oid: str, wanted: bool) -> Test:
    return lambda s: oid in s.certificate.extensions and s.certificate.critical(oid) is not wanted


def _missing(oid: str) -> Test:
    return lambda s: oid not in s.certificate.extensions


def _usage(subject: Subject) -> frozenset[str]:
    return subject.certificate.key_usage or frozenset()


def _purposes(subject: Subject) -> frozenset[str]:
    found: frozenset[str] = subject.certificate.get(ext.EXTENDED_USAGE) or frozenset()
    return found


def _key_id_mismatch(subject: Subject) -> bool:
    authority: ext.AuthorityKey | None = subject.certificate.get(ext.AUTHORITY_KEY)
    issuer = subject.issuer.get(ext.SUBJECT_KEY) if subject.issuer else None
    return authority is not None and issuer is not None and authority.key_id != issuer


def _no_key_id(subject: Subject) -> bool:
    authority: ext.AuthorityKey | None = subject.certificate.get(ext.AUTHORITY_KEY)
    return not subject.certificate.self_issued and (authority is None or authority.key_id is None)


def _bad_constraints(subject: Subject) -> str | bool:
    constraints: ext.NameConstraints | None = subject.certificate.get(ext.NAME_CONSTRAINTS)
    found = constraint_fault(constraints) if constraints else None
    return f"{found.code} {found.name}" if found else False


def _outside_issuer(subject: Subject) -> str | bool:
    constraints = subject.issuer.get(ext.NAME_CONSTRAINTS) if subject.issuer else None
    found = check_names(subject.certificate, constraints, Budget()) if constraints else None
    return found.name if found else False


def _path_exhausted(subject: Subject) -> bool:
    basic = subject.issuer.get(ext.BASIC) if subject.issuer else None
    if basic is None or basic.path_length is None or not subject.certificate.is_ca:
        return False
    own: ext.BasicConstraints = subject.certificate.get(ext.BASIC)
    return basic.path_length < 1 or (own.path_length is not None and own.path_length >= basic.path_length)


def _usage_beyond_profile(subject: Subject) -> str | bool:
    if subject.profile is None:
        return False
    return ", ".join(sorted(_usage(subject) ^ set(subject.profile.usage)))


def _purposes_beyond_profile(subject: Subject) -> str | bool:
    if subject.profile is None:
        return False
    return ", ".join(sorted(_purposes(subject) ^ set(subject.profile.extended_usage)))


def _ca_against_profile(subject: Subject) -> bool:
    return subject.profile is not None and subject.certificate.is_ca is not subject.profile.ca


def _path_length_without_sign(subject: Subject) -> bool:
    basic: ext.BasicConstraints | None = subject.certificate.get(ext.BASIC)
    return basic is not None and basic.path_length is not None and "key_cert_sign" not in _usage(subject)


def _names(subject: Subject) -> tuple[GeneralName, ...]:
    found: tuple[GeneralName, ...] = subject.certificate.get(ext.SUBJECT_NAME) or ()
    return found


def _malformed_name(subject: Subject) -> str | bool:
    return next((str(name) for name in _names(subject) if malformed(name)), False)


def _wide_wildcard(subject: Subject) -> str | bool:
    for name in subject.certificate.get(ext.SUBJECT_NAME) or ():
        if name.form is Form.DNS and "*" in name.text and len(wildcard_base(name.text) or []) < 2:
            return str(name.text)
    return False


def _repeated_name(subject: Subject) -> bool:
    names = _names(subject)
    return len(names) != len(set(names))


def _no_names(subject: Subject) -> bool:
    return bool(subject.profile and subject.profile.names_required and not _names(subject))


def _form_beyond_profile(subject: Subject) -> str | bool:
    if subject.profile is None:
        return False
    allowed = {"dns": Form.DNS, "ip": Form.IP, "mail": Form.EMAIL, "uri": Form.URI}
    permitted = {allowed[name] for name in subject.profile.names}
    extra = [str(name) for name in subject.certificate.get(ext.SUBJECT_NAME) or () if name.form not in permitted]
    return extra[0] if extra else False


def _point_not_http(subject: Subject) -> str | bool:
    points: tuple[ext.DistributionPoint, ...] = subject.certificate.get(ext.POINTS) or ()
    urls = [name.text for point in points if point.name for name in point.name.full if name.form is Form.URI]
    return next((url for url in urls if not url.startswith("http://")), False)


def _mixed_gm_usage(subject: Subject) -> bool:
    usage = _usage(subject)
    return bool(usage & _SIGNING and usage & _ENCRYPTING)


def _mapping_any(subject: Subject) -> bool:
    return any(ext.ANY_POLICY in pair for pair in subject.certificate.get(ext.MAPPINGS) or ())


RULES = table(
    ("e_basic_constraints_missing", "RFC 5280 4.2.1.9", ERROR, AUTHORITY, _missing(ext.BASIC)),
    ("e_basic_constraints_not_critical", "RFC 5280 4.2.1.9", ERROR, AUTHORITY, _critical(ext.BASIC, wanted=True)),
    ("e_ca_against_profile", "profile", ERROR, ALL, _ca_against_profile),
    ("e_path_length_without_cert_sign", "RFC 5280 4.2.1.9", ERROR, ALL, _path_length_without_sign),
    ("e_path_length_exhausted", "RFC 5280 6.1.4 (l)", ERROR, ALL, _path_exhausted),
    ("e_key_usage_missing", "RFC 5280 4.2.1.3, GM/T 0015", ERROR, ALL, _missing(ext.KEY_USAGE)),
    ("e_key_usage_not_critical", "RFC 5280 4.2.1.3", ERROR, ALL, _critical(ext.KEY_USAGE, wanted=True)),
    ("e_authority_without_cert_sign", "RFC 5280 4.2.1.3", ERROR, AUTHORITY, lambda s: "key_cert_sign" not in _usage(s)),
    ("e_authority_without_crl_sign", "profile", ERROR, AUTHORITY, lambda s: "crl_sign" not in _usage(s)),
    ("e_leaf_with_cert_sign", "RFC 5280 4.2.1.9", ERROR, LEAF, lambda s: "key_cert_sign" in _usage(s)),
    ("e_usage_beyond_profile", "profile", ERROR, ALL, _usage_beyond_profile),
    (
        "e_encipher_only_alone",
        "RFC 5280 4.2.1.3",
        ERROR,
        ALL,
        lambda s: bool(_usage(s) & {"encipher_only", "decipher_only"}) and "key_agreement" not in _usage(s),
    ),
    ("e_gm_usages_mixed", "GM/T 0015 annex B: signing and encryption are separate", ERROR, GM, _mixed_gm_usage),
    ("e_extended_usage_malformed", "RFC 5280 4.2.1.12", ERROR, ALL, fault(Code.EKU_MALFORMED)),
    ("e_purposes_beyond_profile", "profile", ERROR, ALL, _purposes_beyond_profile),
    ("e_any_purpose", "BR 7.1.2.7", ERROR, LEAF, lambda s: ext.ANY_USAGE in _purposes(s)),
    (
        "e_any_purpose_critical",
        "RFC 5280 4.2.1.12",
        ERROR,
        ALL,
        lambda s: ext.ANY_USAGE in _purposes(s) and s.certificate.critical(ext.EXTENDED_USAGE),
    ),
    ("e_root_with_purpose", "BR 7.1.2.1", ERROR, AUTHORITY, lambda s: s.certificate.self_issued and bool(_purposes(s))),
    (
        "e_time_stamping_not_alone",
        "RFC 3161 2.3",
        ERROR,
        ALL,
        lambda s: _TIME_STAMPING in _purposes(s) and len(_purposes(s)) > 1,
    ),
    (
        "e_time_stamping_not_critical",
        "RFC 3161 2.3",
        ERROR,
        ALL,
        lambda s: _TIME_STAMPING in _purposes(s) and not s.certificate.critical(ext.EXTENDED_USAGE),
    ),
    (
        "e_ocsp_without_no_check",
        "RFC 6960 4.2.2.2.1",
        ERROR,
        ALL,
        lambda s: OCSP_SIGNING in _purposes(s) and NO_CHECK not in s.certificate.extensions,
    ),
    (
        "e_no_check_without_ocsp",
        "RFC 6960 4.2.2.2.1",
        ERROR,
        ALL,
        lambda s: NO_CHECK in s.certificate.extensions and OCSP_SIGNING not in _purposes(s),
    ),
    ("e_key_identifier_missing", "RFC 5280 4.2.1.1", ERROR, ALL, _no_key_id),
    ("e_key_identifier_mismatch", "RFC 5280 4.2.1.1", ERROR, ALL, _key_id_mismatch),
    ("e_authority_key_critical", "RFC 5280 4.2.1.1", ERROR, ALL, _critical(ext.AUTHORITY_KEY, wanted=False)),
    ("e_subject_key_missing", "RFC 5280 4.2.1.2", ERROR, AUTHORITY, _missing(ext.SUBJECT_KEY)),
    ("w_subject_key_missing", "RFC 5280 4.2.1.2", WARNING, LEAF, _missing(ext.SUBJECT_KEY)),
    ("e_subject_key_critical", "RFC 5280 4.2.1.2", ERROR, ALL, _critical(ext.SUBJECT_KEY, wanted=False)),
    ("e_access_critical", "RFC 5280 4.2.2.1", ERROR, ALL, _critical(ext.ACCESS, wanted=False)),
    ("e_points_critical", "RFC 5280 4.2.1.13", ERROR, ALL, _critical(ext.POINTS, wanted=False)),
    ("w_point_not_http", "BR 7.1.2.11.2", WARNING, ALL, _point_not_http),
    (
        "w_no_way_to_check_revocation",
        "RFC 5280 4.2.1.13",
        WARNING,
        LEAF,
        lambda s: not {ext.POINTS, ext.ACCESS, NO_CHECK} & set(s.certificate.extensions),
    ),
    ("e_policies_critical", "BR 7.1.2.7", ERROR, LEAF, _critical(ext.POLICIES, wanted=False)),
    ("e_mapping_any", "RFC 5280 4.2.1.5", ERROR, ALL, _mapping_any),
    ("e_mapping_in_leaf", "RFC 5280 4.2.1.5", ERROR, LEAF, lambda s: ext.MAPPINGS in s.certificate.extensions),
    (
        "e_mapping_without_policy",
        "RFC 5280 4.2.1.5",
        ERROR,
        AUTHORITY,
        lambda s: ext.MAPPINGS in s.certificate.extensions and ext.POLICIES not in s.certificate.extensions,
    ),
    (
        "e_policy_constraints_not_critical",
        "RFC 5280 4.2.1.11",
        ERROR,
        ALL,
        _critical(ext.POLICY_CONSTRAINTS, wanted=True),
    ),
    (
        "e_policy_constraints_in_leaf",
        "RFC 5280 4.2.1.11",
        ERROR,
        LEAF,
        lambda s: ext.POLICY_CONSTRAINTS in s.certificate.extensions,
    ),
    ("e_inhibit_any_not_critical", "RFC 5280 4.2.1.14", ERROR, ALL, _critical(ext.INHIBIT_ANY, wanted=True)),
    ("e_inhibit_any_in_leaf", "RFC 5280 4.2.1.14", ERROR, LEAF, lambda s: ext.INHIBIT_ANY in s.certificate.extensions),
    ("e_name_constraints_malformed", "RFC 5280 4.2.1.10", ERROR, ALL, fault(Code.NAME_CONSTRAINT_MALFORMED)),
    ("e_name_constraints_unsound", "RFC 5280 4.2.1.10", ERROR, ALL, _bad_constraints),
    (
        "e_name_constraints_in_leaf",
        "RFC 5280 4.2.1.10",
        ERROR,
        LEAF,
        lambda s: ext.NAME_CONSTRAINTS in s.certificate.extensions,
    ),
    ("e_name_constraints_not_critical", "RFC 5280 4.2.1.10", ERROR, ALL, _critical(ext.NAME_CONSTRAINTS, wanted=True)),
    ("e_name_outside_issuer", "RFC 5280 4.2.1.10", ERROR, ALL, _outside_issuer),
    ("e_names_malformed", "RFC 5280 4.2.1.6", ERROR, ALL, fault(Code.SAN_MALFORMED)),
    ("e_name_malformed", "RFC 5280 4.2.1.6", ERROR, ALL, _malformed_name),
    ("e_name_repeated", "good practice", ERROR, ALL, _repeated_name),
    ("e_wildcard_too_wide", "BR 3.2.2.6", ERROR, ALL, _wide_wildcard),
    ("e_names_missing", "profile", ERROR, LEAF, _no_names),
    ("e_name_form_beyond_profile", "profile", ERROR, LEAF, _form_beyond_profile),
    (
        "e_names_not_critical",
        "RFC 5280 4.2.1.6",
        ERROR,
        ALL,
        lambda s: s.certificate.subject.empty and _names(s) != () and not s.certificate.critical(ext.SUBJECT_NAME),
    ),
    (
        "w_names_critical",
        "RFC 5280 4.2.1.6",
        WARNING,
        ALL,
        lambda s: not s.certificate.subject.empty and s.certificate.critical(ext.SUBJECT_NAME),
    ),
    (
        "w_unknown_critical_extension",
        "RFC 5280 4.2",
        WARNING,
        ALL,
        lambda s: ", ".join(
            oid for oid, e in s.certificate.extensions.items() if e.critical and oid not in ext.UNDERSTOOD_CRITICAL
        ),
    ),
)
