"""The detectors of this room as PyOD detectors, for whoever works with PyOD's ensembles, thresholds and evaluation.

They follow ``pyod.models.base.BaseDetector``: ``fit``, ``decision_scores_``, ``threshold_``, ``labels_``,
``decision_function``, ``predict``. PyOD, scikit-learn and matplotlib are imported here and nowhere else in the room.
"""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("MPLBACKEND", "Agg")

import numpy as np
from pyod.models.base import BaseDetector
from sklearn.utils import check_array

from analytics.anomaly.core import Core
from analytics.anomaly.detector import Floats, Scorer
from analytics.anomaly.ensemble import Ensemble, Tier
from analytics.anomaly.forest import Forest
from analytics.anomaly.histogram import Histogram
from analytics.anomaly.lesinn import LeSiNN
from analytics.anomaly.mixture import Mixture
from analytics.anomaly.neighbours import Neighbours


class _Detector(BaseDetector):  # type: ignore[misc]
    """A detector whose ``_fitted`` makes the scorer; subclasses only say how."""

    def __init__(self, contamination: float = 0.1, random_state: int = 0) -> None:
        super().__init__(contamination=contamination)
        self.random_state = random_state

    def _fitted(self, rows: Floats) -> Scorer:
        raise NotImplementedError

    def fit(self, X: Any, y: Any = None) -> _Detector:  # noqa: N803 - PyOD's names
        """Fit on ``X`` of shape (n, features); ``y`` is ignored."""
        rows = check_array(X, dtype=np.float64)
        self._set_n_classes(y)
        self.n_features_in_ = rows.shape[1]
        self.scorer_ = self._fitted(rows)
        self.decision_scores_ = self.scorer_.score(rows)
        self._process_decision_scores()
        return self

    def decision_function(self, X: Any) -> Floats:  # noqa: N803
        """Raw scores, higher is more unusual."""
        return self.scorer_.score(check_array(X, dtype=np.float64))


class LeSiNNDetector(_Detector):
    """Mean nearest distance over random subsamples."""

    def __init__(self, groups: int = 100, size: int = 16, contamination: float = 0.1, random_state: int = 0) -> None:
        super().__init__(contamination, random_state)
        self.groups, self.size = groups, size

    def _fitted(self, rows: Floats) -> Scorer:
        return LeSiNN.fit(rows, self.random_state, self.groups, self.size)


class MixtureDetector(_Detector):
    """Negative log density of a regularised Gaussian mixture."""

    def __init__(self, most: int = 4, floor: float = 1e-3, contamination: float = 0.1, random_state: int = 0) -> None:
        super().__init__(contamination, random_state)
        self.most, self.floor = most, floor

    def _fitted(self, rows: Floats) -> Scorer:
        return Mixture.fit(rows, self.random_state, self.most, self.floor)


class NeighboursDetector(_Detector):
    """Mean distance to the nearest different rows."""

    def __init__(self, k: int = 20, limit: int = 5000, contamination: float = 0.1, random_state: int = 0) -> None:
        super().__init__(contamination, random_state)
        self.k, self.limit = k, limit

    def _fitted(self, rows: Floats) -> Scorer:
        return Neighbours.fit(rows, self.random_state, self.k, self.limit)


class CoreDetector(_Detector):
    """Mahalanobis distance from the densest part of the rows."""

    def _fitted(self, rows: Floats) -> Scorer:
        return Core.fit(rows)


class HistogramDetector(_Detector):
    """Sum of the surprise of histogram bins."""

    def _fitted(self, rows: Floats) -> Scorer:
        return Histogram.fit(rows)


class ForestDetector(_Detector):
    """Isolation forest."""

    def __init__(self, trees: int = 100, size: int = 256, contamination: float = 0.1, random_state: int = 0) -> None:
        super().__init__(contamination, random_state)
        self.trees, self.size = trees, size

    def _fitted(self, rows: Floats) -> Scorer:
        return Forest.fit(rows, self.random_state, self.trees, self.size)


class EnsembleDetector(_Detector):
    """One of the two tiers, ``fast`` or ``deep``."""

    def __init__(self, tier: str = "deep", contamination: float = 0.1, random_state: int = 0) -> None:
        super().__init__(contamination, random_state)
        self.tier = tier

    def _fitted(self, rows: Floats) -> Scorer:
        return Ensemble.fit(rows, Tier(self.tier), self.random_state)
