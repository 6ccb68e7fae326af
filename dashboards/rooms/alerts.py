"""The alert queue: grouped signals with state, owner, why and history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from dashboards.rooms.insight import Stage
from infra.exchange import Dimension, Level
from infra.store.query.tree import Window
from infra.web.seams import Actor


class State(StrEnum):
    """Where an alert stands."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class Verdict(StrEnum):
    """What a closed alert turned out to be."""

    TRUE_POSITIVE = "true_positive"
    BENIGN = "benign"
    FALSE_POSITIVE = "false_positive"
    UNDETERMINED = "undetermined"


class Action(StrEnum):
    """What a person can do to alerts."""

    ACKNOWLEDGE = "acknowledge"
    ASSIGN = "assign"
    COMMENT = "comment"
    CLOSE = "close"
    REOPEN = "reopen"


class Stack(StrEnum):
    """How the queue is stacked: one row per rule, per entity, per system, or each alert alone."""

    RULE = "rule"
    ENTITY = "entity"
    SYSTEM = "system"
    FLAT = "flat"


class AlertFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which alerts; ``only`` and ``without`` hold values per facet (``level state dimension system origin owner
    rule entity``). An owner of ``""`` is "unassigned". ``window`` bounds the last-seen time."""

    window: Window
    text: str = ""
    only: Mapping[str, tuple[str, ...]] = {}
    without: Mapping[str, tuple[str, ...]] = {}


class AlertRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the queue. ``id`` is an alert id, or for a stack its key with ``alerts`` > 1 members.

    ``hours`` are counts of signals per hour over the last 24, oldest first. ``origin`` names the detector
    family (``sigma``, ``anomaly``, ...). ``owner`` is an account id or ``""``.
    """

    id: str
    rule: str
    title: str
    level: Level
    state: State
    signals: int
    entity_kind: str
    entity: str
    first_seen: datetime
    last_seen: datetime
    alerts: int = 1
    origin: str = "sigma"
    techniques: tuple[str, ...] = ()
    system: str = ""
    dimension: Dimension | None = None
    owner: str = ""
    owner_name: str = ""
    hours: tuple[int, ...] = ()
    verdict: Verdict | None = None


class AlertPage(msgspec.Struct, frozen=True):
    """A slice of the queue; ``rows`` counts all rows, ``alerts`` and ``signals`` what is in them."""

    items: tuple[AlertRow, ...]
    rows: int
    alerts: int
    signals: int


class Bar(msgspec.Struct, frozen=True):
    """One bar of the histogram: alerts by level seen last from ``start`` on."""

    start: datetime
    counts: Mapping[Level, int]


class Why(msgspec.Struct, frozen=True):
    """One condition that held: field, what was asked, what was there, and what of it decided (all of it, if empty)."""

    field: str
    condition: str
    actual: str
    decisive: str = ""


class Note(msgspec.Struct, frozen=True):
    """One line of an alert's history, said in words."""

    at: datetime
    who: str
    text: str


class AlertCard(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the side pane shows about one alert. ``event_ids`` are newest first (at most 200); ``risk`` is that of
    the entity now (0 to 1), ``stages`` how far an attack on it has come."""

    row: AlertRow
    why: tuple[Why, ...]
    event_ids: tuple[str, ...]
    history: tuple[Note, ...] = ()
    description: str = ""
    author: str = ""
    related: tuple[AlertRow, ...] = ()
    verdicts: Mapping[Verdict, int] = {}
    risk: float | None = None
    stages: tuple[Stage, ...] = ()


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What to do to which alerts. ``owner`` for assign (``""`` takes the owner away), ``comment`` for comment and
    close, ``verdict`` and ``comment`` for close."""

    action: Action
    ids: tuple[str, ...]
    owner: str = ""
    comment: str = ""
    verdict: Verdict | None = None


class Done(msgspec.Struct, frozen=True):
    """What a change did; ``undo`` is a token good for 10 seconds, or ``""`` where nothing can be taken back."""

    alerts: int
    signals: int
    undo: str = ""


class Alerts(Protocol):
    """The alert service. Changes check the actor's rights, enter the ledger, and raise ``AppError``."""

    def find(self, wanted: AlertFilter, stack: Stack, start: int, count: int) -> AlertPage: ...

    def facets(self, wanted: AlertFilter) -> Mapping[str, Sequence[tuple[str, str, int]]]:
        """Per facet: value, its words, how many alerts. A facet's own choice does not narrow its own counts."""

    def histogram(self, wanted: AlertFilter, bars: int) -> Sequence[Bar]: ...

    def card(self, alert_id: str) -> AlertCard: ...

    def change(self, actor: Actor, change: Change) -> Done: ...

    def undo(self, actor: Actor, token: str) -> Done: ...

    def measures(self) -> Mapping[str, Any]:
        """Numbers for the overview: ``open`` (alerts per ``Level``), ``unowned``, ``oldest_critical`` (moment or
        None), ``acknowledge_s`` and ``close_s`` (medians over 24 h, None without data), ``hours`` (new alerts
        per hour, 24)."""
