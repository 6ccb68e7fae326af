"""Isolation forest: rows that random cuts separate early are unusual (Liu, Ting, Zhou, ICDM 2008)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.anomaly.detector import Floats, singles
from analytics.anomaly.kernels import grow_tree, tree_depths


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees as array heaps of shape (trees, nodes); ``features`` is -1 at leaves, ``lengths`` the path length there."""

    features: NDArray[np.int32]
    cuts: NDArray[np.float32]
    lengths: NDArray[np.float32]
    usual: float

    @classmethod
    def fit(cls, rows: Floats, seed: int, trees: int = 100, size: int = 256) -> Forest:
        """Grows ``trees`` trees, each on ``size`` rows, no deeper than log2(size)."""
        generator = np.random.default_rng(seed)
        data, size = singles(rows), min(size, len(rows))
        depth = max(1, int(np.ceil(np.log2(max(size, 2)))))
        nodes = 2 ** (depth + 1) - 1
        features = np.full((trees, nodes), -1, dtype=np.int32)
        cuts = np.zeros((trees, nodes), dtype=np.float32)
        counts = np.zeros((trees, nodes), dtype=np.int32)
        for tree in range(trees):
            sample = data[generator.choice(len(data), size, replace=False, shuffle=False)]
            grow_tree(sample, generator.random((nodes, 2)), features[tree], cuts[tree], counts[tree])
        levels = np.floor(np.log2(np.arange(nodes) + 1))
        lengths = (levels + unsuccessful_search(counts)).astype(np.float32)
        return cls(features, cuts, lengths, float(unsuccessful_search(np.array([size]))[0]) or 1.0)

    def score(self, rows: Floats) -> Floats:
        """2^(-mean path length / expected length): 0.5 for ordinary rows, towards 1 for isolated ones."""
        lengths = np.zeros(len(rows))
        tree_depths(singles(rows), self.features, self.cuts, self.lengths, lengths)
        return np.asarray(2.0 ** (-lengths / self.usual))


def unsuccessful_search(counts: NDArray[np.int32]) -> Floats:
    """Expected depth still to go below a leaf that holds ``counts`` rows: c(n) of the paper."""
    n = np.maximum(counts.astype(np.float64), 1.0)
    harmonic = np.log(np.maximum(n - 1.0, 1.0)) + np.euler_gamma
    return np.where(n > 2, 2.0 * harmonic - 2.0 * (n - 1.0) / n, np.where(n == 2, 1.0, 0.0))
