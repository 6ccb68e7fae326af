"""Many scores at once are the same scores as one at a time."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.posture.many import assess_many
from analytics.posture.score import assess_dimension
from infra.exchange import Dimension, Evidence, Indicator

NOW = datetime(2026, 1, 1, tzinfo=UTC)
VALUE = st.one_of(st.none(), st.floats(-2, 3))


@given(
    st.lists(st.tuples(VALUE, st.floats(0.1, 5), st.floats(0, 1), st.one_of(st.none(), st.floats(0, 1))), min_size=1)
)
def test_like_one_at_a_time(rows: list[tuple[float | None, float, float, float | None]]) -> None:
    indicators = [
        Indicator(
            id=f"i{n}", dimension=Dimension.DATA, value=value, unit="", window=timedelta(), best=1.0, worst=0.0,
            weight=weight, source="", taken=NOW, evidence=Evidence(""), prior=prior,
        )
        for n, (value, weight, prior, _) in enumerate(rows)
    ]  # fmt: skip
    known = {f"i{n}": last for n, (*_, last) in enumerate(rows) if last is not None}
    one = assess_dimension(indicators, (), (), known)
    matrix = np.array([[np.nan if value is None else value for value, *_ in rows]])
    last = np.array([[np.nan if row[3] is None else row[3] for row in rows]])
    many = assess_many(
        matrix, np.ones(len(rows)), np.zeros(len(rows)), np.array([row[1] for row in rows]),
        np.array([row[2] for row in rows]), last,
    )  # fmt: skip
    assert many.score[0] == pytest.approx(100 - sum(loss.points for loss in one.losses), abs=1e-9)
    assert 100 - many.losses[0].sum() == pytest.approx(many.score[0], abs=1e-9)
    assert (many.low[0], many.high[0]) == pytest.approx((one.low, one.high), abs=1e-9)
    assert many.coverage[0] == pytest.approx(one.coverage)
