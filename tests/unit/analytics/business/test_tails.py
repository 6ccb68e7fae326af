"""Tails against the distributions of scipy.stats, which say the same more slowly."""

from __future__ import annotations

import pytest
from scipy import stats

from analytics.business.tails import binomial_at_least, chi_square_above, poisson_at_least, smirnov_above


@pytest.mark.parametrize(("many", "mean"), [(0, 2.0), (1, 0.3), (9, 2.5), (40, 11.0)])
def test_poisson(many: int, mean: float) -> None:
    assert poisson_at_least(many, mean) == pytest.approx(float(stats.poisson.sf(many - 1, mean)), rel=1e-9)


@pytest.mark.parametrize(("many", "tries", "share"), [(0, 5, 0.2), (3, 30, 0.02), (30, 30, 0.5)])
def test_binomial(many: int, tries: int, share: float) -> None:
    assert binomial_at_least(many, tries, share) == pytest.approx(
        float(stats.binom.sf(many - 1, tries, share)), rel=1e-9
    )


def test_chi_square() -> None:
    assert chi_square_above(27.5, 8) == pytest.approx(float(stats.chi2.sf(27.5, 8)), rel=1e-9)


@pytest.mark.parametrize(("one", "two"), [(30, 150), (60, 3000), (400, 400)])
def test_two_samples_as_far_apart_as_that(one: int, two: int) -> None:
    distance = 0.45
    expected = float(stats.kstwo.sf(distance, round(one * two / (one + two))))
    assert smirnov_above(distance, one, two) == pytest.approx(expected, rel=1e-3)


def test_samples_that_do_not_differ_are_no_surprise() -> None:
    assert smirnov_above(0.0, 30, 30) == 1.0
