"""Streams: families of events with their own retention; and the shape of an event in memory."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

Event = dict[str, Any]
"""A flat ECS document: dotted field names as keys; values are str, int, float, bool, list of those, or a dict
for a flat field. Dates are aware ``datetime`` or RFC 3339 text before conforming, ``datetime`` after."""


class Stream(StrEnum):
    """Which family an event belongs to."""

    LOGS = "logs"
    METRICS = "metrics"
    INVENTORY = "inventory"
    FLOWS = "flows"
    BUSINESS = "business"
    SIGNALS = "signals"
    QUARANTINE = "quarantine"
