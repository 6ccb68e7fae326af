"""The signer's local socket: length-prefixed JSON, one question and one answer a frame, peers known by the kernel."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import struct
import threading
from pathlib import Path
from typing import Any

import orjson

from infra.errors import AppError, ErrorKind
from trust.signer.core import SignerCore

log = logging.getLogger(__name__)
MAX_FRAME = 1 << 20
IDLE_S = 60.0
REFUSAL_S = 1.0
"""How long one who is not allowed is listened to, so that the refusal reaches it."""
_CREDENTIALS = struct.Struct("3i")


class SignerServer:
    """Answers on a Unix socket. Only user ids in ``allowed`` (default: the signer's own, and root) are heard."""

    def __init__(self, core: SignerCore, path: Path, allowed: frozenset[int] | None = None) -> None:
        self._core, self._path = core, path
        self._allowed = allowed if allowed is not None else frozenset({os.getuid(), 0})
        self.alone = threading.Lock()
        self._open: set[asyncio.Task[Any]] = set()
        self.answered = self.refused = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until ``stop`` is set."""
        self._path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            server = await asyncio.start_unix_server(self._serve, str(self._path))
        finally:
            os.umask(before)
        async with server:
            await stop.wait()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            if self._user(writer) not in self._allowed:
                self.refused += 1
                await self._turn_away(reader, writer)
                return
            while (frame := await asyncio.wait_for(self._frame(reader), IDLE_S)) is not None:
                await self._send(writer, await self._answer(frame))
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
            self.refused += 1
        finally:
            self._open.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _turn_away(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Say why, and read away what was asked: closing over unread octets would take the answer back."""
        await self._send(writer, _problem(AppError(ErrorKind.FORBIDDEN, "trust.signer.not_allowed")))
        writer.write_eof()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(reader.read(MAX_FRAME), REFUSAL_S)

    @staticmethod
    def _user(writer: asyncio.StreamWriter) -> int:
        plain: socket.socket = writer.get_extra_info("socket")
        data = plain.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        return int(_CREDENTIALS.unpack(data)[1])

    @staticmethod
    async def _frame(reader: asyncio.StreamReader) -> bytes | None:
        head = await reader.read(4)
        if not head:
            return None
        while len(head) < 4:
            head += await reader.readexactly(4 - len(head))
        size = int.from_bytes(head, "big")
        if size > MAX_FRAME:
            raise ConnectionError("frame too large")
        return await reader.readexactly(size)

    async def _answer(self, frame: bytes) -> bytes:
        try:
            operation, arguments = _read(frame)
            found = await asyncio.to_thread(self._handle, operation, arguments)
        except AppError as error:
            self.refused += 1
            return _problem(error)
        except Exception:
            log.exception("signer.operation_failed")
            return _problem(AppError(ErrorKind.INTERNAL, "trust.signer.frame_wrong"))
        self.answered += 1
        return orjson.dumps({"answer": found}, default=str)

    def _handle(self, operation: str, arguments: Any) -> Any:
        """One operation at a time."""
        with self.alone:
            return self._core.handle(operation, arguments)

    @staticmethod
    async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
        writer.write(len(data).to_bytes(4, "big") + data)
        await writer.drain()


def _read(frame: bytes) -> tuple[str, Any]:
    try:
        value = orjson.loads(frame)
        return str(value["operation"]), value.get("arguments", {})
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise AppError(ErrorKind.INVALID, "trust.signer.frame_wrong") from None


def _problem(error: AppError) -> bytes:
    detail = {key: value for key, value in error.detail.items() if isinstance(value, str | int | float | bool)}
    return orjson.dumps({"problem": {"kind": str(error.kind), "key": error.message_key, "detail": detail}})
