from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from trust.crypto.algorithm import Check, KeyKind, check_signature, load_key, signature_algorithm
from trust.crypto.der import tlv
from trust.crypto.sm2 import PrivateKey

SM2 = tlv(0x30, bytes.fromhex("06082a811ccf55018375"))
ECDSA = tlv(0x30, bytes.fromhex("06082a8648ce3d040302"))
RSA = tlv(0x30, bytes.fromhex("06092a864886f70d01010b0500"))
ED25519 = tlv(0x30, bytes.fromhex("06032b6570"))
MESSAGE = b"what was said"


def spki(key: object) -> bytes:
    public = key.public_key()  # type: ignore[attr-defined]
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)  # type: ignore[no-any-return]


def sm2_spki(key: PrivateKey) -> bytes:
    head = bytes.fromhex("301306072a8648ce3d020106082a811ccf5501822d")
    return tlv(0x30, head + tlv(3, b"\x00" + key.public.point))


def signed() -> dict[str, tuple[bytes, bytes, bytes]]:
    elliptic, edwards, sm2 = (
        ec.generate_private_key(ec.SECP256R1()),
        ed25519.Ed25519PrivateKey.generate(),
        PrivateKey.generate(),
    )
    big = rsa.generate_private_key(65537, 2048)
    return {
        "ecdsa": (spki(elliptic), ECDSA, elliptic.sign(MESSAGE, ec.ECDSA(hashes.SHA256()))),
        "ed25519": (spki(edwards), ED25519, edwards.sign(MESSAGE)),
        "rsa": (spki(big), RSA, big.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())),
        "sm2": (sm2_spki(sm2), SM2, sm2.sign(MESSAGE)),
    }


SIGNED = signed()


@pytest.mark.parametrize("name", SIGNED)
def test_good_bad_and_mismatched(name: str) -> None:
    key, identifier, signature = SIGNED[name]
    assert check_signature(key, identifier, MESSAGE, signature) is Check.GOOD
    assert check_signature(key, identifier, MESSAGE + b".", signature) is Check.BAD
    other = next(row for other, row in SIGNED.items() if other != name)
    assert check_signature(other[0], identifier, MESSAGE, signature) is Check.MISMATCH


def test_unknown_algorithms_and_wrong_parameters_are_not_checked() -> None:
    key, _, signature = SIGNED["ecdsa"]
    unknown = tlv(0x30, bytes.fromhex("06032a0304"))
    with_null = tlv(0x30, bytes.fromhex("06082a8648ce3d0403020500"))
    assert check_signature(key, unknown, MESSAGE, signature) is Check.UNSUPPORTED
    assert signature_algorithm(with_null) is None
    assert check_signature(b"\x30\x00", ECDSA, MESSAGE, signature) is Check.UNSUPPORTED


def test_an_sm2_key_off_the_curve_is_no_key() -> None:
    head = bytes.fromhex("301306072a8648ce3d020106082a811ccf5501822d")
    assert load_key(tlv(0x30, head + tlv(3, b"\x00\x04" + b"\x11" * 64))) is None


def test_a_curve_written_out_in_full_is_no_key(tmp_path: Path) -> None:
    command = "ecparam -name prime256v1 -genkey -noout -param_enc explicit"
    private = subprocess.run(["openssl", *command.split()], capture_output=True, check=True, timeout=30).stdout
    public = subprocess.run(
        ["openssl", "ec", "-pubout", "-outform", "DER"], input=private, capture_output=True, check=True, timeout=30
    ).stdout
    assert load_key(public) is None


@pytest.mark.parametrize("name", SIGNED)
def test_kinds(name: str) -> None:
    key = load_key(SIGNED[name][0])
    assert key is not None
    assert key.kind == {"ecdsa": KeyKind.EC, "ed25519": KeyKind.ED25519, "rsa": KeyKind.RSA, "sm2": KeyKind.SM2}[name]
