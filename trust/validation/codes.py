"""Stable codes of reasons. A code never changes its meaning; its words are in the text catalogues."""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """Why a verdict is not (or only just) valid."""

    # reading
    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    NOT_DER = "not_der"
    VERSION_UNSUPPORTED = "version_unsupported"
    ALGORITHMS_DIFFER = "algorithms_differ"
    SERIAL_NOT_POSITIVE = "serial_not_positive"
    SERIAL_TOO_LONG = "serial_too_long"
    EXTENSION_REPEATED = "extension_repeated"
    EXTENSION_MALFORMED = "extension_malformed"
    EXTENSIONS_NEED_VERSION_3 = "extensions_need_version_3"
    NAME_MALFORMED = "name_malformed"
    ISSUER_EMPTY = "issuer_empty"
    VALIDITY_MALFORMED = "validity_malformed"
    # path
    NO_PATH = "no_path"
    ISSUER_UNKNOWN = "issuer_unknown"
    SIGNATURE_BAD = "signature_bad"
    SIGNATURE_UNSUPPORTED = "signature_unsupported"
    KEY_MISMATCH = "key_mismatch"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    NAME_CHAIN_BROKEN = "name_chain_broken"
    NOT_A_CA = "not_a_ca"
    PATH_TOO_LONG = "path_too_long"
    KEY_USAGE_NO_CERT_SIGN = "key_usage_no_cert_sign"
    CRITICAL_EXTENSION_UNKNOWN = "critical_extension_unknown"
    POLICY_REQUIRED = "policy_required"
    POLICY_MAPPING_ANY = "policy_mapping_any"
    NAME_NOT_PERMITTED = "name_not_permitted"
    NAME_EXCLUDED = "name_excluded"
    NAME_CONSTRAINT_MALFORMED = "name_constraint_malformed"
    NAME_CONSTRAINT_UNSUPPORTED = "name_constraint_unsupported"
    NAME_UNCOMPARABLE = "name_uncomparable"
    BUDGET_SPENT = "budget_spent"
    # certificate profile
    AKI_CRITICAL = "aki_critical"
    AKI_MISSING = "aki_missing"
    AKI_MISMATCH = "aki_mismatch"
    AKI_NOT_KEY_ONLY = "aki_not_key_only"
    SKI_CRITICAL = "ski_critical"
    SKI_MISSING = "ski_missing"
    AIA_CRITICAL = "aia_critical"
    BASIC_CONSTRAINTS_NOT_CRITICAL = "basic_constraints_not_critical"
    CA_FLAGS_INCONSISTENT = "ca_flags_inconsistent"
    CA_SUBJECT_EMPTY = "ca_subject_empty"
    CA_KEY_USAGE_MISSING = "ca_key_usage_missing"
    LEAF_CERT_SIGN = "leaf_cert_sign"
    LEAF_IS_CA = "leaf_is_ca"
    NAME_CONSTRAINTS_IN_LEAF = "name_constraints_in_leaf"
    NAME_CONSTRAINTS_NOT_CRITICAL = "name_constraints_not_critical"
    POLICY_CONSTRAINTS_NOT_CRITICAL = "policy_constraints_not_critical"
    SAN_MISSING = "san_missing"
    SAN_NOT_CRITICAL = "san_not_critical"
    SAN_CRITICAL = "san_critical"
    SAN_MALFORMED = "san_malformed"
    WILDCARD_MALFORMED = "wildcard_malformed"
    EKU_MALFORMED = "eku_malformed"
    EKU_CRITICAL = "eku_critical"
    EKU_ANY = "eku_any"
    EKU_MISSING = "eku_missing"
    EKU_IN_ROOT = "eku_in_root"
    CN_NOT_IN_SAN = "cn_not_in_san"
    KEY_WEAK = "key_weak"
    KEY_UNSUPPORTED = "key_unsupported"
    HASH_WEAK = "hash_weak"
    ALGORITHM_NOT_ALLOWED = "algorithm_not_allowed"
    # purpose
    NAME_MISMATCH = "name_mismatch"
    USAGE_NOT_ALLOWED = "usage_not_allowed"
    # revocation
    REVOKED = "revoked"
    ON_HOLD = "on_hold"
    REVOCATION_UNKNOWN = "revocation_unknown"
    REVOCATION_STALE = "revocation_stale"
    CRL_UNREADABLE = "crl_unreadable"
    CRL_SIGNATURE_BAD = "crl_signature_bad"
    CRL_NOT_YET_VALID = "crl_not_yet_valid"
    CRL_EXTENSION_UNKNOWN = "crl_extension_unknown"
    CRL_ISSUER_UNTRUSTED = "crl_issuer_untrusted"
    CRL_NO_SIGN_USAGE = "crl_no_sign_usage"
    CRL_NUMBER_MISSING = "crl_number_missing"
    CRL_NUMBER_CRITICAL = "crl_number_critical"
    OCSP_UNREADABLE = "ocsp_unreadable"
    OCSP_UNUSABLE = "ocsp_unusable"
    OCSP_RESPONDER_UNTRUSTED = "ocsp_responder_untrusted"
    # messages and raw signatures
    CONTENT_MISSING = "content_missing"
    CONTENT_DIFFERS = "content_differs"
    MESSAGE_MALFORMED = "message_malformed"
    MESSAGE_SIGNATURE_BAD = "message_signature_bad"
    SIGNER_CERTIFICATE_MISSING = "signer_certificate_missing"
    SIGNER_USAGE = "signer_usage"
    NO_SIGNER = "no_signer"
    # trust list
    AUTHORITY_SUSPENDED = "authority_suspended"
    AUTHORITY_WITHDRAWN = "authority_withdrawn"
    AUTHORITY_NOT_LISTED = "authority_not_listed"
    USAGE_NOT_ACCEPTED = "usage_not_accepted"
    NAME_NOT_ACCEPTED = "name_not_accepted"
    LEVEL_TOO_LOW = "level_too_low"
    LIST_STALE = "list_stale"
    LIST_UNTRUSTED = "list_untrusted"
    NO_LIST = "no_list"


UNDECIDED = frozenset(
    {
        Code.REVOCATION_UNKNOWN,
        Code.REVOCATION_STALE,
        Code.CRL_UNREADABLE,
        Code.CRL_SIGNATURE_BAD,
        Code.CRL_NOT_YET_VALID,
        Code.CRL_EXTENSION_UNKNOWN,
        Code.CRL_ISSUER_UNTRUSTED,
        Code.CRL_NO_SIGN_USAGE,
        Code.CRL_NUMBER_MISSING,
        Code.CRL_NUMBER_CRITICAL,
        Code.OCSP_UNREADABLE,
        Code.OCSP_UNUSABLE,
        Code.OCSP_RESPONDER_UNTRUSTED,
        Code.BUDGET_SPENT,
        Code.CONTENT_MISSING,
        Code.SIGNER_CERTIFICATE_MISSING,
        Code.LIST_STALE,
        Code.NO_LIST,
    }
)
"""Reasons that leave the question open: something is missing or stale, nothing is proven wrong."""
