"""Brings a matrix into the form the detectors take: centred, scaled, finite."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.anomaly.detector import Floats

_FAR = 1e6
"""Scaled values are held within this many standard deviations, so that one absurd value stays finite."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """Mean, standard deviation and median of each training column; constant columns have scale 1."""

    mean: Floats
    scale: Floats
    usual: Floats

    @classmethod
    def fit(cls, rows: Floats) -> Scaling:
        """From a training matrix that may hold NaN and infinities; a column without any number counts as zero."""
        clean = np.where(np.isfinite(rows), rows, np.nan)
        empty = np.isnan(clean).all(axis=0)
        clean[:, empty] = 0.0
        usual = np.nanmedian(clean, axis=0)
        filled = np.where(np.isnan(clean), usual, clean)
        largest = np.maximum(np.abs(filled).max(axis=0), 1.0)
        part = filled / largest
        spread = part.std(axis=0) * largest
        return cls(part.mean(axis=0) * largest, np.where(spread > 1e-12 * largest, spread, 1.0), usual)

    def apply(self, rows: Floats) -> Floats:
        """Scaled rows; a missing value takes the usual one, an infinity the farthest allowed."""
        filled = np.where(np.isnan(rows), self.usual, rows)
        with np.errstate(over="ignore"):
            return np.asarray(np.clip((filled - self.mean) / self.scale, -_FAR, _FAR))
