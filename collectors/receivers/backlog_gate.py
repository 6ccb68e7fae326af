"""The gate for backlog: it lets in as much as the pipeline takes in a second, so that live events never wait long."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Sequence

from infra.events.frame import Frame
from infra.events.seams import EventSink

FEW = 200
PATIENCE = 2.0
"""A frame of a turn under way waits its time; only one that waits longer than so many times more stops the backlog."""
GRANT_S = 5.0
"""A grant that was not used within so long is forgotten."""


class BacklogGate:
    """An ``EventSink`` in front of the spool that counts what waits, and answers whether more backlog may come.

    ``taken_ns`` is the arrival time (Unix, nanoseconds) of the newest frame the pipeline has taken, ``idle`` whether
    nothing waits. ``worked`` tells how fast the pipeline is.
    """

    def __init__(
        self,
        sink: EventSink,
        taken_ns: Callable[[], int],
        idle: Callable[[], bool],
        *,
        wait_s: float = 1.0,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._sink, self._taken_ns, self._idle = sink, taken_ns, idle
        self._wait_s = wait_s
        self._now_ns = now_ns
        self._arrivals: deque[tuple[int, int]] = deque()
        self._waiting = 0
        self._granted: deque[tuple[int, int]] = deque()
        self._rate = 10_000.0

    async def accept(self, frames: Sequence[Frame]) -> None:
        """As the sink behind it."""
        await self._sink.accept(frames)
        records = sum(frame.count for frame in frames)
        self._arrivals.append((self._now_ns(), records))
        self._waiting += records
        self._settle(records)

    def worked(self, records: int, seconds: float) -> None:
        """The pipeline took so many records in so long; small turns say nothing of its speed."""
        if records >= FEW and seconds > 0:
            self._rate += 0.3 * (records / seconds - self._rate)

    def hold_ms(self, records: int) -> int:
        """0: these records of backlog may come now. Else: ask again after so long."""
        delay = (self._queued() + sum(size for _, size in self._granted)) / max(self._rate, 1.0)
        delay = max(delay, self._oldest_s() - PATIENCE * self._wait_s)
        if delay <= self._wait_s:
            self._granted.append((self._now_ns(), records))
            return 0
        return round(1000 * min(2.0, delay - self._wait_s + 0.05) * random.uniform(1.0, 1.3))

    def _oldest_s(self) -> float:
        """How long the oldest frame has waited for the pipeline: known for certain, where its speed is a guess."""
        return (self._now_ns() - self._arrivals[0][0]) / 1e9 if self._arrivals else 0.0

    def _queued(self) -> int:
        now, taken = self._now_ns(), self._taken_ns()
        idle = self._idle()
        while self._arrivals and (idle or self._arrivals[0][0] <= taken):
            self._waiting -= self._arrivals.popleft()[1]
        while self._granted and now - self._granted[0][0] > GRANT_S * 1e9:
            self._granted.popleft()
        return self._waiting

    def _settle(self, records: int) -> None:
        """A grant arrived."""
        for grant in self._granted:
            if grant[1] == records:
                self._granted.remove(grant)
                return
