"""Prometheus remote-write 1.0: the series of a ``WriteRequest``, read from its bytes."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from collectors.protobuf_wire import double, fields, signed

_SERIES, _LABELS, _SAMPLES = 1, 1, 2


class Sample(msgspec.Struct, frozen=True):
    """One value of one series. ``time_ms`` is Unix time in milliseconds; ``value`` may be NaN (the series went
    stale).
    """

    labels: dict[str, str]
    value: float
    time_ms: int

    @property
    def name(self) -> str:
        """``__name__`` of the series."""
        return self.labels.get("__name__", "")

    @property
    def finite(self) -> bool:
        """Whether there is a number to keep."""
        return math.isfinite(self.value)


def read_samples(body: bytes) -> Iterator[Sample]:
    """Every sample of a ``WriteRequest``; ``ValueError`` where it is none."""
    for number, series in fields(body):
        if number == _SERIES and isinstance(series, memoryview):
            yield from _series(series)


def _series(data: memoryview) -> Iterator[Sample]:
    labels: dict[str, str] = {}
    samples: list[tuple[float, int]] = []
    for number, value in fields(data):
        if not isinstance(value, memoryview):
            continue
        if number == _LABELS:
            name, text = _label(value)
            labels[name] = text
        elif number == _SAMPLES:
            samples.append(_sample(value))
    for value_, time_ms in samples:
        yield Sample(labels, value_, time_ms)


def _label(data: memoryview) -> tuple[str, str]:
    parts = {1: "", 2: ""}
    for number, value in fields(data):
        if number in parts and isinstance(value, memoryview):
            parts[number] = bytes(value).decode("utf-8")
    return parts[1], parts[2]


def _sample(data: memoryview) -> tuple[float, int]:
    value, time_ms = 0.0, 0
    for number, item in fields(data):
        if number == 1 and isinstance(item, memoryview):
            value = double(item)
        elif number == 2 and isinstance(item, int):
            time_ms = signed(item)
    return value, time_ms
