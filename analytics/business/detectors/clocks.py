"""B29: reporters whose clock is wrong: events from the future, another zone, shifts by whole hours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from analytics.business.desk import Desk
from analytics.business.finding import Finding, finding
from infra.events.business import Bill, Heartbeat, Manifest, Sample

_RIGHT_ZONES = frozenset({"+08:00", "+0800", "+08", "+8", "+8:00", "UTC+8", "GMT+8", ""})
"""Spellings of China's one offset; an empty one says nothing."""


@dataclass(slots=True)
class _Clock:
    """Events of one reporter whose stated time is not possible."""

    total: int = 0
    future: list[Any] = field(default_factory=list)
    zone: list[Any] = field(default_factory=list)


def wrong_clock(desk: Desk) -> Iterator[Finding]:
    """B29: told for parties (bills) and feeds."""
    for (kind, name), clock in _clocks(desk).items():
        bad = _bad(desk, clock)
        if not bad:
            continue
        bad.sort(key=lambda event: event.time)
        span = (bad[0].time.timestamp() * 1000, bad[-1].time.timestamp() * 1000)
        lead = float(np.median([(e.time - e.recorded).total_seconds() for e in bad])) / 3600
        yield finding(
            "B29", kind, name, span, [event.id for event in bad], 0.95, "wrong_clock",
            "trace" if kind == "party" else "sharing", name=name, many=len(bad), hours=f"{lead:.1f}",
        )  # fmt: skip


def wrong_clocks(desk: Desk) -> set[str]:
    """Names of the parties and feeds of B29."""
    return {name for (_, name), clock in _clocks(desk).items() if _bad(desk, clock)}


def _bad(desk: Desk, clock: _Clock) -> list[Any]:
    limits = desk.limits["clock"]
    found = list({event.id: event for event in (*clock.future, *clock.zone)}.values())
    enough = len(clock.future) >= limits["least_events"] or len(clock.zone) >= 1
    return found if enough else []


def _clocks(desk: Desk) -> dict[tuple[str, str], _Clock]:
    skew = desk.limits["clock"]["future_seconds"]
    clocks: defaultdict[tuple[str, str], _Clock] = defaultdict(_Clock)
    for event in desk.book.of(Bill):
        _note(clocks[("party", event.party)], event, skew)
    sent: list[Heartbeat | Manifest | Sample]
    sent = [*desk.book.of(Heartbeat), *desk.book.of(Manifest), *desk.book.of(Sample)]
    for one in sent:
        if one.feed:
            _note(clocks[("feed", one.feed)], one, skew)
    return clocks


def _note(clock: _Clock, event: Any, skew: float) -> None:
    clock.total += 1
    if (event.time - event.recorded).total_seconds() > skew:
        clock.future.append(event)
    if event.tz not in _RIGHT_ZONES:
        clock.zone.append(event)


DETECTORS = (wrong_clock,)
