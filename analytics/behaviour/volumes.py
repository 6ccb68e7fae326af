"""How far an entity's amounts (bytes, events, failures) and hours lie from its own, with its peers as a prior."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

_PRIOR = 5.0
"""Windows of the peers that weigh as much as the entity's own."""


@dataclass(slots=True)
class _Moments:
    """Running mean and mean square of ln(1 + amount), and how many windows they stand on."""

    n: float = 0.0
    mean: float = 0.0
    var: float = 0.25

    def learn(self, x: float, memory: float) -> None:
        gain = max(1.0 / (self.n + 1.0), 1.0 / memory)
        gap = x - self.mean
        if self.n > 5:
            limit = 4.0 * self.var**0.5 + 0.1
            gap = float(np.clip(gap, -limit, limit))
        self.mean += gain * gap
        self.var += gain * ((1.0 - gain) * gap * gap - self.var)
        self.n += 1.0


@dataclass(slots=True)
class VolumeHabits:
    """One measure over all entities."""

    memory: float = 30.0
    own: dict[str, _Moments] = field(default_factory=dict)
    peers: dict[str, _Moments] = field(default_factory=dict)

    def judge(self, entity: str, group: str, amount: float) -> tuple[float, float]:
        """(deviations above the usual, usual amount); below the usual is no risk and gives negative deviations."""
        own, peers = self.own.get(entity, _Moments()), self.peers.get(group, _Moments())
        mean = (own.n * own.mean + _PRIOR * peers.mean) / (own.n + _PRIOR) if peers.n else own.mean
        var = (own.n * own.var + _PRIOR * peers.var) / (own.n + _PRIOR)
        usual = float(np.expm1(mean))
        return (np.log1p(max(amount, 0.0)) - mean) / ((var + counted(usual)) ** 0.5 + 0.05), usual

    def learn(self, entity: str, group: str, amount: float) -> None:
        """Take the window's amount in."""
        x = float(np.log1p(max(amount, 0.0)))
        self.own.setdefault(entity, _Moments()).learn(x, self.memory)
        self.peers.setdefault(group, _Moments()).learn(x, self.memory * 20)


def counted(usual: float) -> float:
    """Variance of ln(1 + amount) that counting alone brings: a habit of exactly two a window does not make three
    impossible. Delta method on a Poisson count; it vanishes for amounts in the thousands."""
    above = 1.0 + max(usual, 0.0)
    return (above - 1.0) / above / above


@dataclass(slots=True)
class HourHabits:
    """At which hours an entity is active."""

    keep: float = 0.97
    own: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]] = field(default_factory=dict)
    peers: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]] = field(default_factory=dict)

    def judge(self, entity: str, group: str, hours: Sequence[int]) -> tuple[float, int]:
        """(sum of the active hours' surprise beyond the expected, the oddest hour)."""
        share = self.share(entity, group)
        active = np.asarray(hours, dtype=np.float64) > 0
        if not active.any():
            return 0.0, -1
        surprise = -np.log(share)
        expected = float((share * surprise).sum())
        beyond = np.where(active, np.maximum(surprise - expected, 0.0), 0.0)
        return float(beyond.sum()), int(beyond.argmax())

    def share(self, entity: str, group: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Probability of each hour: own past, smoothed by neighbouring hours and by the peers."""
        base = np.full(24, 1.0 / 24)
        peers = self.peers.get(group, np.zeros(24))
        base = (peers + 5.0 * base) / (peers.sum() + 5.0)
        own = self.own.get(entity, np.zeros(24))
        own = 0.6 * own + 0.2 * np.roll(own, 1) + 0.2 * np.roll(own, -1)
        return np.asarray((own + 8.0 * base) / (own.sum() + 8.0))

    def learn(self, entity: str, group: str, hours: Sequence[int]) -> None:
        """Take the window's hours in, each once however busy it was."""
        active = (np.asarray(hours) > 0).astype(np.float64)
        self.own[entity] = self.own.get(entity, np.zeros(24)) * self.keep + active
        self.peers[group] = self.peers.get(group, np.zeros(24)) * self.keep + active


def moderate(amounts: Mapping[str, float]) -> dict[str, float]:
    """Amounts that are finite and not negative."""
    return {name: float(a) for name, a in amounts.items() if np.isfinite(a) and a >= 0}
