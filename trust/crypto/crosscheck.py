"""A second opinion on SM2 signatures by the independent package ``gmssl``; never used to decide.

``gmssl`` 3.2 draws nonces from a predictable generator, strips leading characters of keys, does not check points or
ranges, and decrypts altered ciphertexts. So it sees only inputs that were checked here, with nonces from ``secrets``.
"""

from __future__ import annotations

import secrets
from typing import Any

from trust.crypto import der
from trust.crypto.curve import SIZE, N
from trust.crypto.sm2 import PrivateKey, PublicKey, read_signature


def _engine(public: PublicKey, secret: str = "") -> Any:
    from gmssl import sm2

    # 128 hexadecimal digits without the 04 prefix; the attribute is set again because the package strips characters.
    digits = public.point[1:].hex()
    engine = sm2.CryptSM2(private_key=secret, public_key=digits)
    engine.public_key = digits
    return engine


def agrees(public: PublicKey, digest: bytes, signature: bytes) -> bool:
    """Does ``gmssl`` accept the signature of the digest too?"""
    pair = read_signature(signature)
    if pair is None:
        return False
    digits = "".join(f"{value:064x}" for value in pair)
    return bool(_engine(public).verify(digits, digest))


def second_signature(key: PrivateKey, digest: bytes) -> bytes:
    """A signature made by ``gmssl`` with a nonce of ours, as DER."""
    nonce = secrets.randbelow(N - 1) + 1
    digits = _engine(key.public, f"{key.secret:064x}").sign(digest, f"{nonce:064x}")
    return der.encode_pair(int(digits[: 2 * SIZE], 16), int(digits[2 * SIZE :], 16))
