"""The scoring of the Numenta Anomaly Benchmark, written from its description (Lavin, Ahmad, ICMLA 2015).

Only the first detection in a window counts, the earlier the better; a false one costs more the farther it lies behind
a window. 0 is a detector that never speaks, 100 one that speaks at the first record of every window and never else.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Profile:
    """What a hit, a false alarm and a miss weigh."""

    hit: float
    false: float
    miss: float


STANDARD = Profile(1.0, 0.11, 1.0)
LOW_FALSE = Profile(1.0, 0.22, 1.0)


@dataclass(frozen=True, slots=True)
class File:
    """One series: ``windows`` are index pairs, both ends included; records before ``probation`` are not scored."""

    name: str
    times: list[datetime]
    values: Floats
    windows: tuple[tuple[int, int], ...]

    @property
    def probation(self) -> int:
        """15 % of the file, at most 15 % of 5000."""
        return int(min(0.15 * len(self.values), 750))

    @property
    def truth(self) -> NDArray[np.bool_]:
        """Whether each record lies in a window."""
        marks = np.zeros(len(self.values), dtype=bool)
        for first, last in self.windows:
            marks[first : last + 1] = True
        return marks


def load(folder: Path) -> list[File]:
    """All series below ``folder``, by name."""
    windows = json.loads((folder / "combined_windows.json").read_text())
    files = []
    for path in sorted((folder / "data").glob("*/*.csv")):
        name = f"{path.parent.name}/{path.name}"
        rows = list(csv.DictReader(path.read_text().splitlines()))
        times = [datetime.fromisoformat(row["timestamp"]) for row in rows]
        pairs = [(datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in windows[name]]
        spans = [(times.index(first), times.index(last)) for first, last in pairs]
        files.append(File(name, times, np.array([float(row["value"]) for row in rows]), tuple(spans)))
    return files


def sigmoid(position: Floats) -> Floats:
    """From +1 (well before 0) to -1 (well behind it)."""
    return np.where(position > 3.0, -1.0, 2.0 / (1.0 + np.exp(5.0 * np.minimum(position, 3.0))) - 1.0)


def worth(file: File, profile: Profile) -> tuple[Floats, NDArray[np.int64]]:
    """What a detection at each record is worth, and the window it lies in (-1 for none)."""
    n = len(file.values)
    index = np.arange(n)
    inside = np.full(n, -1)
    value = np.full(n, -profile.false)
    for number, (first, last) in enumerate(file.windows):
        width = last - first + 1
        after = index > last
        value[after] = profile.false * sigmoid((index[after] - last) / max(width - 1, 1))
        hits = slice(first, last + 1)
        inside[hits] = number
        value[hits] = profile.hit * sigmoid(-(last - index[hits] + 1) / width) / sigmoid(np.array([-1.0]))[0]
    return value, inside


def raw_score(file: File, alerts: Floats, profile: Profile) -> float:
    """The file's score for boolean ``alerts``."""
    value, inside = worth(file, profile)
    said = np.flatnonzero(alerts)
    said = said[said >= file.probation]
    false = said[inside[said] < 0]
    total = float(value[false].sum())
    for number in range(len(file.windows)):
        hits = said[inside[said] == number]
        total += float(value[hits].max()) if len(hits) else -profile.miss
    return total


def score(files: Sequence[File], alerts: Sequence[NDArray[np.bool_]], profile: Profile = STANDARD) -> float:
    """The normalised score over ``files``."""
    total = sum(raw_score(file, said, profile) for file, said in zip(files, alerts, strict=True))
    windows = sum(len(file.windows) for file in files)
    return 100.0 * (total + profile.miss * windows) / ((profile.hit + profile.miss) * windows)
