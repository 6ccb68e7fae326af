"""A signed checkpoint of the ledger, checked anywhere without a database: size, both roots, two signatures.

In: the document, the keys it must be signed with (their fingerprints, from paper or another host).  Out: size and root.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from infra.errors import AppError, ErrorKind
from trust.crypto.algorithm import Check, check_signature
from trust.keys.algorithm import ALGORITHM
from trust.keys.seams import KeyKind

ALGORITHMS = (KeyKind.SM2, KeyKind.ED25519)
_CONTEXT = b"yaodun ledger checkpoint\x00"
_SIGNED = ("origin", "size", "sha256", "sm3", "time")
MAX_LINE = 16 << 10


def to_sign(body: Mapping[str, Any]) -> bytes:
    """The octets both keys sign: purpose, then JSON with sorted keys."""
    return _CONTEXT + orjson.dumps({name: body[name] for name in _SIGNED}, option=orjson.OPT_SORT_KEYS)


def check_checkpoint(document: Mapping[str, Any], keys: frozenset[str] = frozenset()) -> tuple[int, bytes]:
    """Size and SHA-256 root of a checkpoint both of whose signatures hold; with ``keys`` (SHA-256 of public keys,
    hexadecimal) both must be made by one of them. ``AppError(INVALID)`` says what is wrong."""
    try:
        message = to_sign(document)
        made = {row["algorithm"]: row for row in document["signatures"]}
        for kind in ALGORITHMS:
            _check(made[str(kind)], kind, message, keys)
        return int(document["size"]), bytes.fromhex(document["sha256"])
    except (KeyError, TypeError, ValueError):
        raise AppError(ErrorKind.INVALID, "trust.audit.checkpoint_malformed") from None


def _check(row: Mapping[str, str], kind: KeyKind, message: bytes, keys: frozenset[str]) -> None:
    spki = base64.b64decode(row["spki"], validate=True)
    signature = base64.b64decode(row["signature"], validate=True)
    fingerprint = hashlib.sha256(spki).hexdigest()
    if keys and fingerprint not in keys:
        raise AppError(ErrorKind.INVALID, "trust.audit.checkpoint_key", key=fingerprint)
    if check_signature(spki, ALGORITHM[kind], message, signature) is not Check.GOOD:
        raise AppError(ErrorKind.INVALID, "trust.audit.checkpoint_signature", algorithm=str(kind))


def read_checkpoints(path: Path, keys: frozenset[str] = frozenset()) -> dict[int, bytes]:
    """Roots by size of a file of checkpoints, one JSON document a line; every one is checked. ``AppError`` names the
    line that does not hold, or two that tell different histories."""
    found: dict[int, bytes] = {}
    for number, document in _documents(path):
        try:
            size, root = check_checkpoint(document, keys)
        except AppError as error:
            detail = {**error.detail, "place": f"{path}:{number}"}
            raise AppError(error.kind, "trust.audit.checkpoint_line", problem=str(error), **detail) from None
        if found.setdefault(size, root) != root:
            raise AppError(ErrorKind.INVALID, "infra.ledger.witness_split", place=f"{path}:{number}", size=size)
    return found


def _documents(path: Path) -> Iterator[tuple[int, Any]]:
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(MAX_LINE), b""), start=1):
            if not line.startswith(b"{"):
                continue
            try:
                document = orjson.loads(line)
            except orjson.JSONDecodeError:
                raise AppError(ErrorKind.INVALID, "trust.audit.checkpoint_malformed") from None
            if "signatures" in document:
                yield number, document
