"""Insight: what analytics found without a rule, who is at risk, how things hang together, which models judge."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import msgspec

from infra.web.seams import Actor

if TYPE_CHECKING:
    from analytics.graph.desk import Near, NodeView
    from analytics.graph.digest import Digest
    from analytics.graph.seams import Node
    from analytics.models.desk import ModelView
    from analytics.models.lessons import Lesson


class Reasoned(msgspec.Struct, frozen=True):
    """One reason: a feature, its value, the usual one, and where the value lies among all usual ones (0 to 100)."""

    feature: str
    value: str
    usual: str
    percentile: float | None = None


class Anomaly(msgspec.Struct, frozen=True, kw_only=True):
    """A finding of analytics. ``series`` are the hours of the feature that stands out, oldest first, None where the
    entity was not seen; ``band`` is where it usually lies, ``rule`` what sort of finding it is."""

    alert: str
    at: datetime
    level: str
    title: str
    kind: str
    entity: str
    feature: str
    reasons: tuple[Reasoned, ...]
    p: str = ""
    rule: str = ""
    count: int = 1
    series: tuple[float | None, ...] = ()
    band: tuple[float | None, float | None] = (None, None)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One contribution to a risk; the shares of all add up to the score."""

    facet: str
    subject: str
    value: str
    usual: str
    p: float
    at: datetime
    share: float


class Risky(msgspec.Struct, frozen=True, kw_only=True):
    """An entity with its risk (0 to 1) now and what speaks most for it."""

    kind: str
    entity: str
    score: float
    parts: tuple[Part, ...]


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """One number of an entity: the newest hour, its usual range, and all hours known."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    percentile: float | None
    series: tuple[float | None, ...]


class Stage(msgspec.Struct, frozen=True):
    """One tactic an attack on an entity has reached, and the alert that says so."""

    tactic: str
    alert: str
    rule: str
    title: str
    at: datetime


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """All about one entity. ``history`` is its risk by the hour, oldest first; ``node`` its place in the graph."""

    kind: str
    entity: str
    score: float
    history: tuple[float, ...]
    parts: tuple[Part, ...]
    older: tuple[Part, ...]
    numbers: tuple[Number, ...]
    anomalies: tuple[Anomaly, ...]
    node: str = ""
    stages: tuple[Stage, ...] = ()


class Insight(Protocol):
    """The read side of analytics, and the steps people take with models."""

    def anomalies(self, most: int = 100) -> Sequence[Anomaly]: ...

    def risks(self, most: int = 50) -> Sequence[Risky]: ...

    def entity(self, kind: str, entity: str) -> Entity: ...

    def digest(self) -> Digest | None: ...

    def node(self, node: str) -> NodeView: ...

    def near(self, node: str, hops: int, most: int) -> Near: ...

    def find(self, words: str, most: int = 20) -> Sequence[Node]: ...

    def models(self) -> Sequence[ModelView]: ...

    def move(self, actor: Actor, model: str, state: str) -> None: ...

    def rollback(self, actor: Actor, name: str) -> None: ...

    def lessons(self) -> Sequence[Lesson]: ...

    def unlearn(self, actor: Actor, rule: str, entity: str, feature: str) -> None: ...
