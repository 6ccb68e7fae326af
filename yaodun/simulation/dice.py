"""Seeded chance: one stream a purpose, so that a change in one part of the world leaves the others as they were."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log
from random import Random
from typing import TypeVar

Thing = TypeVar("Thing")


class Dice:
    """A stream of chance named by ``purpose``; the same seed and purpose give the same stream in every process."""

    def __init__(self, seed: int, purpose: str) -> None:
        self.seed, self.purpose = seed, purpose
        self._random = Random(f"{seed}/{purpose}")
        self.chance = self._random.random

    def apart(self, purpose: str) -> Dice:
        """Another stream of the same world."""
        return Dice(self.seed, f"{self.purpose}/{purpose}")

    def between(self, low: float, high: float) -> float:
        """Uniform in [low, high)."""
        return low + (high - low) * self.chance()

    def whole(self, low: int, high: int) -> int:
        """Uniform whole number, both ends included."""
        return low + int((high - low + 1) * self.chance())

    def happens(self, probability: float) -> bool:
        """True with this probability."""
        return self.chance() < probability

    def choose(self, things: Sequence[Thing]) -> Thing:
        """One of them, each as likely."""
        return things[int(len(things) * self.chance())]

    def some(self, things: Sequence[Thing], count: int) -> list[Thing]:
        """So many different ones, or all where there are fewer."""
        return self._random.sample(things, min(count, len(things)))

    def shuffled(self, things: Sequence[Thing]) -> list[Thing]:
        """All in a random order."""
        order = list(things)
        self._random.shuffle(order)
        return order

    def spread(self, median: float, sigma: float) -> float:
        """Log-normal with this median."""
        return exp(self._random.gauss(log(median), sigma))

    def normal(self, mean: float, deviation: float) -> float:
        """Normal."""
        return self._random.gauss(mean, deviation)

    def count(self, mean: float) -> int:
        """A count that scatters wider than Poisson (gamma-mixed, negative binomial with shape 8)."""
        if mean <= 0:
            return 0
        rate = self._random.gammavariate(8.0, mean / 8.0)
        return max(0, round(self._random.gauss(rate, rate**0.5))) if rate > 30 else self._poisson(rate)

    def _poisson(self, rate: float) -> int:
        bound, product, found = exp(-rate), self.chance(), 0
        while product > bound:
            product *= self.chance()
            found += 1
        return found
