"""The weights of posture: what is in force, what is proposed, and what a change would do to the score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from analytics.posture.weights import WeightVersion
from infra.exchange import Dimension
from infra.web.seams import Actor


class Weighed(msgspec.Struct, frozen=True, kw_only=True):
    """One indicator: its weight in force, its health now (None: not measured), points it costs now, where its rows
    are."""

    id: str
    name: str
    dimension: Dimension
    weight: float
    health: float | None
    lost: float
    href: str = ""


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """Scores now and with other weights, by ``overall`` and dimension; None where there is no needle. ``weights`` are
    the proposed ones, made to add up."""

    before: dict[str, float | None]
    after: dict[str, float | None]
    weights: dict[str, float]


class Weighting(Protocol):
    """Reads, previews, and the two steps of a change; both are judged and enter the ledger."""

    def table(self) -> tuple[int, Sequence[Weighed]]: ...

    def versions(self) -> Sequence[WeightVersion]: ...

    def effect(self, weights: Mapping[str, float]) -> Effect: ...

    def propose(self, actor: Actor, weights: Mapping[str, float], comment: str) -> int: ...

    def approve(self, actor: Actor, number: int) -> None: ...

    def refuse(self, actor: Actor, number: int) -> None: ...
