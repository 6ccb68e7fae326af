from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import AppError
from tests.unit.trust.crypto.vectors import blocks
from trust.crypto import sm4

KEY = bytes(range(16))


def test_published_blocks() -> None:
    rows = [row for row in blocks("evpciph_sm4.txt") if row.get("Cipher") == "SM4-ECB"]
    assert rows
    for row in rows:
        plain, sealed = bytes.fromhex(row["Plaintext"]), bytes.fromhex(row["Ciphertext"])
        assert sm4.ecb_decrypt(bytes.fromhex(row["Key"]), sealed) == plain


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_what_is_sealed_opens_again(plain: bytes, associated: bytes) -> None:
    sealed = sm4.seal(KEY, plain, associated)
    assert sm4.unseal(KEY, sealed, associated) == plain
    with pytest.raises(AppError):
        sm4.unseal(KEY, sealed, associated + b"x")


@given(st.binary(max_size=60), st.data())
def test_an_altered_text_is_refused(plain: bytes, data: st.DataObject) -> None:
    sealed = bytearray(sm4.seal(KEY, plain))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(AppError):
        sm4.unseal(KEY, bytes(sealed))


@given(st.binary(max_size=100))
def test_cbc_round_trip(plain: bytes) -> None:
    assert sm4.cbc_decrypt(KEY, bytes(16), sm4.cbc_encrypt(KEY, bytes(16), plain)) == plain


def test_a_wrong_length_is_refused() -> None:
    with pytest.raises(AppError):
        sm4.cbc_decrypt(KEY, bytes(16), b"short")
