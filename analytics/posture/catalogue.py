"""The catalogue of expected indicators, and how a source fills it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from infra.exchange import Dimension, Evidence, Indicator


class Expected(msgspec.Struct, frozen=True):
    """What the catalogue says of one indicator."""

    unit: str
    window_s: float
    best: float
    worst: float
    weight: float
    prior: float


class Reading(msgspec.Struct, frozen=True):
    """A measured value for one indicator; ``value`` None says it was tried and could not be measured."""

    value: float | None
    href: str
    rows: int | None = None
    source: str = ""
    detail: dict[str, Any] = {}


@cache
def catalogue() -> dict[str, tuple[Dimension, Expected]]:
    """``dimension.name`` to what is expected; ids are stable."""
    tree = tomllib.loads(files("analytics.posture").joinpath("indicators.toml").read_text(encoding="utf-8"))
    tree.pop("version")
    return {
        f"{dimension}.{name}": (Dimension(dimension), msgspec.convert(entry, Expected))
        for dimension, entries in tree.items()
        for name, entry in entries.items()
    }


def version() -> str:
    """Version of the catalogue, kept with each posture."""
    text = files("analytics.posture").joinpath("indicators.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["version"])


def fill(readings: Mapping[str, Reading], now: datetime, weights: Mapping[str, float] | None = None) -> list[Indicator]:
    """Every expected indicator: with its reading, or missing; ``weights`` over those of the catalogue. A reading nobody
    expects is a ``KeyError``."""
    unknown = readings.keys() - catalogue().keys()
    if unknown:
        raise KeyError(f"indicators not in the catalogue: {sorted(unknown)}")
    over = weights or {}
    return [_indicator(name, readings.get(name), now, over.get(name)) for name in catalogue()]


def _indicator(name: str, reading: Reading | None, now: datetime, weight: float | None) -> Indicator:
    dimension, expected = catalogue()[name]
    found = reading or Reading(None, "")
    counts = expected.weight if weight is None else weight
    return Indicator(
        id=name, dimension=dimension, value=found.value, unit=expected.unit,
        window=timedelta(seconds=expected.window_s), best=expected.best, worst=expected.worst,
        weight=counts, source=found.source, taken=now, evidence=Evidence(found.href, found.rows),
        prior=expected.prior, detail=found.detail, remedy_key=f"analytics.posture.{name}.remedy",
    )  # fmt: skip


def merge(groups: Sequence[Mapping[str, Reading]]) -> dict[str, Reading]:
    """Readings of several sources; a measured value wins over a missing one, the first over later ones."""
    merged: dict[str, Reading] = {}
    for group in groups:
        for name, reading in group.items():
            if name not in merged or (merged[name].value is None and reading.value is not None):
                merged[name] = reading
    return merged
