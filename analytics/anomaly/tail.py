"""From a raw score to how rare it is: the share of usual rows that score as high, beyond the greatest one as well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.anomaly.detector import Floats

_TAIL_SHARE = 0.05
_FEWEST = 10
_MOST_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Tail:
    """Quantiles of the usual scores and a generalised Pareto tail above ``start``.

    ``shape`` is kept at 0.2 or more, so that a far score is rare but never impossible
    (Coles, An Introduction to Statistical Modeling of Extreme Values, chapter 4).
    """

    scores: Floats
    surprises: Floats
    start: float
    scale: float
    shape: float

    @classmethod
    def fit(cls, scores: Floats) -> Tail:
        """From the scores of usual rows; at least one."""
        ordered = np.sort(scores[np.isfinite(scores)])
        if len(ordered) == 0:
            ordered = np.zeros(1)
        n = len(ordered)
        unique, first = np.unique(ordered, return_index=True)
        surprises = -np.log((n - first + 0.5) / (n + 1.0))
        many = min(max(int(n * _TAIL_SHARE), _FEWEST), n)
        top = ordered[n - many :]
        excess = top - top[0]
        scale, shape = _pareto(excess[excess > 0], float(ordered[-1] - ordered[0]))
        keep = _thin(len(unique))
        return cls(unique[keep], surprises[keep], float(ordered[-1]), scale, shape)

    def surprise(self, scores: Floats) -> Floats:
        """Minus the natural logarithm of the probability that a usual row scores as high."""
        inside = np.interp(scores, self.scores, self.surprises)
        excess = np.maximum(scores - self.start, 0.0) / self.scale
        return np.asarray(inside + np.log1p(self.shape * excess) / self.shape)


def without_far(scores: Floats, most: float = 0.1) -> Floats:
    """Scores below Tukey's far-out fence (quartile plus three times the spread), at most the share ``most`` left out.

    A model calibrated on rows that hold the very attacks it judges would call them no rarer than their share.
    """
    quarter, three = np.quantile(scores, [0.25, 0.75])
    kept = scores[scores <= three + 3.0 * (three - quarter)]
    return kept if len(kept) >= (1.0 - most) * len(scores) else scores


def _pareto(excess: Floats, extent: float) -> tuple[float, float]:
    """Scale and shape by moments; the scale falls back on the extent of the scores."""
    if len(excess) < 3:
        return max(extent * 0.1, 1e-9), 0.5
    mean, spread = float(excess.mean()), float(excess.var()) + 1e-12
    ratio = mean * mean / spread
    shape = float(np.clip(0.5 * (1.0 - ratio), 0.2, 0.9))
    return max(mean * (1.0 - shape), 1e-9), shape


def _thin(n: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Indices that keep the memory bounded: evenly in the bulk, all of the top."""
    if n <= _MOST_KEPT:
        return np.arange(n)
    top = np.arange(n - _MOST_KEPT // 2, n)
    return np.concatenate([np.linspace(0, n - _MOST_KEPT // 2 - 1, _MOST_KEPT // 2).astype(np.int64), top])
