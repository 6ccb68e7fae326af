"""Has the world moved away from what the model was taught on?

Per feature: population stability index and two-sample Kolmogorov-Smirnov. Of the model itself: its probabilities must
be uniform on ordinary data, so their distance from uniform is a drift test that needs no stored rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import kstwobign

from analytics.anomaly.detector import Floats

PSI_MOVED = 0.25
"""Above this a feature has moved (the usual reading: below 0.1 stable, above 0.25 moved)."""
_FLOOR = 1e-4


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """``psi`` and the chance ``p`` of such a difference between samples of one distribution."""

    feature: str
    psi: float
    p: float

    @property
    def moved(self) -> bool:
        """Both say so."""
        return self.psi > PSI_MOVED and self.p < 1e-3


def feature_drift(quantiles: Floats, trained_rows: int, rows: Floats, names: Sequence[str]) -> list[FeatureDrift]:
    """Each feature of ``rows`` against the model's stored quantiles (shape (401, features), see explain.Usual)."""
    return [_drift(quantiles[:, j], trained_rows, rows[:, j], name) for j, name in enumerate(names)]


def _drift(quantiles: Floats, trained: int, now: Floats, name: str) -> FeatureDrift:
    now = np.sort(now[np.isfinite(now)])
    if len(now) == 0:
        return FeatureDrift(name, float("inf"), 0.0)
    edges = np.unique(quantiles[::40])
    grid = (np.arange(len(quantiles)) + 0.5) / len(quantiles)
    expected = _shares(np.interp(grid, np.linspace(0, 1, len(quantiles)), quantiles), edges)
    found = _shares(now, edges)
    psi = float(((found - expected) * np.log(found / expected)).sum())
    return FeatureDrift(name, psi, _ks(quantiles, trained, now))


def _shares(values: Floats, edges: Floats) -> Floats:
    """Share of values at each edge, between edges, and beyond them."""
    left, right = np.searchsorted(values, edges, "left"), np.searchsorted(values, edges, "right")
    bounds = np.empty(2 * len(edges))
    bounds[0::2], bounds[1::2] = left, right
    counts = np.diff(np.concatenate([[0], bounds, [len(values)]]))
    return np.maximum(counts / max(len(values), 1), _FLOOR)


def _ks(quantiles: Floats, trained: int, now: Floats) -> float:
    """Two-sample test with the training sample known by its quantiles; ties count once."""
    points = np.unique(np.concatenate([quantiles, now]))
    share = np.searchsorted(quantiles, points, "right") / len(quantiles)
    gap = float(np.abs(share - np.searchsorted(now, points, "right") / len(now)).max())
    gap = max(gap - 1.0 / len(quantiles), 0.0)
    size = np.sqrt(trained * len(now) / (trained + len(now)))
    return float(kstwobign.sf(gap * size))


def moved_apart(then: Floats, now: Floats) -> tuple[float, float]:
    """(greatest gap between the two distributions, chance of such a gap between samples of one): two-sample
    Kolmogorov-Smirnov, for probabilities that ties keep from being uniform. (0, 1) where either is empty."""
    if len(then) == 0 or len(now) == 0:
        return 0.0, 1.0
    points = np.unique(np.concatenate([then, now]))
    shares = [np.searchsorted(np.sort(sample), points, "right") / len(sample) for sample in (then, now)]
    gap = float(np.abs(shares[0] - shares[1]).max())
    return gap, float(kstwobign.sf(gap * np.sqrt(len(then) * len(now) / (len(then) + len(now)))))


def uniformity(chances: Floats) -> float:
    """The chance that the model's probabilities on new data come from the uniform distribution they should have."""
    ordered = np.sort(chances)
    n = len(ordered)
    if n == 0:
        return 1.0
    steps = np.arange(1, n + 1) / n
    gap = float(max((steps - ordered).max(), (ordered - steps + 1.0 / n).max()))
    return float(kstwobign.sf(gap * np.sqrt(n)))
