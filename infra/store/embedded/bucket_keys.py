"""What makes the keys of buckets, as SQL: times, values, ranges, filters; and which buckets are kept, in what order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from infra.events.table import FieldType
from infra.store.query.names import Place, value_of
from infra.store.query.shaping import axis, by_calendar, key_place, number_place, offsets, positive
from infra.store.query.sql import Sql
from infra.store.query.tree import (
    AnyAggregation,
    DateHistogram,
    Filters,
    Histogram,
    Query,
    Ranges,
    RareTerms,
    TermsCount,
)

Keys = tuple[Any, ...]


def many(where: Place) -> bool:
    """Whether an event may have several values there."""
    return where.many or where.flat


def values_of(compiled: Sql, where: Place) -> str:
    """The expression of the value or values of a place."""
    if many(where):
        return compiled.values(where)
    column = compiled.column(where.column)
    return f"epoch_us({column})" if where.type is FieldType.DATE else column


def key_of(compiled: Sql, agg: AnyAggregation, query: Query) -> tuple[str, bool]:
    """The expression of the keys of ``agg``, and whether it is a list of them."""
    match agg:
        case DateHistogram():
            axis(agg, query.window)
            return _time_key(compiled, agg, query), False
        case TermsCount(name):
            return _term_key(compiled, key_place(name), agg.missing)
        case RareTerms(name):
            return _term_key(compiled, key_place(name), None)
        case Histogram(name, interval):
            column = compiled.column(number_place(name).column)
            step = compiled.bind(float(positive(interval, "interval")))
            return f"floor({column} / {step}) * {step}", False
        case Ranges(name, bounds):
            column = compiled.column(number_place(name).column)
            return _matching([(at, _between(compiled, column, *pair)) for at, pair in enumerate(bounds)]), True
        case Filters(filters):
            return _matching([(compiled.bind(name), compiled.where(node)) for name, node in filters.items()]), True
    raise AssertionError(agg)


def _time_key(compiled: Sql, agg: DateHistogram, query: Query) -> str:
    us = f"epoch_us({compiled.column(agg.field)})"
    known = offsets(agg.zone, query.window)
    shift = str(known[0][1])
    for since, later in known[1:]:
        shift = f"CASE WHEN {us} >= {since} THEN {later} ELSE {shift} END"
    interval = agg.interval_s * 1_000_000
    local = f"floor(({us} + {shift}) / {interval})::BIGINT * {interval}" if shift != "0" else _floor(us, interval)
    return local if by_calendar(agg) or shift == "0" else f"{local} - {shift}"


def _floor(us: str, interval: int) -> str:
    return f"({us} - (({us} % {interval}) + {interval}) % {interval})"


def _term_key(compiled: Sql, where: Place, absent: str | None) -> tuple[str, bool]:
    missing = None if absent is None else value_of(where, absent)
    if not many(where):
        column = values_of(compiled, where)
        return (f"coalesce({column}, {compiled.bind(missing)})" if missing is not None else column), False
    values = f"list_distinct({values_of(compiled, where)})"
    if missing is not None:
        values = f"CASE WHEN len({values}) > 0 THEN {values} ELSE [{compiled.bind(missing)}] END"
    return values, True


def _between(compiled: Sql, column: str, low: float | None, high: float | None) -> str:
    parts = [f"{column} IS NOT NULL"]
    if low is not None:
        parts.append(f"{column} >= {compiled.bind(low)}")
    if high is not None:
        parts.append(f"{column} < {compiled.bind(high)}")
    return " AND ".join(parts)


def _matching(tests: Sequence[tuple[Any, str]]) -> str:
    cases = ", ".join(f"CASE WHEN {condition} THEN {key} END" for key, condition in tests)
    return f"list_filter([{cases}], lambda v: v IS NOT NULL)" if tests else "[]"


def cut(agg: AnyAggregation, parents: Sequence[str], key: str) -> str:
    """How many buckets of each parent are kept of the table ``grouped``, and in what order they come."""
    match agg:
        case TermsCount(name):
            return _enough(parents, agg.size) + first(parents, f"n DESC, {_ordered(name, key)}", agg.size)
        case RareTerms(name):
            return f" WHERE n <= {int(agg.max_count)}" + first(parents, f"n, {_ordered(name, key)}", agg.size)
    return f" ORDER BY {', '.join([*parents, key])}"


def _enough(parents: Sequence[str], size: int) -> str:
    """Leaves out what is too rare to be kept, so that few keys are put in order."""
    least = f"SELECT min(n) FROM (SELECT n FROM grouped ORDER BY n DESC LIMIT {size})"
    return "" if parents else f" WHERE n >= ({least})"


def _ordered(name: str, key: str) -> str:
    return f"yd_ip({key})" if key_place(name).type is FieldType.IP else key


def first(parents: Sequence[str], order: str, size: int) -> str:
    """The clause that keeps the first rows of each parent, in order."""
    if not parents:
        return f" ORDER BY {order} LIMIT {size}"
    listed = ", ".join(parents)
    return f" QUALIFY row_number() OVER (PARTITION BY {listed} ORDER BY {order}) <= {size} ORDER BY {listed}, {order}"


def survivors(agg: AnyAggregation, rows: Sequence[tuple[Any, ...]]) -> list[Keys] | None:
    """The keys of the rows that are kept, where not all of them are."""
    if isinstance(agg, TermsCount | RareTerms):
        return [tuple(row[:-1]) for row in rows]
    return None
