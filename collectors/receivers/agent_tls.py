"""The door for agents on other hosts: mutual TLS on one TCP port; enrolment, renewal, delivery.

A caller without a certificate may ask for the authority and enrol with a one-time token, nothing else. A certificate
admits only while its agent is not revoked: the connection of one that is ends as soon as the feed tells.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from collectors.agent.wire import (
    Ask,
    Authority,
    Beat,
    Enrol,
    FromAgent,
    Hello,
    Placed,
    Refusal,
    Renew,
    decoder_of,
    pack,
    read_message,
)
from collectors.fleet.fleet import Fleet
from collectors.fleet.muster import Member, Muster
from collectors.fleet.presence import Presence, Present
from collectors.places import Places
from collectors.receivers.addresses import join_address, open_stream, split_address
from collectors.receivers.agent_conversation import SKEW_FROM_MS, Connections, Conversation, Hold, arrived
from collectors.receivers.seams import Listener, ListenerKind
from infra.errors import AppError, ErrorKind
from infra.events.frame import SKEW, Frame
from infra.events.seams import EventSink

_log = logging.getLogger(__name__)
MAX_CONNECTIONS = 8_192
MAX_STRANGERS = 256
STRANGER_MESSAGE = 32 << 10
MAX_MESSAGE = 16 << 20
HANDSHAKE_S = 20.0
HANDSHAKES = 64
BACKLOG = 8_192
READ_LIMIT = 1 << 17
STRANGER_S = 20.0
QUIET_S = 120.0
"""An agent beats every ten seconds; one that says nothing for so long is gone."""
_SAVE_S = 2.0


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class AgentTlsReceiver:
    """Listens on one TCP address. ``places`` keeps how far each agent got; it stands between this and the spool."""

    def __init__(
        self,
        listen: str,
        places: Places,
        fleet: Fleet,
        muster: Muster,
        presence: Presence,
        hold: Hold | None = None,
    ) -> None:
        self._listen = listen
        self._places = places
        self._fleet = fleet
        self._muster = muster
        self._presence = presence
        self._hold = hold
        self._decoder = decoder_of(FromAgent)
        self._connections = Connections(places)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._open = 0
        self._strangers = 0
        self._socket: socket.socket | None = None
        self._acceptor: asyncio.Task[None] | None = None
        self._saver: asyncio.Task[None] | None = None

    @property
    def addresses(self) -> Sequence[Listener]:
        return [Listener(ListenerKind.AGENTS, join_address(self._socket.getsockname()))] if self._socket else []

    async def start(self, sink: EventSink) -> None:
        """Opens the port. ``sink`` must be the ``Places`` given, or wrap it."""
        context = await asyncio.to_thread(self._context)
        sock = open_stream(split_address(self._listen, 8602))

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._serve(sink, reader, writer)

        sock.listen(BACKLOG)
        self._socket = sock
        self._acceptor = asyncio.create_task(self._accept(sock, context, serve), name="agents")
        self._loop = asyncio.get_running_loop()
        self._muster.changed = self._changed
        self._saver = asyncio.create_task(self._save(), name="presence")

    async def stop(self) -> None:
        """Closes the port; what was acknowledged is durable, what was not comes again."""
        if self._socket is None:
            return
        self._muster.changed = lambda: None
        workers = [task for task in (self._acceptor, self._saver) if task]
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        self._socket.close()
        await self._connections.end_all()
        self._places.save()
        self._presence.save()
        self._socket = None

    async def _accept(self, listening: socket.socket, context: ssl.SSLContext, serve: Serve) -> None:
        """Handshakes a few at a time: when thousands come back at once, each is done before its time is over, and the
        others wait in the kernel's queue."""
        loop, turn = asyncio.get_running_loop(), asyncio.Semaphore(HANDSHAKES)
        shaking: set[asyncio.Task[None]] = set()
        try:
            while True:
                await turn.acquire()
                try:
                    sock, _ = await loop.sock_accept(listening)
                except OSError:
                    turn.release()
                    _log.exception("agents.accept_failed")
                    await asyncio.sleep(0.1)
                    continue
                task = asyncio.create_task(_shake_hands(sock, context, serve))
                shaking.add(task)
                task.add_done_callback(shaking.discard)
                task.add_done_callback(lambda done: turn.release())
        finally:
            for task in shaking:
                task.cancel()

    def _context(self) -> ssl.SSLContext:
        authority = self._fleet.authority
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(authority.server_pair())
        context.load_verify_locations(cafile=authority.certificate_path)
        context.verify_mode = ssl.CERT_OPTIONAL
        context.num_tickets = 0  # every connection shows its certificate anew
        return context

    def _changed(self) -> None:
        """The fleet changed; called on the thread that noticed."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._cut)

    def _cut(self) -> None:
        """End the connections of agents that may not deliver any more."""
        cut = self._connections.end(lambda key: self._muster.member(key.partition(":")[0]) is None)
        if cut:
            _log.warning("agents.cut", extra={"connections": cut})

    async def _save(self) -> None:
        while True:
            await asyncio.sleep(_SAVE_S)
            try:
                await asyncio.to_thread(self._places.save)
                await asyncio.to_thread(self._presence.save)
            except OSError:
                _log.exception("presence.save_failed")

    async def _serve(self, sink: EventSink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._open >= MAX_CONNECTIONS:
            writer.transport.abort()
            return
        self._open += 1
        try:
            await self._receive(sink, reader, writer)
        except (asyncio.IncompleteReadError, OSError, TimeoutError, asyncio.CancelledError):
            pass
        except (ValueError, msgspec.MsgspecError) as error:
            _log.warning("agent.misspoke", exc_info=error)
        except AppError:
            _log.exception("agent.delivery_failed")
        finally:
            self._open -= 1
            writer.transport.abort()
            with contextlib.suppress(OSError, ssl.SSLError):
                await writer.wait_closed()

    async def _receive(self, sink: EventSink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        shown = writer.get_extra_info("peercert")
        if not shown:
            await self._meet_stranger(reader, writer)
            return
        agent, serial = _common_name(shown), f"{int(shown['serialNumber'], 16):x}"
        member = self._muster.admit(agent, serial)
        if member is None:
            await _say(writer, Refusal("agent_refused"))
            return
        first = await self._hear(reader)
        if isinstance(first, Renew):
            await _say(writer, await self._granted(self._fleet.renew, member.id, serial, first.request))
        elif isinstance(first, Hello):
            await self._converse(sink, reader, writer, member, first)
        else:
            raise ValueError("the first message is no hello")

    async def _converse(
        self,
        sink: EventSink,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        member: Member,
        hello: Hello,
    ) -> None:
        peer = str((writer.get_extra_info("peername") or ("",))[0])
        present = self._presence.of(member.id, member.name)
        guest = RemoteGuest(member, hello, peer, present, self._presence, self._muster)
        await self._connections.take_over(guest.key)
        if self._muster.member(member.id) is None:
            return
        present.connected, present.since_ns, present.last_ns = True, time.time_ns(), time.time_ns()
        present.peer, present.software, present.host = peer, hello.software[:40], hello.host[:200]
        try:
            await Conversation(self._places, sink, guest, writer, self._hold).run(lambda: self._hear(reader))
        finally:
            present.connected = False

    async def _hear(self, reader: asyncio.StreamReader) -> Any:
        async with asyncio.timeout(QUIET_S):
            return await read_message(reader, self._decoder, MAX_MESSAGE)

    async def _meet_stranger(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._strangers >= MAX_STRANGERS:
            return
        self._strangers += 1
        try:
            async with asyncio.timeout(STRANGER_S):
                asked = await read_message(reader, self._decoder, STRANGER_MESSAGE)
                if isinstance(asked, Ask):
                    await _say(writer, Authority(self._fleet.authority.certificate))
                elif isinstance(asked, Enrol):
                    await _say(writer, await self._granted(self._fleet.enrol, asked.secret, asked.request, asked.host))
                else:
                    await _say(writer, Refusal("certificate_needed"))
        finally:
            self._strangers -= 1

    async def _granted(self, grant: Callable[..., Any], *words: Any) -> Any:
        try:
            granted = await asyncio.to_thread(grant, *words)
        except AppError as error:
            if error.kind not in (ErrorKind.FORBIDDEN, ErrorKind.INVALID):
                raise
            _log.warning("agent.refused", extra={"reason": error.message_key})
            return Refusal(error.message_key.rpartition(".")[2])
        await asyncio.to_thread(self._muster.refresh)
        return granted


class RemoteGuest:
    """An agent of the fleet: its sources carry the name it was enrolled with, its frames arrive when ingest takes
    them, and its clock is corrected beside what it says."""

    def __init__(
        self, member: Member, hello: Hello, peer: str, present: Present, presence: Presence, muster: Muster
    ) -> None:
        self._member, self._hello, self._peer = member, hello, peer
        self._present, self._presence, self._muster = present, presence, muster

    @property
    def key(self) -> str:
        return f"{self._member.id}:{self._hello.agent[:64]}"

    def mark(self, frame: Frame, skew_ms: int) -> Frame:
        taken, skewed = arrived(frame), abs(skew_ms) >= SKEW_FROM_MS
        meta = {**taken.meta, "agent": self._member.id}
        meta.setdefault("host", self._hello.host)
        self._present.skew_ms = skew_ms if skewed else 0
        if skewed:
            meta[SKEW] = str(skew_ms)
        return msgspec.structs.replace(taken, source=self.called(frame.source), peer=self._peer, meta=meta)

    def called(self, source: str) -> str:
        """The agent's source as the platform calls it: below the agent's own name."""
        head, _, rest = source.partition("/")
        return f"{self._member.name}/{(rest or head)[:200]}"

    def beat(self, beat: Beat) -> bytes:
        present, member = self._present, self._muster.member(self._member.id)
        present.last_ns, present.configuration = time.time_ns(), beat.configuration
        self._presence.read_report(present, beat.report, self.called)
        return member.order if member and member.version > beat.configuration else b""

    def delivered(self, frames: Sequence[Placed], late: bool) -> None:
        self._present.last_ns = time.time_ns()
        self._present.late += sum(placed.frame.count for placed in frames) if late else 0


async def _shake_hands(sock: socket.socket, context: ssl.SSLContext, serve: Serve) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=READ_LIMIT, loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, serve, loop=loop)
    try:
        await loop.connect_accepted_socket(lambda: protocol, sock, ssl=context, ssl_handshake_timeout=HANDSHAKE_S)
    except (OSError, TimeoutError):
        sock.close()


async def _say(writer: asyncio.StreamWriter, message: Any) -> None:
    writer.write(pack(message))
    await writer.drain()
    writer.close()
    with contextlib.suppress(OSError, ssl.SSLError):
        await writer.wait_closed()


def _common_name(shown: dict[str, Any]) -> str:
    return next((value for part in shown["subject"] for name, value in part if name == "commonName"), "")
