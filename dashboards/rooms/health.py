"""Can the screens be trusted: services, sources with their loss equation, store, rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec


class ServiceState(msgspec.Struct, frozen=True, kw_only=True):
    """One service of the platform; ``state`` is ``running``, ``starting``, ``backoff``, ``stopped`` or ``failed``."""

    name: str
    state: str
    pid: int | None = None
    pss_mib: float | None = None
    ceiling_mib: float | None = None
    restarts: int = 0
    since: datetime | None = None
    note: str = ""


class SourceState(msgspec.Struct, frozen=True, kw_only=True):
    """One source and what became of its records. Where it is not ``available``, ``reason`` and ``remedy`` say why
    and what to do. ``hours`` are events per hour over 24 (None = no data), oldest first; ``family`` groups
    sources on the overview."""

    id: str
    name: str
    family: str
    received: int = 0
    stored: int = 0
    quarantined: int = 0
    refused: int = 0
    last_seen: datetime | None = None
    silent: bool = False
    available: bool = True
    reason: str = ""
    remedy: str = ""
    rate_s: float | None = None
    lag_s: float | None = None
    hours: tuple[int | None, ...] = ()
    href: str = ""


class StoreState(msgspec.Struct, frozen=True, kw_only=True):
    """The event store: size, extent, room left. ``streams`` are (stream, events, bytes, oldest, newest)."""

    kind: str
    events: int
    bytes: int
    oldest: datetime | None
    newest: datetime | None
    free_bytes: int | None = None
    runway_days: float | None = None
    streams: tuple[tuple[str, int, int, datetime | None, datetime | None], ...] = ()


class RuleState(msgspec.Struct, frozen=True):
    """Rules loaded, failed to load, and blind (no source feeds them)."""

    loaded: int
    failed: int
    blind: int


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """The platform at ``at``; ``listeners`` are (kind, address)."""

    at: datetime
    services: tuple[ServiceState, ...]
    sources: tuple[SourceState, ...]
    store: StoreState | None
    rules: RuleState | None
    listeners: tuple[tuple[str, str], ...] = ()
    lag_s: float | None = None
    rate_s: float | None = None
    started: datetime | None = None


class Refusal(msgspec.Struct, frozen=True):
    """Why records of a source were quarantined or refused, and how many."""

    reason: str
    count: int
    last: datetime | None = None


class Health(Protocol):
    """The platform's own condition."""

    def now(self) -> Condition: ...

    def refusals(self, source: str) -> Sequence[Refusal]: ...
