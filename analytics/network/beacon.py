"""Beacons: connections so regular in time and size that no person makes them.

The score follows the formulas that RITA v5 publishes (Active Countermeasures): the mean of four sub-scores for times
between connections, bytes sent, the shape of the day and how long it goes on. Written from the formulas alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean, median, quantiles, stdev

from analytics.network.finding import Bounded, Finding, Kind, inside, seconds
from infra.events import Event
from infra.exchange import Level

LEAST_CONNECTIONS, LEAST_S = 20, 6 * 3600.0
KEPT, MOST_PAIRS = 1_500, 20_000
DAY_S, HOUR_S = 86_400.0, 3600.0
IDEAL_HOURS, LEAST_HOURS = 12, 6
SUSPECT, SURE = 0.75, 0.9
AGAIN_S = 6 * HOUR_S
GROWTH = 1.15
"""A pair is scored again when it has so many times the connections."""
BIMODAL_SHARE, BIMODAL_LEAST_HOURS = 0.05, 11


@dataclass(frozen=True, slots=True)
class Score:
    """The four sub-scores, each from 0 to 1."""

    times: float
    sizes: float
    histogram: float
    duration: float

    @property
    def total(self) -> float:
        """Their mean."""
        return (self.times + self.sizes + self.histogram + self.duration) / 4


@dataclass(slots=True)
class _Pair:
    moments: list[float] = field(default_factory=list)
    sizes: list[float] = field(default_factory=list)
    next: int = LEAST_CONNECTIONS
    told: float = -math.inf


class BeaconWatch:
    """Every pair of addresses and port, with its connections of the last day."""

    def __init__(self) -> None:
        self._pairs: Bounded[_Pair] = Bounded(MOST_PAIRS, _Pair)

    def see(self, event: Event) -> Finding | None:
        """Take in a flow to the outside that was answered."""
        source, target = event.get("source.ip"), event.get("destination.ip")
        if not source or not target or inside(str(target)) or not event.get("destination.packets"):
            return None
        port = int(event.get("destination.port") or 0)
        pair, now = self._pairs[source, target, port], seconds(event, "event.start")
        pair.moments.append(now)
        pair.sizes.append(float(event.get("source.bytes") or 0))
        if len(pair.moments) < pair.next:
            return None
        _trim(pair, now)
        pair.next = max(LEAST_CONNECTIONS, math.ceil(len(pair.moments) * GROWTH))
        if now - pair.told < AGAIN_S:
            return None
        span = max(pair.moments) - min(pair.moments)
        if len(pair.moments) < LEAST_CONNECTIONS or span < LEAST_S:
            return None
        told = score(pair.moments, pair.sizes)
        if told.total < SUSPECT or told.times < SUSPECT:
            return None
        pair.told = now
        return _finding(str(source), f"{target}:{port}", len(pair.moments), told)


def _trim(pair: _Pair, now: float) -> None:
    kept = sorted(zip(pair.moments, pair.sizes, strict=True))
    kept = [one for one in kept if now - one[0] <= DAY_S][-KEPT:]
    pair.moments, pair.sizes = [one[0] for one in kept], [one[1] for one in kept]


def _finding(source: str, target: str, connections: int, told: Score) -> Finding:
    numbers = (
        ("destination", target, ""), ("connections", connections, f">= {LEAST_CONNECTIONS}"),
        ("score", told.total, f">= {SUSPECT}"), ("times", told.times, ""), ("sizes", told.sizes, ""),
        ("histogram", told.histogram, ""), ("duration", told.duration, ""),
    )  # fmt: skip
    return Finding(Kind.BEACON, source, Level.HIGH if told.total >= SURE else Level.MEDIUM, numbers)


def score(moments: Sequence[float], sizes: Sequence[float]) -> Score:
    """The score of connections begun at ``moments`` (seconds) that sent ``sizes`` (bytes); at least four of them."""
    ordered = sorted(moments)
    gaps = [later - earlier for earlier, later in pairwise(ordered)]
    hours = Counter(int(moment // HOUR_S) for moment in ordered)
    return Score(regular(gaps), regular(sizes), evenness(list(hours.values())), _duration(hours))


def regular(values: Sequence[float]) -> float:
    """How regular values are: mean of one minus Bowley skew and of one minus the spread about the median."""
    if len(values) < 3:
        return 0.0
    low, middle, high = quantiles(values, n=4, method="inclusive")
    skew = (low + high - 2 * middle) / (high - low) if high > low and middle not in (low, high) else 0.0
    spread = median(abs(value - middle) for value in values)
    calm = max(0.0, (middle - spread) / middle) if middle >= 1 else 0.0
    return (1 - abs(skew) + calm) / 2


def evenness(hours: Sequence[int]) -> float:
    """How even the hours with connections are: by coefficient of variation, or by two heights that cover most."""
    if len(hours) < 2:
        return 0.0
    mean = fmean(hours)
    even = max(0.0, 1 - stdev(hours) / mean)
    if len(hours) < BIMODAL_LEAST_HOURS:
        return even
    width = max(1, math.ceil(max(hours) * BIMODAL_SHARE))
    bars = Counter(hour // width for hour in hours)
    return max(even, sum(count for _, count in bars.most_common(2)) / len(hours))


def _duration(hours: Counter[int]) -> float:
    """How much of the day it goes on: the span in hours of twenty-four, or the longest run of hours of twelve."""
    if len(hours) < LEAST_HOURS:
        return 0.0
    span = (max(hours) - min(hours) + 1) / 24
    run = longest = 0
    for hour in range(min(hours), max(hours) + 1):
        run = run + 1 if hour in hours else 0
        longest = max(longest, run)
    return min(1.0, max(span, longest / IDEAL_HOURS))
