"""Statistics of all entities over the last windows: what turns a raw oddness into a probability."""

from __future__ import annotations

from collections import deque

import numpy as np

from analytics.anomaly.detector import Floats
from analytics.anomaly.tail import Tail, without_far

_FEWEST = 100


class Pool:
    """The raw values of the last ``windows`` windows, every entity one value each."""

    def __init__(self, windows: int = 30) -> None:
        self.held: deque[Floats] = deque(maxlen=windows)

    def p(self, raw: Floats) -> Floats:
        """The chance of a value as high; 1 while too few are known."""
        past = np.concatenate(list(self.held)) if self.held else np.empty(0)
        if len(past) < _FEWEST:
            return np.ones(len(raw))
        return np.exp(-Tail.fit(without_far(past, most=0.02)).surprise(raw))

    def learn(self, raw: Floats) -> None:
        """Take the window's values in."""
        self.held.append(raw)
