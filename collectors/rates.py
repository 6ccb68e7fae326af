"""How fast each source delivers: its count now against its count up to a minute ago."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

WINDOW_S = 60.0
SAMPLE_S = 5.0
SHORTEST_S = 1.0


class Rates:
    """Records per second and source over the last minute (less, shortly after the start). For one thread."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, dict[str, int]]] = deque()

    def note(self, totals: Mapping[str, int], now_s: float) -> dict[str, float]:
        """The rates at ``now_s`` (a clock that only goes forward), of sources that delivered in the window.

        ``{}`` until two counts lie at least a second apart: a rate that was not measured is not zero.
        """
        if not self._samples or now_s - self._samples[-1][0] >= SAMPLE_S:
            self._samples.append((now_s, dict(totals)))
        while now_s - self._samples[0][0] > WINDOW_S and len(self._samples) > 1:
            self._samples.popleft()
        since, before = self._samples[0]
        passed = now_s - since
        if passed < SHORTEST_S:
            return {}
        return {source: round((total - before.get(source, 0)) / passed, 3) for source, total in totals.items()}
