"""Forwards the agent's spool to ingest in order, and frees what is acknowledged; comes again after every failure."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from pathlib import Path

import msgspec

from collectors.agent.wire import Ack, Batch, Hello, Placed, ToAgent, Welcome, decoder_of, pack, read_message
from infra.spool import SpoolPosition, SpoolReader

_log = logging.getLogger(__name__)
BATCH_BYTES = 1 << 20
_POLL_S = 0.1
_FIRST_WAIT_S = 0.2
_MAX_WAIT_S = 10.0


class Forwarder:
    """One per agent. ``delivered`` counts records acknowledged since it started."""

    def __init__(self, spool: Path, socket: Path, hello: Hello) -> None:
        self._spool = spool
        self._socket = socket
        self._hello = hello
        self._decoder = decoder_of(ToAgent)
        self.delivered = 0
        self.connected = False
        self.acknowledged = SpoolPosition()
        self._reader: SpoolReader | None = None

    def lag_bytes(self) -> int:
        """Bytes of the spool that are not acknowledged."""
        return self._reader.lag_bytes() if self._reader else 0

    async def run(self) -> None:
        """Forwards until cancelled."""
        wait = _FIRST_WAIT_S
        while True:
            try:
                await self._connection()
            except (OSError, asyncio.IncompleteReadError, ValueError, msgspec.MsgspecError) as error:
                _log.log(logging.INFO if not self.connected else logging.WARNING, "agent.disconnected", exc_info=error)
                wait = _FIRST_WAIT_S if self.connected else min(wait * 2, _MAX_WAIT_S)
            finally:
                self.connected = False
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))

    async def _connection(self) -> None:
        reader, writer = await asyncio.open_unix_connection(str(self._socket), limit=1 << 16)
        try:
            writer.write(pack(self._hello))
            welcome = await read_message(reader, self._decoder)
            if not isinstance(welcome, Welcome):
                raise ValueError("ingest did not say welcome")
            self.connected = True
            await self._forward(reader, writer, welcome.position)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, position: SpoolPosition
    ) -> None:
        spool = SpoolReader(self._spool, position)
        self._reader = spool
        self._free(spool, position)
        try:
            while True:
                frames = [Placed(behind, frame) for frame, behind in spool.read(BATCH_BYTES, 500)]
                if not frames:
                    await self._idle(reader)
                    continue
                writer.write(pack(Batch(frames)))
                await writer.drain()
                ack = await read_message(reader, self._decoder)
                if not isinstance(ack, Ack) or ack.position < frames[-1].position:
                    raise ValueError("ingest acknowledged something else")
                self.delivered += sum(placed.frame.count for placed in frames)
                self._free(spool, frames[-1].position)
        finally:
            spool.close()
            self._reader = None

    async def _idle(self, reader: asyncio.StreamReader) -> None:
        if reader.at_eof():
            raise ConnectionResetError("ingest closed the connection")
        await asyncio.sleep(_POLL_S)

    def _free(self, spool: SpoolReader, position: SpoolPosition) -> None:
        self.acknowledged = position
        spool.release(position)
