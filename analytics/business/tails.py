"""How rare a count or a distance is: upper tails, from the special functions themselves.

The distributions of ``scipy.stats`` give the same numbers, but each call costs about fifty times as much, and loading
them as long as judging a small file.
"""

from __future__ import annotations

from scipy import special


def poisson_at_least(many: float, mean: float) -> float:
    """P(X >= many) of a Poisson count with ``mean``."""
    return 1.0 if many <= 0 else float(special.pdtrc(many - 1, mean))


def binomial_at_least(many: int, tries: int, share: float) -> float:
    """P(X >= many) of ``tries`` with chance ``share`` each."""
    return 1.0 if many <= 0 else float(special.bdtrc(many - 1, tries, share))


def chi_square_above(value: float, degrees: int) -> float:
    """P(X > value) of chi-square with so many degrees of freedom."""
    return float(special.chdtrc(degrees, value))


def smirnov_above(distance: float, one: int, two: int) -> float:
    """P(D > distance) for two samples of these sizes of one distribution (Smirnov, 1939; exact tail of Birnbaum and
    Tingey, 1951, at the effective size, twice for both sides)."""
    effective = max(1, round(one * two / (one + two)))
    return min(1.0, 2 * float(special.smirnov(effective, min(1.0, distance))))
