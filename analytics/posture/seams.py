"""The seams of posture: rooms that measure, things that weigh, and grave things that cap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from analytics.posture.catalogue import Reading
from analytics.posture.score import Gate, Pressure


class IndicatorSource(Protocol):
    """Measures indicators of the catalogue: a reading per indicator it knows, with value None where it could not."""

    def readings(self, now: datetime) -> Mapping[str, Reading]: ...


class PressureSource(Protocol):
    """Names what is open and weighs on the posture."""

    def pressures(self, now: datetime) -> Sequence[Pressure]: ...


class GateSource(Protocol):
    """Names what is so grave that it caps a dimension."""

    def gates(self, now: datetime) -> Sequence[Gate]: ...


class WeightSource(Protocol):
    """Says which weights are in force: the number of the version (0: the shipped ones) and a weight by indicator."""

    def current(self) -> tuple[int, Mapping[str, float]]: ...
