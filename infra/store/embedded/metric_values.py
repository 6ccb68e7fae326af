"""Distinct values, percentiles, sums: what is asked in SQL, and how the rows become answers."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from infra.store.embedded.bucket_keys import Keys
from infra.store.query.tree import Answer, AnyAggregation, Cardinality, Percentiles, Stats

PRECISION = 0.001
"""How far off a percentile of very many rows may be, as a share of its value."""


def by_clause(names: Sequence[str]) -> str:
    """The clause that makes one row of each of ``names``."""
    return f" GROUP BY {', '.join(names)}" if names else ""


def sampled(column: str, *, rough: bool) -> str:
    """The value of a number; where ``rough``, the middle of its stretch on a logarithmic scale, so that few different
    ones are left, none further off than ``PRECISION`` (Masson, Rim, Lee: DDSketch, VLDB 2019)."""
    value = f"{column}::DOUBLE"
    if not rough:
        return value
    step = 2 * math.log1p(PRECISION)
    return (
        f"CASE WHEN {value} = 0 OR NOT isfinite({value}) THEN {value}"
        f" ELSE sign({value}) * exp((floor(ln(abs({value})) / {step!r}) + 0.5) * {step!r}) END"
    )


def quantiles(agg: Percentiles, counted: pa.Table, names: Sequence[str], *, rough: bool) -> dict[Keys, Answer]:
    """Percentiles, between neighbours in proportion, from values in order with how often each occurs."""
    groups: dict[Keys, list[int]] = defaultdict(list)
    if names:
        for at, key in enumerate(zip(*(counted.column(name).to_pylist() for name in names), strict=True)):
            groups[key].append(at)
    values, counts = counted.column("x0").to_numpy(), counted.column("n").to_numpy()
    if not names:
        return {(): _quantiles_of(agg, values, counts, rough)}
    return {key: _quantiles_of(agg, values[places], counts[places], rough) for key, places in groups.items()}


def _quantiles_of(agg: Percentiles, values: Any, counts: Any, rough: bool) -> Answer:
    if not len(values):
        return empty(agg)
    ends = np.cumsum(counts)
    places = np.asarray(agg.percents, dtype=np.float64) / 100 * (ends[-1] - 1)
    low = values[np.searchsorted(ends, np.floor(places), side="right")]
    high = values[np.searchsorted(ends, np.ceil(places), side="right")]
    found = low + (high - low) * (places - np.floor(places))
    told: dict[str, float | None] = {
        str(float(share)): float(one) for share, one in zip(agg.percents, found, strict=True)
    }
    return Answer(values=told, approximate=rough)


def stats(row: Sequence[Any]) -> Answer:
    """The answer from count, least, greatest, mean and sum."""
    names = ("count", "min", "max", "avg", "sum")
    return Answer(values={name: None if one is None else float(one) for name, one in zip(names, row, strict=True)})


def empty(agg: AnyAggregation) -> Answer:
    """The answer where nothing was found."""
    match agg:
        case Cardinality():
            return Answer(values={"value": 0.0})
        case Percentiles(_, percents):
            return Answer(values={str(float(share)): None for share in percents})
        case Stats():
            return Answer(values={"count": 0.0, "min": None, "max": None, "avg": None, "sum": None})
    return Answer()
