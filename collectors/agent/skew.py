"""How far this host's clock is from ingest's: each exchange bounds it by half its round trip; the tightest counts."""

from __future__ import annotations

from collections import deque

KEPT = 8


class Skew:
    """Offset of ingest's clock over this one, from the last exchanges (as NTP does it, RFC 5905 section 8)."""

    def __init__(self) -> None:
        self._samples: deque[tuple[int, int]] = deque(maxlen=KEPT)

    def note(self, sent_ns: int, theirs_ns: int, returned_ns: int) -> None:
        """An exchange left at ``sent_ns`` and came back at ``returned_ns`` by this clock, with their time in it."""
        trip = returned_ns - sent_ns
        offset = theirs_ns - (sent_ns + returned_ns) // 2
        if self._jumped(offset, trip):
            self._samples.clear()
        if trip >= 0:
            self._samples.append((trip, offset))

    @property
    def offset_ms(self) -> int:
        """Milliseconds this clock is behind ingest's; 0 where nothing beyond the error is known."""
        if not self._samples:
            return 0
        trip, offset = min(self._samples)
        return round(offset / 1e6) if abs(offset) > trip else 0

    @property
    def error_ms(self) -> float:
        """By how much that may be wrong."""
        return min(self._samples)[0] / 2e6 if self._samples else 0.0

    def _jumped(self, offset: int, trip: int) -> bool:
        """Does the exchange contradict the best one so far? Then a clock was set."""
        if not self._samples:
            return False
        best_trip, best = min(self._samples)
        return abs(offset - best) > (trip + best_trip) // 2 + 50_000_000
