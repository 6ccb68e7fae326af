"""A silent source is an alert: a source that was heard before and is not heard any more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from infra.events import Signal, Why
from infra.exchange import Dimension, Level
from infra.ids import stable_id

RULE = "platform.source-silent"
DETECTOR = "platform"


def silence_signals(rows: Iterable[Mapping[str, Any]], now: datetime) -> list[Signal]:
    """One signal per silence: the same silence, looked at again, gives the same signal."""
    return [_signal(row, now) for row in rows if row["silent"] and row["available"]]


def _signal(row: Mapping[str, Any], now: datetime) -> Signal:
    last = str(row["last_seen"])
    return Signal(
        id=stable_id(RULE, str(row["id"]), last), time=now, rule_id=RULE, rule_name="Source fell silent",
        detector=DETECTOR, level=Level.MEDIUM, event_ids=(), entity_type="source", entity_value=str(row["id"]),
        why=(Why("last_seen", last, "nothing since"), Why("received", str(row["received"]), "heard before")),
        author="Yaodun", dimension=Dimension.INFRASTRUCTURE,
    )  # fmt: skip
