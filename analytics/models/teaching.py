"""A new version of a model: taught on the older part of the rows, tried on the newer, described on its card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.anomaly.detector import Floats
from analytics.anomaly.ensemble import Ensemble, Tier
from analytics.anomaly.explain import Reason, Usual, explain
from analytics.models.card import Card, feature_hash, fingerprint, versions
from analytics.models.drift import uniformity
from infra.ids import new_id

FEWEST_ROWS = 300
HELD = 0.2
"""The newest share of the rows is held back: the model is tried on what came after its lessons."""
MOST_HELD = 2000
KIND = "entity-vectors"
TELLING = 1e-4


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a version is taught: rows in order of time, their names, where they come from."""

    name: str
    features: tuple[str, ...]
    rows: Floats
    start: datetime
    end: datetime
    query: str
    seed: int = 0
    parent: str = ""


def teach(lesson: Lesson) -> tuple[Card, dict[str, NDArray[Any]]]:
    """Card and arrays. ``ValueError`` below ``FEWEST_ROWS`` rows."""
    if len(lesson.rows) < FEWEST_ROWS:
        raise ValueError(f"{lesson.name}: {len(lesson.rows)} rows, {FEWEST_ROWS} needed")
    cut = int(len(lesson.rows) * (1 - HELD))
    older, newer = lesson.rows[:cut], lesson.rows[cut:]
    model = Ensemble.fit(older, Tier.FAST, lesson.seed)
    chances = model.p(model.score(newer))
    card = Card(
        id=new_id(),
        name=lesson.name,
        kind=KIND,
        features=lesson.features,
        feature_hash=feature_hash(lesson.features),
        fingerprint=fingerprint(older),
        rows=len(older),
        start=lesson.start,
        end=lesson.end,
        query=lesson.query,
        seed=lesson.seed,
        versions=dict(versions()),
        metrics={"held_rows": float(len(newer)), "held_telling": float((chances < TELLING).mean()),
                 "held_uniformity": uniformity(chances)},
        calibration={f"below_{edge:g}": float((chances < edge).mean()) for edge in (0.1, 0.01, 0.001)},
        parent=lesson.parent,
    )  # fmt: skip
    held = np.sort(chances)[:: max(1, len(chances) // MOST_HELD)]
    return card, {**model.state(), "usual.quantiles": Usual.fit(older).quantiles, "held.chances": held}


@dataclass(frozen=True, slots=True)
class Taught:
    """A version ready to judge."""

    card: Card
    model: Ensemble
    usual: Usual
    held: Floats

    @classmethod
    def restore(cls, card: Card, arrays: dict[str, NDArray[Any]]) -> Taught:
        """From verified arrays (see ``artefact.unpack``)."""
        usual = Usual(np.asarray(arrays["usual.quantiles"], dtype=np.float64))
        return cls(card, Ensemble.restore(arrays), usual, np.asarray(arrays["held.chances"], dtype=np.float64))

    def chances(self, rows: Floats) -> Floats:
        """The probability of rows as odd among usual ones."""
        return self.model.p(self.model.score(rows)) if len(rows) else np.empty(0)

    def reasons(self, rows: Floats, top: int = 5) -> Sequence[tuple[Reason, ...]]:
        """Why each row is unusual, the greatest reason first."""
        return explain(self.model.score, self.usual, rows, self.card.features, top)
