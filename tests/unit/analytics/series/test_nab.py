"""Our scorer of the benchmark gives its published fixed points."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from bench.nab import LOW_FALSE, File, score, sigmoid

START = datetime(2020, 1, 1)


def series(n: int, *windows: tuple[int, int]) -> File:
    return File("x", [START + timedelta(minutes=i) for i in range(n)], np.zeros(n), windows)


def marks(n: int, *places: int) -> np.ndarray:
    return np.isin(np.arange(n), places)


def test_null_is_0_and_perfect_is_100() -> None:
    files = [series(1000, (300, 399), (600, 650)), series(500)]
    assert score(files, [marks(1000), marks(500)]) == 0
    assert score(files, [marks(1000, 300, 600), marks(500)]) == pytest.approx(100)


def test_late_hits_are_worth_less_and_false_alarms_cost_the_stated_weight() -> None:
    file = series(1000, (400, 499))
    early, middle, late = (score([file], [marks(1000, at)]) for at in (400, 450, 499))
    assert early > middle > late > 50
    assert score([file], [marks(1000, 200)]) == pytest.approx(-0.11 * 50)
    assert score([file], [marks(1000, 200)], LOW_FALSE) == pytest.approx(-0.22 * 50)
    just, far = (score([file], [marks(1000, at)]) for at in (505, 900))
    assert 0 > just > far


def test_only_the_first_detection_in_a_window_counts_and_probation_is_free() -> None:
    file = series(1000, (400, 499))
    assert score([file], [marks(1000, 410, 420, 430)]) == score([file], [marks(1000, 410)])
    assert score([file], [marks(1000, 10, 100, 149)]) == 0
    assert file.probation == 150


def test_sigmoid_of_the_paper() -> None:
    np.testing.assert_allclose(sigmoid(np.array([-1.0, 0.0, 4.0])), [0.98661, 0.0, -1.0], atol=1e-5)
