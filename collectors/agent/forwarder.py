"""Forwards the agent's spool to ingest in order, and frees what is acknowledged; comes again after every failure."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from collectors.agent.account import Account
from collectors.agent.channel import Channel, Streams
from collectors.agent.lanes import Lane, Lanes
from collectors.agent.pace import Pace
from collectors.agent.skew import Skew
from collectors.agent.wire import (
    Ack,
    Batch,
    Beat,
    Hello,
    Joined,
    May,
    Placed,
    Pulse,
    Refusal,
    ToAgent,
    Welcome,
    decoder_of,
    pack,
    read_message,
)
from infra.spool import SpoolPosition

_log = logging.getLogger(__name__)
BATCH_BYTES = 1 << 20
LATE_BYTES = 64 << 10
BEAT_S = 10.0
ANSWER_S = 60.0
"""Without an answer for so long the connection is given up: the line may be dead without a sign."""
_POLL_S = 0.1
_FIRST_WAIT_S = 0.2
_MAX_WAIT_S = 10.0
_TROUBLE = (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError, msgspec.MsgspecError)
_T = TypeVar("_T")
Configure = Callable[[bytes], Awaitable[None]]


class Forwarder:
    """One per agent. ``delivered`` counts records acknowledged since it started; ``report`` gives the status that
    beats carry; ``configure`` is handed newer configurations, as ingest sends them. ``spread_s`` spreads the return of
    many agents that lost ingest at the same moment."""

    def __init__(
        self,
        spool: Path,
        channel: Channel,
        hello: Hello,
        *,
        account: Account | None = None,
        pace: Pace | None = None,
        spread_s: float = 0.0,
        report: Callable[[], Any] = dict,
        configure: Configure | None = None,
    ) -> None:
        self._spool = spool
        self._channel = channel
        self._hello = hello
        self._decoder = decoder_of(ToAgent)
        self._account = account or Account()
        self._report = report
        self._configure = configure
        self.pace = pace or Pace()
        self._spread_s = spread_s
        self.skew = Skew()
        self.configuration = 0
        self.delivered = 0
        self.connected = False
        self.refused = ""
        self.acknowledged = SpoolPosition()
        self._lanes: Lanes | None = None
        self._held_until = 0.0
        self._beat_at = 0.0
        self._stopping = False

    def lag_bytes(self) -> int:
        """Bytes of the spool that are not acknowledged."""
        return self._lanes.lag_bytes() if self._lanes else 0

    async def run(self) -> None:
        """Forwards until cancelled or stopped."""
        wait = _FIRST_WAIT_S
        while not self._stopping:
            try:
                await self._connection()
            except _TROUBLE as error:
                _log.log(logging.WARNING if self.connected else logging.INFO, "agent.disconnected", exc_info=error)
                wait = _FIRST_WAIT_S if self.connected else min(wait * 2, _MAX_WAIT_S)
            finally:
                self.connected = False
            if self._stopping:
                return
            await asyncio.sleep(wait * random.uniform(0.5, 1.0) + random.uniform(0, self._spread_s))

    def stop(self) -> None:
        """End after the answer that is awaited now, so that the account knows what ingest has."""
        self._stopping = True

    async def _connection(self) -> None:
        streams = await self._channel.open()
        try:
            sent = time.time_ns()
            welcome = await self._ask(streams, self._hello, Welcome)
            self.skew.note(sent, welcome.clock_ns or sent, time.time_ns() if welcome.clock_ns else sent)
            self.connected, self.refused = True, ""
            await self._forward(streams, Lanes(self._spool, welcome.lanes))
        finally:
            streams[1].close()
            with contextlib.suppress(OSError):
                await streams[1].wait_closed()

    async def _ask(self, streams: Streams, message: Any, kind: type[_T]) -> _T:
        async with asyncio.timeout(ANSWER_S):
            streams[1].write(pack(message))
            await streams[1].drain()
            answer = await read_message(streams[0], self._decoder)
        if isinstance(answer, Refusal):
            self.refused = answer.code
            raise ValueError(f"ingest refused: {answer.code}")
        if not isinstance(answer, kind):
            raise ValueError(f"ingest answered with {type(answer).__name__}")
        return answer

    async def _forward(self, streams: Streams, lanes: Lanes) -> None:
        self._lanes = lanes
        self._held_until = self._beat_at = 0.0
        try:
            await asyncio.to_thread(self._account.meet, self._spool, lanes.reached())
            self._free(lanes)
            while not self._stopping:
                busy = await self._send(streams, lanes, lanes.live, lanes.live.read(self.pace.share(BATCH_BYTES)))
                busy |= await self._catch_up(streams, lanes)
                if time.monotonic() >= self._beat_at:
                    await self._beat(streams)
                if not busy:
                    await self._idle(streams[0])
        finally:
            lanes.close()
            self._lanes = None

    async def _catch_up(self, streams: Streams, lanes: Lanes) -> bool:
        late = lanes.backlog
        if late is None or time.monotonic() < self._held_until:
            return False
        if not late.waiting:
            late.waiting = late.read(self.pace.share(LATE_BYTES))
        if not late.waiting:
            await self._ask(streams, Joined(lanes.reached()[1].start), Ack)
            self._account.join(lanes.reached())
            lanes.join()
            return True
        may = await self._ask(streams, May(sum(placed.frame.count for placed in late.waiting)), Ack)
        if may.hold_ms:
            self._held_until = time.monotonic() + may.hold_ms / 1000
            return False
        frames, late.waiting = late.waiting, []
        return await self._send(streams, lanes, late, frames)

    async def _send(self, streams: Streams, lanes: Lanes, lane: Lane, frames: list[Placed]) -> bool:
        if not frames:
            return False
        await self.pace.wait(sum(len(placed.frame.body) for placed in frames))
        ack = await self._ask(streams, Batch(frames, lane.start, lane.late, self.skew.offset_ms), Ack)
        if ack.position < frames[-1].position:
            raise ValueError("ingest acknowledged something else")
        self._settle(lanes, lane, frames)
        return True

    def _settle(self, lanes: Lanes, lane: Lane, frames: list[Placed]) -> None:
        lane.reached = frames[-1].position
        self.delivered += sum(placed.frame.count for placed in frames)
        self._account.hand_over(lane.start, frames)
        self._free(lanes)

    async def _beat(self, streams: Streams) -> None:
        self._beat_at = time.monotonic() + BEAT_S
        report = msgspec.json.encode(self._report())
        sent = time.time_ns()
        pulse = await self._ask(streams, Beat(sent, self.configuration, report), Pulse)
        self.skew.note(sent, pulse.clock_ns, time.time_ns())
        if pulse.configuration and self._configure is not None:
            await self._configure(pulse.configuration)

    async def _idle(self, reader: asyncio.StreamReader) -> None:
        if reader.at_eof():
            raise ConnectionResetError("ingest closed the connection")
        await asyncio.sleep(_POLL_S)

    def _free(self, lanes: Lanes) -> None:
        """The account is on disk before a segment goes: it may have to count that one again."""
        before, self.acknowledged = self.acknowledged, lanes.acknowledged
        if self.acknowledged.segment != before.segment:
            self._account.save()
            lanes.release()
