"""Reasons name the feature that was tampered with."""

import time

import numpy as np
import pytest

from analytics.anomaly.ensemble import Ensemble, Tier
from analytics.anomaly.explain import Usual, ablate, explain


@pytest.fixture(scope="module")
def world() -> tuple[np.ndarray, Ensemble, Usual]:
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(12, 12))
    rows = rng.normal(size=(1500, 12)) @ mixing + rng.normal(size=12) * 50
    return rows, Ensemble.fit(rows[:1000], Tier.DEEP), Usual.fit(rows[:1000])


def test_injected_single_feature_anomalies_are_named_first(world) -> None:
    rows, model, usual = world
    rng = np.random.default_rng(1)
    probe = rows[1000:1100].copy()
    where = rng.integers(0, 12, 100)
    probe[np.arange(100), where] = rows[:1000].max(axis=0)[where] + 3 * rows[:1000].std(axis=0)[where]
    drops = ablate(model.score, usual.median, probe)
    place = (drops > drops[np.arange(100), where][:, None]).sum(axis=1)
    assert (place == 0).mean() >= 0.90
    assert (place < 3).mean() >= 0.98


def test_a_reason_says_value_usual_and_percentile(world) -> None:
    rows, model, usual = world
    probe = rows[1000:1001].copy()
    probe[0, 4] = rows[:, 4].max() + 500
    reason = explain(model.score, usual, probe, [f"f{i}" for i in range(12)])[0][0]
    assert reason.feature == "f4"
    assert reason.value == probe[0, 4]
    assert reason.usual == pytest.approx(np.median(rows[:1000, 4]))
    assert reason.percentile == 100.0
    assert reason.drop > 0


def test_percentile_takes_the_middle_of_ties_and_nan_for_missing() -> None:
    usual = Usual.fit(np.array([0.0] * 50 + [1.0] * 50)[:, None])
    assert usual.percentile(0, 0.0) == pytest.approx(25, abs=1)
    assert usual.percentile(0, 5.0) == 100.0
    assert np.isnan(usual.percentile(0, float("nan")))


def test_one_alert_at_62_features_is_explained_quickly() -> None:
    rows = np.random.default_rng(2).normal(size=(800, 62))
    model, usual = Ensemble.fit(rows), Usual.fit(rows)
    explain(model.score, usual, rows[:1], [str(i) for i in range(62)])
    began = time.process_time()
    explain(model.score, usual, rows[1:2], [str(i) for i in range(62)])
    assert time.process_time() - began < 0.05
