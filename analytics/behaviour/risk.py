"""The risk of an entity: noisy-OR over its contributions, fading with age, every one kept and shown."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from analytics.behaviour.activity import Contribution

HALF_LIFE = timedelta(hours=24)
_ORDINARY = 4.0
"""Nats that every entity shows now and then (p = 0.018): they add nothing."""
_SCALE = 10.0
_LEAST = 1e-3


@dataclass(frozen=True, slots=True)
class Part:
    """A contribution and the share of the risk it stands for; shares add up to the risk."""

    contribution: Contribution
    strength: float
    share: float


@dataclass(frozen=True, slots=True)
class Risk:
    """``score`` in [0, 1); ``parts`` greatest first."""

    entity: str
    score: float
    parts: tuple[Part, ...]


def strength(p: float) -> float:
    """How strongly one finding speaks for harm: 0 for an ordinary one, towards 1 with falling probability."""
    nats = -math.log(max(p, 1e-300))
    return -math.expm1(-max(nats - _ORDINARY, 0.0) / _SCALE)


def chance(weight: float) -> float:
    """The probability whose ``strength`` is ``weight``, for findings that are judged otherwise."""
    return math.exp(-_ORDINARY + _SCALE * math.log1p(-min(weight, 1 - 1e-12)))


def risk(entity: str, contributions: Iterable[Contribution], now: datetime, half_life: timedelta = HALF_LIFE) -> Risk:
    """1 - product of (1 - strength * 2^(-age / half_life)); of one facet and subject only the strongest counts."""
    best: dict[tuple[str, str], tuple[float, Contribution]] = {}
    for contribution in contributions:
        age = max((now - contribution.time) / half_life, 0.0)
        weight = strength(contribution.p) * 0.5**age
        key = (contribution.facet, contribution.subject)
        if weight > best.get(key, (_LEAST, contribution))[0]:
            best[key] = (weight, contribution)
    logs = [-math.log1p(-min(weight, 1 - 1e-12)) for weight, _ in best.values()]
    total = math.fsum(logs)
    score = -math.expm1(-total)
    parts = [Part(c, w, score * log / (total or 1.0)) for (w, c), log in zip(best.values(), logs, strict=True)]
    return Risk(entity, score, tuple(sorted(parts, key=lambda part: (-part.share, part.contribution.subject))))
