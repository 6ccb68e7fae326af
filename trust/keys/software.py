"""Keys in software: each wrapped under a master key that exists only while enough shareholders unlocked it.

In: labels, shares.  Out: signatures.  On disk lie sealed keys and a check value; the master key is never written.
Wrapping: SM4-GCM under a key derived from master key and key id; id, kind and public key are authenticated with it.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import orjson

from infra.durable import replace_file
from infra.errors import AppError, ErrorKind
from infra.ids import new_id
from trust.crypto import sm4
from trust.crypto.curve import DEFAULT_ID
from trust.crypto.sm3 import hmac_sm3
from trust.keys import material
from trust.keys.seams import Custody, KeyKind, KeyRef
from trust.keys.shares import Share, join, read_share, split

_MASTER = 32


class _Kept(msgspec.Struct, frozen=True):
    """A key as it lies on disk."""

    id: str
    label: str
    kind: KeyKind
    spki: bytes
    sealed: bytes


class SoftwareKeys:
    """A folder of sealed keys. Sealed after every start until ``unlock`` saw enough shares."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._master: bytes | None = None
        self._given: list[Share] = []
        self._open: dict[str, Any] = {}

    @property
    def initialised(self) -> bool:
        """Was a master key ever made?"""
        return (self._folder / "master.json").exists()

    @property
    def threshold(self) -> int:
        """How many shares open it; 0 before there is a master key."""
        return int(self._record()["threshold"]) if self.initialised else 0

    @property
    def sealed(self) -> bool:
        """Is the master key absent from memory?"""
        return self._master is None

    def initialise(self, threshold: int, count: int) -> list[str]:
        """Make the master key, unlock, and give out its shares: the only time they are shown."""
        if self.initialised:
            raise AppError(ErrorKind.CONFLICT, "trust.keys.initialised")
        master = secrets.token_bytes(_MASTER)
        shares = split(master, threshold, count)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        check = hmac_sm3(master, b"yaodun master check")
        record = {"threshold": threshold, "count": count, "set": shares[0].set_id.hex(), "check": check.hex()}
        replace_file(self._folder / "master.json", orjson.dumps(record), private=True)
        self._master = master
        return [share.text for share in shares]

    def unlock(self, share: str) -> int:
        """Take one share; how many are still missing (0: open). A wrong set is refused and forgotten."""
        record = self._record()
        read = read_share(share)
        if read.set_id.hex() != record["set"]:
            raise AppError(ErrorKind.INVALID, "trust.keys.shares_mixed")
        if all(read.number != other.number for other in self._given):
            self._given.append(read)
        missing = int(record["threshold"]) - len(self._given)
        if missing > 0:
            return missing
        given, self._given = self._given, []
        self._master = self._joined(given, record)
        return 0

    def prove(self, shares: Sequence[str]) -> None:
        """Are enough shareholders present? ``AppError(FORBIDDEN)`` otherwise; opens the keys where they were sealed.

        What the console may do and no other process counts on this: shares never pass through the web process.
        """
        record = self._record()
        read = [read_share(text) for text in shares]
        if any(share.set_id.hex() != record["set"] for share in read):
            raise AppError(ErrorKind.INVALID, "trust.keys.shares_mixed")
        if len({share.number for share in read}) < int(record["threshold"]):
            raise AppError(ErrorKind.FORBIDDEN, "trust.keys.shareholders_missing", needed=int(record["threshold"]))
        self._master = self._joined(read, record)

    def _record(self) -> dict[str, Any]:
        if not self.initialised:
            raise AppError(ErrorKind.NOT_FOUND, "trust.keys.not_initialised")
        record: dict[str, Any] = orjson.loads((self._folder / "master.json").read_bytes())
        return record

    @staticmethod
    def _joined(given: list[Share], record: dict[str, Any]) -> bytes:
        master = join(given)
        if not hmac.compare_digest(hmac_sm3(master, b"yaodun master check").hex(), record["check"]):
            raise AppError(ErrorKind.INVALID, "trust.keys.shares_forged")
        return master

    def lock(self) -> None:
        """Forget the master key and every open key."""
        self._master = None
        self._given = []
        self._open.clear()

    def generate(self, label: str, kind: KeyKind) -> KeyRef:
        """A new key, sealed to disk before it is used."""
        return self.adopt(label, material.generate(kind))

    def adopt(self, label: str, private: Any) -> KeyRef:
        """Keep a private key made elsewhere (a restored or imported one)."""
        key_id, kind, spki = new_id("key"), material.kind_of(private), material.spki_of(private)
        sealed = sm4.seal(self._wrapping(key_id), material.to_pkcs8(private), _bound(key_id, kind, spki))
        kept = _Kept(key_id, label, kind, spki, sealed)
        replace_file(self._path(key_id), msgspec.json.encode(kept), private=True)
        self._open[key_id] = private
        return _ref(kept)

    def find(self, key_id: str) -> KeyRef:
        return _ref(self._read(key_id))

    def keys(self) -> list[KeyRef]:
        return [self.find(path.stem) for path in sorted(self._folder.glob("key-*.json"))]

    def sign(self, key_id: str, message: bytes, sm2_id: bytes = DEFAULT_ID) -> bytes:
        return material.sign(self._private(key_id), message, sm2_id)

    def destroy(self, key_id: str) -> None:
        self._open.pop(key_id, None)
        path = self._path(key_id)
        if path.exists():
            path.write_bytes(secrets.token_bytes(path.stat().st_size))
            path.unlink()

    def _private(self, key_id: str) -> Any:
        if self._master is None:
            raise AppError(ErrorKind.UNAVAILABLE, "trust.keys.sealed")
        if key_id not in self._open:
            kept = self._read(key_id)
            plain = sm4.unseal(self._wrapping(key_id), kept.sealed, _bound(kept.id, kept.kind, kept.spki))
            self._open[key_id] = material.from_pkcs8(plain)
        return self._open[key_id]

    def _wrapping(self, key_id: str) -> bytes:
        if self._master is None:
            raise AppError(ErrorKind.UNAVAILABLE, "trust.keys.sealed")
        return hmac_sm3(self._master, b"yaodun wrap " + key_id.encode())[: sm4.KEY_SIZE]

    def _path(self, key_id: str) -> Path:
        if not key_id.startswith("key-") or not key_id.replace("-", "").isalnum():
            raise AppError(ErrorKind.NOT_FOUND, "trust.keys.no_key", key=key_id[:40])
        return self._folder / f"{key_id}.json"

    def _read(self, key_id: str) -> _Kept:
        path = self._path(key_id)
        if not path.exists():
            raise AppError(ErrorKind.NOT_FOUND, "trust.keys.no_key", key=key_id)
        return msgspec.json.decode(path.read_bytes(), type=_Kept)


def _ref(kept: _Kept) -> KeyRef:
    return KeyRef(kept.id, kept.label, kept.kind, kept.spki, Custody.SOFTWARE)


def _bound(key_id: str, kind: KeyKind, spki: bytes) -> bytes:
    return key_id.encode() + b"\x00" + kind.encode() + b"\x00" + spki
