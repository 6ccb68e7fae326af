"""The socket our own agents deliver on: each frame exactly once, acknowledged after the spool's fsync."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path

import msgspec

from collectors.agent.wire import (
    Ack,
    Batch,
    FromAgent,
    Hello,
    Placed,
    Welcome,
    decoder_of,
    pack,
    read_message,
    read_position,
    write_position,
)
from collectors.delivery import deliver
from collectors.places import PLACE, REACHED, Places
from collectors.receivers.seams import Listener, ListenerKind
from infra.errors import AppError, ErrorKind
from infra.events.frame import Frame
from infra.events.seams import EventSink

_log = logging.getLogger(__name__)
_SAVE_S = 1.0


class AgentSocketReceiver:
    """Listens on a local socket. ``places`` keeps how far each agent got; it stands between this and the spool."""

    def __init__(self, path: Path, places: Places) -> None:
        self._path = path
        self._places = places
        self._decoder = decoder_of(FromAgent)
        self._server: asyncio.Server | None = None
        self._connections: dict[str, asyncio.Task[None]] = {}
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
        tasks = [*self._connections.values(), *([self._saver] if self._saver else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
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
        await self._take_over(hello.agent)
        place = f"agent:{hello.agent}"
        position = read_position(self._places.reached(place))
        writer.write(pack(Welcome(position)))
        while True:
            batch = await read_message(reader, self._decoder)
            if not isinstance(batch, Batch) or not batch.frames:
                raise ValueError("this is no batch")
            fresh = [placed for placed in batch.frames if placed.position > position]
            if fresh:
                await deliver(sink, [_marked(placed, hello, place) for placed in fresh])
                position = fresh[-1].position
            writer.write(pack(Ack(max(position, batch.frames[-1].position))))
            await writer.drain()

    async def _take_over(self, agent: str) -> None:
        """One connection per agent: a new one ends the old, after what that one is delivering has been settled."""
        task = asyncio.current_task()
        assert task is not None
        while (old := self._connections.get(agent)) is not None:
            old.cancel()
            await asyncio.wait([old])
            await self._places.settle()
            if self._connections.get(agent) is old:
                del self._connections[agent]
        self._connections[agent] = task
        task.add_done_callback(lambda done: self._forget(agent, done))

    def _forget(self, agent: str, task: asyncio.Task[None]) -> None:
        if self._connections.get(agent) is task:
            del self._connections[agent]


def _marked(placed: Placed, hello: Hello, place: str) -> Frame:
    frame = placed.frame
    reached = write_position(placed.position)
    meta = {**frame.meta, PLACE: place, REACHED: reached, "agent": hello.agent}
    meta.setdefault("host", hello.host)
    identity = frame.identity or f"{hello.agent}:{reached}"
    return msgspec.structs.replace(frame, meta=meta, identity=identity)
