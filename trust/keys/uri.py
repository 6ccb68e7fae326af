"""A person's own signing key: a file, or a key in a PKCS#11 token named by a URI (RFC 7512).

``pkcs11:token=Wang;object=approve?module-path=/usr/lib/.../libsofthsm2.so&pin-source=file:/run/pin``
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, unquote_to_bytes

from infra.errors import AppError, ErrorKind
from trust.crypto.curve import DEFAULT_ID
from trust.crypto.der import encode_pair, tlv
from trust.keys import material
from trust.validation.read import pem_blocks

SCHEME = "pkcs11:"
_CURVES = {bytes.fromhex("06082a8648ce3d030107"): "sha256", bytes.fromhex("06052b81040022"): "sha384"}


class SigningKey(Protocol):
    """Signs a whole message with the algorithm of its kind; ``spki`` is its public half."""

    @property
    def spki(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...


class FileKey:
    """A key out of a PEM file."""

    def __init__(self, private: Any) -> None:
        self._private = private

    def __repr__(self) -> str:
        return "FileKey()"

    @property
    def spki(self) -> bytes:
        return material.spki_of(self._private)

    def sign(self, message: bytes) -> bytes:
        return material.sign(self._private, message, DEFAULT_ID)


def signing_key(place: str, password: bytes = b"", pin: str = "") -> SigningKey:
    """The key at ``place``: a PKCS#11 URI, else a file; ``AppError`` says what is wrong with it."""
    if place.startswith(SCHEME):
        return TokenKey(place, pin)
    path = Path(place)
    try:
        data = path.read_bytes()[: 1 << 20]
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise AppError(ErrorKind.INVALID, "trust.keys.file", place=place, reason=reason) from None
    for label, der in pem_blocks(data):
        if label == "ENCRYPTED PRIVATE KEY":
            return FileKey(material.open_pkcs8(der, password))
        if label.endswith("PRIVATE KEY"):
            return FileKey(material.from_pkcs8(der))
    raise AppError(ErrorKind.INVALID, "trust.keys.key_unreadable")


class TokenKey:
    """A key that never leaves its token."""

    def __init__(self, uri: str, pin: str = "") -> None:
        import pkcs11

        self._p11 = pkcs11
        path, query = parse_uri(uri)
        library = query.get("module-path", "")
        self._pin = pin or query.get("pin-value", "") or _pin_file(query.get("pin-source", ""))
        self._label, self._id = path.get("object"), path.get("id")
        try:
            self._token = pkcs11.lib(library).get_token(token_label=path.get("token"))
            with self._token.open(user_pin=self._pin) as session:
                public = self._object(session, pkcs11.ObjectClass.PUBLIC_KEY)
                self._spki, self._digest = self._describe(public)
        except pkcs11.PinIncorrect:
            raise AppError(ErrorKind.UNAVAILABLE, "trust.keys.wrong_pin") from None
        except (pkcs11.PKCS11Error, RuntimeError, TypeError):
            raise AppError(ErrorKind.ENVIRONMENT, "trust.keys.token_missing", token=path.get("token") or "?") from None

    def __repr__(self) -> str:
        return "TokenKey()"

    @property
    def spki(self) -> bytes:
        return self._spki

    def sign(self, message: bytes) -> bytes:
        p11 = self._p11
        try:
            with self._token.open(user_pin=self._pin) as session:
                private = self._object(session, p11.ObjectClass.PRIVATE_KEY)
                if self._digest == "rsa":
                    return bytes(private.sign(message, mechanism=p11.Mechanism.SHA256_RSA_PKCS))
                digest = hashlib.new(self._digest, message).digest()
                pair = bytes(private.sign(digest, mechanism=p11.Mechanism.ECDSA))
        except p11.PKCS11Error as error:
            raise AppError(ErrorKind.UNAVAILABLE, "trust.keys.token_failed", step=type(error).__name__) from None
        half = len(pair) // 2
        return encode_pair(int.from_bytes(pair[:half], "big"), int.from_bytes(pair[half:], "big"))

    def _object(self, session: Any, kind: Any) -> Any:
        attribute = self._p11.Attribute
        wanted = {attribute.CLASS: kind}
        if self._label is not None:
            wanted[attribute.LABEL] = self._label
        if self._id is not None:
            wanted[attribute.ID] = unquote_to_bytes(self._id)
        if found := list(session.get_objects(wanted)):
            return found[0]
        raise AppError(ErrorKind.NOT_FOUND, "trust.keys.no_key", key=str(self._label or self._id)[:40])

    def _describe(self, public: Any) -> tuple[bytes, str]:
        p11 = self._p11
        if public.key_type == p11.KeyType.RSA:
            from pkcs11.util.rsa import encode_rsa_public_key

            head = bytes.fromhex("300d06092a864886f70d0101010500")
            return tlv(0x30, head + tlv(3, b"\x00" + bytes(encode_rsa_public_key(public)))), "rsa"
        from pkcs11.util.ec import encode_ec_public_key

        digest = _CURVES.get(bytes(public[p11.Attribute.EC_PARAMS]))
        if digest is None:
            raise AppError(ErrorKind.INVALID, "trust.keys.token_cannot", key_kind="EC")
        return bytes(encode_ec_public_key(public)), digest


def parse_uri(uri: str) -> tuple[dict[str, str], dict[str, str]]:
    """Path and query attributes of a PKCS#11 URI; ``AppError(INVALID)`` where malformed. ``id`` stays encoded."""
    body = uri.removeprefix(SCHEME)
    path, _, query = body.partition("?")
    try:
        pairs = [part.split("=", 1) for part in path.split(";") if part]
        asked = [part.split("=", 1) for part in query.split("&") if part]
        found = {name: value if name == "id" else unquote(value) for name, value in pairs}
        return found, {name: unquote(value) for name, value in asked}
    except ValueError:
        raise AppError(ErrorKind.INVALID, "trust.keys.uri", uri=path[:80]) from None


def _pin_file(source: str) -> str:
    if not source:
        return ""
    try:
        return Path(source.removeprefix("file://").removeprefix("file:")).read_text(encoding="utf-8").strip()
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise AppError(ErrorKind.INVALID, "trust.keys.file", place="pin-source", reason=reason) from None
