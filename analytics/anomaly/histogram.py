"""HBOS: the sum over features of how empty the row's histogram bin is (Goldstein, Dengel, KI 2012)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.anomaly.detector import Floats, singles
from analytics.anomaly.kernels import table_sum


@dataclass(frozen=True, slots=True)
class Histogram:
    """``table`` of shape (features, bins + 2): surprise of each bin, the first and last column lie outside."""

    low: NDArray[np.float32]
    inverse: NDArray[np.float32]
    table: NDArray[np.float32]

    @classmethod
    def fit(cls, rows: Floats, bins: int = 10, prior: float = 0.1) -> Histogram:
        """Equal-width bins between each feature's least and greatest value; ``prior`` is added to relative heights."""
        low, high = rows.min(axis=0), rows.max(axis=0)
        width = np.where(high > low, (high - low) / bins, 1.0)
        places = np.clip(((rows - low) / width).astype(np.int64), 0, bins - 1)
        counts = np.stack([np.bincount(column, minlength=bins) for column in places.T])
        heights = counts / np.maximum(counts.max(axis=1, keepdims=True), 1)
        surprise = -np.log2(heights + prior)
        outside = np.full((len(low), 1), -np.log2(prior))
        table = np.hstack([outside, surprise, outside])
        return cls(singles(low), singles(1.0 / width), singles(table))

    def score(self, rows: Floats) -> Floats:
        """Sum of the surprises of the row's bins."""
        out = np.zeros(len(rows))
        table_sum(singles(rows), self.low, self.inverse, self.table, out)
        return out
