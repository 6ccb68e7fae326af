"""Watching entities window by window: judge against their habits and their peers, then learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from scipy.special import ndtr

from analytics.anomaly.detector import Floats
from analytics.anomaly.ensemble import Ensemble, Tier
from analytics.anomaly.explain import Usual, explain
from analytics.behaviour.activity import Activity, Contribution, Facet
from analytics.behaviour.pairs import Met, PairHabits
from analytics.behaviour.pool import Pool
from analytics.behaviour.volumes import HourHabits, VolumeHabits, moderate

TOLD_BELOW = 0.02
"""Findings rarer than this are told; the rest is ordinary."""
_VECTOR_WINDOWS = 14
_FEWEST_VECTORS = 300


@dataclass(slots=True)
class _Raw:
    """Raw oddness of one entity in one facet and subject, with what to tell."""

    facet: Facet
    subject: str
    score: float
    value: str
    usual: str


@dataclass(slots=True)
class Behaviour:
    """The habits of all entities of one kind. One ``window`` a day, or an hour; always the same length."""

    learn_windows: int = 7
    pairs: dict[str, PairHabits] = field(default_factory=dict)
    volumes: dict[str, VolumeHabits] = field(default_factory=dict)
    hours: HourHabits = field(default_factory=HourHabits)
    pools: dict[tuple[Facet, str], Pool] = field(default_factory=dict)
    windows: int = 0
    _vectors: list[Floats] = field(default_factory=list)
    _names: tuple[str, ...] = ()

    def window(self, activities: Sequence[Activity], time: datetime) -> list[Contribution]:
        """What is odd in this window, rarest first; the first ``learn_windows`` only teach."""
        raws = [self._raws(activity) for activity in activities]
        found = self._calibrated(activities, raws, time)
        found += self._vector(activities, raws, time)
        for activity in activities:
            self._learn(activity)
        for habits in self.pairs.values():
            habits.pass_time()
        self.windows += 1
        if self.windows <= self.learn_windows:
            return []
        return sorted(found, key=lambda contribution: (contribution.p, contribution.entity))

    @property
    def _cold(self) -> bool:
        """In the first windows everything is new to everyone: that says nothing of later ones."""
        return self.windows < self.learn_windows // 2

    def _raws(self, activity: Activity) -> list[_Raw]:
        raws: list[_Raw] = []
        for relation, values in activity.pairs.items():
            habits = self.pairs.setdefault(relation, PairHabits(relation))
            raws += _pair_raws(relation, list(habits.judge(activity.entity, activity.group, values)))
        for measure, amount in moderate(activity.volumes).items():
            volume = self.volumes.setdefault(measure, VolumeHabits())
            above, usual = volume.judge(activity.entity, activity.group, amount)
            raws.append(_Raw(Facet.VOLUME, measure, float(above), f"{amount:.6g}", f"{usual:.6g}"))
        if len(activity.hours) == 24:
            beyond, hour = self.hours.judge(activity.entity, activity.group, activity.hours)
            share = self.hours.share(activity.entity, activity.group)
            raws.append(_Raw(Facet.HOURS, "hour", beyond, f"{hour:02d}:00", f"{int(share.argmax()):02d}:00"))
        return raws

    def _calibrated(self, activities: Sequence[Activity], raws: list[list[_Raw]], time: datetime) -> list[Contribution]:
        by_key: dict[tuple[Facet, str], list[tuple[str, _Raw]]] = {}
        for activity, found in zip(activities, raws, strict=True):
            for raw in found:
                by_key.setdefault((raw.facet, raw.subject), []).append((activity.entity, raw))
        told: list[Contribution] = []
        for key, rows in by_key.items():
            pool = self.pools.setdefault(key, Pool())
            scores = np.array([raw.score for _, raw in rows])
            chances = _at_least(key[0], pool.p(scores), scores)
            if not self._cold:
                pool.learn(scores)
            told += [
                Contribution(entity, raw.facet, float(p), time, raw.subject, raw.value, raw.usual)
                for (entity, raw), p in zip(rows, chances, strict=True)
                if p < TOLD_BELOW
            ]
        return told

    def _vector(self, activities: Sequence[Activity], raws: list[list[_Raw]], time: datetime) -> list[Contribution]:
        """Entities whose whole picture is odd though no single part need be."""
        names = tuple(sorted({f"{raw.facet}:{raw.subject}" for found in raws for raw in found}))
        if names != self._names:
            self._names, self._vectors = names, []
        rows = _matrix(raws, names)
        past = np.concatenate(self._vectors) if self._vectors else np.empty((0, len(names)))
        if not self._cold:
            self._vectors = [*self._vectors[-_VECTOR_WINDOWS + 1 :], rows]
        if len(past) < _FEWEST_VECTORS or not names or not len(rows):
            return []
        model = Ensemble.fit(past[-20_000:], Tier.FAST)
        scores = model.score(rows)
        chances = model.p(scores)
        odd = np.flatnonzero(chances < TOLD_BELOW)
        usual = Usual.fit(past)
        reasons = explain(model.score, usual, rows[odd], names, top=1) if len(odd) else []
        return [
            _told(activities[i].entity, float(chances[i]), time, why)
            for i, why in zip(odd.tolist(), reasons, strict=True)
        ]

    def _learn(self, activity: Activity) -> None:
        for relation, values in activity.pairs.items():
            self.pairs[relation].learn(activity.entity, activity.group, values)
        for measure, amount in moderate(activity.volumes).items():
            self.volumes[measure].learn(activity.entity, activity.group, amount)
        if len(activity.hours) == 24:
            self.hours.learn(activity.entity, activity.group, activity.hours)


def _at_least(facet: Facet, chances: Floats, scores: Floats) -> Floats:
    """A deviation is never rarer than a normal one: where all were alike so far, the pool knows no spread."""
    return np.maximum(chances, ndtr(-scores)) if facet is Facet.VOLUME else chances


def _pair_raws(relation: str, met: list[Met]) -> list[_Raw]:
    """The oddest pair, and how much surprise the values new to the entity hold together."""
    if not met:
        return []
    oddest = max(met, key=lambda one: one.surprise)
    new = [one for one in met if one.new]
    values = ", ".join(sorted(one.value for one in new)[:5])
    return [
        _Raw(Facet.RARE_PAIR, relation, oddest.surprise, oddest.value, oddest.usual),
        _Raw(Facet.FIRST_SEEN, relation, sum(one.surprise for one in new), values, oddest.usual),
    ]


def _matrix(raws: list[list[_Raw]], names: tuple[str, ...]) -> Floats:
    place = {name: column for column, name in enumerate(names)}
    rows = np.zeros((len(raws), len(names)))
    for row, found in enumerate(raws):
        for raw in found:
            rows[row, place[f"{raw.facet}:{raw.subject}"]] = raw.score
    return rows


def _told(entity: str, p: float, time: datetime, why: tuple[Any, ...]) -> Contribution:
    subject = why[0].feature if why else "all"
    value, usual = (f"{why[0].value:.4g}", f"{why[0].usual:.4g}") if why else ("", "")
    return Contribution(entity, Facet.VECTOR, p, time, subject, value, usual)
