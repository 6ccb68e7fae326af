"""The streaming detectors: each turns the next value of every series into a raw deviation, never looking ahead.

All state is arrays with one row per series; a step costs the same few numpy calls for one series or ten thousand.
``x`` has shape (series,), ``ok`` marks the values that came; where none came nothing is learnt and the answer is 0.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
_TINY = 1e-12


class Residual(Protocol):
    """One way to be unlike the past."""

    def step(self, x: Floats, ok: Flags, slot: NDArray[np.int64]) -> Floats: ...


class Level:
    """Distance from an exponentially weighted mean, in its own standard deviations; updates are winsorised."""

    def __init__(self, series: int, memory: float, clip: float = 4.0) -> None:
        self.alpha, self.clip = 1.0 / memory, clip
        self.count = np.zeros(series)
        self.mean = np.zeros(series)
        self.var = np.zeros(series)

    def step(self, x: Floats, ok: Flags, slot: NDArray[np.int64]) -> Floats:
        """Absolute z of ``x``."""
        gap = x - self.mean
        spread = np.sqrt(self.var) + 1e-3 * np.abs(self.mean) + _TINY
        z = np.where(ok & (self.count > 5), gap / spread, 0.0)
        gain = np.where(ok, np.maximum(self.alpha, 1.0 / (self.count + 1.0)), 0.0)
        held = np.where(self.count > 20, np.clip(gap, -self.clip * spread, self.clip * spread), gap)
        held = np.where(ok, held, 0.0)
        self.mean += gain * held
        self.var += gain * ((1.0 - gain) * held * held - self.var)
        self.count += ok
        return np.abs(z)


class Season:
    """The same against what is usual in the slot of the day; a slot is silent until it has seen enough."""

    def __init__(self, series: int, slots: int = 24, memory: float = 100.0) -> None:
        self.alpha = 1.0 / memory
        self.count = np.zeros((series, slots))
        self.mean = np.zeros((series, slots))
        self.var = np.zeros((series, slots))

    def usual(self, slot: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """What is usual in the slot: mean and standard deviation; NaN while unknown."""
        at = (np.arange(len(slot)), slot)
        known = self.count[at] > 10
        return np.where(known, self.mean[at], np.nan), np.where(known, np.sqrt(self.var[at]), np.nan)

    def step(self, x: Floats, ok: Flags, slot: NDArray[np.int64]) -> Floats:
        """Absolute z within the slot."""
        at = (np.arange(len(x)), slot)
        count, mean, var = self.count[at], self.mean[at], self.var[at]
        gap = x - mean
        spread = np.sqrt(var) + 1e-3 * np.abs(mean) + _TINY
        z = np.where(ok & (count > 10), gap / spread, 0.0)
        gain = np.where(ok, np.maximum(self.alpha, 1.0 / (count + 1.0)), 0.0)
        held = np.where(ok, np.where(count > 20, np.clip(gap, -4 * spread, 4 * spread), gap), 0.0)
        self.mean[at] = mean + gain * held
        self.var[at] = var + gain * ((1.0 - gain) * held * held - var)
        self.count[at] = count + ok
        return np.abs(z)


class Robust:
    """Distance from the median of a window, in median absolute deviations (refreshed every few steps)."""

    def __init__(self, series: int, window: int = 240, refresh: int = 8) -> None:
        self.held = np.full((series, window), np.nan)
        self.window, self.refresh, self.at = window, refresh, 0
        self.median = np.zeros(series)
        self.spread = np.full(series, np.inf)
        self.count = np.zeros(series)

    def step(self, x: Floats, ok: Flags, slot: NDArray[np.int64]) -> Floats:
        """Absolute robust z."""
        z = np.where(ok & (self.count > 20), (x - self.median) / self.spread, 0.0)
        self.held[:, self.at % self.window] = np.where(ok, x, np.nan)
        self.count += ok
        self.at += 1
        if self.at % self.refresh == 0:
            self._refresh()
        return np.abs(z)

    def _refresh(self) -> None:
        seen = self.held[:, : min(self.at, self.window)]
        some = ~np.isnan(seen).all(axis=1)
        self.median[some] = np.nanmedian(seen[some], axis=1)
        away = np.abs(seen[some] - self.median[some, None])
        mad = 1.4826 * np.nanmedian(away, axis=1)
        mad = np.where(mad > 0, mad, 0.25 * np.nanmean(away, axis=1))
        self.spread[some] = mad + 1e-3 * np.abs(self.median[some]) + _TINY


class Drift:
    """How far the mean of the last few values lies from the long mean: slow shifts that no single value shows."""

    def __init__(self, series: int, short: float = 20.0, long: float = 500.0) -> None:
        self.short = Level(series, short, clip=np.inf)
        self.long = Level(series, long)

    def step(self, x: Floats, ok: Flags, slot: NDArray[np.int64]) -> Floats:
        """|short mean - long mean| in long standard deviations."""
        self.short.step(x, ok, slot)
        self.long.step(x, ok, slot)
        spread = np.sqrt(self.long.var) + 1e-3 * np.abs(self.long.mean) + _TINY
        return np.where(ok & (self.long.count > 20), np.abs(self.short.mean - self.long.mean) / spread, 0.0)


class Calm:
    """How far the recent variance lies from the long one, both ways: a flat line is as odd as a storm."""

    def __init__(self, series: int, short: float = 24.0, long: float = 500.0) -> None:
        self.short = Level(series, short, clip=np.inf)
        self.long = Level(series, long, clip=np.inf)

    def step(self, x: Floats, ok: Flags, slot: NDArray[np.int64]) -> Floats:
        """|ln(short variance / long variance)|."""
        self.short.step(x, ok, slot)
        self.long.step(x, ok, slot)
        floor = 1e-6 * self.long.mean**2 + 1e-4 * self.long.var + _TINY
        ratio = np.log((self.short.var + floor) / (self.long.var + floor))
        return np.where(ok & (self.long.count > 48), np.abs(ratio), 0.0)


class Forecast:
    """Error of an autoregression learnt by recursive least squares, in its own running standard deviations."""

    def __init__(self, series: int, order: int = 4, memory: float = 500.0) -> None:
        self.order, self.forget = order, 1.0 - 1.0 / memory
        self.past = np.zeros((series, order))
        self.weights = np.zeros((series, order + 1))
        self.weights[:, 0] = 1.0
        self.inverse = np.tile(np.eye(order + 1) * 10.0, (series, 1, 1))
        self.level = Level(series, 1000.0)
        self.error = Level(series, memory)
        self.count = np.zeros(series)

    def step(self, x: Floats, ok: Flags, slot: NDArray[np.int64]) -> Floats:
        """Absolute z of the one-step error."""
        scale = np.sqrt(self.level.var) + _TINY
        self.level.step(x, ok, slot)
        value = np.clip(np.where(ok, (x - self.level.mean) / scale, 0.0), -20, 20)
        value = np.where(self.count > 3, value, 0.0)
        inputs = np.concatenate([self.past, np.ones((len(x), 1))], axis=1)
        miss = value - np.einsum("sp,sp->s", self.weights, inputs)
        z = self.error.step(miss, ok, slot)
        self._learn(inputs, np.where(ok, np.clip(miss, -5, 5), 0.0), ok)
        self.past = np.where(ok[:, None], np.concatenate([value[:, None], self.past[:, :-1]], axis=1), self.past)
        self.count += ok
        return np.where(self.count > 30, z, 0.0)

    def _learn(self, inputs: Floats, miss: Floats, ok: Flags) -> None:
        pulled = np.einsum("spq,sq->sp", self.inverse, inputs)
        gain = pulled / (self.forget + np.einsum("sp,sp->s", inputs, pulled))[:, None]
        gain *= ok[:, None]
        self.weights += gain * miss[:, None]
        self.inverse -= gain[:, :, None] * pulled[:, None, :]
        self.inverse = np.where(ok[:, None, None], self.inverse / self.forget, self.inverse)
        np.minimum(self.inverse, 1e4, out=self.inverse)
        np.maximum(self.inverse, -1e4, out=self.inverse)


class Shapes:
    """Distance of the last few values, as a shape, to the nearest of a bank of earlier shapes of the same series."""

    def __init__(self, series: int, width: int = 12, bank: int = 128, every: int = 6, seed: int = 0) -> None:
        self.width, self.every, self.at = width, every, 0
        self.past = np.zeros((series, width))
        self.bank = np.full((series, bank, width), np.nan)
        self.filled = 0
        self.level = Level(series, 1000.0)
        self.generator = np.random.default_rng(seed)
        self.count = np.zeros(series)

    def step(self, x: Floats, ok: Flags, slot: NDArray[np.int64]) -> Floats:
        """Mean distance to the two nearest shapes."""
        spread = np.sqrt(self.level.var) + 1e-3 * np.abs(self.level.mean) + _TINY
        value = np.where(ok, (x - self.level.mean) / spread, 0.0)
        self.level.step(x, ok, slot)
        self.past = np.where(ok[:, None], np.concatenate([self.past[:, 1:], value[:, None]], axis=1), self.past)
        self.count += ok
        self.at += 1
        if self.filled < 8:
            answer = np.zeros(len(x))
        else:
            away = ((self.bank[:, : self.filled] - self.past[:, None, :]) ** 2).sum(axis=2)
            near = np.partition(np.where(np.isnan(away), np.inf, away), 1, axis=1)[:, :2]
            answer = np.where(np.isfinite(near).all(axis=1) & ok & (self.count > 60), np.sqrt(near).mean(axis=1), 0.0)
        if self.at % self.every == 0 and self.at > self.width:
            self._keep()
        return answer

    def _keep(self) -> None:
        many = self.bank.shape[1]
        place = self.filled if self.filled < many else int(self.generator.integers(many))
        self.filled = min(self.filled + 1, many)
        self.bank[:, place] = np.where((self.count > self.width)[:, None], self.past, np.nan)
