"""A signal: one match of a rule or model, with the values that made it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from infra.exchange import Dimension, Level


class Why(msgspec.Struct, frozen=True):
    """One field that made the match: its name, its value, and the pattern it met."""

    field: str
    value: str
    pattern: str


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """A match. ``id`` is deterministic (detector, rule, events), so that a repeat is recognised."""

    id: str
    time: datetime
    rule_id: str
    rule_name: str
    detector: str
    level: Level
    event_ids: tuple[str, ...]
    entity_type: str
    entity_value: str
    why: tuple[Why, ...]
    author: str = ""
    techniques: tuple[str, ...] = ()
    system: str = ""
    asset: str = ""
    dimension: Dimension = Dimension.INFRASTRUCTURE
    reference: str = ""
