"""A signed approval: what exactly was approved, by whom, until when. The web process cannot make one.

The approver's key signs the canonical statement after a purpose prefix. A statement names the request's hash, the
authority and the profile, so it counts for nothing else.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec
import orjson

from infra.errors import AppError, ErrorKind
from trust.crypto.algorithm import Check, check_signature, load_key
from trust.keys import material
from trust.keys.algorithm import ALGORITHM
from trust.keys.seams import KeyKind

CONTEXT = b"yaodun approval\x00"
MAX_STATEMENT = 4096


class Decision(StrEnum):
    """What an approver says."""

    APPROVE = "approve"
    REFUSE = "refuse"


class Statement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is signed."""

    request: str
    sha256: str
    authority: str
    profile: str
    approver: str
    decision: Decision
    expires: datetime

    def canonical(self) -> bytes:
        """JSON with sorted keys."""
        return orjson.dumps(msgspec.to_builtins(self), option=orjson.OPT_SORT_KEYS)


def sign_statement(statement: Statement, private: object) -> bytes:
    """The signature of an approver's private key."""
    return material.sign(private, CONTEXT + statement.canonical(), b"1234567812345678")


def read_statement(data: bytes) -> Statement:
    """The statement of canonical octets; ``AppError(INVALID)`` otherwise."""
    try:
        if len(data) > MAX_STATEMENT:
            raise ValueError("too long")
        found = msgspec.json.decode(data, type=Statement)
        if found.canonical() != data or found.expires.tzinfo is None:
            raise ValueError("not canonical")
    except (msgspec.MsgspecError, ValueError):
        raise AppError(ErrorKind.INVALID, "trust.registration.statement_malformed") from None
    return found


_FAMILIES = {"sm2": KeyKind.SM2, "rsa": KeyKind.RSA2048, "ed25519": KeyKind.ED25519}


def statement_holds(statement: bytes, signature: bytes, spki: bytes) -> bool:
    """Did the key of ``spki`` sign the statement?"""
    if load_key(spki) is None:
        return False
    return check_signature(spki, algorithm_of(spki), CONTEXT + statement, signature) is Check.GOOD


def algorithm_of(spki: bytes) -> bytes:
    """DER of the algorithm a person's key signs with; ``AppError(INVALID)`` for a key the site cannot use."""
    key = load_key(spki)
    if key is None:
        raise AppError(ErrorKind.INVALID, "trust.registration.approver_key")
    return ALGORITHM[_FAMILIES.get(key.kind) or (KeyKind.P256 if key.bits <= 256 else KeyKind.P384)]
