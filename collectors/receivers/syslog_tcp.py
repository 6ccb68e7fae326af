"""Syslog over TCP and TLS (RFC 6587, RFC 5425). A sink that is full stops the reading, so the sender waits."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Mapping, Sequence

from collectors.delivery import deliver
from collectors.frames import FrameKind, pack_records
from collectors.receivers.addresses import join_address, open_stream, split_address
from collectors.receivers.peers import PeerSources, syslog_frame
from collectors.receivers.seams import Listener, ListenerKind, Refusals
from collectors.receivers.syslog_framing import MAX_MESSAGE, Message, Oversize, SyslogFramer
from infra.events.frame import Frame
from infra.events.seams import EventSink

MAX_CONNECTIONS = 4_096
_READ = 256 << 10
_STOP_WAIT_S = 2.0


class SyslogTcpReceiver:
    """Listens on one TCP address, with TLS where ``tls`` is given."""

    def __init__(
        self,
        listen: str,
        refusals: Refusals,
        *,
        tls: ssl.SSLContext | None = None,
        names: Mapping[str, str] | None = None,
        max_message: int = MAX_MESSAGE,
    ) -> None:
        self._listen = listen
        self._refusals = refusals
        self._tls = tls
        self._max_message = max_message
        self._sources = PeerSources("syslog", dict(names or {}))
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._deliveries: set[asyncio.Task[None]] = set()

    @property
    def addresses(self) -> Sequence[Listener]:
        if self._server is None:
            return []
        kind = ListenerKind.SYSLOG_TLS if self._tls else ListenerKind.SYSLOG_TCP
        return [Listener(kind, join_address(sock.getsockname())) for sock in self._server.sockets]

    async def start(self, sink: EventSink) -> None:
        """Opens the port; ``AppError(ENVIRONMENT)`` where it is taken or needs rights."""
        sock = open_stream(split_address(self._listen, 6514 if self._tls else 601))

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._serve(sink, reader, writer)

        self._server = await asyncio.start_server(serve, sock=sock, ssl=self._tls, limit=_READ, backlog=512)

    async def stop(self) -> None:
        """Closes the port and the connections; what was read whole is handed over first."""
        if self._server is None:
            return
        self._server.close()
        for task in list(self._connections):
            task.cancel()
        if waiting := self._connections | self._deliveries:
            await asyncio.wait(waiting, timeout=_STOP_WAIT_S)
        self._server = None

    async def _serve(self, sink: EventSink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._connections) >= MAX_CONNECTIONS:
            writer.close()
            return
        self._connections.add(task)
        try:
            peer = (writer.get_extra_info("peername") or ("local", 0))[0]
            await self._read(sink, reader, peer)
        except (asyncio.CancelledError, OSError):
            pass
        finally:
            self._connections.discard(task)
            writer.close()
            with contextlib.suppress(OSError, ssl.SSLError):
                await writer.wait_closed()

    async def _read(self, sink: EventSink, reader: asyncio.StreamReader, peer: str) -> None:
        framer = SyslogFramer(self._max_message)
        try:
            while data := await reader.read(_READ):
                await self._take(sink, framer.feed(data), peer)
        finally:
            await self._take(sink, framer.finish(), peer)

    async def _take(self, sink: EventSink, messages: Sequence[Message], peer: str) -> None:
        if not messages:
            return
        source = self._sources.of(peer)
        transport = "tls" if self._tls else "tcp"
        whole = [message for message in messages if isinstance(message, bytes)]
        frames = [syslog_frame(source, whole, peer, transport=transport)] if whole else []
        frames += [_oversize(source, message, peer) for message in messages if isinstance(message, Oversize)]
        delivery = asyncio.create_task(deliver(sink, frames))
        self._deliveries.add(delivery)
        delivery.add_done_callback(self._deliveries.discard)
        await asyncio.shield(delivery)


def _oversize(source: str, message: Oversize, peer: str) -> Frame:
    body = pack_records([message.head])
    meta = {"oversize": str(message.length)}
    return Frame(source, FrameKind.SYSLOG, 1, time.time_ns(), body, peer=peer, meta=meta)
