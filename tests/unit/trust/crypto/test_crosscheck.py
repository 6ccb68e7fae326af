"""The package ``gmssl`` as a second opinion, and a regression test for each of its defects that we do not share."""

from __future__ import annotations

import random

import pytest
from gmssl import func
from gmssl import sm2 as theirs

from infra.errors import AppError
from trust.crypto import crosscheck, pure
from trust.crypto.curve import N
from trust.crypto.der import decode_pair, encode_pair
from trust.crypto.sm2 import PrivateKey, PublicKey


def test_both_accept_each_others_signatures() -> None:
    for _ in range(5):
        key = PrivateKey.generate()
        digest = key.public.digest(b"second opinion")
        assert crosscheck.agrees(key.public, digest, key.sign(b"second opinion"))
        assert key.public.verify_digest(digest, crosscheck.second_signature(key, digest))
        assert not crosscheck.agrees(key.public, key.public.digest(b"other"), key.sign(b"second opinion"))


def recovered(r: int, s: int, nonce: int) -> int:
    """The private key behind a signature whose nonce is known: d = (k - s) / (s + r)."""
    return (nonce - s) * pow(s + r, -1, N) % N


def test_seeding_the_common_generator_does_not_give_the_key_away() -> None:
    """Defect 1: nonces from ``random``. A known seed repeats theirs; ours must differ and not be predictable."""
    key = PrivateKey(0x1234567890ABCDEF)
    twin = PrivateKey(key.secret, PublicKey(key.public.x, key.public.y, None))
    for signer in (key, twin):
        signatures = []
        for _ in range(2):
            random.seed(7)
            signatures.append(signer.sign(b"m"))
        assert signatures[0] != signatures[1]
        random.seed(7)
        predicted = int("".join(random.choice("0123456789abcdef") for _ in range(64)), 16)
        assert recovered(*decode_pair(signatures[0]), predicted % N) != key.secret


def test_their_nonce_is_predictable_which_is_why_it_never_signs() -> None:
    random.seed(7)
    nonce = func.random_hex(64)
    random.seed(7)
    assert func.random_hex(64) == nonce


def test_keys_that_begin_with_zeros_or_fours_survive() -> None:
    """Defect 2: ``lstrip("04")`` eats leading characters of X."""
    eaten = 0
    for secret in range(1, 120):
        key = PrivateKey(secret)
        text = "04" + key.public.point[1:].hex()
        if theirs.CryptSM2(private_key="", public_key=text).public_key != text[2:]:
            eaten += 1
            digest = key.public.digest(b"m")
            assert PublicKey.from_point(key.public.point) == key.public
            assert crosscheck.agrees(key.public, digest, key.sign(b"m"))
    assert eaten


def test_an_altered_ciphertext_is_refused() -> None:
    """Defect 3: C3 computed, never compared."""
    key = PrivateKey.generate()
    cipher = bytearray(key.public.encrypt(b"to be kept"))
    cipher[-1] ^= 1
    twin = PrivateKey(key.secret, PublicKey(key.public.x, key.public.y, None))
    for opener in (key, twin):
        with pytest.raises(AppError):
            opener.decrypt(bytes(cipher))


def test_a_point_off_the_curve_is_refused_everywhere() -> None:
    """Defect 4: no point validation (a key of ``11..11`` encrypts happily)."""
    with pytest.raises(AppError):
        PublicKey.from_point(b"\x04" + b"\x11" * 64)
    with pytest.raises(AppError):
        PublicKey(int("11" * 32, 16), int("11" * 32, 16))
    assert pure.decrypt.__doc__


def test_zero_and_large_numbers_are_refused() -> None:
    """Defect 4: no range checks in ``verify``."""
    key = PrivateKey.generate()
    digest = key.public.digest(b"m")
    r, s = decode_pair(key.sign(b"m"))
    for pair in ((r, 0), (0, s), (r + N, s), (r, s + N)):
        assert not key.public.verify_digest(digest, encode_pair(*pair))
        assert not crosscheck.agrees(key.public, digest, encode_pair(*pair))


def test_the_user_id_is_not_hard_wired() -> None:
    """Defect 4: their id is always the default one."""
    key = PrivateKey.generate()
    assert key.public.verify(b"m", key.sign(b"m", b"inspector"), b"inspector")
    assert not key.public.verify(b"m", key.sign(b"m", b"inspector"))
