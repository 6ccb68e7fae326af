"""TLS greetings: version, server name, and the JA4 fingerprint of the client (RFC 8446, 6066, 7301; FoxIO JA4)."""

from __future__ import annotations

import hashlib
from typing import Any

VERSIONS = {
    0x0304: "13",
    0x0303: "12",
    0x0302: "11",
    0x0301: "10",
    0x0300: "s3",
    0x0002: "s2",
    0xFEFF: "d1",
    0xFEFD: "d2",
}
NAMES = {"13": "1.3", "12": "1.2", "11": "1.1", "10": "1.0"}
_SNI, _GROUPS, _SIGNATURES, _ALPN, _VERSIONS = 0, 10, 13, 16, 43


class _ShortError(Exception):
    """The greeting is cut short or lies about its lengths."""


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        found = self.data[self.at : self.at + count]
        if len(found) < count:
            raise _ShortError
        self.at += count
        return found

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def part(self, size: int) -> _Reader:
        """What follows, behind a length of ``size`` bytes."""
        return _Reader(self.take(self.number(size)))

    @property
    def left(self) -> int:
        return len(self.data) - self.at

    def numbers(self) -> list[int]:
        return [self.number(2) for _ in range(self.left // 2)]


def client_hello(payload: bytes, *, transport: str = "t") -> dict[str, Any] | None:
    """The fields of a ClientHello at the start of a TLS record, None where there is none."""
    if len(payload) < 44 or payload[0] != 22 or payload[1] != 3 or payload[5] != 1:
        return None
    try:
        return _hello(_Reader(payload[9:]), transport)
    except _ShortError:
        return None


def server_hello(payload: bytes) -> dict[str, Any] | None:
    """Version and cipher a server chose, None where this is no ServerHello."""
    if len(payload) < 44 or payload[0] != 22 or payload[1] != 3 or payload[5] != 2:
        return None
    try:
        reader = _Reader(payload[9:])
        version = reader.number(2)
        reader.take(32)
        reader.part(1)
        cipher = reader.number(2)
        reader.take(1)
        if reader.left >= 2:
            version = _chosen(reader.part(2)) or version
    except _ShortError:
        return None
    name = VERSIONS.get(version, "")
    return {"tls.version": NAMES.get(name, name), "tls.cipher": f"0x{cipher:04x}", "tls.established": True}


def _chosen(extensions: _Reader) -> int:
    while extensions.left >= 4:
        kind, body = extensions.number(2), extensions.part(2)
        if kind == _VERSIONS and body.left == 2:
            return body.number(2)
    return 0


def _hello(reader: _Reader, transport: str) -> dict[str, Any]:
    version = reader.number(2)
    reader.take(32)
    reader.part(1)
    ciphers = [cipher for cipher in reader.part(2).numbers() if not _grease(cipher)]
    reader.part(1)
    kinds: list[int] = []
    name, alpn, signatures = "", "", list[int]()
    extensions = reader.part(2) if reader.left >= 2 else _Reader(b"")
    while extensions.left >= 4:
        kind, body = extensions.number(2), extensions.part(2)
        if _grease(kind):
            continue
        kinds.append(kind)
        if kind == _SNI and body.left > 5:
            body.take(3)
            name = body.part(2).data.decode("ascii", "backslashreplace").lower()
        elif kind == _ALPN and body.left > 3:
            body.take(2)
            alpn = body.part(1).data.decode("latin-1")
        elif kind == _SIGNATURES and body.left >= 2:
            signatures = body.part(2).numbers()
        elif kind == _VERSIONS and body.left >= 3:
            version = max((each for each in body.part(1).numbers() if not _grease(each)), default=version)
    found: dict[str, Any] = {"tls.client.ja4": ja4(transport, version, name, alpn, ciphers, kinds, signatures)}
    if name:
        found["tls.client.server_name"] = name
    return found


def _grease(value: int) -> bool:
    return value & 0x0F0F == 0x0A0A and value >> 8 == value & 0xFF


def ja4(
    transport: str, version: int, name: str, alpn: str, ciphers: list[int], extensions: list[int], signatures: list[int]
) -> str:
    """The JA4 fingerprint of what a client offered, values of GREASE left out already."""
    edge = (alpn[0] + alpn[-1]) if alpn and alpn[0].isalnum() and alpn[-1].isalnum() else "00"
    head = (
        f"{transport}{VERSIONS.get(version, '00')}{'d' if name else 'i'}"
        f"{min(len(ciphers), 99):02d}{min(len(extensions), 99):02d}{edge}"
    )
    offered = ",".join(f"{cipher:04x}" for cipher in sorted(ciphers))
    kept = ",".join(f"{kind:04x}" for kind in sorted(kind for kind in extensions if kind not in (_SNI, _ALPN)))
    if signatures:
        kept += "_" + ",".join(f"{each:04x}" for each in signatures)
    return f"{head}_{_short(offered if ciphers else '')}_{_short(kept)}"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else "0" * 12
