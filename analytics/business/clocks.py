"""Reporters whose stated time is not possible: events from the future, or a clock set to another zone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from operator import attrgetter
from typing import Any

from analytics.business.book import Book
from infra.events.business import Bill, Heartbeat, Manifest, Sample

_RIGHT_ZONES = frozenset({"+08:00", "+0800", "+08", "+8", "+8:00", "UTC+8", "GMT+8", ""})
"""Spellings of China's one offset; an empty one says nothing."""
Reporter = tuple[str, str]
"""``party`` or ``feed``, and its name."""


@dataclass(slots=True)
class Clock:
    """What a reporter sent that cannot be."""

    future: list[Any] = field(default_factory=list)
    zone: list[Any] = field(default_factory=list)


def impossible_times(book: Book, limits: dict[str, float]) -> dict[Reporter, list[Any]]:
    """Events by reporter, by time: enough of them from the future, or any from another zone."""
    skew = timedelta(seconds=limits["future_seconds"])
    clocks: defaultdict[Reporter, Clock] = defaultdict(Clock)
    _note(clocks, "party", attrgetter("party"), book.of(Bill), skew)
    for kind in (Heartbeat, Manifest, Sample):
        _note(clocks, "feed", attrgetter("feed"), [one for one in book.of(kind) if one.feed], skew)
    return {
        name: sorted({event.id: event for event in (*clock.future, *clock.zone)}.values(), key=attrgetter("time"))
        for name, clock in clocks.items()
        if len(clock.future) >= limits["least_events"] or clock.zone
    }


def _note(clocks: dict[Reporter, Clock], kind: str, name: Any, events: Iterable[Any], skew: timedelta) -> None:
    for event in events:
        if event.time > event.recorded and event.time - event.recorded > skew:
            clocks[kind, name(event)].future.append(event)
        if event.tz != "+08:00" and event.tz not in _RIGHT_ZONES:
            clocks[kind, name(event)].zone.append(event)
