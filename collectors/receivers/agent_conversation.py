"""The conversation with one agent, wherever it comes from: what it delivers is taken exactly once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from collectors.agent.wire import (
    START,
    Ack,
    Batch,
    Beat,
    Hello,
    Joined,
    LaneReached,
    May,
    Placed,
    Pulse,
    Welcome,
    pack,
    read_position,
    write_position,
)
from collectors.delivery import deliver
from collectors.places import PLACE, REACHED, Places
from infra.events.frame import COLLECTED, Frame
from infra.events.seams import EventSink
from infra.spool import SpoolPosition

SKEW_FROM_MS = 250
"""Clocks that differ by less are taken for right."""
LATEST_NS = 4_102_444_800 * 10**9
"""The year 2100: clocks beyond it are none."""

Hold = Callable[[int], int]
"""May so many records of backlog come? 0 for yes, else milliseconds until it is worth asking again."""
Next = Callable[[], Any]


class Guest(Protocol):
    """The agent as its receiver knows it."""

    @property
    def key(self) -> str:
        """What its places are kept under: its own for each spool of each agent."""

    def mark(self, frame: Frame, skew_ms: int) -> Frame:
        """The frame as ingest takes it."""

    def beat(self, beat: Beat) -> bytes:
        """Note that it is well; a newer configuration, or nothing."""

    def delivered(self, frames: Sequence[Placed], late: bool) -> None:
        """Note what it brought."""


class Connections:
    """Which task serves which agent: a new connection ends the old one, after what that delivers has been settled."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def take_over(self, key: str) -> None:
        """The task that runs is the one of ``key`` from now on."""
        task = asyncio.current_task()
        assert task is not None
        while (old := self._tasks.get(key)) is not None:
            old.cancel()
            await asyncio.wait([old])
            await self._places.settle()
            if self._tasks.get(key) is old:
                del self._tasks[key]
        self._tasks[key] = task
        task.add_done_callback(lambda done: self._forget(key, done))

    def end(self, wanted: Callable[[str], bool]) -> int:
        """End the connections whose key is ``wanted``; how many."""
        ended = [task for key, task in self._tasks.items() if wanted(key)]
        for task in ended:
            task.cancel()
        return len(ended)

    async def end_all(self) -> None:
        """End them and wait until they are gone."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, key: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]


class Conversation:
    """One connection of one agent. ``hear`` gives its next message."""

    def __init__(
        self, places: Places, sink: EventSink, guest: Guest, writer: asyncio.StreamWriter, hold: Hold | None = None
    ) -> None:
        self._places, self._sink, self._guest, self._writer = places, sink, guest, writer
        self._hold = hold or (lambda records: 0)
        self._place = f"agent:{guest.key}"
        self._lanes: dict[SpoolPosition, SpoolPosition] = {}

    async def run(self, hear: Next) -> None:
        """Until the connection ends; ``ValueError`` where the agent says what it may not."""
        self._lanes = self._known()
        lanes = [LaneReached(start, reached) for start, reached in sorted(self._lanes.items())]
        first = lanes[0].reached if lanes else START
        self._writer.write(pack(Welcome(first, lanes=lanes, clock_ns=time.time_ns())))
        while True:
            self._writer.write(pack(await self._answer(await hear())))
            await self._writer.drain()

    async def _answer(self, message: Any) -> Ack | Pulse:
        match message:
            case Batch(frames=[_, *_]):
                return await self._take(message)
            case May():
                return Ack(START, self._hold(message.records))
            case Joined():
                return self._join(message)
            case Beat():
                return Pulse(time.time_ns(), self._guest.beat(message))
        raise ValueError(f"{type(message).__name__} is not expected here")

    async def _take(self, batch: Batch) -> Ack:
        reached = self._lanes.get(batch.lane, batch.lane)
        fresh = [placed for placed in batch.frames if placed.position > reached]
        if fresh:
            place = self._place_of(batch.lane)
            await deliver(self._sink, [self._marked(placed, place, batch.skew_ms) for placed in fresh])
            self._lanes[batch.lane] = reached = fresh[-1].position
            self._guest.delivered(fresh, batch.late)
        return Ack(max(reached, batch.frames[-1].position))

    def _join(self, joined: Joined) -> Ack:
        if joined.lane == START:
            raise ValueError("the first lane joins nothing")
        before = max((start for start in self._lanes if start < joined.lane), default=START)
        reached = max(self._lanes.get(before, before), self._lanes.pop(joined.lane, joined.lane))
        self._lanes[before] = reached
        self._places.join(self._place_of(before), self._place_of(joined.lane), write_position(reached))
        return Ack(reached)

    def _known(self) -> dict[SpoolPosition, SpoolPosition]:
        """The lanes as they were left; one that another has run past belongs to it."""
        found = {
            read_position(place[len(self._place) + 1 :]): read_position(reached)
            for place, reached in self._places.beginning(self._place)
        }
        lanes: dict[SpoolPosition, SpoolPosition] = {}
        for start, reached in sorted(found.items()):
            last = max(lanes, default=None)
            if last is not None and lanes[last] > start:
                lanes[last] = max(lanes[last], reached)
            else:
                lanes[start] = reached
        return lanes

    def _place_of(self, lane: SpoolPosition) -> str:
        return self._place if lane == START else f"{self._place}@{write_position(lane)}"

    def _marked(self, placed: Placed, place: str, skew_ms: int) -> Frame:
        frame = self._guest.mark(placed.frame, skew_ms)
        reached = write_position(placed.position)
        meta = {**frame.meta, PLACE: place, REACHED: reached}
        identity = frame.identity or f"{self._guest.key}:{reached}"
        return msgspec.structs.replace(frame, meta=meta, identity=identity)


def arrived(frame: Frame) -> Frame:
    """The frame as taken now; when its agent collected it is kept beside."""
    now = time.time_ns()
    collected = frame.received_ns if 0 < frame.received_ns < LATEST_NS else now
    return msgspec.structs.replace(frame, received_ns=now, meta={**frame.meta, COLLECTED: str(collected)})


class LocalGuest:
    """The agent of this machine: its sources are called as it calls them."""

    def __init__(self, hello: Hello) -> None:
        self._hello = hello

    @property
    def key(self) -> str:
        return self._hello.agent

    def mark(self, frame: Frame, skew_ms: int) -> Frame:
        taken = arrived(frame)
        meta = {**taken.meta, "agent": self._hello.agent}
        meta.setdefault("host", self._hello.host)
        return msgspec.structs.replace(taken, meta=meta)

    def beat(self, beat: Beat) -> bytes:
        return b""

    def delivered(self, frames: Sequence[Placed], late: bool) -> None:
        """Nothing to note: its status file says it."""
