"""The mean distance to the nearest rows of a de-duplicated, bounded reference set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.anomaly.detector import Floats, distinct, singles
from analytics.anomaly.kernels import nearest_mean
from analytics.anomaly.lesinn import distance_blocks


@dataclass(frozen=True, slots=True)
class Neighbours:
    """``references`` of shape (n, features), all different; ``k`` neighbours are averaged."""

    references: NDArray[np.float32]
    k: int

    @classmethod
    def fit(cls, rows: Floats, seed: int, k: int = 20, limit: int = 2000) -> Neighbours:
        """Keeps at most ``limit`` different rows, drawn at random."""
        unique = distinct(rows)
        if len(unique) > limit:
            unique = unique[np.random.default_rng(seed).choice(len(unique), limit, replace=False, shuffle=False)]
        return cls(singles(unique), min(k, len(unique)))

    def score(self, rows: Floats) -> Floats:
        """Mean distance to the ``k`` nearest references."""
        return self._score(rows, skip_zero=False)

    def score_training(self, rows: Floats) -> Floats:
        """The same for rows that may be references themselves: the nearest one is left out."""
        return self._score(rows, skip_zero=True)

    def _score(self, rows: Floats, *, skip_zero: bool) -> Floats:
        out = np.zeros(len(rows))
        for start, dots, norms in distance_blocks(singles(rows), self.references):
            nearest_mean(dots, norms, self.k, skip_zero, out[start : start + len(norms)])
        return out
