"""Forecasts beat the naive one where there is something to know, and their bands hold what they promise."""

import numpy as np
import pytest

from analytics.series.forecast import days_to_full, forecast
from infra.errors import AppError


def seasonal(n: int, seed: int, slope: float = 0.02) -> np.ndarray:
    rng = np.random.default_rng(seed)
    noise = np.zeros(n)
    for t in range(1, n):
        noise[t] = 0.6 * noise[t - 1] + rng.normal()
    return 50 + slope * np.arange(n) + 8 * np.sin(2 * np.pi * np.arange(n) / 24) + noise


def test_beats_the_seasonal_naive_and_covers() -> None:
    inside80, inside95, ratios = [], [], []
    for seed in range(20):
        values = seasonal(600, seed)
        answer = forecast(values[:576], 24, 24)
        actual = values[576:]
        for coverage, kept in ((80, inside80), (95, inside95)):
            low, high = answer.bands[coverage]
            kept.append(((actual >= low) & (actual <= high)).mean())
        ratios.append(answer.mase)
    assert np.mean(ratios) < 1.0
    assert 0.72 <= np.mean(inside80) <= 0.92
    assert 0.90 <= np.mean(inside95) <= 0.99


def test_missing_values_are_bridged() -> None:
    values = seasonal(400, 3)
    values[100:140] = np.nan
    answer = forecast(values, 24, 12)
    assert np.isfinite(answer.mean).all()
    assert (answer.bands[95][1] >= answer.bands[80][1]).all()


def test_too_short_is_refused_with_the_number_needed() -> None:
    with pytest.raises(AppError) as error:
        forecast(np.ones(30), 24, 12)
    assert error.value.detail["wanted"] == 3 * 24 + 12 + 20


def test_days_to_full_covers_the_truth() -> None:
    covered = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        usage = np.cumsum(rng.gamma(2.0, 0.5, 900))
        answer = days_to_full(usage[:90], capacity=usage[290], seed=seed)
        covered += answer.low <= 201 <= answer.high
    assert 0.65 <= covered / 60 <= 0.97, "an 80 % band"


def test_full_now_and_never() -> None:
    assert days_to_full(np.full(30, 10.0), 10.0).middle == 0
    assert days_to_full(np.full(30, 5.0), 10.0).middle is None
