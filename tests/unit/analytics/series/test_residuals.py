"""The streaming detectors against direct computation, and what none of them may do."""

import warnings

import numpy as np
import pytest

from analytics.series.residuals import Calm, Drift, Forecast, Level, Robust, Season, Shapes

KINDS = [
    lambda n: Level(n, 50.0),
    Season,
    Robust,
    Drift,
    Calm,
    Forecast,
    Shapes,
]
NAMES = ["level", "season", "robust", "drift", "calm", "forecast", "shapes"]


def run(detector, values: np.ndarray, hours: np.ndarray | None = None) -> np.ndarray:
    hours = np.zeros(values.shape, dtype=np.int64) if hours is None else hours
    out = []
    for row, hour in zip(values, hours, strict=True):
        ok = np.isfinite(row)
        out.append(detector.step(np.where(ok, row, 0.0), ok, hour))
    return np.array(out)


@pytest.mark.parametrize("make", KINDS, ids=NAMES)
def test_never_looks_ahead_and_series_do_not_mix(make) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(400, 3))
    changed = values.copy()
    changed[300:] += 50
    changed[:, 2] *= 7
    first, second = run(make(3), values), run(make(3), changed)
    np.testing.assert_array_equal(first[:300, :2], second[:300, :2])
    np.testing.assert_allclose(run(make(1), values[:, :1])[:, 0], first[:, 0], rtol=1e-9)


@pytest.mark.parametrize("make", KINDS, ids=NAMES)
def test_missing_constant_and_absurd_series_stay_finite(make) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(600, 5))
    values[:, 0] = np.nan
    values[:, 1] = 3.0
    values[::7, 2] = np.nan
    values[100, 3] = 1e150
    values[:, 4] = 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        out = run(make(5), values)
    assert np.isfinite(out).all()
    assert (out >= 0).all()
    assert (out[:, 0] == 0).all()


def test_level_converges_to_the_z_of_the_series() -> None:
    rng = np.random.default_rng(1)
    level = Level(1, 2000.0)
    run(level, rng.normal(100, 4, size=(6000, 1)))
    z = level.step(np.array([120.0]), np.array([True]), np.array([0]))[0]
    assert z == pytest.approx(5.0, rel=0.15)


def test_season_knows_that_night_differs_from_day() -> None:
    rng = np.random.default_rng(2)
    hours = (np.arange(24 * 60) % 24)[:, None]
    values = np.where(hours < 8, 10.0, 500.0) + rng.normal(size=(24 * 60, 1))
    season = Season(1)
    run(season, values, hours)
    ok = np.array([True])
    by_day = season.step(np.array([500.0]), ok, np.array([12]))[0]
    by_night = season.step(np.array([500.0]), ok, np.array([3]))[0]
    assert by_day < 4 < 100 < by_night
    usual, spread = season.usual(np.array([12]))
    assert usual[0] == pytest.approx(500, abs=2)
    assert spread[0] == pytest.approx(1, abs=0.5)


def test_robust_is_not_bent_by_a_third_of_outliers() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(240, 1))
    values[::3] = 1000
    robust = Robust(1)
    run(robust, values)
    assert robust.step(np.array([8.0]), np.array([True]), np.array([0]))[0] > 3


def test_drift_sees_a_shift_too_small_for_one_value() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=(800, 1))
    values[600:] += 1.5
    out = run(Drift(1), values)[:, 0]
    assert out[620:660].mean() > 3 * out[300:600].mean()


def test_calm_sees_a_flat_line() -> None:
    values = np.random.default_rng(5).normal(size=(800, 1))
    values[700:] = 0.0
    out = run(Calm(1), values)[:, 0]
    assert out[760:].min() > out[300:700].max()


def test_forecast_learns_an_oscillation_and_shapes_know_it_again() -> None:
    rng = np.random.default_rng(6)
    values = np.sin(np.arange(1500) / 5)[:, None] + 0.02 * rng.normal(size=(1500, 1))
    values[1200:1212] = 0.9
    for detector in (Forecast(1), Shapes(1)):
        out = run(detector, values)[:, 0]
        assert out[1200:1224].max() > 1.5 * out[800:1200].max()
