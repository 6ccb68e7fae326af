"""The two tiers: several detectors of different kinds, each turned into a surprise, then combined.

The fast tier judges every window, the deep tier each entity. Both leave out of the fit the training rows that a first
committee finds oddest (a poisoned training set costs little), but calibrate on all of them. The core picks its densest
rows itself and gains nothing from losing more; the deep tier leaves a tenth more out of the others than the fast one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.anomaly.core import Core
from analytics.anomaly.detector import Floats, Scorer, from_state, state_of
from analytics.anomaly.forest import Forest
from analytics.anomaly.guard import Screening
from analytics.anomaly.histogram import Histogram
from analytics.anomaly.lesinn import LeSiNN
from analytics.anomaly.mixture import Mixture
from analytics.anomaly.neighbours import Neighbours
from analytics.anomaly.scaling import Scaling
from analytics.anomaly.tail import Tail, without_far


class Tier(StrEnum):
    """How much work a row is worth."""

    FAST = "fast"
    DEEP = "deep"


@dataclass(frozen=True, slots=True)
class Recipe:
    """One member: how it is fitted, on which share of the screened rows, and its weight in the fusion."""

    kind: type[Any]
    fit: Callable[[Floats, int], Scorer]
    share: float
    weight: float


_HISTOGRAM = Recipe(Histogram, lambda rows, seed: Histogram.fit(rows, bins=10, prior=0.02), 0.8, 1.0)
_CORE = Recipe(Core, lambda rows, seed: Core.fit(rows), 0.9, 2.0)
RECIPES: dict[Tier, dict[str, Recipe]] = {
    Tier.FAST: {
        "histogram": _HISTOGRAM,
        "core": _CORE,
        "forest": Recipe(Forest, lambda rows, seed: Forest.fit(rows, seed, trees=50), 1.0, 1.0),
    },
    Tier.DEEP: {
        "histogram": replace(_HISTOGRAM, share=0.7),
        "core": _CORE,
        "forest": Recipe(Forest, lambda rows, seed: Forest.fit(rows, seed, trees=100), 0.9, 0.5),
        "mixture": Recipe(Mixture, lambda rows, seed: Mixture.fit(rows, seed, floor=0.1), 0.7, 1.0),
        "lesinn": Recipe(LeSiNN, lambda rows, seed: LeSiNN.fit(rows, seed, groups=200, size=8), 0.7, 1.0),
        "neighbours": Recipe(Neighbours, lambda rows, seed: Neighbours.fit(rows, seed), 0.7, 0.5),
    },
}


@dataclass(frozen=True, slots=True)
class Ensemble:
    """A fitted tier over raw (unscaled) rows of shape (n, features)."""

    tier: Tier
    scaling: Scaling
    members: dict[str, Scorer]
    tails: dict[str, Tail]
    fused: Tail

    @classmethod
    def fit(cls, rows: Floats, tier: Tier = Tier.DEEP, seed: int = 0) -> Ensemble:
        """Fits on raw rows; NaN is a missing value. The same rows, tier and seed give the same model."""
        scaling = Scaling.fit(rows)
        data = scaling.apply(rows)
        screening = Screening.of(data, seed)
        recipes = RECIPES[tier]
        members = {name: recipe.fit(data[screening.keep(recipe.share)], seed) for name, recipe in recipes.items()}
        scores = {name: member.score(data) for name, member in members.items()}
        tails = {name: Tail.fit(values) for name, values in scores.items()}
        surprises = {name: tails[name].surprise(values) for name, values in scores.items()}
        return cls(tier, scaling, members, tails, Tail.fit(without_far(_fuse(surprises, recipes))))

    def score(self, rows: Floats) -> Floats:
        """The fused surprise: root of the weighted mean square of the members' surprises."""
        data = self.scaling.apply(rows)
        surprises = {name: self.tails[name].surprise(member.score(data)) for name, member in self.members.items()}
        return _fuse(surprises, RECIPES[self.tier])

    def p(self, scores: Floats) -> Floats:
        """The probability that a usual row scores as high as ``scores`` (from ``score``)."""
        return np.exp(-self.fused.surprise(scores))

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything as plain arrays, named ``part.field``; ``restore`` reads it back."""
        parts = {"scaling": self.scaling, "fused": self.fused}
        parts |= {f"member:{name}": member for name, member in self.members.items()}
        parts |= {f"tail:{name}": tail for name, tail in self.tails.items()}
        arrays = {f"{part}.{key}": value for part, thing in parts.items() for key, value in state_of(thing).items()}
        return arrays | {"tier": np.asarray(str(self.tier))}

    @classmethod
    def restore(cls, arrays: dict[str, NDArray[Any]]) -> Ensemble:
        """The model whose ``state`` was ``arrays``."""
        tier = Tier(str(arrays["tier"]))
        members = {name: _part(arrays, f"member:{name}", recipe.kind) for name, recipe in RECIPES[tier].items()}
        tails = {name: _part(arrays, f"tail:{name}", Tail) for name in RECIPES[tier]}
        return cls(tier, _part(arrays, "scaling", Scaling), members, tails, _part(arrays, "fused", Tail))


def _part(arrays: dict[str, NDArray[Any]], name: str, kind: type[Any]) -> Any:
    return from_state(kind, {field.name: arrays[f"{name}.{field.name}"] for field in fields(kind)})


def _fuse(surprises: dict[str, Floats], recipes: dict[str, Recipe]) -> Floats:
    total = sum(recipe.weight for recipe in recipes.values())
    squares = np.zeros(len(next(iter(surprises.values()))))
    for name, recipe in recipes.items():
        squares += recipe.weight / total * surprises[name] ** 2
    return np.sqrt(squares)
