"""Has this reading been here before? A sliding window over sequence numbers, as IPsec keeps one (RFC 4303, 3.4.3)."""

from __future__ import annotations

import msgspec

WINDOW = 64
RESTART_BELOW = 16
"""A device whose numbers begin again below this, with a newer time, was switched on again."""


class Window(msgspec.Struct):
    """Of one device."""

    top: int = -1
    seen: int = 0
    newest_ms: int = 0
    before: int = -1
    """The top before the device seemed to begin again."""

    def replayed(self, sequence: int, moment_ms: int) -> bool:
        """Take note of a reading; True where its number was here before and its time does not say it is new."""
        if sequence > self.top:
            if self._resumed(sequence):
                return True
            shift = sequence - self.top
            self.seen = ((self.seen << shift) | 1) & ((1 << WINDOW) - 1) if shift < WINDOW and self.top >= 0 else 1
            self.top, self.newest_ms = sequence, max(self.newest_ms, moment_ms)
            return False
        behind = self.top - sequence
        if sequence < RESTART_BELOW and moment_ms > self.newest_ms and behind > 1:
            self.before = self.top
            self.top, self.seen, self.newest_ms = sequence, 1, moment_ms
            return False
        if behind >= WINDOW or self.seen >> behind & 1:
            return True
        self.seen |= 1 << behind
        return False

    def _resumed(self, sequence: int) -> bool:
        """Numbers go on where they were before: what seemed a new beginning was an old reading played again."""
        before, self.before = self.before, self.before if sequence <= 2 * RESTART_BELOW else -1
        if before < 0 or not before < sequence <= before + WINDOW or before < 2 * RESTART_BELOW:
            return False
        self.top, self.seen, self.before = sequence, 1, -1
        return True
