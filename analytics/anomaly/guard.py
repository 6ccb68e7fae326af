"""The poisoning guard: which training rows must not shape the model, because they look like attacks themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.anomaly.core import Core
from analytics.anomaly.detector import Floats, Scorer
from analytics.anomaly.forest import Forest
from analytics.anomaly.histogram import Histogram
from analytics.anomaly.lesinn import LeSiNN
from analytics.anomaly.tail import Tail


@dataclass(frozen=True, slots=True)
class Screening:
    """``surprise`` of each training row by a first, quick committee fitted on all of them."""

    surprise: Floats

    @classmethod
    def of(cls, rows: Floats, seed: int) -> Screening:
        """Mean surprise by histogram, forest, core and LeSiNN."""
        committee: list[Scorer] = [
            Histogram.fit(rows),
            Forest.fit(rows, seed),
            Core.fit(rows),
            LeSiNN.fit(rows, seed, groups=100, size=8),
        ]
        surprises = [Tail.fit(scores).surprise(scores) for scores in (member.score(rows) for member in committee)]
        return cls(np.mean(surprises, axis=0))

    def keep(self, share: float) -> NDArray[np.int64]:
        """Indices, ascending, of the ``share`` of rows that surprise least."""
        many = max(int(np.ceil(len(self.surprise) * share)), 1)
        return np.sort(np.argsort(self.surprise, kind="stable")[:many])


def usual_rows(rows: Floats, *, tied_to_incident: NDArray[np.bool_], p: Floats, below: float = 0.001) -> Floats:
    """Rows a refit may learn from: none tied to an open incident, none the active model finds rarer than ``below``."""
    return rows[~tied_to_incident & (p >= below)]
