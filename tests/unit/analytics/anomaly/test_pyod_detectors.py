"""The detectors as PyOD sees them."""

import warnings

import numpy as np
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pyod.models.base import BaseDetector

    from analytics.anomaly import pyod_detectors

NAMES = [
    name for name in dir(pyod_detectors) if name.endswith("Detector") and name not in ("BaseDetector", "_Detector")
]


@pytest.mark.parametrize("name", NAMES)
def test_follows_the_contract_of_pyod(name: str) -> None:
    rng = np.random.default_rng(0)
    rows = np.vstack([rng.normal(size=(190, 4)), rng.normal(12, 1, (10, 4))])
    kind = getattr(pyod_detectors, name)
    detector = kind(contamination=0.05)
    assert isinstance(detector, BaseDetector)
    assert detector.fit(rows) is detector
    assert detector.decision_scores_.shape == detector.labels_.shape == (200,)
    assert 5 <= detector.labels_.sum() <= 15
    np.testing.assert_array_equal(detector.decision_function(rows), detector.decision_scores_)
    assert detector.predict(np.full((1, 4), 60.0))[0] == 1
    assert kind(**detector.get_params()).get_params() == detector.get_params()
