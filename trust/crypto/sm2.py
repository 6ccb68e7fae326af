"""SM2 (GB/T 32918): keys, signatures with a user id, encryption.

In: points, scalars, messages.  Out: DER signatures and SM2Cipher.  Every signature is checked for canonical DER and
range before a provider sees it; every point is checked to be on the curve. The system's libcrypto does the work,
plain Python where there is none; a key that checks many signatures gets a table (``PublicKey.known``).
"""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from infra.errors import AppError, ErrorKind
from trust.crypto import der, pure, window
from trust.crypto.curve import DEFAULT_ID, GX, GY, MAX_ID, SIZE, A, Affine, B, N, decode_point, encode_point, on_curve
from trust.crypto.libcrypto import Libcrypto
from trust.crypto.sm3 import sm3

MAX_PLAIN = 1 << 20
_CURVE = b"".join(value.to_bytes(SIZE, "big") for value in (A, B, GX, GY))


def identity_hash(point: Affine, user_id: bytes) -> bytes:
    """Z of GB/T 32918.2 clause 5.5; an empty ``user_id`` is not the same as the default one."""
    if len(user_id) > MAX_ID:
        raise AppError(ErrorKind.INVALID, "trust.crypto.user_id_too_long", limit=MAX_ID)
    x, y = point
    return sm3((len(user_id) * 8).to_bytes(2, "big"), user_id, _CURVE, x.to_bytes(SIZE, "big"), y.to_bytes(SIZE, "big"))


def read_signature(signature: bytes) -> tuple[int, int] | None:
    """(r, s), or None where the encoding is not canonical DER or a number is out of 1..n-1."""
    try:
        r, s = der.decode_pair(signature)
    except AppError:
        return None
    return (r, s) if 0 < r < N and 0 < s < N else None


TABLE_AFTER, MOST_TABLES = 500, 16
"""A key that checked so many signatures gets a table, which pays after as many more; so many keys of a process may."""
_tables = itertools.count()


def _make_room() -> bool:
    return next(_tables) < MOST_TABLES


@dataclass
class PublicKey:
    """A point on the curve that checks signatures and seals texts. Made by ``from_point``."""

    x: int
    y: int
    library: Libcrypto | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not on_curve(self.x, self.y):
            raise AppError(ErrorKind.INVALID, "trust.crypto.point_off_curve")
        self._identities: dict[bytes, bytes] = {}
        self._checks = 0

    @classmethod
    def from_point(cls, data: bytes) -> PublicKey:
        """The key of an octet string, with the best provider of this system."""
        x, y = decode_point(data)
        return cls(x, y, provider())

    @property
    def point(self) -> bytes:
        """The uncompressed octet string, 65 octets."""
        return encode_point(self.x, self.y)

    @cached_property
    def known(self) -> window.FixedPoint:
        """The table of this key: about 0.2 s and 3 MB to make, then the fastest check there is."""
        return window.FixedPoint((self.x, self.y), window.KEY_WINDOW)

    @cached_property
    def _handle(self) -> Any:
        assert self.library is not None
        return self.library.public_key(self.point)

    def digest(self, message: bytes, user_id: bytes = DEFAULT_ID) -> bytes:
        """e = SM3(Z || message), the value that is signed."""
        if (identity := self._identities.get(user_id)) is None:
            identity = identity_hash((self.x, self.y), user_id)
            if len(self._identities) < 16:
                self._identities[user_id] = identity
        return sm3(identity, message)

    def verify(self, message: bytes, signature: bytes, user_id: bytes = DEFAULT_ID) -> bool:
        """Is ``signature`` (DER) one of ``message`` under exactly this ``user_id``?"""
        return self.verify_digest(self.digest(message, user_id), signature)

    def verify_digest(self, digest: bytes, signature: bytes) -> bool:
        """The same over a finished SM2 digest."""
        pair = read_signature(signature)
        if pair is None:
            return False
        if "known" in self.__dict__:
            return window.verify_digest(int.from_bytes(digest, "big"), *pair, self.known)
        if self.library is not None:
            self._checks += 1
            if self._checks == TABLE_AFTER and _make_room():
                return window.verify_digest(int.from_bytes(digest, "big"), *pair, self.known)
            if self._checks > 1:
                return self.library.verify(self._handle, digest, signature)
            return self.library.verify_once(self.point, int.from_bytes(digest, "big"), *pair)
        return pure.verify_digest(int.from_bytes(digest, "big"), *pair, (self.x, self.y))

    def encrypt(self, plain: bytes) -> bytes:
        """SM2Cipher (GM/T 0009: x, y, C3, C2) of 1 octet to 1 MiB."""
        if not 0 < len(plain) <= MAX_PLAIN:
            raise AppError(ErrorKind.INVALID, "trust.crypto.length_out_of_range", length=len(plain))
        if self.library is not None:
            return self.library.encrypt(self._handle, plain)
        return pure.encrypt(plain, (self.x, self.y))


class PrivateKey:
    """A secret scalar with its public key; shows neither in ``repr`` nor in errors."""

    def __init__(self, secret: int, public: PublicKey | None = None) -> None:
        if not 0 < secret < N - 1:
            raise AppError(ErrorKind.INVALID, "trust.crypto.scalar_out_of_range")
        self._secret = secret
        self.public = public or _public_of(secret)

    def __repr__(self) -> str:
        return f"PrivateKey(public={self.public!r})"

    @classmethod
    def generate(cls) -> PrivateKey:
        """A new key from the operating system's randomness."""
        return cls(secrets.randbelow(N - 2) + 1)

    @property
    def secret(self) -> int:
        """The scalar, for wrapping and key exchange only."""
        return self._secret

    @cached_property
    def _handle(self) -> Any:
        assert self.public.library is not None
        return self.public.library.private_key(self._secret, self.public.point)

    def sign(self, message: bytes, user_id: bytes = DEFAULT_ID) -> bytes:
        """A DER signature of ``message`` under ``user_id``."""
        digest = self.public.digest(message, user_id)
        if self.public.library is not None:
            return self.public.library.sign(self._handle, digest)
        return der.encode_pair(*pure.sign_digest(int.from_bytes(digest, "big"), self._secret))

    def decrypt(self, cipher: bytes) -> bytes:
        """The text of an SM2Cipher; ``AppError(INVALID)`` where one bit of it was changed."""
        x, y, _, body = pure.split_cipher(cipher)
        if len(body) > MAX_PLAIN:
            raise AppError(ErrorKind.INVALID, "trust.crypto.length_out_of_range", length=len(body))
        plain = None
        if on_curve(x, y):
            library = self.public.library
            plain = library.decrypt(self._handle, cipher) if library else pure.decrypt(cipher, self._secret)
        if plain is None:
            raise AppError(ErrorKind.INVALID, "trust.crypto.unsealing_failed")
        return plain


def _public_of(secret: int) -> PublicKey:
    library = provider()
    point = library.multiply(secret) if library else pure.times_generator(secret)
    return PublicKey(*point, library)


def provider() -> Libcrypto | None:
    """The library that passed the known-answer tests, or None: plain Python then does the work."""
    from trust.crypto.selftest import trusted_library

    return trusted_library()
