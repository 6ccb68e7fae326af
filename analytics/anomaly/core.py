"""One Gaussian fitted to the densest part of the rows: Mahalanobis distance that outliers cannot bend.

Concentration steps of Rousseeuw, Van Driessen, "A fast algorithm for the minimum covariance determinant estimator",
Technometrics 1999, with a ridge so that it stays usable above the number of rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular

from analytics.anomaly.detector import Floats, singles
from analytics.anomaly.kernels import squared_sum_sub

_BLOCK = 2048


@dataclass(frozen=True, slots=True)
class Core:
    """``whiten`` of shape (features, features) turns rows into whitened ones around ``centre``."""

    whiten: NDArray[np.float32]
    centre: NDArray[np.float32]

    @classmethod
    def fit(cls, rows: Floats, keep: float = 0.6, ridge: float = 1e-2, rounds: int = 6) -> Core:
        """Fits, keeps the ``keep`` share nearest to the fit (at least 3 rows a feature), and fits again."""
        n, d = rows.shape
        many = max(int(n * keep), min(n, 3 * d), 1)
        held = np.arange(n)
        model = cls._on(rows, ridge)
        for _ in range(rounds):
            nearest = np.sort(np.argsort(model.score(rows), kind="stable")[:many])
            if np.array_equal(nearest, held):
                break
            held = nearest
            model = cls._on(rows[held], ridge)
        return model

    @classmethod
    def _on(cls, rows: Floats, ridge: float) -> Core:
        mean = rows.mean(axis=0)
        centred = rows - mean
        spread = centred.T @ centred / len(rows)
        spread.flat[:: len(spread) + 1] += ridge
        inverse = solve_triangular(cholesky(spread, lower=True), np.eye(len(mean)), lower=True).T
        return cls(singles(inverse), singles(mean @ inverse))

    def score(self, rows: Floats) -> Floats:
        """Mahalanobis distance."""
        data, out = singles(rows), np.empty(len(rows))
        for start in range(0, len(rows), _BLOCK):
            part = data[start : start + _BLOCK] @ self.whiten
            squared_sum_sub(part, 0, part.shape[1], self.centre, out[start : start + len(part)])
        return np.sqrt(out)
