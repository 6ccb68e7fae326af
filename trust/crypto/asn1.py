"""Teaches asn1crypto the Chinese algorithms.

Imported before any structure is parsed: parsed objects keep what they know.

Source: GM/T 0006 (object identifiers), GM/T 0010 (message syntax).
"""

from __future__ import annotations

from typing import Any

from asn1crypto import algos, cms, keys

SM2_SM3 = "1.2.156.10197.1.501"
SM3 = "1.2.156.10197.1.401"
SM2_CURVE = "1.2.156.10197.1.301"
SM2_ENCRYPTION = "1.2.156.10197.1.301.3"
SM2_SIGN = "1.2.156.10197.1.301.1"

GM_CONTENT = {
    "1.2.156.10197.6.1.4.2.1": "data",
    "1.2.156.10197.6.1.4.2.2": "signed_data",
    "1.2.156.10197.6.1.4.2.3": "enveloped_data",
    "1.2.156.10197.6.1.4.2.4": "signed_and_enveloped_data",
    "1.2.156.10197.6.1.4.2.5": "encrypted_data",
    "1.2.156.10197.6.1.4.2.6": "key_agreement_info",
}
"""Content types of GM/T 0010, each beside the name of its RFC 5652 twin."""


def _teach(identifier: Any, oid: str, name: str) -> None:
    identifier._map[oid] = name
    identifier._reverse_map = None


def register() -> None:
    """Make the identifiers known; calling it twice changes nothing."""
    if SM2_CURVE in keys.NamedCurve._map:
        return
    keys.NamedCurve.register("sm2p256v1", SM2_CURVE, 32)
    _teach(algos.SignedDigestAlgorithmId, SM2_SM3, "sm2_sm3")
    _teach(algos.SignedDigestAlgorithmId, SM2_SIGN, "sm2")
    _teach(algos.DigestAlgorithmId, SM3, "sm3")
    for oid, name in GM_CONTENT.items():
        _teach(cms.ContentType, oid, f"gm_{name}")


register()
