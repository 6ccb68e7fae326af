"""How well things stand: the explained score."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from analytics.posture.trend import Trend
from infra.exchange import Dimension


class LossKind(StrEnum):
    """What sort of deduction it is; decides its drawing."""

    INDICATOR = "indicator"
    PRESSURE = "pressure"
    CAP = "cap"
    UNMEASURED = "unmeasured"


class Loss(msgspec.Struct, frozen=True):
    """One deduction in points; ``href`` leads to the rows behind it (an address below ``/ui``)."""

    name: str
    points: float
    kind: LossKind = LossKind.INDICATOR
    href: str = ""
    indicator: str = ""


class Need(msgspec.Struct, frozen=True):
    """A source that would make a dimension measurable: its words, what it adds, where to connect it."""

    name: str
    adds: str
    href: str


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """One dimension. ``score`` is None where coverage is too low to say; ``yesterday`` None before a yesterday exists.
    ``days`` are (moment, score, low, high) of the last 14 days, oldest first."""

    dimension: Dimension
    score: float | None
    low: float | None
    high: float | None
    coverage: float
    measured: int
    indicators: int
    losses: tuple[Loss, ...] = ()
    needs: tuple[Need, ...] = ()
    yesterday: float | None = None
    days: tuple[tuple[datetime, float, float, float], ...] = ()


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """The whole: overall (None until all dimensions are measured) and the three dimensions, taken at ``at``."""

    at: datetime
    score: float | None
    low: float | None
    high: float | None
    dimensions: tuple[Score, ...]
    yesterday: float | None = None


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A number with its normal range and its last 24 hours, for the cards of the overview.

    ``group`` is ``business``, ``security`` or ``systems``. ``line`` holds (value or None) per interval, oldest
    first; ``low`` and ``high`` bound the normal band (None until it is learned); ``target`` words a target
    instead. ``outside`` is the level of the deviation, None when normal.
    """

    id: str
    group: str
    name: str
    value: float | None
    unit: str
    href: str
    note: str = ""
    low: float | None = None
    high: float | None = None
    line: tuple[float | None, ...] = ()
    outside: str | None = None


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """One indicator on the page of its dimension.

    ``value`` is None where it was not measured; then ``remedy`` says what to connect and ``lost`` is what the prior
    costs. ``target`` is in words, ``window_s`` in seconds, ``weight`` the share of the dimension (0 to 1), ``lost``
    points of the score, ``line`` the last 24 hours, ``outside`` the level of the deviation.
    """

    id: str
    name: str
    value: float | None
    unit: str
    target: str
    window_s: float
    weight: float
    lost: float | None
    source: str = ""
    href: str = ""
    remedy: str = ""
    line: tuple[float | None, ...] = ()
    outside: str | None = None


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """Something that changed: since yesterday, or since installation."""

    at: datetime
    text: str
    level: str
    before: str = ""
    after: str = ""
    href: str = ""


class Posture(Protocol):
    """The posture service."""

    def now(self, at: datetime | None = None) -> Standing: ...

    def readings(self) -> Sequence[Reading]: ...

    def shifts(self) -> Sequence[Shift]: ...

    def trend(self, dimension: Dimension) -> Trend:
        """The hours behind the score of a dimension, and where it is going."""

    def measures(self, dimension: Dimension, at: datetime | None = None) -> Sequence[Measure]: ...
