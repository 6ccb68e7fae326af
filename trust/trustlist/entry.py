"""What the list says of one authority, and the list itself. Plain values with a canonical form that is signed."""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum

import msgspec
import orjson

from trust.validation.profile import ProfileName


class State(StrEnum):
    """Is the authority recognised?"""

    ACCEPTED = "accepted"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"


class Purpose(StrEnum):
    """What its certificates may be used for here."""

    LOGIN = "login"
    SIGN = "sign"
    SEAL = "seal"
    DEVICE = "device"
    SERVER = "server"


class Freshness(StrEnum):
    """Must revocation be known?"""

    REQUIRED = "required"
    WHEN_GIVEN = "when_given"


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a certificate names the person or unit behind it: a subject attribute or an extension (dotted),
    and what the value is (``uscc`` 统一社会信用代码, ``person`` an identity number, ``account`` ...)."""

    source: str
    oid: str
    scheme: str


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One authority.

    ``certificates`` are its anchors (DER). ``since`` is when recognition began, ``until`` from when it is withdrawn:
    it may lie in the past, a later list may move it back. ``permitted`` and ``excluded`` are name scopes written
    ``dns:example.cn``, ``mail:example.cn``, ``uri:...``, ``ip:10.0.0.0/8``, ``dn:O=..., C=CN``.
    ``sm2_id`` is the SM2 user id in hexadecimal where it is not the default one. ``level`` is 1 (low) to 4.
    """

    id: str
    name: str
    certificates: tuple[bytes, ...]
    state: State
    since: datetime
    until: datetime | None = None
    usages: tuple[Purpose, ...] = tuple(Purpose)
    level: int = 2
    permitted: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    sm2_id: str | None = None
    revocation: Freshness = Freshness.WHEN_GIVEN
    max_crl_age_h: int | None = None
    sources: tuple[str, ...] = ()
    mappings: tuple[Mapping, ...] = ()
    profile: ProfileName = ProfileName.PATH


class Publisher(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Someone whose signature counts for the next version."""

    name: str
    spki: bytes


class TrustList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version. It must be signed by ``threshold`` different publishers of the version before it
    (the first one: of itself)."""

    version: int
    issued: datetime
    next_update: datetime
    previous: str
    threshold: int
    publishers: tuple[Publisher, ...]
    entries: tuple[Entry, ...]

    def canonical(self) -> bytes:
        """The octets that are signed and hashed: JSON with sorted keys."""
        return orjson.dumps(msgspec.to_builtins(self), option=orjson.OPT_SORT_KEYS)

    @property
    def sha256(self) -> str:
        """Hash of the canonical form, hexadecimal."""
        return hashlib.sha256(self.canonical()).hexdigest()

    def entry(self, entry_id: str) -> Entry | None:
        """The entry with this id."""
        return next((entry for entry in self.entries if entry.id == entry_id), None)


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A publisher's signature over the canonical octets."""

    publisher: str
    signature: bytes


class SignedList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A list with its signatures, as it is kept and handed on."""

    body: bytes
    signatures: tuple[Signature, ...]

    @property
    def list(self) -> TrustList:
        """The list; ``msgspec.ValidationError`` where it is none."""
        return msgspec.json.decode(self.body, type=TrustList)
