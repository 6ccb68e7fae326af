"""The score of many things at once (every asset, every system): the arithmetic of ``score`` over whole matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scores:
    """By thing: ``score`` (its best single value), ``low``, ``high``, ``coverage``; ``losses`` in points by thing and
    indicator add up to 100 - score."""

    score: Floats
    low: Floats
    high: Floats
    coverage: Floats
    losses: Floats


def assess_many(
    values: Floats, best: Floats, worst: Floats, weight: Floats, prior: Floats, last_health: Floats | None = None
) -> Scores:
    """``values`` of shape (things, indicators), NaN where missing; the others of shape (indicators,), ``last_health``
    like ``values`` with NaN where nothing was ever known. A missing one counts as the worse of prior and last health.
    """
    share = 100.0 * weight / weight.sum()
    health = np.clip((values - worst) / (best - worst), 0.0, 1.0)
    missing = ~np.isfinite(health)
    known = (
        np.full_like(health, np.inf) if last_health is None else np.where(np.isnan(last_health), np.inf, last_health)
    )
    assumed = np.where(missing, np.minimum(prior, known), health)
    losses = (1.0 - assumed) * share
    held = np.where(missing, 0.0, health)
    low = 100.0 - ((1.0 - held) * share).sum(axis=1)
    high = low + (missing * share).sum(axis=1)
    coverage = (~missing * share).sum(axis=1) / 100.0
    return Scores(100.0 - losses.sum(axis=1), low, high, coverage, losses)
