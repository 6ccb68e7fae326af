"""A cap on bandwidth: bytes are paid for before they are sent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class Pace:
    """At most ``rate`` bytes a second on average, with a burst of one second; 0 is no cap."""

    def __init__(self, rate: int = 0, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self.rate = rate
        self._paid_until = now()

    def due_s(self, size: int) -> float:
        """Take note of ``size`` bytes; seconds to wait before sending them."""
        if self.rate <= 0:
            return 0.0
        now = self._now()
        self._paid_until = max(self._paid_until, now - 1.0) + size / self.rate
        return max(0.0, self._paid_until - now)

    def share(self, size: int) -> int:
        """How much of ``size`` to send at once, so that nothing waits longer than half a second behind it."""
        return min(size, max(16 << 10, self.rate // 2)) if self.rate > 0 else size

    async def wait(self, size: int) -> None:
        """Returns when ``size`` bytes may go."""
        due = self.due_s(size)
        if due > 0:
            await asyncio.sleep(due)
