"""Values that cross the seams between rooms: a measured number, an edge of the graph, a thing to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class Dimension(StrEnum):
    """The three dimensions of posture (业务安全, 数据安全, 关键基础设施安全)."""

    BUSINESS = "business"
    DATA = "data"
    INFRASTRUCTURE = "infrastructure"


class Level(StrEnum):
    """Severity, worst last."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for informational to 4 for critical."""
        return list(Level).index(self)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where the rows behind a number are: an address of a page or query, and how many."""

    href: str
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Indicator:
    """A number with its unit, window and evidence.

    ``value`` is None where it could not be measured: missing is never zero. ``worst`` and ``best`` anchor the
    piecewise-linear health of the number; ``weight`` is its share of its dimension's loss, 0 to 1.
    """

    id: str
    dimension: Dimension
    value: float | None
    unit: str
    window: timedelta
    best: float
    worst: float
    weight: float
    source: str
    taken: datetime
    evidence: Evidence
    prior: float = 0.5
    detail: dict[str, Any] = field(default_factory=dict)
    remedy_key: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """A typed relation between two things, with a probability that it can be used to move on."""

    source: str
    target: str
    kind: str
    probability: float = 1.0
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Todo:
    """A thing a person has to do."""

    id: str
    title: str
    assignee: str | None
    due: datetime | None
    level: Level
    href: str
    room: str
