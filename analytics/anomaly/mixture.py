"""A Gaussian mixture kept well-conditioned: few components, a floor under every variance, shrunk covariances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.special import logsumexp

from analytics.anomaly.detector import Floats, singles
from analytics.anomaly.kernels import squared_sum_sub

_BLOCK = 2048


@dataclass(frozen=True, slots=True)
class Mixture:
    """``whiten`` of shape (features, k * features): x @ whiten is whitened for each component in turn."""

    whiten: NDArray[np.float32]
    centres: NDArray[np.float32]
    offsets: Floats

    @classmethod
    def fit(cls, rows: Floats, seed: int, most: int = 4, floor: float = 1e-3, rounds: int = 30) -> Mixture:
        """Expectation maximisation from a k-means++ start; ``k = min(most, n / (5 d))``, at least 1."""
        n, d = rows.shape
        k = int(np.clip(n // (5 * d), 1, most))
        shares = _start(rows, k, np.random.default_rng(seed))
        before = -np.inf
        for _ in range(rounds if k > 1 else 1):
            weights, means, factors = _maximise(rows, shares, floor)
            joint = _joint(rows, weights, means, factors)
            total = logsumexp(joint, axis=1)
            shares = np.exp(joint - total[:, None])
            if abs(total.mean() - before) < 1e-3:
                break
            before = float(total.mean())
        weights, means, factors = _maximise(rows, shares, floor)
        return cls._pack(weights, means, factors)

    @classmethod
    def _pack(cls, weights: Floats, means: Floats, factors: list[Floats]) -> Mixture:
        d = means.shape[1]
        inverses = [solve_triangular(factor, np.eye(d), lower=True).T for factor in factors]
        centres = np.concatenate([mean @ inverse for mean, inverse in zip(means, inverses, strict=True)])
        halves = np.array([np.log(np.diag(factor)).sum() for factor in factors])
        return cls(
            singles(np.hstack(inverses)), singles(centres), np.log(weights) - halves - 0.5 * d * np.log(2 * np.pi)
        )

    def score(self, rows: Floats) -> Floats:
        """Negative log density."""
        data, k, d = singles(rows), len(self.offsets), len(self.whiten)
        joint = np.empty((len(rows), k))
        column = np.empty(len(rows))
        for start in range(0, len(rows), _BLOCK):
            part = data[start : start + _BLOCK] @ self.whiten
            for j in range(k):
                piece = column[start : start + len(part)]
                squared_sum_sub(part, j * d, d, self.centres[j * d : (j + 1) * d], piece)
                joint[start : start + len(part), j] = self.offsets[j] - 0.5 * piece
        top = joint.max(axis=1)
        return np.asarray(-(top + np.log(np.exp(joint - top[:, None]).sum(axis=1))))


def _start(rows: Floats, k: int, generator: np.random.Generator) -> Floats:
    """Hard shares from k-means++ seeds and a few Lloyd rounds."""
    centres = rows[generator.integers(len(rows))][None]
    gaps = ((rows - centres[0]) ** 2).sum(axis=1)
    for _ in range(k - 1):
        total = gaps.sum()
        pick = generator.choice(len(rows), p=gaps / total) if total > 0 else generator.integers(len(rows))
        centres = np.vstack([centres, rows[pick]])
        gaps = np.minimum(gaps, ((rows - rows[pick]) ** 2).sum(axis=1))
    labels = np.zeros(len(rows), dtype=np.int64)
    for _ in range(10 if k > 1 else 0):
        squares = (rows**2).sum(axis=1)[:, None] - 2 * rows @ centres.T + (centres**2).sum(axis=1)
        labels = squares.argmin(axis=1)
        centres = np.stack([rows[labels == j].mean(axis=0) if (labels == j).any() else centres[j] for j in range(k)])
    return np.asarray(np.eye(k)[labels])


def _maximise(rows: Floats, shares: Floats, floor: float) -> tuple[Floats, Floats, list[Floats]]:
    """Weights, means and lower Cholesky factors from the shares."""
    sizes = shares.sum(axis=0) + 1e-9
    means = shares.T @ rows / sizes[:, None]
    factors = []
    for j in range(len(sizes)):
        centred = rows - means[j]
        spread = (shares[:, j, None] * centred).T @ centred / sizes[j]
        spread.flat[:: len(spread) + 1] += floor
        factors.append(cholesky(spread, lower=True))
    return sizes / sizes.sum(), means, factors


def _joint(rows: Floats, weights: Floats, means: Floats, factors: list[Floats]) -> Floats:
    """Log of weight times density, shape (rows, k)."""
    d = rows.shape[1]
    joint = np.empty((len(rows), len(weights)))
    for j, factor in enumerate(factors):
        white = solve_triangular(factor, (rows - means[j]).T, lower=True)
        joint[:, j] = np.log(weights[j]) - np.log(np.diag(factor)).sum() - 0.5 * (white**2).sum(axis=0)
    return np.asarray(joint - 0.5 * d * np.log(2 * np.pi))
