"""A key ceremony: a script read aloud step by step, and a transcript everybody present signs.

In: a script (who is present, what is made), done at the signer's console.  Out: a transcript, each step chained to the
one before by hash, no secret in it (of shares only whose they are), and the participants' signatures over its end.
"""

from __future__ import annotations

import base64
import hashlib
import tomllib
from collections.abc import Mapping
from typing import Any

import msgspec
import orjson

from infra.clock import Clock, rfc3339
from infra.errors import AppError, ErrorKind
from trust.approval.statement import algorithm_of
from trust.crypto.algorithm import Check, check_signature
from trust.keys.seams import KeyKind

CONTEXT = b"yaodun key ceremony\x00"


class Participant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Someone present: name, part in the ceremony, public key (SubjectPublicKeyInfo, base64 or a PEM file's text)."""

    name: str
    role: str
    key: str
    holds_share: bool = False


class Planned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An authority to found."""

    name: str
    subject: str
    kind: KeyKind = KeyKind.SM2
    parent: str = ""
    days: int = 0
    points: tuple[str, ...] = ()


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole script. ``threshold`` of the participants who hold a share open the keys later."""

    title: str
    place: str
    threshold: int
    participants: tuple[Participant, ...]
    authorities: tuple[Planned, ...] = ()
    approvers: tuple[str, ...] = ()


def read_script(data: bytes) -> Script:
    """The script of TOML; ``AppError(INVALID)`` names what is wrong with it."""
    try:
        script = msgspec.convert(tomllib.loads(data.decode("utf-8")), Script)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise AppError(ErrorKind.INVALID, "trust.ceremony.script", problem=str(error)[:200]) from None
    holders = [one for one in script.participants if one.holds_share]
    if not 2 <= script.threshold <= len(holders):
        raise AppError(ErrorKind.INVALID, "trust.ceremony.holders", have=len(holders), needed=script.threshold)
    if len({one.name for one in script.participants}) != len(script.participants):
        raise AppError(ErrorKind.INVALID, "trust.ceremony.script", problem="a participant twice")
    return script


class Transcript:
    """What happened, step by step; ``digest`` is the hash of the last step, over all before it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.steps: list[dict[str, Any]] = []

    @property
    def digest(self) -> str:
        """What the participants sign."""
        return str(self.steps[-1]["hash"]) if self.steps else ""

    def note(self, step: str, **detail: Any) -> None:
        """Write a step down."""
        body = {"number": len(self.steps) + 1, "time": rfc3339(self._clock.now()), "step": step, "detail": detail}
        self.steps.append({**body, "hash": chained(self.digest, body)})

    def document(self) -> dict[str, Any]:
        """The transcript, not signed yet."""
        return {"format": "yaodun-ceremony/1", "steps": self.steps, "signatures": []}


def chained(before: str, body: Mapping[str, Any]) -> str:
    """The hash of a step together with all before it."""
    return hashlib.sha256(before.encode() + orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()


def to_sign(document: Mapping[str, Any]) -> bytes:
    """The octets a participant signs."""
    return CONTEXT + str(document["steps"][-1]["hash"]).encode()


def check_transcript(document: Mapping[str, Any]) -> dict[str, Any]:
    """Who signed and who did not yet; ``AppError(INVALID)`` where a step was altered, left out or put in, or where a
    signature does not hold."""
    try:
        steps = list(document["steps"])
        before = ""
        for number, step in enumerate(steps, start=1):
            body = {name: step[name] for name in ("number", "time", "step", "detail")}
            if step["number"] != number or chained(before, body) != step["hash"]:
                raise AppError(ErrorKind.INVALID, "trust.ceremony.altered", step=number)
            before = step["hash"]
        keys = {row["name"]: base64.b64decode(row["key"]) for row in steps[0]["detail"]["participants"]}
        signed = [_holds(document, row, keys) for row in document["signatures"]]
    except (KeyError, TypeError, IndexError, ValueError):
        raise AppError(ErrorKind.INVALID, "trust.ceremony.no_transcript") from None
    missing = sorted(keys.keys() - set(signed))
    return {"steps": len(steps), "hash": before, "signed_by": signed, "missing": missing, "complete": not missing}


def _holds(document: Mapping[str, Any], row: Mapping[str, str], keys: Mapping[str, bytes]) -> str:
    name, spki = row["name"], keys[row["name"]]
    signature = base64.b64decode(row["signature"])
    if check_signature(spki, algorithm_of(spki), to_sign(document), signature) is not Check.GOOD:
        raise AppError(ErrorKind.INVALID, "trust.ceremony.signature", name=name)
    return name
