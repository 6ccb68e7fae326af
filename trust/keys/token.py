"""Keys in a PKCS#11 token (a hardware module, or SoftHSM in tests): RSA and ECDSA, made there, never leaving it.

SM2 is refused here: tokens that offer the SM2 curve through the generic elliptic-curve mechanism would sign ECDSA,
which is not SM2. Chinese hardware speaks SDF (GM/T 0018), which gets its own provider behind the same seam.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from infra.errors import AppError, ErrorKind
from infra.ids import new_id
from trust.crypto.curve import DEFAULT_ID
from trust.crypto.der import encode_pair, tlv
from trust.keys.seams import Custody, KeyKind, KeyRef

if TYPE_CHECKING:
    from collections.abc import Iterator

_RSA = {KeyKind.RSA2048: 2048, KeyKind.RSA3072: 3072, KeyKind.RSA4096: 4096}
_CURVES = {KeyKind.P256: "secp256r1", KeyKind.P384: "secp384r1"}


class TokenKeys:
    """Keys of one token, reached through the vendor's PKCS#11 library; one session for each signature."""

    def __init__(self, library: str, token_label: str, pin: str) -> None:
        import pkcs11

        self._pkcs11 = pkcs11
        self._pin = pin
        try:
            self._token = pkcs11.lib(library).get_token(token_label=token_label)
        except (pkcs11.PKCS11Error, RuntimeError):
            raise AppError(ErrorKind.ENVIRONMENT, "trust.keys.token_missing", token=token_label) from None

    def __repr__(self) -> str:
        return "TokenKeys()"

    def generate(self, label: str, kind: KeyKind) -> KeyRef:
        if kind not in _RSA and kind not in _CURVES:
            raise AppError(ErrorKind.INVALID, "trust.keys.token_cannot", key_kind=str(kind))
        key_id = new_id("key")
        with self._session(writing=True) as session:
            self._make(session, key_id, label, kind)
        return self.find(key_id)

    def _make(self, session: Any, key_id: str, label: str, kind: KeyKind) -> None:
        p11 = self._pkcs11
        given = {"id": key_id.encode(), "label": f"{kind}:{label}", "store": True}
        if kind in _RSA:
            session.generate_keypair(p11.KeyType.RSA, _RSA[kind], **given)
            return
        from pkcs11.util.ec import encode_named_curve_parameters

        parameters = session.create_domain_parameters(
            p11.KeyType.EC, {p11.Attribute.EC_PARAMS: encode_named_curve_parameters(_CURVES[kind])}, local=True
        )
        parameters.generate_keypair(**given)

    def find(self, key_id: str) -> KeyRef:
        with self._session() as session:
            return self._ref(self._object(session, key_id, self._pkcs11.ObjectClass.PUBLIC_KEY))

    def keys(self) -> list[KeyRef]:
        wanted = {self._pkcs11.Attribute.CLASS: self._pkcs11.ObjectClass.PUBLIC_KEY}
        with self._session() as session:
            found = [self._ref(public) for public in session.get_objects(wanted) if _ours(public)]
        return sorted(found, key=lambda ref: ref.id)

    def sign(self, key_id: str, message: bytes, sm2_id: bytes = DEFAULT_ID) -> bytes:
        p11 = self._pkcs11
        with self._session() as session:
            private = self._object(session, key_id, p11.ObjectClass.PRIVATE_KEY)
            kind = KeyKind(private.label.partition(":")[0])
            if kind in _RSA:
                return bytes(private.sign(message, mechanism=p11.Mechanism.SHA256_RSA_PKCS))
            digest = (hashlib.sha256 if kind is KeyKind.P256 else hashlib.sha384)(message).digest()
            pair = bytes(private.sign(digest, mechanism=p11.Mechanism.ECDSA))
        half = len(pair) // 2
        return encode_pair(int.from_bytes(pair[:half], "big"), int.from_bytes(pair[half:], "big"))

    def destroy(self, key_id: str) -> None:
        classes = self._pkcs11.ObjectClass
        with self._session(writing=True) as session:
            for kind in (classes.PRIVATE_KEY, classes.PUBLIC_KEY):
                self._object(session, key_id, kind).destroy()

    @contextmanager
    def _session(self, writing: bool = False) -> Iterator[Any]:
        p11 = self._pkcs11
        try:
            with self._token.open(user_pin=self._pin, rw=writing) as session:
                yield session
        except p11.PinIncorrect:
            raise AppError(ErrorKind.UNAVAILABLE, "trust.keys.wrong_pin") from None
        except p11.PKCS11Error as error:
            raise AppError(ErrorKind.UNAVAILABLE, "trust.keys.token_failed", step=type(error).__name__) from None

    def _object(self, session: Any, key_id: str, kind: Any) -> Any:
        attribute = self._pkcs11.Attribute
        if found := list(session.get_objects({attribute.CLASS: kind, attribute.ID: key_id.encode()})):
            return found[0]
        raise AppError(ErrorKind.NOT_FOUND, "trust.keys.no_key", key=key_id[:40])

    def _ref(self, public: Any) -> KeyRef:
        kind, _, label = public.label.partition(":")
        return KeyRef(bytes(public.id).decode(), label, KeyKind(kind), self._spki(public), Custody.TOKEN)

    def _spki(self, public: Any) -> bytes:
        p11 = self._pkcs11
        if public.key_type == p11.KeyType.RSA:
            from pkcs11.util.rsa import encode_rsa_public_key

            head = bytes.fromhex("300d06092a864886f70d0101010500")
            return tlv(0x30, head + tlv(3, b"\x00" + bytes(encode_rsa_public_key(public))))
        from pkcs11.util.ec import encode_ec_public_key

        return bytes(encode_ec_public_key(public))


def _ours(public: Any) -> bool:
    """Did we make it? Other tools' keys share the token and are left alone."""
    return bytes(public.id).startswith(b"key-") and public.label.partition(":")[0] in set(KeyKind)
