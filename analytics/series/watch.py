"""Watching thousands of series at once: deviations, their surprise, one score, alerts with a pause, silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.series.residuals import Calm, Drift, Flags, Floats, Residual, Season
from analytics.series.surprise import Surprise

THRESHOLD = 4.95
"""Alert at this fused surprise; frozen on half of the public benchmark (bench/series.py, nab_standard)."""
REFRACTORY = 150
"""Steps after an alert during which a series stays quiet."""
KINDS = ("season", "drift", "calm")


@dataclass(frozen=True, slots=True)
class Step:
    """What one step says of every series. ``kind`` indexes ``KINDS``: the member that was surprised most."""

    score: Floats
    alert: Flags
    silent: Flags
    kind: NDArray[np.int64]
    usual: Floats
    spread: Floats


class Watch:
    """The streaming core. Call ``step`` once an interval with the values of all series, NaN where none came."""

    def __init__(self, series: int, threshold: float = THRESHOLD, refractory: int = REFRACTORY) -> None:
        self.series, self.threshold, self.refractory = series, threshold, refractory
        self.season = Season(series)
        self.drift = Drift(series)
        self.calm = Calm(series)
        self.surprises = [Surprise(series) for _ in KINDS]
        self.quiet = np.zeros(series, dtype=np.int64)
        self.silence = Silence(series)

    def step(self, values: Floats, hour: NDArray[np.int64]) -> Step:
        """Judge the values, then learn from them; ``hour`` is the hour of day (0-23) of each."""
        ok = np.isfinite(values)
        x = np.where(ok, np.clip(values, -1e150, 1e150), 0.0)
        usual, spread = self.season.usual(hour)
        members: tuple[Residual, ...] = (self.season, self.drift, self.calm)
        raw = [member.step(x, ok, hour) for member in members]
        parts = np.stack([calm.step(part, ok) for calm, part in zip(self.surprises, raw, strict=True)])
        score = np.sqrt((parts**2).mean(axis=0))
        alert = ok & (score >= self.threshold) & (self.quiet == 0)
        self.quiet = np.where(alert, self.refractory, np.maximum(self.quiet - 1, 0))
        silent = self.silence.step(ok)
        return Step(np.where(ok, score, np.nan), alert, silent, _told(parts), usual, spread)

    def grown(self, series: int) -> Watch:
        """A watch over more series that remembers the present ones; new ones come last."""
        other = Watch(series, self.threshold, self.refractory)
        _copy_rows(self, other, self.series)
        return other

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything as plain arrays, for a checkpoint."""
        return dict(_arrays(self, ""))

    @classmethod
    def restore(cls, arrays: dict[str, NDArray[Any]]) -> Watch:
        """The watch whose ``state`` was ``arrays``."""
        watch = cls(int(arrays["series"]), float(arrays["threshold"]), int(arrays["refractory"]))
        _load(watch, arrays, "")
        return watch


def _told(parts: Floats) -> NDArray[np.int64]:
    """The member to name: the season where it is surprised nearly as much as any, for it alone knows a usual value."""
    return np.asarray((parts * np.array([1.5, 1.0, 1.0])[:, None]).argmax(axis=0))


class Silence:
    """Says once that a series has fallen silent: no value for far longer than its usual gaps."""

    def __init__(self, series: int, patience: int = 3, known: int = 20) -> None:
        self.patience, self.known = patience, known
        self.run = np.zeros(series, dtype=np.int64)
        self.longest = np.zeros(series)
        self.seen = np.zeros(series, dtype=np.int64)

    def step(self, ok: Flags) -> Flags:
        """True for the series that fall silent with this step."""
        ended = ok & (self.run > 0)
        self.longest = np.where(ended, np.maximum(self.longest * 0.98, self.run), self.longest)
        self.run = np.where(ok, 0, self.run + 1)
        self.seen += ok
        limit = self.patience + np.ceil(2.0 * self.longest).astype(np.int64)
        return np.asarray((self.seen >= self.known) & (self.run == limit))


def _parts(thing: Any) -> list[tuple[str, Any]]:
    """Named values of an object, lists opened."""
    items = []
    for name, value in sorted(vars(thing).items()):
        if isinstance(value, list):
            items += [(f"{name}{index}", part) for index, part in enumerate(value)]
        else:
            items.append((name, value))
    return items


def _arrays(thing: Any, prefix: str) -> list[tuple[str, NDArray[Any]]]:
    found = []
    for name, value in _parts(thing):
        if isinstance(value, np.ndarray | int | float):
            found.append((prefix + name, np.asarray(value)))
        else:
            found += _arrays(value, f"{prefix}{name}.")
    return found


def _load(thing: Any, arrays: dict[str, NDArray[Any]], prefix: str) -> None:
    for name, value in _parts(thing):
        if isinstance(value, np.ndarray):
            setattr(thing, name, arrays[prefix + name].copy())
        elif isinstance(value, int | float):
            setattr(thing, name, arrays[prefix + name].item())
        else:
            _load(value, arrays, f"{prefix}{name}.")


def _copy_rows(old: Any, new: Any, series: int) -> None:
    for (name, value), (_, target) in zip(_parts(old), _parts(new), strict=True):
        if isinstance(value, np.ndarray):
            target[:series] = value
        elif isinstance(value, int | float):
            if name == "at":
                setattr(new, name, value)
        else:
            _copy_rows(value, target, series)
