"""The compiled loops against plain numpy."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from analytics.anomaly.forest import Forest, unsuccessful_search
from analytics.anomaly.histogram import Histogram
from analytics.anomaly.lesinn import LeSiNN
from analytics.anomaly.neighbours import Neighbours


@pytest.fixture
def rows() -> np.ndarray:
    return np.random.default_rng(3).normal(size=(300, 7))


def test_lesinn_is_the_mean_distance_to_the_nearest_of_each_subsample(rows: np.ndarray) -> None:
    model = LeSiNN.fit(rows, seed=1, groups=20, size=8)
    nearest = cdist(rows, model.references.astype(float)).reshape(300, 20, 8).min(axis=2)
    np.testing.assert_allclose(model.score(rows), nearest.mean(axis=1), atol=5e-3)


def test_neighbours_averages_the_nearest_k(rows: np.ndarray) -> None:
    model = Neighbours.fit(rows, seed=1, k=5, limit=100)
    fresh = rows + 1.0
    wanted = np.sort(cdist(fresh, model.references.astype(float)), axis=1)[:, :5].mean(axis=1)
    np.testing.assert_allclose(model.score(fresh), wanted, rtol=1e-4)


def test_neighbours_leaves_the_row_itself_out_in_training(rows: np.ndarray) -> None:
    model = Neighbours.fit(rows, seed=1, k=1, limit=1000)
    away = cdist(rows, rows)
    np.fill_diagonal(away, np.inf)
    np.testing.assert_allclose(model.score_training(rows), away.min(axis=1), atol=5e-3)


def test_forest_agrees_with_a_walk_through_its_own_trees(rows: np.ndarray) -> None:
    model = Forest.fit(rows, seed=2, trees=10, size=64)
    single = rows.astype(np.float32)

    def depth(row: np.ndarray, tree: int) -> float:
        node = 0
        while (feature := model.features[tree, node]) >= 0:
            node = 2 * node + 1 + int(row[feature] > model.cuts[tree, node])
        return float(model.lengths[tree, node])

    means = np.array([np.mean([depth(row, tree) for tree in range(10)]) for row in single])
    np.testing.assert_allclose(model.score(rows), 2 ** (-means / model.usual), rtol=1e-6)


def test_forest_isolates_a_far_row_early(rows: np.ndarray) -> None:
    model = Forest.fit(np.vstack([rows, np.full((1, 7), 30.0)]), seed=2, trees=100, size=256)
    usual, far = model.score(rows), model.score(np.full((1, 7), 30.0))
    assert far[0] > usual.max()
    assert 0.3 < np.median(usual) < 0.5


@pytest.mark.parametrize(("count", "expected"), [(1, 0.0), (2, 1.0), (256, 10.2445)])
def test_expected_path_length_follows_the_paper(count: int, expected: float) -> None:
    assert unsuccessful_search(np.array([count]))[0] == pytest.approx(expected, abs=2e-3)


def test_histogram_surprises_most_outside_and_in_empty_bins() -> None:
    data = np.concatenate([np.zeros(50), np.full(50, 10.0)])[:, None]
    model = Histogram.fit(data, bins=10, prior=0.1)
    inside, empty, outside = model.score(np.array([[0.0], [5.0], [99.0]]))
    assert inside < empty <= outside
