"""SM4 (GB/T 32907-2016): GCM for sealing, CBC for the formats that need it."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from infra.errors import AppError, ErrorKind

KEY_SIZE = 16
BLOCK = 16
NONCE_SIZE = 12
TAG_SIZE = 16


def seal(key: bytes, plain: bytes, associated: bytes = b"") -> bytes:
    """Nonce (12 octets, random), ciphertext and tag (16) of SM4-GCM."""
    nonce = secrets.token_bytes(NONCE_SIZE)
    encryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(associated)
    return nonce + encryptor.update(plain) + encryptor.finalize() + encryptor.tag


def unseal(key: bytes, sealed: bytes, associated: bytes = b"") -> bytes:
    """The plain text of ``seal``; ``AppError(INVALID)`` where key, text or associated data differ by one bit."""
    if len(sealed) < NONCE_SIZE + TAG_SIZE:
        raise AppError(ErrorKind.INVALID, "trust.crypto.unsealing_failed")
    nonce, body, tag = sealed[:NONCE_SIZE], sealed[NONCE_SIZE:-TAG_SIZE], sealed[-TAG_SIZE:]
    decryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(associated)
    try:
        return decryptor.update(body) + decryptor.finalize()
    except InvalidTag:
        raise AppError(ErrorKind.INVALID, "trust.crypto.unsealing_failed") from None


def cbc_encrypt(key: bytes, iv: bytes, plain: bytes) -> bytes:
    """SM4-CBC with PKCS#7 padding, as PKCS#8 and CMS use it."""
    padder = PKCS7(BLOCK * 8).padder()
    encryptor = Cipher(algorithms.SM4(key), modes.CBC(iv)).encryptor()
    return encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()


def cbc_decrypt(key: bytes, iv: bytes, sealed: bytes) -> bytes:
    """The plain text of SM4-CBC; ``AppError(INVALID)`` for a wrong padding or length."""
    unpadder = PKCS7(BLOCK * 8).unpadder()
    decryptor = Cipher(algorithms.SM4(key), modes.CBC(iv)).decryptor()
    try:
        padded = decryptor.update(sealed) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise AppError(ErrorKind.INVALID, "trust.crypto.unsealing_failed") from None


def ecb_block(key: bytes, block: bytes) -> bytes:
    """One block encrypted; for known-answer tests and SM2 enveloped keys only."""
    encryptor = Cipher(algorithms.SM4(key), modes.ECB()).encryptor()  # noqa: S305 - a single block
    return encryptor.update(block) + encryptor.finalize()


def ecb_decrypt(key: bytes, sealed: bytes) -> bytes:
    """Whole blocks decrypted one by one; the enveloped key of GM/T 0009 is sealed so."""
    decryptor = Cipher(algorithms.SM4(key), modes.ECB()).decryptor()  # noqa: S305 - prescribed by GM/T 0009
    return decryptor.update(sealed) + decryptor.finalize()
