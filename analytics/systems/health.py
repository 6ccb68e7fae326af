"""Health of systems from their own events: each signal a number between its anchors, missing where nothing came."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from analytics.systems.packs import Measure, Pack, Signal
from infra.events.business import BusinessEvent
from infra.exchange import Dimension


class SignalHealth(msgspec.Struct, frozen=True, kw_only=True):
    """``value`` and ``health`` are None where no event of the kind came: missing is not zero."""

    id: str
    dimension: Dimension
    value: float | None
    health: float | None
    events: int


class SystemHealth(msgspec.Struct, frozen=True, kw_only=True):
    """A system: its signals, the health of each dimension that has a measured one, and the feeds that are missing."""

    system: str
    owner: str
    signals: tuple[SignalHealth, ...]
    dimensions: dict[Dimension, float]
    missing_feeds: tuple[str, ...]


def system_health(packs: Sequence[Pack], events: Iterable[BusinessEvent], now: datetime) -> tuple[SystemHealth, ...]:
    """Health of every pack's system at ``now``."""
    by_system: defaultdict[str, list[BusinessEvent]] = defaultdict(list)
    longest = max((signal.window_h for pack in packs for signal in pack.signals), default=24.0)
    since = now - timedelta(hours=longest)
    for event in events:
        if event.recorded >= since:
            by_system[event.system.value].append(event)
    return tuple(_system(pack, by_system.get(pack.system, []), now) for pack in packs)


def _system(pack: Pack, events: list[BusinessEvent], now: datetime) -> SystemHealth:
    fields = [(event.recorded, {"kind": str(event.__struct_config__.tag), **msgspec.structs.asdict(event)})
              for event in events]  # fmt: skip
    signals = tuple(measure(signal, fields, now) for signal in pack.signals)
    dimensions = {dimension: lean(_known(signals, dimension)) for dimension in Dimension}
    seen = {kind: max(moment for moment, event in fields if event["kind"] == kind)
            for kind in {event["kind"] for _, event in fields}}  # fmt: skip
    missing = tuple(
        feed.kind for feed in pack.feeds
        if feed.kind not in seen or now - seen[feed.kind] > timedelta(hours=feed.every_h)
    )  # fmt: skip
    known = {dimension: value for dimension, value in dimensions.items() if value is not None}
    return SystemHealth(system=pack.system, owner=pack.owner, signals=signals, dimensions=known, missing_feeds=missing)


def _known(signals: Sequence[SignalHealth], dimension: Dimension) -> list[float]:
    return [item.health for item in signals if item.dimension is dimension and item.health is not None]


def lean(values: Sequence[float]) -> float | None:
    """Half the mean, half the worst: one bad signal cannot hide behind good ones; None of nothing."""
    return (math.fsum(values) / len(values) + min(values)) / 2 if values else None


Row = tuple[datetime, Mapping[str, Any]]


def measure(signal: Signal, rows: Sequence[Row], now: datetime) -> SignalHealth:
    """The signal over events given as (recorded, fields)."""
    since = now - timedelta(hours=signal.window_h)
    chosen = [(moment, row) for moment, row in rows if moment >= since and meets(row, signal.of)]
    value = _value(signal, chosen, now) if chosen else None
    health = None if value is None else min(1.0, max(0.0, (value - signal.worst) / (signal.best - signal.worst)))
    return SignalHealth(id=signal.id, dimension=signal.dimension, value=value, health=health, events=len(chosen))


def _value(signal: Signal, chosen: Sequence[Row], now: datetime) -> float | None:
    counted = [row for _, row in chosen if meets(row, signal.where)]
    if signal.measure is Measure.COUNT:
        return len(counted) / (signal.window_h / 24.0)
    if signal.measure is Measure.SHARE:
        return len(counted) / len(chosen)
    if signal.measure is Measure.AGE:
        newest = max((moment for moment, row in chosen if meets(row, signal.where)), default=None)
        return signal.window_h if newest is None else max(0.0, (now - newest).total_seconds() / 3600)
    if signal.measure is Measure.DISTINCT:
        return float(len({str(row.get(signal.field)) for row in counted}))
    return _numbers(signal, [row.get(signal.field) for row in counted])


def _numbers(signal: Signal, values: Sequence[Any]) -> float | None:
    numbers = [float(value) for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)]
    if signal.measure is Measure.TOTAL:
        return math.fsum(numbers)
    if not numbers:
        return None
    return max(numbers) if signal.measure is Measure.MAXIMUM else math.fsum(numbers) / len(numbers)


def meets(row: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether every field is as wanted."""
    return all(_fits(row.get(name), want) for name, want in wanted.items())


def _fits(value: Any, want: Any) -> bool:
    if isinstance(want, list):
        return value in want or str(value) in want
    if isinstance(want, dict):
        if "absent" in want:
            return (value is None or value in ("", ())) is bool(want["absent"])
        number = value if isinstance(value, (int, float)) else None
        return number is not None and want.get("above", -math.inf) < number < want.get("below", math.inf)
    return bool(value == want)
