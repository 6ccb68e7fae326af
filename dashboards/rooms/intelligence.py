"""Threat intelligence as the pages see it: feeds with age, count, hits and errors; indicators by value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """One source of indicators. ``alerts`` and ``signals`` are of the last 30 days, ``hit`` the newest of them."""

    source: str
    taken: datetime
    counting: int
    expired: int
    oldest: datetime | None
    newest: datetime | None
    refused: int
    problem: str
    alerts: int = 0
    signals: int = 0
    hit: datetime | None = None


class Collection(msgspec.Struct, frozen=True, kw_only=True):
    """One TAXII collection: when it was asked, up to when it told, what went wrong."""

    address: str
    asked: datetime | None
    after: str
    problem: str


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """All feeds; ``folder`` is where they lie, ``read`` when the newest of them was read, ``kinds`` what counts now."""

    folder: str
    read: datetime | None
    feeds: tuple[Feed, ...] = ()
    collections: tuple[Collection, ...] = ()
    kinds: Mapping[str, int] = {}


class Indicator(msgspec.Struct, frozen=True, kw_only=True):
    """One value a source says is bad."""

    kind: str
    value: str
    source: str
    confidence: int
    since: datetime
    until: datetime
    name: str = ""


class Intelligence(Protocol):
    """The read side of threat intelligence."""

    def overview(self) -> Overview: ...

    def find(self, text: str, most: int = 100) -> Sequence[Indicator]: ...
