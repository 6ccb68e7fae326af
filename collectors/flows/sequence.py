"""Gaps in the numbering of an exporter: what was sent and never came.

NetFlow v5 and IPFIX number records, v9 and sFlow number packets. A packet that comes late fills the gap it left, so a
gap is told only after ``settle``; an exporter that starts again from a lower number is a restart, not a loss.
"""

from __future__ import annotations

from collections.abc import Hashable

_MODULUS = 1 << 32
LATE = 10_000
"""A number this far behind is a late packet; further behind, the exporter has started again."""
MAX_GAP = 10_000_000
MAX_NUMBERED = 4_096


class Sequences:
    """Of one exporter. ``key`` tells its domains apart."""

    def __init__(self) -> None:
        self._expected: dict[Hashable, int] = {}
        self._open: int = 0
        self._before: int = 0

    def note(self, key: Hashable, number: int, units: int) -> None:
        """A packet numbered ``number`` that covers ``units`` numbers has come."""
        expected = self._expected.get(key)
        after = (number + units) % _MODULUS
        if expected is None:
            if len(self._expected) >= MAX_NUMBERED:
                self._expected.clear()
            self._expected[key] = after
            return
        ahead = (number - expected) % _MODULUS
        if ahead <= MAX_GAP:
            self._open += ahead
            self._expected[key] = after
        elif _MODULUS - ahead <= LATE and self._open:
            self._open = max(0, self._open - units)
        elif _MODULUS - ahead > LATE:
            self._expected[key] = after

    def forget(self, key: Hashable) -> None:
        """How many numbers a packet covered is not known: begin anew with the next."""
        self._expected.pop(key, None)

    def settle(self) -> int:
        """Losses that were open at the last call and still are; call it every few seconds."""
        lost = min(self._before, self._open)
        self._open -= lost
        self._before = self._open
        return lost
