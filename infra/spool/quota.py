"""Who may fill how much of a spool: a total, and a fair share per source that shrinks as space runs out.

The share is the dynamic threshold of shared-memory switches (Choudhury and Hahne, IEEE/ACM Trans. Networking 6(2),
1998): a source may hold at most ``GREED`` times what is still free. A single loud source stops at two thirds, two at
two fifths each, and a fresh source always finds room; no list of sources, no reservation, no rate has to be guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

GREED = 2


class Quota:
    """Bytes held per source and segment. Not thread-safe: the writer calls it under its own lock."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._by_segment: dict[int, Counter[str]] = {}
        self._by_source: Counter[str] = Counter()
        self._used = 0

    @property
    def used(self) -> int:
        """Bytes held in all."""
        return self._used

    def held(self, source: str) -> int:
        """Bytes that ``source`` holds."""
        return self._by_source[source]

    def segment(self, number: int) -> Mapping[str, int]:
        """Bytes per source in segment ``number``."""
        return self._by_segment.get(number, Counter())

    def full_for(self, wanted: Mapping[str, int]) -> str | None:
        """The source whose share ``wanted`` would exceed; '' where the whole is full; None where all fits."""
        free = self.total - self._used - sum(wanted.values())
        if free < 0:
            return ""
        for source, size in wanted.items():
            if self._by_source[source] + size > GREED * free:
                return source
        return None

    def add(self, segment: int, source: str, size: int) -> None:
        """``source`` holds ``size`` bytes more, in ``segment``."""
        self._by_segment.setdefault(segment, Counter())[source] += size
        self._by_source[source] += size
        self._used += size

    def keep_only(self, segments: set[int]) -> None:
        """Forget the segments that are gone."""
        for number in self._by_segment.keys() - segments:
            gone = self._by_segment.pop(number)
            self._by_source -= gone
            self._used -= gone.total()
