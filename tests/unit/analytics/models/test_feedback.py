"""Answers of analysts make detectors stricter where they were wrong, and order what is left."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy.stats import beta
from sklearn.linear_model import LogisticRegression

from analytics.models.feedback import Label, Suppression, learn_order, precision, threshold

NOW = datetime(2026, 11, 18, tzinfo=UTC)


def test_suppression_covers_its_scope_until_its_end() -> None:
    known = Suppression("volume", "host:a", NOW + timedelta(days=7))
    assert known.covers("volume", "host:a", NOW)
    assert not known.covers("volume", "host:b", NOW)
    assert not known.covers("hours", "host:a", NOW)
    assert not known.covers("volume", "host:a", NOW + timedelta(days=7))


def test_precision_is_the_beta_posterior() -> None:
    mean, low, high = precision(7, 3)
    assert mean == pytest.approx(8 / 12)
    assert (low, high) == pytest.approx((beta.ppf(0.05, 8, 4), beta.ppf(0.95, 8, 4)))


def test_thresholds_only_become_stricter() -> None:
    base = 1e-3
    assert threshold(base, 0, 0) == base
    assert threshold(base, 10, 0) == base
    assert threshold(base, 0, 10) < 0.3 * base
    assert threshold(base, 0, 100) < threshold(base, 0, 10)


def test_the_learnt_order_is_ridge_logistic_regression() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(120, 3)) * [1, 10, 0.1] + 5
    truth = rows[:, 0] + rng.normal(0, 0.5, 120) > 5
    labels = [Label.TRUE if one else Label.FALSE for one in truth]
    order = learn_order(rows, labels)
    scaled = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    oracle = LogisticRegression(C=1.0, tol=1e-8, max_iter=1000).fit(scaled, truth)
    np.testing.assert_allclose(order.score(rows), oracle.predict_proba(scaled)[:, 1], atol=1e-3)
    assert order.labels == 120


def test_too_few_answers_teach_nothing() -> None:
    rows = np.random.default_rng(0).normal(size=(49, 2))
    assert learn_order(rows, [Label.TRUE, Label.FALSE] * 24 + [Label.TRUE]) is None
    assert learn_order(np.zeros((60, 2)), [Label.FALSE] * 60) is None
