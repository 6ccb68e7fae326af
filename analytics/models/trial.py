"""How versions do day by day: what each would have told, whether its probabilities hold, whether the world moved."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np

from analytics.anomaly.detector import Floats
from analytics.models.drift import feature_drift, moved_apart
from analytics.models.teaching import TELLING, Taught
from infra.durable import replace_file

FILE = "trials.msgpack"
MOST_CHANCES = 20_000
TRIAL_HOURS = 24
"""A shadow is tried so long before it becomes a candidate."""
LOUDEST = 0.01
"""A version that would tell more than this share of all rows has lost its footing."""
DRIFTED = 1e-6
WIDE = 0.2
"""Probabilities that lie so far from those of the model's first trial, and not by accident, say that it has aged."""
_FEWEST = 200


class Moved(msgspec.Struct, frozen=True):
    """A feature that moved away from what the model was taught on."""

    feature: str
    psi: float
    p: float


class Trial(msgspec.Struct):
    """One version's record: ``hours`` judged, ``rows``, ``told`` (would have been), the newest probabilities;
    ``gap`` and ``steady`` compare these with those of its first trial."""

    hours: int = 0
    rows: int = 0
    told: int = 0
    chances: list[float] = []
    gap: float = 0.0
    steady: float = 1.0
    moved: list[Moved] = []
    tested: datetime | None = None

    @property
    def loudness(self) -> float:
        """Share of rows it would have told."""
        return self.told / self.rows if self.rows else 0.0

    @property
    def sound(self) -> bool:
        """Tried long enough, and quiet enough, to be offered to a person."""
        return self.hours >= TRIAL_HOURS and self.rows >= _FEWEST and self.loudness <= LOUDEST

    @property
    def drifted(self) -> bool:
        """Whether it should be taught anew."""
        return bool(self.moved) or (self.gap > WIDE and self.steady < DRIFTED)

    def judged(self, chances: Floats, hours: int) -> None:
        """Hours it judged, and the probabilities it gave."""
        self.hours += hours
        self.rows += len(chances)
        self.told += int((chances < TELLING).sum())
        self.chances = [*self.chances, *(float(f"{p:.4g}") for p in chances)][-MOST_CHANCES:]

    def test(self, taught: Taught, rows: Floats, now: datetime) -> None:
        """The drift tests on ``rows`` of the last day."""
        self.tested = now
        recent = np.array(self.chances[-len(rows) :]) if len(rows) else np.empty(0)
        if len(recent) < _FEWEST:
            return
        self.gap, self.steady = moved_apart(taught.held, recent)
        drifts = feature_drift(taught.usual.quantiles, taught.card.rows, rows, taught.card.features)
        self.moved = [Moved(one.feature, one.psi, one.p) for one in drifts if one.moved]


class Trials:
    """Of all versions, by model id; kept in one file."""

    def __init__(self, kept: dict[str, Trial] | None = None) -> None:
        self.kept = kept or {}

    def of(self, model: str) -> Trial:
        """The record of a version, begun where there is none."""
        return self.kept.setdefault(model, Trial())

    def save(self, folder: Path) -> None:
        """Whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(folder / FILE, msgspec.msgpack.encode(self.kept), private=True)

    @classmethod
    def load(cls, folder: Path) -> Trials:
        """As kept; empty where nothing was or it cannot be read."""
        try:
            return cls(msgspec.msgpack.decode((folder / FILE).read_bytes(), type=dict[str, Trial]))
        except (FileNotFoundError, msgspec.MsgspecError):
            return cls()
