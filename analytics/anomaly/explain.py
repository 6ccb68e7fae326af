"""Why a row is unusual: which feature, its value, the usual value, and how far out it lies.

By ablation: one feature at a time is set to its expected value and the row is scored again. What falls is what
that feature adds to the fused score; exact for any detector, one extra scoring for each feature.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.anomaly.detector import Floats

_GRID = np.linspace(0.0, 100.0, 401)
_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Reason:
    """``drop`` is the part of the score that goes when the feature takes its usual value, in nats."""

    feature: str
    value: float
    usual: float
    percentile: float
    drop: float


@dataclass(frozen=True, slots=True)
class Usual:
    """What training rows look like, column by column: quantiles of shape (401, features)."""

    quantiles: Floats

    @classmethod
    def fit(cls, rows: Floats) -> Usual:
        """From training rows; missing values do not count."""
        clean = np.where(np.isfinite(rows), rows, np.nan)
        clean[:, np.isnan(clean).all(axis=0)] = 0.0
        return cls(np.nanpercentile(clean, _GRID, axis=0))

    @property
    def median(self) -> Floats:
        """The usual value of each feature."""
        return np.asarray(self.quantiles[200])

    def percentile(self, feature: int, value: float) -> float:
        """Where ``value`` lies among the training values, 0 to 100, the middle of ties; NaN for a missing value."""
        if np.isnan(value):
            return float("nan")
        column = self.quantiles[:, feature]
        left, right = np.searchsorted(column, value, side="left"), np.searchsorted(column, value, side="right")
        return (
            float(np.clip((left + max(right - 1, left)) / 2, 0, 400) / 4)
            if right > left
            else float(np.interp(value, column, _GRID))
        )


def explain(
    score: Callable[[Floats], Floats], usual: Usual, rows: Floats, names: Sequence[str], top: int = 5
) -> list[tuple[Reason, ...]]:
    """The reasons of each row, greatest first; at most ``top``, none that adds nothing."""
    answers: list[tuple[Reason, ...]] = []
    features = rows.shape[1]
    step = max(1, _CHUNK // (features * features + 1))
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        drops = ablate(score, usual.median, part)
        answers += [_reasons(row, drop, usual, names, top) for row, drop in zip(part, drops, strict=True)]
    return answers


def ablate(score: Callable[[Floats], Floats], usual: Floats, rows: Floats) -> Floats:
    """By how much the score falls for each (row, feature) when that feature is set to ``usual``."""
    n, d = rows.shape
    changed = np.repeat(rows, d, axis=0)
    changed[np.arange(n * d), np.tile(np.arange(d), n)] = np.tile(usual, n)
    return np.asarray(score(rows)[:, None] - score(changed).reshape(n, d))


def _reasons(row: Floats, drops: Floats, usual: Usual, names: Sequence[str], top: int) -> tuple[Reason, ...]:
    order = [int(j) for j in np.argsort(-drops, kind="stable")[:top] if drops[j] > 1e-9]
    return tuple(
        Reason(names[j], float(row[j]), float(usual.median[j]), usual.percentile(j, row[j]), float(drops[j]))
        for j in order
    )
