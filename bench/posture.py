"""Posture at size, and forecasts against the seasonal naive one on public series."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, timedelta

import numpy as np

from bench import nab
from bench.figure import Row, figure
from bench.rates import DATA

ASSETS, INDICATORS = 5000, 60
SERIES = (
    "nyc_taxi", "ambient_temperature", "machine_temperature", "cpu_utilization_asg", "ec2_request_latency", "occupancy",
)  # fmt: skip
HORIZON, ORIGINS = 24, 12


@figure("posture_5000x60_s")
def measure_posture() -> Iterator[Row]:
    """Every asset's score with all its losses, a tenth of the values missing; median of five."""
    from analytics.posture.many import assess_many

    random = np.random.default_rng(1)
    values = random.random((ASSETS, INDICATORS))
    values[random.random(values.shape) < 0.1] = np.nan
    best, worst = np.ones(INDICATORS), np.zeros(INDICATORS)
    weight, prior = random.random(INDICATORS) + 0.1, np.full(INDICATORS, 0.5)
    spent = []
    for _ in range(5):
        began = time.process_time()
        found = assess_many(values, best, worst, weight, prior)
        spent.append(time.process_time() - began)
    error = float(np.abs(100 - found.losses.sum(axis=1) - found.score).max())
    yield Row("posture_5000x60_s", float(np.median(spent)), "s")
    yield Row("posture_waterfall_error", error, "points")


@figure("forecast_mase")
def measure_forecast() -> Iterator[Row]:
    """The next day of hourly means from many origins: error over the seasonal naive one's, and how often the 95 % band
    held; the last third of each series, which no setting was chosen on."""
    from analytics.series.forecast import forecast

    own, naive, inside = [], [], []
    for values in _hourly():
        for origin in np.linspace(len(values) * 2 // 3, len(values) - HORIZON, ORIGINS).astype(int).tolist():
            past, future = values[:origin][-1000:], values[origin : origin + HORIZON]
            if np.isfinite(future + past[-24:]).sum() < HORIZON // 2:
                continue
            found = forecast(past, 24, HORIZON)
            scale = max(1e-9, float(np.nanmean(np.abs(past[24:] - past[:-24]))))
            own.append(float(np.nanmean(np.abs(found.mean - future))) / scale)
            naive.append(float(np.nanmean(np.abs(past[-24:] - future))) / scale)
            low, high = found.bands[95]
            inside.append(float(np.nanmean((future >= low) & (future <= high))))
    yield Row("forecast_mase", float(np.mean(own)) / float(np.mean(naive)), "MASE", "seasonal naive", 1.0)
    yield Row("forecast_band95", float(np.mean(inside)), "ratio")


def _hourly() -> Iterator[np.ndarray]:
    """Hourly means of the chosen public series."""
    for file in nab.load(DATA / "nab"):
        if any(word in file.name for word in SERIES):
            start = file.times[0].replace(tzinfo=UTC)
            hours = np.array([(t.replace(tzinfo=UTC) - start) // timedelta(hours=1) for t in file.times])
            total = np.bincount(hours, file.values)
            count = np.bincount(hours)
            if len(total) >= 300:
                yield np.where(count > 0, total / np.maximum(count, 1), np.nan)
