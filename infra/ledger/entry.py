"""An audit entry: who did what to which thing, when, and its one canonical form in bytes."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from infra.errors import AppError, ErrorKind
from infra.web.seams import Actor

MAX_BODY = 64 * 1024
_SECRET = re.compile(r"password|passphrase|secret|private_?key|otp_?seed", re.IGNORECASE)
_LEAF = re.compile(rb'\{"leaf":(0|[1-9][0-9]{0,17}),"')


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry. ``thing`` is ``kind:id`` (``user:01J...``), ``action`` is ``room.verb`` (``trust.user.create``)."""

    id: str
    time: str
    actor: dict[str, str]
    action: str
    thing: str
    detail: dict[str, Any]


class NumberedEntry(Entry, frozen=True, kw_only=True):
    """An entry that has its place in the tree."""

    leaf: int


def actor_of(actor: Actor | str) -> dict[str, str]:
    """What the ledger keeps of an actor; a plain name is a service of the platform."""
    if isinstance(actor, str):
        return {"id": actor, "kind": "service", "name": actor}
    return {"id": actor.id, "kind": actor.kind, "name": actor.name}


def canonical(entry: Entry) -> bytes:
    """The bytes of ``entry``: compact JSON, keys sorted, UTF-8, no line breaks. ``AppError`` if too large or secret."""
    _refuse_secrets(entry.detail)
    body = msgspec.json.encode(msgspec.to_builtins(entry), order="sorted")
    if len(body) > MAX_BODY:
        raise AppError(ErrorKind.TOO_LARGE, "infra.ledger.entry_large", place=entry.thing, bytes=len(body))
    return body


def leaf_bytes(number: int, body: bytes) -> bytes:
    """What the tree hashes: the entry with its own place written in front."""
    return b'{"leaf":%d,' % number + body[1:]


def leaf_number(leaf: bytes) -> int | None:
    """The place a leaf says it has; None where it says none."""
    found = _LEAF.match(leaf)
    return int(found[1]) if found else None


def read_leaf(leaf: bytes) -> NumberedEntry:
    """The entry of a leaf's bytes; raises ``msgspec.DecodeError`` on anything else."""
    return msgspec.json.decode(leaf, type=NumberedEntry)


def _refuse_secrets(detail: dict[str, Any]) -> None:
    for key, value in detail.items():
        if _SECRET.search(key) and not isinstance(value, bool):
            raise ValueError(f"the ledger keeps no secrets: leave {key!r} out of the detail")
        if isinstance(value, dict):
            _refuse_secrets(value)
