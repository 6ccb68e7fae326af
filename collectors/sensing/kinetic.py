"""Mean kinetic temperature (USP <1079>, after Haynes 1971): the one temperature that would have done to a drug what the
changing one did. Kept in bins of ten minutes, so that a month of it is small.
"""

from __future__ import annotations

import math

import msgspec

ACTIVATION = 83.144
"""Activation energy in kJ/mol that pharmacopoeias take where a product's own is not known."""
_GAS = 0.0083144
_ZERO_C = 273.15
_BIN_MS = 600_000


class Kinetic(msgspec.Struct):
    """Sums of one sensor: a bin is its number, how many readings it has, and the sum of their reaction rates."""

    bins: list[tuple[int, int, float]] = []

    def add(self, moment_ms: int, celsius: float, hours: float) -> None:
        """Take a reading in; bins older than ``hours`` go."""
        if celsius <= -_ZERO_C:
            return
        number, rate = moment_ms // _BIN_MS, math.exp(-ACTIVATION / (_GAS * (celsius + _ZERO_C)))
        if self.bins and self.bins[-1][0] == number:
            _, count, total = self.bins[-1]
            self.bins[-1] = (number, count + 1, total + rate)
        elif not self.bins or self.bins[-1][0] < number:
            self.bins.append((number, 1, rate))
        oldest = number - int(hours * 3_600_000 / _BIN_MS)
        while self.bins and self.bins[0][0] <= oldest:
            self.bins.pop(0)

    def celsius(self) -> float | None:
        """The temperature over the bins, each of equal weight; None before there is any."""
        if not self.bins:
            return None
        rate = sum(total / count for _, count, total in self.bins) / len(self.bins)
        return ACTIVATION / _GAS / -math.log(rate) - _ZERO_C

    def hours(self) -> float:
        """How long a time the bins cover."""
        return (self.bins[-1][0] - self.bins[0][0] + 1) * _BIN_MS / 3_600_000 if self.bins else 0.0
