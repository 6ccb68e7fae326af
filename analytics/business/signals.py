"""Findings as signals for the same alerts that rules feed; a finding made again has the same id."""

from __future__ import annotations

import hashlib
import tomllib
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from analytics.business.finding import Finding
from analytics.business.thresholds import version
from infra.events.signal import Signal, Why
from infra.exchange import Dimension, Level
from infra.text import say


@cache
def _loudness() -> dict[str, Any]:
    return tomllib.loads(files("analytics.business").joinpath("signals.toml").read_text(encoding="utf-8"))


def level_of(detector: str) -> Level:
    """How loud a finding of the detector is."""
    for level in (Level.CRITICAL, Level.HIGH, Level.LOW):
        if detector in _loudness()[level.value]:
            return level
    return Level.MEDIUM


def dimension_of(detector: str) -> Dimension:
    """The dimension of posture it weighs on."""
    return Dimension.DATA if detector in _loudness()["data"] else Dimension.BUSINESS


def identity(one: Finding) -> str:
    """The same for the same document and evidence."""
    first = one.events[0] if one.events else one.begins.isoformat()
    text = "\x1f".join((one.detector, one.subject.kind, one.subject.value, first))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def signal_of(one: Finding, now: datetime) -> Signal:
    """The signal of a finding made ``now``; its reasons say when what happened."""
    why = (
        Why(one.subject.kind, one.subject.value, one.words()),
        Why("from", one.begins.isoformat(), ""),
        Why("to", one.ends.isoformat(), ""),
        Why("confidence", f"{one.confidence:g}", version()),
    )
    return Signal(
        id=identity(one), time=now, rule_id=f"business.{one.detector}",
        rule_name=say(f"analytics.business_titles.{one.detector}"), detector="business", level=level_of(one.detector),
        event_ids=one.events, entity_type=one.subject.kind, entity_value=one.subject.value[:200], why=why,
        system=one.system, dimension=dimension_of(one.detector),
    )  # fmt: skip
