"""Signed checkpoints of the ledger: its head, signed with SM2 and Ed25519 by keys that only the signer has.

The signer reads the head itself and checks that the ledger still begins with the one it signed last: it never signs a
head that came in, and never two histories. The keys need no shareholders, so that checkpoints go on while the
authorities' keys are sealed; they can sign nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select

from infra.clock import Clock, rfc3339
from infra.durable import replace_file
from infra.errors import AppError, ErrorKind
from infra.ledger import Ledger
from infra.records import Records
from trust.audit.checkpoint import ALGORITHMS, to_sign
from trust.audit.rows import CheckpointRow
from trust.keys import material
from trust.keys.seams import KeyKind

_ID = b"1234567812345678"


class Checkpoints:
    """Makes checkpoints of one site's ledger."""

    def __init__(self, folder: Path, site: Records, clock: Clock) -> None:
        self._folder, self._site, self._clock = folder, site, clock
        self._ledger = Ledger(site)

    def make(self) -> dict[str, Any]:
        """A checkpoint of the newest head: the last one where nothing was added. ``AppError(CONFLICT)`` where the
        ledger is not the continuation of the one signed before; ``AppError(UNAVAILABLE)`` while it is empty."""
        head, last = self._ledger.head(), self._last()
        if head is None:
            raise AppError(ErrorKind.UNAVAILABLE, "trust.audit.nothing_yet")
        if last is not None:
            self._compare(last, head.size)
            if last["size"] == head.size:
                return last
        body = {
            "origin": self._origin(), "size": head.size, "sha256": head.sha256, "sm3": head.sm3,
            "time": rfc3339(self._clock.now()),
        }  # fmt: skip
        document = {**body, "signatures": [self._signature(kind, body) for kind in ALGORITHMS]}
        text = orjson.dumps(document).decode()
        replace_file(self._folder / "last.json", text.encode(), private=True)
        row = {"size": head.size, "made": self._clock.now(), "document": text}
        self._site.write(lambda session: session.merge(CheckpointRow(**row)) and None)
        return document

    def _compare(self, last: dict[str, Any], size: int) -> None:
        if size < last["size"] or self._ledger.root(last["size"]) != last["sha256"]:
            raise AppError(ErrorKind.CONFLICT, "trust.audit.rewritten", size=last["size"])

    def _last(self) -> dict[str, Any] | None:
        """The newest one signed: remembered beside the keys, because whoever rewrites records rewrites them there."""
        path = self._folder / "last.json"
        if path.exists():
            found: dict[str, Any] = orjson.loads(path.read_bytes())
            return found
        query = select(CheckpointRow.document).order_by(CheckpointRow.size.desc()).limit(1)
        text = self._site.read(lambda session: session.scalar(query))
        return orjson.loads(text) if text else None

    def _signature(self, kind: KeyKind, body: dict[str, Any]) -> dict[str, str]:
        private = self._key(kind)
        spki = material.spki_of(private)
        made = material.sign(private, to_sign(body), _ID)
        return {
            "algorithm": str(kind), "key": hashlib.sha256(spki).hexdigest(),
            "spki": base64.b64encode(spki).decode(), "signature": base64.b64encode(made).decode(),
        }  # fmt: skip

    def _key(self, kind: KeyKind) -> Any:
        path = self._folder / f"{kind}.key"
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_file(path, material.to_pkcs8(material.generate(kind)), private=True)
        return material.from_pkcs8(path.read_bytes())

    def _origin(self) -> str:
        """The name of this ledger in every checkpoint: random, made once."""
        path = self._folder / "origin"
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_file(path, f"yaodun-ledger/{secrets.token_hex(8)}".encode(), private=True)
        return path.read_text()
