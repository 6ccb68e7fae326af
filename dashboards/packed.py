"""Files of the pages, packed once: scripts and styles are compressed at first use and kept by browsers for a year.

Their addresses carry a fingerprint (component suites) or a modification time (assets), so a new file is a new address.
"""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 24 * 2**20
SMALLEST = 1024
YEAR = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class File:
    """One file as it is kept: packed, or plain where it is too small to gain."""

    headers: MutableHeaders
    body: bytes
    packed: bool


class Packed:
    """ASGI middleware in front of what serves files under ``prefixes``."""

    def __init__(self, app: ASGIApp, prefixes: tuple[str, ...]) -> None:
        self.app = app
        self.prefixes = prefixes
        self._files: OrderedDict[str, File] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(self.prefixes):
            await self.app(scope, receive, send)
            return
        key = f"{scope['path']}?{scope.get('query_string', b'').decode('latin-1')}"
        file = self._files.get(key)
        if file is None:
            start, body = await _answer(self.app, scope, receive)
            if start["status"] != 200:
                await send(start)
                await send({"type": "http.response.body", "body": body})
                return
            file = await asyncio.to_thread(_pack, start, body, lasting="m=" in key or ".v" in key)
            self._keep(key, file)
        await _send(file, Headers(scope=scope), send)

    def _keep(self, key: str, file: File) -> None:
        self._files[key] = file
        while sum(len(each.body) for each in self._files.values()) > MOST_BYTES:
            self._files.popitem(last=False)


async def _answer(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    """The whole answer of ``app``; conditional requests are asked in full, so that there is something to keep."""
    plain = [(name, value) for name, value in scope["headers"] if not name.startswith(b"if-") and name != b"range"]
    start: Message = {"type": "http.response.start", "status": 500, "headers": []}
    body = bytearray()

    async def take(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        elif message["type"] == "http.response.body":
            body.extend(message.get("body", b""))

    await app({**scope, "headers": plain}, receive, take)
    return start, bytes(body)


def _pack(start: Message, body: bytes, *, lasting: bool) -> File:
    headers = MutableHeaders(raw=list(start["headers"]))
    headers["vary"] = "accept-encoding"
    if lasting:
        headers["cache-control"] = YEAR
    packed = len(body) >= SMALLEST
    return File(headers, gzip.compress(body, 6, mtime=0) if packed else body, packed)


async def _send(file: File, asked: Headers, send: Send) -> None:
    headers = MutableHeaders(raw=list(file.headers.raw))
    body = file.body
    if file.packed and "gzip" in asked.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
    elif file.packed:
        body = await asyncio.to_thread(gzip.decompress, body)
    headers["content-length"] = str(len(body))
    await send({"type": "http.response.start", "status": 200, "headers": headers.raw})
    await send({"type": "http.response.body", "body": body})
