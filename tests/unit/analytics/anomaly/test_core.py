"""The densest part of the rows decides, not the outliers."""

import numpy as np
from scipy.spatial.distance import mahalanobis

from analytics.anomaly.core import Core
from analytics.anomaly.mixture import Mixture


def test_distance_is_mahalanobis_of_the_clean_part() -> None:
    rng = np.random.default_rng(0)
    clean = rng.multivariate_normal([1, -2], [[2, 1.2], [1.2, 1]], 4000)
    poisoned = np.vstack([clean, rng.normal(25, 0.1, (800, 2))])
    model = Core.fit(poisoned)
    probe = np.array([[1.0, -2.0], [4.0, -4.0], [4.0, 0.0]])
    inverse = np.linalg.inv(np.cov(clean.T))
    wanted = np.array([mahalanobis(row, clean.mean(axis=0), inverse) for row in probe])
    got = model.score(probe)
    assert got[0] < 0.3
    np.testing.assert_allclose(got[1] / got[2], wanted[1] / wanted[2], rtol=0.15)
    assert model.score(poisoned[-800:]).min() > 20


def test_more_features_than_rows_is_no_failure() -> None:
    rows = np.random.default_rng(1).normal(size=(20, 60))
    assert np.isfinite(Core.fit(rows).score(rows)).all()


def test_mixture_is_a_density() -> None:
    rng = np.random.default_rng(2)
    rows = np.concatenate([rng.normal(-4, 1, (3000, 1)), rng.normal(4, 1, (3000, 1))])
    grid = np.linspace(-15, 15, 4001)[:, None]
    density = np.exp(-Mixture.fit(rows, seed=0).score(grid))
    assert abs(np.trapezoid(density, grid[:, 0]) - 1) < 1e-3
    assert density[2000] < 0.1 * density.max(), "the gap between the two lumps is improbable"
