"""Findings as signals: a name and reasons in the language of the site, an id that a repeat has too."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from infra.events.signal import Signal, Why
from infra.exchange import Level
from infra.text import say

DETECTOR = "analytics"


def level_of(p: float) -> Level:
    """How loud a finding of this probability is."""
    if p < 1e-8:
        return Level.HIGH
    return Level.MEDIUM if p < 1e-5 else Level.LOW


def signal(
    kind: str,
    subject: str,
    entity: tuple[str, str],
    time: datetime,
    p: float,
    why: Sequence[Why],
    level: Level | None = None,
) -> Signal:
    """A signal of rule ``analytics.<kind>``; ``entity`` is (type, value); probability is its last reason."""
    rule = f"{DETECTOR}.{kind}"
    text = "\x1f".join((rule, subject, *entity, time.isoformat()))
    return Signal(
        id=hashlib.sha256(text.encode()).hexdigest()[:32],
        time=time,
        rule_id=rule,
        rule_name=say(f"analytics.scheduled.{kind}", subject=subject),
        detector=DETECTOR,
        level=level or level_of(p),
        event_ids=(),
        entity_type=entity[0],
        entity_value=entity[1],
        why=(*why, Why("p", f"{p:.2g}", "")),
    )
