"""SM2 in plain Python: the fallback where the system has no usable libcrypto.

Nonces come from ``secrets``. Python integers are not constant in time, so private scalars are only ever used split
into two random halves; this narrows timing leaks, it does not close them, which is why this is the last choice.
"""

from __future__ import annotations

import hmac
import secrets

from infra.errors import AppError, ErrorKind
from trust.crypto import der
from trust.crypto.curve import SIZE, Affine, N, on_curve
from trust.crypto.jacobian import INFINITY, Jacobian, add, multiply, to_affine
from trust.crypto.sm3 import derive, sm3
from trust.crypto.window import generator, x_matches


def times_generator(scalar: int) -> Affine:
    """``scalar`` times the generator, the scalar split at random."""
    part = secrets.randbelow(N)
    return to_affine(generator().plus(generator().plus(INFINITY, part), (scalar - part) % N))


def times(scalar: int, point: Affine) -> Affine:
    """``scalar`` times ``point``, the scalar split at random."""
    part = secrets.randbelow(N - 1) + 1
    total: Jacobian = add(multiply(part, point), multiply((scalar - part) % N, point))
    return to_affine(total)


def sign_digest(digest: int, secret: int) -> tuple[int, int]:
    """(r, s) of GB/T 32918.2 clause 6.1."""
    while True:
        k = secrets.randbelow(N - 1) + 1
        r = (digest + times_generator(k)[0]) % N
        if not r or r + k == N:
            continue
        blind = secrets.randbelow(N - 1) + 1
        s = pow((1 + secret) * blind % N, -1, N) * (blind * (k - r * secret) % N) % N
        if s:
            return r, s


def verify_digest(digest: int, r: int, s: int, point: Affine) -> bool:
    """GB/T 32918.2 clause 7.1 for r, s in range and a point on the curve."""
    t = (r + s) % N
    if not t:
        return False
    x, _, z = generator().plus(multiply(t, point), s)
    return x_matches(x, z, (r - digest) % N)


def encrypt(plain: bytes, point: Affine) -> bytes:
    """SM2Cipher (DER, C1 C3 C2), GB/T 32918.4 clause 6.1."""
    while True:
        k = secrets.randbelow(N - 1) + 1
        x1, y1 = times_generator(k)
        shared = b"".join(part.to_bytes(SIZE, "big") for part in times(k, point))
        mask = derive(shared, len(plain))
        if any(mask):
            break
    body = bytes(a ^ b for a, b in zip(plain, mask, strict=True))
    check = sm3(shared[:SIZE], plain, shared[SIZE:])
    return der.tlv(0x30, der.integer(x1) + der.integer(y1) + der.tlv(4, check) + der.tlv(4, body))


def decrypt(cipher: bytes, secret: int) -> bytes | None:
    """The text, or None where the point is off the curve or the check value C3 differs."""
    x1, y1, check, body = split_cipher(cipher)
    if not on_curve(x1, y1):
        return None
    shared = b"".join(part.to_bytes(SIZE, "big") for part in times(secret, (x1, y1)))
    mask = derive(shared, len(body))
    plain = bytes(a ^ b for a, b in zip(body, mask, strict=True))
    if not any(mask) or not hmac.compare_digest(check, sm3(shared[:SIZE], plain, shared[SIZE:])):
        return None
    return plain


def split_cipher(cipher: bytes) -> tuple[int, int, bytes, bytes]:
    """The four parts of a canonical SM2Cipher: x, y, C3, C2."""
    tag, at, stop = der.read_tlv(cipher, 0, len(cipher))
    if tag != 0x30 or stop != len(cipher):
        raise AppError(ErrorKind.INVALID, "trust.crypto.der_malformed", place="ciphertext")
    x1, at = der.read_unsigned(cipher, at, stop)
    y1, at = der.read_unsigned(cipher, at, stop)
    check_tag, check_start, check_stop = der.read_tlv(cipher, at, stop)
    body_tag, body_start, body_stop = der.read_tlv(cipher, check_stop, stop)
    if (check_tag, body_tag) != (4, 4) or check_stop - check_start != SIZE or body_stop != stop or body_start == stop:
        raise AppError(ErrorKind.INVALID, "trust.crypto.der_malformed", place="ciphertext")
    return x1, y1, cipher[check_start:check_stop], cipher[body_start:body_stop]
