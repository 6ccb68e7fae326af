"""How surprising it is that an entity meets a value (a host, an application, a parent process), with peer back-off.

The chance of a value is its share in the entity's own past, smoothed towards its peers' share, that towards everyone's,
and that towards the Good-Turing mass of the never seen. A host new to a person but daily bread of the colleagues is
therefore ordinary, one that nobody in the unit ever used is not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

_OWN, _PEERS, _ALL = 5.0, 20.0, 1.0
"""How many observations of the level above weigh as much as the level's own."""
_FORGET_BELOW = 0.05
_ONCE = float(np.log1p(1.0))
_MOST_VALUES = 2_000_000


@dataclass(slots=True)
class _Shares:
    """Decaying counts of values for each key (an entity, a group, or everything)."""

    counts: dict[str, dict[str, float]] = field(default_factory=dict)
    totals: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, key: str, value: str, times: float) -> None:
        held = self.counts.setdefault(key, {})
        held[value] = held.get(value, 0.0) + times
        self.totals[key] += times

    def count(self, key: str, value: str) -> float:
        return self.counts.get(key, {}).get(value, 0.0)

    def decay(self, factor: float) -> None:
        for key, held in list(self.counts.items()):
            kept = {value: count * factor for value, count in held.items() if count * factor > _FORGET_BELOW}
            self.counts[key] = kept
            self.totals[key] = sum(kept.values())
            if not kept:
                del self.counts[key], self.totals[key]


@dataclass(frozen=True, slots=True)
class Met:
    """One value an entity met: its surprise in nats, whether it is new to the entity, and what it usually meets."""

    relation: str
    value: str
    surprise: float
    new: bool
    usual: str


class PairHabits:
    """The pairs of one relation. Times count by their logarithm: a thousand logins a day are no thousand habits."""

    def __init__(self, relation: str, half_life: float = 30.0) -> None:
        self.relation, self.keep = relation, 0.5 ** (1.0 / half_life)
        self.own, self.peers, self.all = _Shares(), _Shares(), _Shares()
        self.size = 0
        self.once = 1.0

    def judge(self, entity: str, group: str, values: Mapping[str, int]) -> Iterator[Met]:
        """Each value met, before it is learnt."""
        usual = max(self.own.counts.get(entity, {}).items(), key=lambda item: item[1], default=("", 0.0))[0]
        for value in values:
            chance = self.chance(entity, group, value)
            yield Met(self.relation, value, -float(np.log(chance)), self.own.count(entity, value) == 0.0, usual)

    def chance(self, entity: str, group: str, value: str) -> float:
        """Smoothed probability that the entity's next value is this one."""
        everyone = self.all.counts.get("", {})
        total = self.all.totals[""]
        unseen = self.once / (total + self.once + 1.0) / (len(everyone) + 1.0)
        chance = (everyone.get(value, 0.0) + _ALL * unseen) / (total + _ALL)
        for shares, key, weight in ((self.peers, group, _PEERS), (self.own, entity, _OWN)):
            if key:
                chance = (shares.count(key, value) + weight * chance) / (shares.totals[key] + weight)
        return max(chance, 1e-12)

    def learn(self, entity: str, group: str, values: Mapping[str, int]) -> None:
        """Take the window's pairs in; a relation with too many different pairs learns no new ones."""
        for value, times in values.items():
            weight = float(np.log1p(times))
            if self.own.count(entity, value) == 0.0:
                if self.size >= _MOST_VALUES:
                    continue
                self.size += 1
            self.own.add(entity, value, weight)
            self.all.add("", value, weight)
            if group:
                self.peers.add(group, value, weight)

    def pass_time(self) -> None:
        """One window has gone: old habits fade."""
        for shares in (self.own, self.peers, self.all):
            shares.decay(self.keep)
        self.size = sum(len(held) for held in self.own.counts.values())
        everyone = self.all.counts.get("", {})
        self.once = max(1.0, float(sum(count <= _ONCE for count in everyone.values())))
