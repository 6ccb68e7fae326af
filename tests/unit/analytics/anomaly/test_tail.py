"""From scores to how rare they are."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analytics.anomaly.tail import Tail, without_far


def test_p_is_the_share_of_usual_scores_as_high() -> None:
    scores = np.random.default_rng(0).exponential(size=9999)
    tail = Tail.fit(scores)
    for at in (0.5, 1.0, 3.0):
        assert abs(np.exp(-tail.surprise(np.array([at]))[0]) - np.exp(-at)) < 0.02


def test_beyond_the_greatest_score_it_goes_on_growing() -> None:
    tail = Tail.fit(np.arange(100.0))
    a, b, c = tail.surprise(np.array([99.0, 150.0, 1e6]))
    assert a < b < c < 100


@settings(deadline=None, max_examples=60)
@given(arrays(float, st.integers(1, 60), elements=st.floats(-1e6, 1e6)), st.floats(-1e7, 1e7), st.floats(0, 1e6))
def test_a_higher_score_is_never_less_surprising(scores: np.ndarray, at: float, step: float) -> None:
    low, high = Tail.fit(scores).surprise(np.array([at, at + step]))
    assert np.isfinite([low, high]).all()
    assert low <= high


def test_far_scores_do_not_set_the_scale() -> None:
    scores = np.concatenate([np.random.default_rng(1).normal(size=990), np.full(10, 50.0)])
    assert without_far(scores).max() < 50
    assert len(without_far(np.concatenate([np.zeros(80), np.full(20, 9.0)]))) == 100, "never more than a tenth"
