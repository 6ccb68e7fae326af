"""Where a series is going: damped Holt-Winters with split-conformal bands, and how many days until a volume is full.

Gardner, McKenzie, "Forecasting trends in time series", Management Science 1985; Vovk et al., "Algorithmic Learning in a
Random World", for the bands: their half-width at each horizon is a quantile of the errors really made at that horizon.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from analytics.series.residuals import Floats
from infra.errors import AppError, ErrorKind

_GRID = np.array(list(product((0.05, 0.2, 0.5, 0.9), (0.0, 0.02, 0.1), (0.05, 0.3))))
"""Candidates for the gains of level, trend and season; the one with the least rolling error is taken."""
_DAMPING = 0.98
_FEWEST_ERRORS = 20


@dataclass(frozen=True, slots=True)
class Forecast:
    """``mean`` of shape (horizon,); ``bands`` maps a coverage in percent to (low, high). ``mase`` is the mean absolute
    error at horizon 1..h over that of the seasonal naive forecast on the same origins; below 1 it is the better one."""

    mean: Floats
    bands: dict[int, tuple[Floats, Floats]]
    mase: float


def forecast(values: Floats, season: int, horizon: int, coverages: tuple[int, ...] = (80, 95)) -> Forecast:
    """The next ``horizon`` values of an evenly spaced series; NaN is missing; ``season`` 1 means none.

    Raises ``AppError(INVALID)`` where fewer than three seasons and 20 errors for each horizon are known.
    """
    if len(values) < 3 * season + horizon + _FEWEST_ERRORS:
        wanted = 3 * season + horizon + _FEWEST_ERRORS
        raise AppError(
            ErrorKind.INVALID, "analytics.series.too_short", place="values", found=len(values), wanted=wanted
        )
    paths, ends = _roll(values, season, horizon)
    errors = _errors(paths, values, horizon)
    warm = min(3 * season, len(values) - horizon - _FEWEST_ERRORS)
    size = np.nanmean(np.abs(errors[:, warm:]), axis=(1, 2))
    best = int(np.nanargmin(size)) if np.isfinite(size).any() else 0
    kept = errors[best, warm:]
    naive = _naive_errors(values, season, horizon)[warm:]
    scale = float(np.nanmean(np.abs(naive)))
    widths = {coverage: _width(kept, coverage / 100.0) for coverage in coverages}
    mean = ends[best]
    bands = {coverage: (mean - width, mean + width) for coverage, width in widths.items()}
    return Forecast(mean, bands, float(size[best]) / scale if scale > 0 else float("nan"))


def _roll(values: Floats, season: int, horizon: int) -> tuple[NDArray[np.float32], Floats]:
    """Forecasts of every candidate from every origin, shape (candidates, origins, horizon), and those from the end."""
    gains, many = _GRID, len(_GRID)
    level, trend = np.full(many, _first(values)), np.zeros(many)
    wheel = np.zeros((many, season))
    steps = np.cumsum(_DAMPING ** np.arange(1, horizon + 1))
    paths = np.empty((many, len(values), horizon), dtype=np.float32)
    for t, value in enumerate(values):
        slots = (t + np.arange(horizon)) % season
        paths[:, t] = level[:, None] + trend[:, None] * steps + wheel[:, slots]
        level, trend = _learn(value, level, trend, wheel, t % season, gains, season)
    slots = (len(values) + np.arange(horizon)) % season
    return paths, level[:, None] + trend[:, None] * steps + wheel[:, slots]


def _learn(
    value: float, level: Floats, trend: Floats, wheel: Floats, slot: int, gains: Floats, season: int
) -> tuple[Floats, Floats]:
    """The state after ``value``; a missing one only lets the trend carry on."""
    ahead = level + _DAMPING * trend
    if not np.isfinite(value):
        return ahead, _DAMPING * trend
    miss = value - ahead - wheel[:, slot]
    if season > 1:
        wheel[:, slot] += gains[:, 2] * (1.0 - gains[:, 0]) * miss
    return ahead + gains[:, 0] * miss, _DAMPING * trend + gains[:, 1] * miss


def _first(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known[0]) if len(known) else 0.0


def _errors(paths: NDArray[np.float32], values: Floats, horizon: int) -> Floats:
    """Actual minus forecast, shape (candidates, origins, horizon); NaN where the actual is not known."""
    padded = np.concatenate([values, np.full(horizon, np.nan)])
    actual = np.lib.stride_tricks.sliding_window_view(padded, horizon)[: len(values)]
    return np.asarray(actual[None] - paths, dtype=np.float64)


def _naive_errors(values: Floats, season: int, horizon: int) -> Floats:
    """The same for the value one season (or whole seasons) before."""
    padded = np.concatenate([np.full(season, np.nan), values, np.full(horizon, np.nan)])
    errors = np.full((len(values), horizon), np.nan)
    for h in range(horizon):
        back = season * (1 + h // season)
        origins = np.arange(len(values))
        before = origins + h - back + season
        fine = before >= 0
        errors[fine, h] = padded[origins[fine] + h + season] - padded[before[fine]]
    return errors


def _width(errors: Floats, coverage: float) -> Floats:
    """Half-width of the band at each horizon with the finite-sample correction; never narrower than at a nearer one."""
    widths = np.empty(errors.shape[1])
    for h, column in enumerate(errors.T):
        known = np.abs(column[np.isfinite(column)])
        rank = min(int(np.ceil((len(known) + 1) * coverage)), len(known))
        widths[h] = np.sort(known)[rank - 1] if len(known) else np.inf
    return np.maximum.accumulate(widths)


@dataclass(frozen=True, slots=True)
class DaysToFull:
    """Days until the capacity is reached: an 80 % band and the middle; None where not within the horizon."""

    low: float | None
    middle: float | None
    high: float | None


def days_to_full(
    daily: Floats, capacity: float, seed: int = 0, horizon: int = 1095, paths: int = 500, block: int = 7
) -> DaysToFull:
    """From one reading a day: past growth is replayed in blocks of a week, many times, until ``capacity`` is passed.

    Raises ``AppError(INVALID)`` for fewer than 15 readings.
    """
    known = daily[np.isfinite(daily)]
    if len(known) < 15:
        raise AppError(ErrorKind.INVALID, "analytics.series.too_short", place="daily", found=len(known), wanted=15)
    if known[-1] >= capacity:
        return DaysToFull(0.0, 0.0, 0.0)
    growth = np.diff(known)
    generator = np.random.default_rng(seed)
    block = min(block, len(growth))
    starts = generator.integers(0, len(growth) - block + 1, (paths, -(-horizon // block)))
    steps = growth[(starts[..., None] + np.arange(block)).reshape(paths, -1)[:, :horizon]]
    slope = growth.mean() + growth.std() / np.sqrt(len(growth)) * generator.standard_normal((paths, 1))
    full = known[-1] + np.cumsum(steps - growth.mean() + slope, axis=1) >= capacity
    days = np.where(full.any(axis=1), full.argmax(axis=1) + 1.0, np.inf)
    low, middle, high = (float(q) for q in np.quantile(days, [0.1, 0.5, 0.9], method="higher"))
    return DaysToFull(*(day if np.isfinite(day) else None for day in (low, middle, high)))
