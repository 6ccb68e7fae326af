"""Answers of analysts make detectors stricter where they were wrong, and order what is left."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta
from sklearn.linear_model import LogisticRegression

from analytics.models.feedback import Label, Suppression, eased, learn_order, precision
from analytics.models.lessons import Lessons
from infra.events.signal import Signal, Why
from infra.exchange import Level

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


@given(
    st.floats(1e-300, 1.0), st.integers(0, 50), st.integers(0, 50)
)  # fmt: skip
def test_answers_ease_by_a_bounded_rule(p: float, true: int, harmless: int) -> None:
    now = eased(p, true, harmless)
    assert p <= now <= min(1.0, p * 10_000 * (1 + 1e-12))
    assert eased(p, true + 1, harmless) <= now <= eased(p, true, harmless + 1)
    assert eased(p, true, 2 * true) == p


def test_lessons_reach_the_same_finding_only_and_silence_no_great_one() -> None:
    lessons = Lessons({("analytics.lateral", "li", "host.name"): (0, 1)})

    def told(p: float, entity: str = "li") -> Signal:
        why = (Why("host.name", "db-1", ""), Why("p", f"{p:.2g}", ""))
        return Signal(
            id="s", time=NOW, rule_id="analytics.lateral", rule_name="", detector="analytics", level=Level.LOW,
            event_ids=(), entity_type="user", entity_value=entity, why=why,
        )  # fmt: skip

    assert lessons.heard([told(5e-5)]) == []
    assert lessons.heard([told(5e-5, "wang")]) == [told(5e-5, "wang")]
    assert [one.why[-1].value for one in lessons.heard([told(1e-9)])] == ["1e-08"]


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
