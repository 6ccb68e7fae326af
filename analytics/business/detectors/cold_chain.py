"""B13: goods outside their temperature for long enough that it matters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from analytics.business.desk import Desk
from analytics.business.finding import Finding, finding
from infra.events.business import Sensor

_CELSIUS = frozenset({"CEL", "C", "°C", "℃", "CELSIUS"})


def too_warm_or_cold(desk: Desk) -> Iterator[Finding]:
    """B13: a stretch of readings outside the limits; its weight is degrees times minutes."""
    by_sensor: defaultdict[tuple[str, str], list[Sensor]] = defaultdict(list)
    for reading in desk.book.of(Sensor):
        if reading.product and reading.quantity_kind == "temperature" and reading.unit.upper() in _CELSIUS:
            by_sensor[(reading.sensor, reading.product)].append(reading)
    for (sensor, product), readings in by_sensor.items():
        known = desk.book.masters.products.last(product)
        if known is not None and (known.temperature_min is not None or known.temperature_max is not None):
            low = -273.0 if known.temperature_min is None else known.temperature_min
            high = 1000.0 if known.temperature_max is None else known.temperature_max
            yield from _stretches(desk, sensor, product, readings, (low, high))


def _stretches(
    desk: Desk, sensor: str, product: str, readings: list[Sensor], bounds: tuple[float, float]
) -> Iterator[Finding]:
    limits = desk.limits["cold"]
    time = np.array([reading.time.timestamp() * 1000 for reading in readings])
    value = np.array([reading.value for reading in readings])
    excess = np.maximum(np.maximum(value - bounds[1], bounds[0] - value), 0.0)
    step = float(np.median(np.diff(time))) if len(time) > 1 else 0.0
    outside = excess > 0
    cut = np.r_[True, (np.diff(time) > limits["gap_factor"] * step) | (outside[1:] != outside[:-1])]
    starts = np.flatnonzero(cut)
    for start, stop in zip(starts.tolist(), [*starts[1:].tolist(), len(time)], strict=True):
        minutes = (time[stop - 1] - time[start] + step) / 60_000
        weight = float(excess[start:stop].sum()) * step / 60_000
        long = minutes >= limits["least_minutes"] and stop - start >= limits["least_readings"]
        if outside[start] and long and weight >= limits["least_degree_minutes"]:
            worst = value[start:stop][int(np.argmax(excess[start:stop]))]
            yield finding(
                "B13", "sensor", sensor, (time[start], time[stop - 1]),
                [reading.id for reading in readings[start:stop]], min(0.97, 0.8 + weight / 5000), "cold_chain",
                sensor=sensor, product=product, minutes=f"{minutes:.0f}", reading=f"{worst:.1f}",
                low=f"{bounds[0]:g}", high=f"{bounds[1]:g}",
            )  # fmt: skip


DETECTORS = (too_warm_or_cold,)
