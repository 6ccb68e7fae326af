"""From raw deviations to how rare they are for this very series: rank among its own last deviations, and beyond."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analytics.series.residuals import Flags, Floats

_TINY = 1e-9
_MOST = 1e30


class Surprise:
    """A ring of each series' last ``window`` deviations; a step answers -ln of the share that was as great.

    A deviation greater than all of them goes on growing with the logarithm of its distance, in units of how far the
    greatest lies above the upper fiftieth. Without this a noisy series alerts daily and a calm one never.
    """

    def __init__(self, series: int, window: int = 1500, fewest: int = 100) -> None:
        self.ring = np.full((series, window), np.nan, dtype=np.float32)
        self.window, self.fewest, self.at = window, fewest, 0
        self.count = np.zeros(series, dtype=np.int64)

    def step(self, raw: Floats, ok: Flags) -> Floats:
        """Surprise in nats; 0 until ``fewest`` deviations are known, and where no value came."""
        value = np.minimum(raw, _MOST).astype(np.float32)
        held = self.ring[:, : min(self.at, self.window)]
        n = np.minimum(self.count, self.window)
        greater = (held >= value[:, None]).sum(axis=1)
        ready = ok & (n >= self.fewest)
        answer: Floats = np.where(ready, -np.log((greater + 0.5) / (n + 1.0)), 0.0)
        record = np.flatnonzero(ready & (greater == 0))
        if len(record):
            answer[record] += self._beyond(held[record], value[record])
        self.ring[:, self.at % self.window] = np.where(ok, value, np.nan)
        self.at += 1
        self.count += ok
        return np.maximum(answer, 0.0)

    def _beyond(self, held: NDArray[np.float32], raw: NDArray[np.float32]) -> Floats:
        top = np.nanmax(held, axis=1)
        upper = np.nanquantile(held, 0.98, axis=1)
        return np.asarray(
            np.log1p((raw - top) / np.maximum(top - upper, _TINY + 0.05 * np.abs(upper))), dtype=np.float64
        )
