"""Questions to one device, bounded: a walk ends at its subtree, at ``MAX_ROWS``, where OIDs do not grow, or in time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    UsmUserData,
    bulk_cmd,
    get_cmd,
    usmAesCfb128Protocol,
    usmAesCfb256Protocol,
    usmHMAC192SHA256AuthProtocol,
    usmHMAC384SHA512AuthProtocol,
    usmHMACSHAAuthProtocol,
    usmNoAuthProtocol,
    usmNoPrivProtocol,
)

MAX_ROWS = 5_000
_REPEAT = 16
AUTH = {"sha1": usmHMACSHAAuthProtocol, "sha256": usmHMAC192SHA256AuthProtocol, "sha512": usmHMAC384SHA512AuthProtocol}
PRIVACY = {"aes128": usmAesCfb128Protocol, "aes256": usmAesCfb256Protocol}
Value = int | bytes | str
Oid = tuple[int, ...]


class SnmpError(Exception):
    """The device did not answer, or answered with an error; the text says which."""


def community(name: str) -> Any:
    """Credentials of v2c."""
    return CommunityData(name, mpModel=1)  # noqa: S508 - much gear speaks nothing better


def user(name: str, auth: str, auth_key: str, privacy: str, privacy_key: str) -> Any:
    """Credentials of v3 (USM, RFC 3414; SHA-2 by RFC 7860, AES by RFC 3826)."""
    return UsmUserData(
        name, auth_key or None, privacy_key or None,
        authProtocol=AUTH[auth] if auth_key else usmNoAuthProtocol,
        privProtocol=PRIVACY[privacy] if privacy_key else usmNoPrivProtocol,
    )  # fmt: skip


class Session:
    """One device. ``engine`` is shared by all devices of a poller."""

    def __init__(self, engine: SnmpEngine, credentials: Any, host: str, port: int, timeout_s: float) -> None:
        self._engine, self._credentials = engine, credentials
        self._host, self._port, self._timeout_s = host, port, timeout_s
        self._target: Any = None
        self.requests = 0

    async def get(self, oids: Sequence[str]) -> dict[str, Value]:
        """Values of ``oids``; those the device does not have are left out."""
        found = await self._ask(get_cmd, [ObjectType(ObjectIdentity(oid)) for oid in oids])
        return {str(oid): value for oid, raw in found if (value := _plain(raw)) is not None}

    async def walk(self, columns: Sequence[str]) -> dict[Oid, dict[str, Value]]:
        """Rows of a table by index: values by column. Columns are asked for together."""
        roots = {column: _numbers(column) for column in columns}
        reached: dict[str, Oid] = dict(roots)
        rows: dict[Oid, dict[str, Value]] = {}
        while reached and len(rows) < MAX_ROWS:
            asked = list(reached)
            objects = [ObjectType(ObjectIdentity(reached[column])) for column in asked]
            found = await self._ask(bulk_cmd, objects, 0, _REPEAT)
            reached = _absorb(found, asked, roots, reached, rows)
        return rows

    async def _ask(self, command: Any, objects: Sequence[Any], *counts: int) -> Sequence[tuple[Any, Any]]:
        if self._target is None:
            self._target = await UdpTransportTarget.create((self._host, self._port), timeout=self._timeout_s, retries=1)
        self.requests += 1
        problem, status, _, found = await command(
            self._engine, self._credentials, self._target, ContextData(), *counts, *objects, lookupMib=False
        )
        if problem:
            raise SnmpError(str(problem)[:200])
        if status:
            raise SnmpError(status.prettyPrint())
        return list(found)


def _absorb(
    found: Sequence[tuple[Any, Any]], asked: Sequence[str], roots: dict[str, Oid], reached: dict[str, Oid],
    rows: dict[Oid, dict[str, Value]],
) -> dict[str, Oid]:  # fmt: skip
    """Take over the rows of one answer; what is still to be asked, and from where."""
    going = {column: reached[column] for column in asked} if found else {}
    for number, (name, raw) in enumerate(found):
        column = asked[number % len(asked)]
        if column not in going:
            continue
        oid, root = tuple(name), roots[column]
        value = _plain(raw)
        if value is None or oid[: len(root)] != root or oid <= going[column]:
            del going[column]
            continue
        going[column] = oid
        rows.setdefault(oid[len(root) :], {})[column] = value
    return going if going != {column: reached[column] for column in going} else {}


def _numbers(oid: str) -> Oid:
    return tuple(int(part) for part in oid.split("."))


def _plain(raw: Any) -> Value | None:
    """A value of Python; None for "there is none" and the end of the tree."""
    name = type(raw).__name__
    if name in ("NoSuchObject", "NoSuchInstance", "EndOfMibView", "Null"):
        return None
    if name == "IpAddress":
        return str(raw.prettyPrint())
    if name in ("ObjectIdentifier", "ObjectIdentity"):
        return str(raw)
    if name in ("OctetString", "Opaque", "Bits"):
        return bytes(raw)
    try:
        return int(raw)
    except (TypeError, ValueError):
        return str(raw)
