"""What one entity did in one window, and one finding about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Activity:
    """``pairs``: relation -> value -> times (user-host, host-destination, process-parent ...); ``volumes``: measure ->
    amount; ``hours``: 24 counts; ``group``: the peers it is compared with ('' for none)."""

    entity: str
    group: str = ""
    pairs: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    volumes: Mapping[str, float] = field(default_factory=dict)
    hours: Sequence[int] = ()


class Facet(StrEnum):
    """What sort of habit was left."""

    RARE_PAIR = "rare_pair"
    FIRST_SEEN = "first_seen"
    VOLUME = "volume"
    HOURS = "hours"
    VECTOR = "vector"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Contribution:
    """One finding. ``p`` is the chance of as odd a usual window; ``value`` and ``usual`` are for a reader."""

    entity: str
    facet: Facet
    p: float
    time: datetime
    subject: str
    value: str
    usual: str
