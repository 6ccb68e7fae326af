"""Drift is told where there is some and only there."""

import numpy as np
import pytest
from scipy.stats import ks_1samp, ks_2samp, uniform

from analytics.anomaly.explain import Usual
from analytics.models.drift import feature_drift, uniformity


def test_only_the_feature_that_moved_is_told() -> None:
    rng = np.random.default_rng(0)
    train, now = rng.normal(size=(5000, 3)), rng.normal(size=(1000, 3))
    now[:, 1] += 1.0
    drifts = feature_drift(Usual.fit(train).quantiles, 5000, now, ["a", "b", "c"])
    assert [drift.moved for drift in drifts] == [False, True, False]
    assert drifts[1].p == pytest.approx(ks_2samp(train[:, 1], now[:, 1]).pvalue, abs=1e-6)


def test_a_feature_of_few_values_is_no_false_alarm_but_a_changed_mix_is_one() -> None:
    rng = np.random.default_rng(1)
    train = rng.choice([0.0, 1.0], (5000, 1), p=[0.9, 0.1])
    usual = Usual.fit(train).quantiles
    same, other = (rng.choice([0.0, 1.0], (1000, 1), p=[1 - p, p]) for p in (0.1, 0.6))
    assert not feature_drift(usual, 5000, same, ["x"])[0].moved
    assert feature_drift(usual, 5000, other, ["x"])[0].moved
    assert feature_drift(usual, 5000, np.full((9, 1), np.nan), ["x"])[0].moved


def test_uniformity_is_kolmogorov_smirnov() -> None:
    rng = np.random.default_rng(2)
    good, bad = rng.random(2000), rng.beta(0.7, 1, 2000)
    assert uniformity(good) == pytest.approx(ks_1samp(good, uniform.cdf, method="asymp").pvalue, abs=1e-3)
    assert uniformity(good) > 0.01
    assert uniformity(bad) < 1e-6
