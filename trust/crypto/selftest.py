"""Known-answer tests at start: a provider that fails one is not used; without any good one nothing starts.

Sources: GB/T 32905-2016 annex A.1, GB/T 32907-2016 annex A.1, GB/T 32918.5-2017 annex A.2 and C.2.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Callable
from functools import cache

from infra.errors import AppError, ErrorKind
from trust.crypto import der, pure, sm4, window
from trust.crypto.curve import GX, GY, N
from trust.crypto.libcrypto import Libcrypto, system_libcrypto
from trust.crypto.sm2 import PrivateKey, PublicKey
from trust.crypto.sm3 import sm3

_log = logging.getLogger(__name__)

SECRET = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
PUBLIC_X = 0x09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020
PUBLIC_Y = 0xCCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13
MESSAGE = b"message digest"
R = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
S = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA
PLAIN = b"encryption standard"
CIPHER_X = 0x04EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73
CIPHER_Y = 0xE858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0
CIPHER_CHECK = bytes.fromhex("59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766")
CIPHER_BODY = bytes.fromhex("21886CA989CA9C7D58087307CA93092D651EFA")
SM3_ABC = bytes.fromhex("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0")
SM4_KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")
SM4_BLOCK = bytes.fromhex("681edf34d206965e86b3e94f536e4246")


def cipher_vector() -> bytes:
    """The ciphertext of the standard's example as SM2Cipher."""
    numbers = der.integer(CIPHER_X) + der.integer(CIPHER_Y)
    return der.tlv(0x30, numbers + der.tlv(4, CIPHER_CHECK) + der.tlv(4, CIPHER_BODY))


def library_faults(library: Libcrypto | None) -> list[str]:
    """Names of the known-answer tests that SM2 by ``library`` (None: plain Python) fails; empty when all is well."""
    checks = {
        "sign-verify": _signs,
        "known-signature": _known_signature,
        "altered-signature": _refuses_altered,
        "decrypt": _decrypts,
        "altered-cipher": _refuses_cipher,
        "nonce": _fresh_nonces,
        "multiply": _multiplies,
    }
    return [name for name, check in checks.items() if not _passes(check, library)]


def _passes(check: Callable[[PrivateKey, Libcrypto | None], bool], library: Libcrypto | None) -> bool:
    try:
        return check(PrivateKey(SECRET, PublicKey(PUBLIC_X, PUBLIC_Y, library)), library)
    except (AppError, AssertionError, ValueError):
        return False


SMALL = 4
"""Windows of the tables tried at start: the same arithmetic as the large ones, made in milliseconds."""


def _signs(key: PrivateKey, _: Libcrypto | None) -> bool:
    message = secrets.token_bytes(32)
    signature = key.sign(message)
    twin = PublicKey(PUBLIC_X, PUBLIC_Y, None)
    return key.public.verify(message, signature) and twin.verify(message, signature)


def _known_signature(key: PrivateKey, _: Libcrypto | None) -> bool:
    digest = int.from_bytes(key.public.digest(MESSAGE), "big")
    small = window.FixedPoint((PUBLIC_X, PUBLIC_Y), SMALL)
    table = window.verify_digest(digest, R, S, small, window.FixedPoint((GX, GY), SMALL))
    # the first check of a key and later ones go different ways through the library: both must be right
    return table and all(key.public.verify(MESSAGE, der.encode_pair(R, S)) for _ in range(2))


def _refuses_altered(key: PrivateKey, _: Libcrypto | None) -> bool:
    wrong = [der.encode_pair(R ^ 1, S), der.encode_pair(R, S ^ 1), der.encode_pair(R, N - S), b"\x30\x00"]
    bad_id = key.public.verify(MESSAGE, der.encode_pair(R, S), b"")
    return not bad_id and not any(key.public.verify(MESSAGE, signature) for signature in wrong)


def _decrypts(key: PrivateKey, _: Libcrypto | None) -> bool:
    own = key.public.encrypt(PLAIN)
    return hmac.compare_digest(key.decrypt(cipher_vector()), PLAIN) and key.decrypt(own) == PLAIN


def _refuses_cipher(key: PrivateKey, _: Libcrypto | None) -> bool:
    altered = bytearray(cipher_vector())
    altered[-1] ^= 1
    try:
        key.decrypt(bytes(altered))
    except AppError:
        return True
    return False


def _fresh_nonces(key: PrivateKey, _: Libcrypto | None) -> bool:
    return len({key.sign(MESSAGE) for _ in range(4)}) == 4


def _multiplies(key: PrivateKey, library: Libcrypto | None) -> bool:
    found = library.multiply(SECRET) if library else pure.times_generator(SECRET)
    return found == (key.public.x, key.public.y)


def symmetric_faults() -> list[str]:
    """Names of the known-answer tests of SM3 and SM4 that fail."""
    sealed = sm4.seal(SM4_KEY, MESSAGE, b"x")
    checks = {
        "sm3": sm3(b"a", b"bc") == SM3_ABC,
        "sm4": sm4.ecb_block(SM4_KEY, SM4_KEY) == SM4_BLOCK,
        "sm4-gcm": sm4.unseal(SM4_KEY, sealed, b"x") == MESSAGE,
    }
    return [name for name, good in checks.items() if not good]


@cache
def trusted_library() -> Libcrypto | None:
    """The system's libcrypto if it passes every test; None (plain Python) where it is missing.

    A library that is there and wrong is refused with a warning; ``AppError(ENVIRONMENT)`` where SM3, SM4 or the
    fallback itself are wrong, because then no signature of this process can be believed.
    """
    library = system_libcrypto()
    faults = library_faults(library) if library else ["missing"]
    if faults and library:
        _log.warning("crypto.provider_refused", extra={"library": library.name, "faults": faults})
    wrong = symmetric_faults() + (library_faults(None) if faults else [])
    if wrong:
        raise AppError(ErrorKind.ENVIRONMENT, "trust.crypto.self_test_failed", tests=", ".join(wrong))
    return None if faults else library
