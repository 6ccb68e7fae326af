"""How an agent reaches ingest: by the local socket, or over mutual TLS on TCP."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Protocol

SERVER_NAME = "ingest.yaodun.internal"
"""The one name in ingest's certificate for agents: agents know it by its authority, wherever its address is."""
HANDSHAKE_S = 60.0
"""Long, for a handshake may wait its turn where thousands of agents come back at once."""
_LIMIT = 1 << 16

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Channel(Protocol):
    """Opens a connection to ingest; ``OSError`` (``ssl.SSLError`` is one) where that is not possible now."""

    async def open(self) -> Streams: ...


class LocalChannel:
    """The socket on this machine."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    async def open(self) -> Streams:
        return await asyncio.open_unix_connection(str(self._socket), limit=_LIMIT)


class TlsChannel:
    """Ingest on another machine, which must show a certificate of ``authority`` (a PEM file). ``identity`` is a PEM
    file with this agent's key and certificate, read anew for each connection; None while it has none."""

    def __init__(self, host: str, port: int, authority: Path, identity: Path | None = None) -> None:
        self._host, self._port = host, port
        self._authority, self._identity = authority, identity

    async def open(self) -> Streams:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_verify_locations(cafile=self._authority)
        if self._identity is not None:
            context.load_cert_chain(self._identity)
        return await _connect(self._host, self._port, context)


class UnknownChannel:
    """Ingest before anybody vouched for it: good for asking who would, and for nothing else."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port

    async def open(self) -> Streams:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the answer is compared with the fingerprint in the token
        return await _connect(self._host, self._port, context)


async def _connect(host: str, port: int, context: ssl.SSLContext) -> Streams:
    async with asyncio.timeout(HANDSHAKE_S):
        return await asyncio.open_connection(
            host, port, ssl=context, server_hostname=SERVER_NAME, limit=_LIMIT, ssl_handshake_timeout=HANDSHAKE_S
        )
