from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from infra.errors import AppError
from tests.unit.trust.crypto.vectors import SM
from trust.crypto.sm2 import PrivateKey
from trust.keys import material
from trust.keys.seams import KeyKind
from trust.validation.read import pem_blocks


def openssl(*words: str, data: bytes = b"") -> bytes:
    done = subprocess.run(["openssl", *words], input=data, capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("kind", list(KeyKind))
def test_every_kind_survives_writing(kind: KeyKind) -> None:
    if kind in (KeyKind.RSA3072, KeyKind.RSA4096):
        pytest.skip("same code as RSA2048, slow to make")
    private = material.generate(kind)
    again = material.from_pkcs8(material.to_pkcs8(private))
    assert material.kind_of(again) is kind
    assert material.spki_of(again) == material.spki_of(private)


@pytest.mark.parametrize("kind", [KeyKind.SM2, KeyKind.P256])
def test_openssl_opens_our_sealed_keys(kind: KeyKind) -> None:
    private = material.generate(kind)
    sealed = material.seal_pkcs8(private, b"a password")
    public = openssl("pkey", "-inform", "DER", "-passin", "pass:a password", "-pubout", "-outform", "DER", data=sealed)
    assert public == material.spki_of(private)


@pytest.mark.parametrize("cipher", ["sm4-cbc", "aes-256-cbc", "aes-128-cbc"])
@pytest.mark.parametrize("curve", ["SM2", "prime256v1"])
def test_we_open_keys_sealed_by_openssl(cipher: str, curve: str, tmp_path: Path) -> None:
    plain = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}", "-outform", "DER")
    path = tmp_path / "k.der"
    path.write_bytes(plain)
    words = ["pkcs8", "-topk8", "-in", str(path), "-inform", "DER", "-outform", "DER", "-v2", cipher]
    sealed = openssl(*words, "-passout", "pass:x")
    found = material.open_pkcs8(sealed, b"x")
    assert material.spki_of(found) == openssl("pkey", "-in", str(path), "-inform", "DER", "-pubout", "-outform", "DER")
    with pytest.raises(AppError):
        material.open_pkcs8(sealed, b"y")


def test_published_sm2_keys_are_read() -> None:
    if not SM.exists():
        pytest.skip("put the SM test data under ../shared/data/sm")
    read = 0
    for path in sorted(SM.glob("certs/**/*.key")):
        for label, der in pem_blocks(path.read_bytes()):
            if "PRIVATE" in label and "ENCRYPTED" not in label:
                assert isinstance(material.from_pkcs8(der), PrivateKey)
                read += 1
    assert read >= 5


@pytest.mark.parametrize("data", [b"", b"\x30\x00", b"\x30\x03\x02\x01\x00", b"nonsense" * 10])
def test_nonsense_is_refused(data: bytes) -> None:
    with pytest.raises(AppError):
        material.from_pkcs8(data)
    with pytest.raises(AppError):
        material.open_pkcs8(data, b"x")
