from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.errors import AppError
from tests.unit.trust.crypto.vectors import SM, blocks
from trust.crypto import selftest
from trust.crypto.curve import DEFAULT_ID, GX, GY, A, B, N, P
from trust.crypto.der import encode_pair, tlv
from trust.crypto.libcrypto import system_libcrypto
from trust.crypto.sm2 import PrivateKey, PublicKey

# GB/T 32918.5-2017 annex A.2 and C.2: key, signature and ciphertext of the standard's own example.
SECRET, X, Y = selftest.SECRET, selftest.PUBLIC_X, selftest.PUBLIC_Y
GOOD = encode_pair(selftest.R, selftest.S)


@pytest.fixture(params=["library", "python", "table"])
def key(request: pytest.FixtureRequest) -> PrivateKey:
    library = system_libcrypto() if request.param == "library" else None
    if request.param == "library" and library is None:
        pytest.skip("install OpenSSL 3.0 or newer (libcrypto.so.3)")
    public = PublicKey(X, Y, library)
    if request.param == "table":
        assert public.known.width
    return PrivateKey(SECRET, public)


def test_the_standards_signature_is_good(key: PrivateKey) -> None:
    assert key.public.verify(b"message digest", GOOD)


@pytest.mark.parametrize("user_id", [b"", b"1234567812345679", b"ALICE123@YAHOO.COM"])
def test_another_user_id_makes_it_bad(key: PrivateKey, user_id: bytes) -> None:
    assert not key.public.verify(b"message digest", GOOD, user_id)
    assert key.public.verify(b"m", key.sign(b"m", user_id), user_id)


R, S = selftest.R, selftest.S
OUT_OF_RANGE = [(0, S), (R, 0), (N, S), (R, N), (R + N, S), (R, S + N), (R, N - R)]


@pytest.mark.parametrize(("r", "s"), OUT_OF_RANGE)
def test_numbers_out_of_range_are_bad(key: PrivateKey, r: int, s: int) -> None:
    assert not key.public.verify(b"message digest", encode_pair(r, s))


ENCODINGS = {
    "trailing octet": GOOD + b"\x00",
    "long form of a short length": b"\x30\x81" + GOOD[1:],
    "padded integer": tlv(0x30, tlv(2, b"\x00\x00" + R.to_bytes(32, "big")) + tlv(2, b"\x00" + S.to_bytes(32, "big"))),
    "negative r": tlv(0x30, tlv(2, R.to_bytes(32, "big")) + tlv(2, b"\x00" + S.to_bytes(32, "big"))),
    "third integer": tlv(0x30, GOOD[2:] + b"\x02\x01\x01"),
    "raw r and s": R.to_bytes(32, "big") + S.to_bytes(32, "big"),
    "indefinite length": b"\x30\x80" + GOOD[2:] + b"\x00\x00",
    "empty": b"",
}


@pytest.mark.parametrize("signature", ENCODINGS.values(), ids=ENCODINGS.keys())
def test_only_the_canonical_encoding_is_accepted(key: PrivateKey, signature: bytes) -> None:
    assert not key.public.verify(b"message digest", signature)


def test_the_standards_ciphertext_opens(key: PrivateKey) -> None:
    assert key.decrypt(selftest.cipher_vector()) == b"encryption standard"


def test_every_flipped_octet_of_a_ciphertext_is_refused(key: PrivateKey) -> None:
    cipher = key.public.encrypt(b"secret of the site")
    for at in range(len(cipher)):
        altered = bytearray(cipher)
        altered[at] ^= 1
        with pytest.raises(AppError):
            key.decrypt(bytes(altered))


def test_lengths_out_of_bounds_are_refused(key: PrivateKey) -> None:
    for plain in (b"", bytes((1 << 20) + 1)):
        with pytest.raises(AppError):
            key.public.encrypt(plain)


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=300), st.binary(max_size=40), st.integers(1, N - 2))
def test_library_and_python_agree(message: bytes, user_id: bytes, secret: int) -> None:
    one = PrivateKey.generate() if secret == 1 else PrivateKey(secret)
    two = PrivateKey(one.secret, PublicKey(one.public.x, one.public.y, None))
    assert two.public.verify(message, one.sign(message, user_id), user_id)
    assert one.public.verify(message, two.sign(message, user_id), user_id)
    assert not one.public.verify(message + b"x", two.sign(message, user_id), user_id)


@settings(max_examples=20, deadline=None)
@given(st.binary(min_size=1, max_size=200))
def test_either_side_opens_what_the_other_sealed(plain: bytes) -> None:
    one = PrivateKey.generate()
    two = PrivateKey(one.secret, PublicKey(one.public.x, one.public.y, None))
    assert two.decrypt(one.public.encrypt(plain)) == plain
    assert one.decrypt(two.public.encrypt(plain)) == plain


BAD_POINTS = {
    "off the curve": b"\x04" + b"\x11" * 64,
    "x not reduced": b"\x04" + (P + 1).to_bytes(32, "big") + Y.to_bytes(32, "big"),
    "infinity": b"\x00",
    "hybrid form": b"\x06" + X.to_bytes(32, "big") + Y.to_bytes(32, "big"),
    "short": b"\x04" + bytes(63),
}


@pytest.mark.parametrize("point", BAD_POINTS.values(), ids=BAD_POINTS.keys())
def test_points_off_the_curve_are_refused(point: bytes) -> None:
    with pytest.raises(AppError):
        PublicKey.from_point(point)


def test_a_compressed_point_is_the_same_key() -> None:
    assert PublicKey.from_point(bytes((2 + Y % 2,)) + X.to_bytes(32, "big")).y == Y


@pytest.mark.parametrize("secret", [0, N - 1, N, -1])
def test_scalars_out_of_range_are_refused(secret: int) -> None:
    with pytest.raises(AppError):
        PrivateKey(secret)


def test_a_private_key_does_not_show_itself() -> None:
    key = PrivateKey(SECRET)
    assert f"{SECRET:x}" not in repr(key).lower()
    assert str(SECRET) not in repr(key)


def tongsuo_key() -> PrivateKey:
    text = (SM / "evppkey_sm2.txt").read_text(encoding="utf-8")
    body = text.split("-----BEGIN PRIVATE KEY-----")[1].split("-----END")[0]
    der = base64.b64decode(body)
    at = der.index(b"\x04\x20") + 2
    return PrivateKey(int.from_bytes(der[at : at + 32], "big"))


def test_published_vectors_verify_over_the_digest() -> None:
    rows = [row for row in blocks("evppkey_sm2.txt") if "Verify" in row and "Result" not in row]
    key = tongsuo_key().public
    good = [row for row in rows if len(row["Input"]) == 64]
    assert good
    for row in good:
        assert key.verify_digest(bytes.fromhex(row["Input"]), bytes.fromhex(row["Output"]))


def test_published_ciphertexts_open() -> None:
    rows = [row for row in blocks("evppkey_sm2.txt") if "Decrypt" in row and "Output" in row]
    key = tongsuo_key()
    opened = 0
    for row in rows:
        if "Result" not in row and len(row["Input"]) % 2 == 0:
            assert key.decrypt(bytes.fromhex(row["Input"])).decode() == row["Output"].strip('"')
            opened += 1
    assert opened >= 3


def test_the_digest_binds_id_key_and_message() -> None:
    key = PublicKey(X, Y)
    z = hashlib.new("sm3")
    z.update(b"\x00\x80" + DEFAULT_ID)
    for value in (A, B, GX, GY, X, Y):
        z.update(value.to_bytes(32, "big"))
    assert key.digest(b"m") == hashlib.new("sm3", z.digest() + b"m").digest()
