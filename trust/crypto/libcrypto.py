"""The system's libcrypto (3.0 or newer) through its EVP interface, for SM2 only.

Signatures are made and checked over the SM2 digest e = SM3(Z || M); Z is ours, so that the user id never gets lost on
the way (an empty id and the default id are different things, and a provider's default differs by version).
"""

from __future__ import annotations

import ctypes.util
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from cffi import FFI

from infra.errors import AppError, ErrorKind
from trust.crypto.curve import GX, GY, SIZE, N, decode_point, encode_point

_DECLARATIONS = """
typedef struct {
    const char *key; unsigned int data_type; void *data; size_t data_size; size_t return_size;
} OSSL_PARAM;
unsigned long OpenSSL_version_num(void);
void ERR_clear_error(void);
void *EVP_PKEY_CTX_new_from_name(void *libctx, const char *name, const char *propquery);
void *EVP_PKEY_CTX_new_from_pkey(void *libctx, void *pkey, const char *propquery);
void EVP_PKEY_CTX_free(void *ctx);
void EVP_PKEY_free(void *pkey);
void *EVP_PKEY_dup(void *pkey);
int EVP_PKEY_set1_encoded_public_key(void *pkey, const unsigned char *pub, size_t publen);
int EVP_PKEY_is_a(const void *pkey, const char *name);
int EVP_PKEY_fromdata_init(void *ctx);
int EVP_PKEY_fromdata(void *ctx, void **pkey, int selection, OSSL_PARAM *params);
int EVP_PKEY_sign_init(void *ctx);
int EVP_PKEY_sign(void *ctx, unsigned char *sig, size_t *siglen, const unsigned char *tbs, size_t tbslen);
int EVP_PKEY_verify_init(void *ctx);
int EVP_PKEY_verify(void *ctx, const unsigned char *sig, size_t siglen, const unsigned char *tbs, size_t tbslen);
int EVP_PKEY_encrypt_init(void *ctx);
int EVP_PKEY_encrypt(void *ctx, unsigned char *out, size_t *outlen, const unsigned char *in, size_t inlen);
int EVP_PKEY_decrypt_init(void *ctx);
int EVP_PKEY_decrypt(void *ctx, unsigned char *out, size_t *outlen, const unsigned char *in, size_t inlen);
void *EC_GROUP_new_by_curve_name(int nid);
void *EC_POINT_new(const void *group);
void EC_POINT_clear_free(void *point);
int EC_POINT_oct2point(const void *group, void *p, const unsigned char *buf, size_t len, void *ctx);
size_t EC_POINT_point2oct(const void *group, const void *p, int form, unsigned char *buf, size_t len, void *ctx);
int EC_POINT_mul(const void *group, void *r, const void *n, const void *q, const void *m, void *ctx);
void *BN_new(void);
void *BN_CTX_new(void);
void BN_CTX_free(void *ctx);
void EC_POINT_free(void *point);
void *BN_bin2bn(const unsigned char *s, int len, void *ret);
void BN_clear_free(void *a);
"""
_MINIMUM = 0x30000000
_NID_SM2 = 1172
_UNSIGNED, _UTF8, _OCTETS = 2, 4, 5
_UNMODIFIED = 2 ** (8 * 8) - 1
_PUBLIC, _KEY_PAIR = 0x86, 0x87
_MAX_SIGNATURE = 80
_SIGNING_KEPT = 64
_CIPHER_OVERHEAD = 160


def _broken(step: str) -> AppError:
    return AppError(ErrorKind.ENVIRONMENT, "trust.crypto.provider_failed", step=step)


class _Scratch:
    """Objects one thread uses again and again for public arithmetic."""

    def __init__(self, ffi: FFI, lib: Any, group: Any) -> None:
        self.context = ffi.gc(lib.BN_CTX_new(), lib.BN_CTX_free)
        self.first, self.second = (ffi.gc(lib.BN_new(), lib.BN_clear_free) for _ in range(2))
        self.result, self.other = (ffi.gc(lib.EC_POINT_new(group), lib.EC_POINT_free) for _ in range(2))
        self.out = ffi.new("unsigned char[]", 2 * SIZE + 1)


class Signing:
    """A signing context of one key, for one thread at a time."""

    def __init__(self, library: Libcrypto, key: Any) -> None:
        self.key, self._library = key, library
        lib, ffi = library.lib, library.ffi
        self.context = ffi.gc(lib.EVP_PKEY_CTX_new_from_pkey(ffi.NULL, key, ffi.NULL), lib.EVP_PKEY_CTX_free)
        if self.context == ffi.NULL or lib.EVP_PKEY_sign_init(self.context) != 1:
            raise _broken("sign")
        self.out, self.size = ffi.new("unsigned char[]", _MAX_SIGNATURE), ffi.new("size_t *")


class Libcrypto:
    """SM2 by the library ``name``; raises ``AppError(ENVIRONMENT)`` where it is missing or too old."""

    def __init__(self, name: str) -> None:
        self.ffi = FFI()
        self.ffi.cdef(_DECLARATIONS)
        try:
            self.lib: Any = self.ffi.dlopen(name)
            version = self.lib.OpenSSL_version_num()
        except (OSError, AttributeError):
            raise _broken("load") from None
        if version < _MINIMUM:
            raise _broken("version")
        self.name = name
        self.version = f"{version >> 28}.{version >> 20 & 0xFF}.{version >> 4 & 0xFFFF}"
        self._local = threading.local()
        self._group = self.lib.EC_GROUP_new_by_curve_name(_NID_SM2)
        if not self._group:
            raise _broken("curve")
        generator = encode_point(GX, GY)
        self._template = self._from_data(_PUBLIC, [(b"pub", _OCTETS, self.ffi.from_buffer(generator), len(generator))])

    def public_key(self, point: bytes) -> Any:
        """A handle for a public key, freed with its last reference; ``point`` has been checked by the caller."""
        handle = self.ffi.gc(self.lib.EVP_PKEY_dup(self._template), self.lib.EVP_PKEY_free)
        if self.lib.EVP_PKEY_set1_encoded_public_key(handle, point, len(point)) != 1:
            self.lib.ERR_clear_error()
            raise _broken("key")
        return handle

    def private_key(self, secret: int, point: bytes) -> Any:
        """A handle for a key pair, freed with its last reference."""
        number = self.ffi.new("unsigned char[]", secret.to_bytes(SIZE, "little"))
        octets = self.ffi.from_buffer(point)
        handle = self._from_data(_KEY_PAIR, [(b"pub", _OCTETS, octets, len(point)), (b"priv", _UNSIGNED, number, SIZE)])
        self.ffi.buffer(number)[:] = bytes(SIZE + 1)
        return handle

    def _from_data(self, selection: int, parts: list[tuple[bytes, int, Any, int]]) -> Any:
        ffi, lib = self.ffi, self.lib
        rows = [(b"group", _UTF8, ffi.new("char[]", b"SM2"), 3), *parts]
        keep = [ffi.new("char[]", row[0]) for row in rows]
        params = ffi.new("OSSL_PARAM[]", len(rows) + 1)
        for index, (_, kind, data, size) in enumerate(rows):
            params[index].key, params[index].data_type = keep[index], kind
            params[index].data = ffi.cast("void *", data)
            params[index].data_size, params[index].return_size = size, _UNMODIFIED
        pkey = ffi.new("void **")
        context = lib.EVP_PKEY_CTX_new_from_name(ffi.NULL, b"SM2", ffi.NULL)
        try:
            good = lib.EVP_PKEY_fromdata_init(context) == 1
            good = good and lib.EVP_PKEY_fromdata(context, pkey, selection, params) == 1
        finally:
            lib.EVP_PKEY_CTX_free(context)
        if not good or not lib.EVP_PKEY_is_a(pkey[0], b"SM2"):
            lib.ERR_clear_error()
            raise _broken("key")
        return ffi.gc(pkey[0], lib.EVP_PKEY_free)

    @contextmanager
    def _context(self, key: Any, start: Any, step: str) -> Iterator[Any]:
        context = self.lib.EVP_PKEY_CTX_new_from_pkey(self.ffi.NULL, key, self.ffi.NULL)
        try:
            if not context or start(context) != 1:
                raise _broken(step)
            yield context
        finally:
            self.lib.EVP_PKEY_CTX_free(context)
            self.lib.ERR_clear_error()

    def sign(self, key: Any, digest: bytes) -> bytes:
        """The DER signature of a 32-octet SM2 digest; the nonce comes from the library's DRBG."""
        kept: dict[int, Signing] = self._local.__dict__.setdefault("signing", {})
        held = kept.get(id(key))
        if held is None or held.key is not key:
            if len(kept) >= _SIGNING_KEPT:
                kept.clear()
            held = kept[id(key)] = Signing(self, key)
        held.size[0] = _MAX_SIGNATURE
        if self.lib.EVP_PKEY_sign(held.context, held.out, held.size, digest, len(digest)) != 1:
            self.lib.ERR_clear_error()
            raise _broken("sign")
        return bytes(self.ffi.buffer(held.out, held.size[0]))

    def verify_once(self, point: bytes, digest: int, r: int, s: int) -> bool:
        """The same for a key seen for the first time, in range and on the curve already: one double multiplication.

        Making an EVP key costs a sixth of a check; everything here is public, so the curve arithmetic is used directly.
        """
        scratch, lib = self._scratch(), self.lib
        t = (r + s) % N
        lib.BN_bin2bn(s.to_bytes(SIZE, "big"), SIZE, scratch.first)
        lib.BN_bin2bn(t.to_bytes(SIZE, "big"), SIZE, scratch.second)
        good = lib.EC_POINT_oct2point(self._group, scratch.other, point, len(point), scratch.context) == 1
        good = (
            good
            and t
            and lib.EC_POINT_mul(
                self._group, scratch.result, scratch.first, scratch.other, scratch.second, scratch.context
            )
        )
        size = 2 * SIZE + 1
        if (
            good != 1
            or lib.EC_POINT_point2oct(self._group, scratch.result, 4, scratch.out, size, scratch.context) != size
        ):
            lib.ERR_clear_error()
            return False
        x = int.from_bytes(self.ffi.buffer(scratch.out, SIZE + 1)[1:], "big")
        return (digest + x) % N == r

    def _scratch(self) -> _Scratch:
        found: _Scratch | None = getattr(self._local, "scratch", None)
        if found is None:
            found = self._local.scratch = _Scratch(self.ffi, self.lib, self._group)
        return found

    def verify(self, key: Any, digest: bytes, signature: bytes) -> bool:
        """Does the DER signature, in range and canonical already, sign the digest?"""
        lib = self.lib
        context = lib.EVP_PKEY_CTX_new_from_pkey(self.ffi.NULL, key, self.ffi.NULL)
        if lib.EVP_PKEY_verify_init(context) != 1:
            lib.EVP_PKEY_CTX_free(context)
            raise _broken("verify")
        answer = lib.EVP_PKEY_verify(context, signature, len(signature), digest, len(digest))
        lib.EVP_PKEY_CTX_free(context)
        if answer != 1:
            lib.ERR_clear_error()
        return bool(answer == 1)

    def encrypt(self, key: Any, plain: bytes) -> bytes:
        """SM2Cipher (DER, C1 C3 C2) of a non-empty text."""
        room = len(plain) + _CIPHER_OVERHEAD
        out, size = self.ffi.new("unsigned char[]", room), self.ffi.new("size_t *", room)
        with self._context(key, self.lib.EVP_PKEY_encrypt_init, "encrypt") as context:
            if self.lib.EVP_PKEY_encrypt(context, out, size, plain, len(plain)) != 1:
                raise _broken("encrypt")
        return bytes(self.ffi.buffer(out, size[0]))

    def decrypt(self, key: Any, cipher: bytes) -> bytes | None:
        """The text, or None where the ciphertext was altered or is not for this key."""
        out, size = self.ffi.new("unsigned char[]", len(cipher)), self.ffi.new("size_t *", len(cipher))
        with self._context(key, self.lib.EVP_PKEY_decrypt_init, "decrypt") as context:
            if self.lib.EVP_PKEY_decrypt(context, out, size, cipher, len(cipher)) != 1:
                return None
        plain = bytes(self.ffi.buffer(out, size[0]))
        self.ffi.buffer(out)[:] = bytes(len(cipher))
        return plain

    def multiply(self, scalar: int, point: tuple[int, int] | None = None) -> tuple[int, int]:
        """``scalar`` times ``point`` (the generator if None), by the library's constant-time ladder."""
        ffi, lib = self.ffi, self.lib
        number = lib.BN_bin2bn(scalar.to_bytes(SIZE, "big"), SIZE, ffi.NULL)
        result, other = lib.EC_POINT_new(self._group), lib.EC_POINT_new(self._group)
        try:
            good = self._multiply(result, other, number, point)
            out = ffi.new("unsigned char[]", 2 * SIZE + 1)
            size = lib.EC_POINT_point2oct(self._group, result, 4, out, 2 * SIZE + 1, ffi.NULL) if good else 0
        finally:
            lib.BN_clear_free(number)
            lib.EC_POINT_clear_free(result)
            lib.EC_POINT_clear_free(other)
            lib.ERR_clear_error()
        if size != 2 * SIZE + 1:
            raise _broken("multiply")
        return decode_point(bytes(ffi.buffer(out)))

    def _multiply(self, result: Any, other: Any, number: Any, point: tuple[int, int] | None) -> bool:
        null, lib = self.ffi.NULL, self.lib
        if point is None:
            return bool(lib.EC_POINT_mul(self._group, result, number, null, null, null) == 1)
        octets = encode_point(*point)
        if lib.EC_POINT_oct2point(self._group, other, octets, len(octets), null) != 1:
            return False
        return bool(lib.EC_POINT_mul(self._group, result, null, other, number, null) == 1)


@cache
def system_libcrypto() -> Libcrypto | None:
    """The library of this system, or None where there is none of version 3.0 or newer."""
    for name in ("libcrypto.so.3", ctypes.util.find_library("crypto")):
        try:
            if name:
                return Libcrypto(name)
        except AppError:
            continue
    return None
