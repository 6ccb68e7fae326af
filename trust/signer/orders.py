"""What each of the signer's operations takes. Nothing else is read from a frame."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from trust.keys.seams import KeyKind
from trust.registration.desk import RequestState


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No arguments."""


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One share of the master key, as text."""

    share: str


class Submit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request: PKCS#10 in base64, where to, who asks."""

    csr: str
    authority: str
    profile: str
    asker: str
    subject: str = ""
    names: tuple[str, ...] = ()
    replaces: str = ""


class Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Requests in one state, or all."""

    state: RequestState | None = None


class Decide(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signed approval or refusal, both parts in base64."""

    statement: str
    signature: str


class Issue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An approved request to issue."""

    request: str
    actor: str


class Fetch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A certificate to hand out."""

    intent: str


class Revoke(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A certificate to take back; serial in hexadecimal."""

    authority: str
    serial: str
    reason: str
    actor: str
    invalid_since: datetime | None = None


class Publish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A list to publish."""

    authority: str
    actor: str
    partition: int = 0
    delta: bool = False


class Renew(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A certificate to renew for its key, or for the new key of a PKCS#10 in base64."""

    authority: str
    serial: str
    asker: str
    csr: str = ""


class Examine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request to look at."""

    request: str


class Certificates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which certificates: of one authority or all, in one state or any, ending before a moment, a page of them."""

    authority: str = ""
    revoked: bool | None = None
    before: datetime | None = None
    text: str = ""
    limit: int = 200
    offset: int = 0


class Console(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Work for which shareholders must be present: its name, its arguments, their shares."""

    work: str
    shares: tuple[str, ...]
    arguments: dict[str, Any] = {}


class Found(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An authority to found: a root, or below ``parent``."""

    name: str
    subject: str
    kind: KeyKind = KeyKind.SM2
    parent: str = ""
    points: tuple[str, ...] = ()
    partitions: int = 1
    days: int = 0
    permitted: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


class Rekey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An authority that gets a new key under its old name."""

    authority: str


class Cross(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another authority's certificate (DER, base64) to certify under one of ours."""

    authority: str
    certificate: str
    permitted: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


class Approver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Someone whose signature approves requests: name and public key (SubjectPublicKeyInfo, base64)."""

    name: str
    spki: str


class Leaving(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An approver who no longer is one."""

    name: str


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model to seal: SHA-256 of its card and of its arrays, hexadecimal."""

    card: str
    body: str


class Digests(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text to seal (the manifest of a package, a version of weights): its SHA-256 and SM3, hexadecimal."""

    sha256: str
    sm3: str
