"""What is usual for entities, from their kept hours: ranges, percentiles, the hours themselves."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from analytics.anomaly.detector import Floats
from analytics.scheduled.entities import KINDS
from analytics.scheduled.vectors import Vectors, features_of
from dashboards.rooms.insight import Number


class Profiles:
    """Over one reading of the kept hours."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    @cached_property
    def _features(self) -> dict[str, tuple[str, ...]]:
        return {kind.name: features_of(kind) for kind in KINDS}

    @cached_property
    def _columns(self) -> dict[str, Floats]:
        """Each kind's numbers, every column sorted by itself."""
        return {kind: np.sort(self._vectors.matrix(kind), axis=0) for kind in self._features}

    def numbers(self, kind: str, entity: str, hours: int) -> tuple[Number, ...]:
        """All numbers of an entity; none where it was never seen."""
        found = [self.number(kind, entity, name, hours) for name in self._features.get(kind, ())]
        return tuple(each for each in found if each is not None)

    def number(self, kind: str, entity: str, feature: str, hours: int) -> Number | None:
        """One number; None where it is no number of this kind or the entity was never seen."""
        series = self._vectors.series(kind, entity, feature)[-hours:]
        seen = [value for _, value in series if value is not None]
        if not seen:
            return None
        low, high = np.percentile(seen, [5, 95]) if len(seen) >= 5 else (None, None)
        return Number(
            name=feature,
            value=series[-1][1],
            low=None if low is None else float(low),
            high=None if high is None else float(high),
            percentile=self.percentile(kind, feature, seen[-1]),
            series=tuple(value for _, value in series),
        )

    def percentile(self, kind: str, feature: str, value: str | float) -> float | None:
        """Share of all hours of all entities of the kind at or below ``value``; None where it is no number of it."""
        names, column = self._features.get(kind, ()), self._columns.get(kind)
        try:
            wanted = float(value)
        except ValueError:
            return None
        if feature not in names or column is None or not len(column):
            return None
        return float(100.0 * np.searchsorted(column[:, names.index(feature)], wanted, side="right") / len(column))
