"""The socket our own agents deliver on: each frame exactly once, acknowledged after the spool's fsync."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path

import msgspec

from collectors.agent.wire import FromAgent, Hello, decoder_of, read_message
from collectors.places import Places
from collectors.receivers.agent_conversation import Connections, Conversation, Hold, LocalGuest
from collectors.receivers.seams import Listener, ListenerKind
from infra.errors import AppError, ErrorKind
from infra.events.seams import EventSink

_log = logging.getLogger(__name__)
_SAVE_S = 1.0


class AgentSocketReceiver:
    """Listens on a local socket. ``places`` keeps how far each agent got; it stands between this and the spool."""

    def __init__(self, path: Path, places: Places, hold: Hold | None = None) -> None:
        self._path = path
        self._hold = hold
        self._places = places
        self._decoder = decoder_of(FromAgent)
        self._server: asyncio.Server | None = None
        self._connections = Connections(places)
        self._saver: asyncio.Task[None] | None = None

    @property
    def addresses(self) -> Sequence[Listener]:
        return [Listener(ListenerKind.AGENT, str(self._path))] if self._server else []

    async def start(self, sink: EventSink) -> None:
        """Opens the socket, mode 0600. ``sink`` must be the ``Places`` given, or wrap it."""
        self._path.unlink(missing_ok=True)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._serve(sink, reader, writer)

        try:
            self._server = await asyncio.start_unix_server(serve, path=str(self._path), limit=1 << 20)
        except OSError as error:
            raise AppError(
                ErrorKind.ENVIRONMENT, "collectors.listen_failed", place=str(self._path), problem=error.strerror
            ) from None
        self._path.chmod(0o600)
        self._saver = asyncio.create_task(self._save())

    async def stop(self) -> None:
        """Closes the socket; what was acknowledged is durable, what was not comes again."""
        if self._server is None:
            return
        self._server.close()
        if self._saver:
            self._saver.cancel()
            await asyncio.gather(self._saver, return_exceptions=True)
        await self._connections.end_all()
        self._places.save()
        self._path.unlink(missing_ok=True)
        self._server = None

    async def _save(self) -> None:
        while True:
            await asyncio.sleep(_SAVE_S)
            try:
                await asyncio.to_thread(self._places.save)
            except OSError:
                _log.exception("places.save_failed")

    async def _serve(self, sink: EventSink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._converse(sink, reader, writer)
        except (asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            pass
        except (ValueError, msgspec.MsgspecError) as error:
            _log.warning("agent.misspoke", exc_info=error)
        except AppError:
            _log.exception("agent.delivery_failed")
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _converse(self, sink: EventSink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello = await read_message(reader, self._decoder)
        if not isinstance(hello, Hello):
            raise ValueError("the first message is no hello")
        guest = LocalGuest(hello)
        await self._connections.take_over(guest.key)
        conversation = Conversation(self._places, sink, guest, writer, self._hold)
        await conversation.run(lambda: read_message(reader, self._decoder))
