"""Connections that last for hours, put together from the pieces the meter tells of them while they go on."""

from __future__ import annotations

import math
from dataclasses import dataclass

from analytics.network.finding import Bounded, Finding, Kind, inside, seconds
from infra.events import Event
from infra.exchange import Level

STEPS = ((12 * 3600.0, Level.HIGH), (8 * 3600.0, Level.MEDIUM), (4 * 3600.0, Level.LOW))
"""RITA's steps for long connections; the first of four (one hour) is everyday."""
PAUSE_S = 120.0
"""Pieces with less between them are one connection."""
MOST = 50_000


@dataclass(slots=True)
class _Talk:
    start: float = math.inf
    end: float = -math.inf
    told: float = 0.0


class LastingWatch:
    """Connections by community id."""

    def __init__(self) -> None:
        self._talks: Bounded[_Talk] = Bounded(MOST, _Talk)

    def see(self, event: Event) -> Finding | None:
        """Take in a flow; a finding at each step of length a connection reaches."""
        key, source = event.get("network.community_id"), event.get("source.ip")
        if not key or not source or inside(str(event.get("destination.ip"))) or not event.get("destination.packets"):
            return None
        start, end = seconds(event, "event.start"), seconds(event, "event.end")
        if end - start < 600 and len(self._talks) >= MOST:
            return None
        talk = self._talks[key]
        if start - talk.end > PAUSE_S:
            talk.start, talk.told = start, 0.0
        talk.start, talk.end = min(talk.start, start), max(talk.end, end)
        lasted = talk.end - talk.start
        for step, level in STEPS:
            if lasted >= step > talk.told:
                talk.told = step
                return _finding(event, str(source), level, lasted, step)
        return None


def _finding(event: Event, source: str, level: Level, lasted: float, step: float) -> Finding:
    target = f"{event.get('destination.ip')}:{event.get('destination.port', '')}"
    numbers = (("destination", target, ""), ("hours", lasted / 3600, f">= {step / 3600:g}"))
    return Finding(Kind.LONG_CONNECTION, source, level, numbers)
