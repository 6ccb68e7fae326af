"""LeSiNN: the mean distance to the nearest of a few rows, over many small random subsamples.

Pang, Ting, Albrecht, "LeSiNN: detecting anomalies by identifying least similar nearest neighbours", ICDMW 2015.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.anomaly.detector import Floats, singles
from analytics.anomaly.kernels import group_minimum_sum

_BLOCK = 256
"""Rows per matrix product: the product of a block stays in the second-level cache."""


@dataclass(frozen=True, slots=True)
class LeSiNN:
    """References of all subsamples, those of one subsample adjacent; shape (groups * size, features)."""

    references: NDArray[np.float32]
    groups: int

    @classmethod
    def fit(cls, rows: Floats, seed: int, groups: int = 100, size: int = 16) -> LeSiNN:
        """Draws ``groups`` subsamples of ``size`` rows without replacement."""
        generator = np.random.default_rng(seed)
        size = min(size, len(rows))
        picks = [generator.choice(len(rows), size, replace=False, shuffle=False) for _ in range(groups)]
        return cls(singles(rows[np.concatenate(picks)]), groups)

    def score(self, rows: Floats) -> Floats:
        """Mean distance to the nearest reference of each subsample."""
        total = np.zeros(len(rows))
        for start, dots, norms in distance_blocks(singles(rows), self.references):
            group_minimum_sum(dots, norms, self.groups, total[start : start + len(norms)])
        return total / self.groups


def distance_blocks(rows: NDArray[np.float32], references: NDArray[np.float32], block: int = _BLOCK):  # type: ignore[no-untyped-def]
    """Blocks of ``(start, |r|^2 - 2 x.r, |x|^2)``; the squared distance is the sum of both."""
    scaled = np.ascontiguousarray(-2.0 * references.T)
    lengths = np.einsum("ij,ij->i", references, references)
    buffer = np.empty((min(block, max(len(rows), 1)), len(references)), dtype=np.float32)
    for start in range(0, len(rows), block):
        part = rows[start : start + block]
        dots = np.matmul(part, scaled, out=buffer[: len(part)])
        dots += lengths
        yield start, dots, np.einsum("ij,ij->i", part, part)
