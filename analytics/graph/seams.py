"""What the graph is made of, and the seam through which other rooms give their part of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from infra.exchange import Edge


class Kind(StrEnum):
    """Kinds of nodes, from what business sees down to what runs it."""

    BUSINESS = "business"
    APPLICATION = "application"
    DATA = "data"
    SERVICE = "service"
    ASSET = "asset"
    ACCOUNT = "account"
    CREDENTIAL = "credential"
    UNIT = "unit"
    OUTSIDE = "outside"


DEPENDS = "depends"
"""Edge kind: the source cannot work without the target; never an attacker's way."""


@dataclass(frozen=True, slots=True)
class Node:
    """A thing. ``value`` (0-1) is what its loss would cost; ``jewel`` marks what must not be reached."""

    id: str
    kind: Kind
    value: float = 0.0
    jewel: bool = False
    label: str = ""


class GraphSource(Protocol):
    """A room that knows some nodes and edges. An edge may name nodes another source gives."""

    def nodes(self) -> Iterable[Node]: ...

    def edges(self) -> Iterable[Edge]: ...
