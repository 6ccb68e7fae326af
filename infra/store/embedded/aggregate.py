"""Aggregations over segments: one statement for each level of buckets, all parents at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.errors import AppError, ErrorKind
from infra.events.table import FieldType
from infra.store.embedded.engine import Engine
from infra.store.embedded.relation import relation
from infra.store.embedded.rows import fetch_rows
from infra.store.embedded.segment import Segment
from infra.store.embedded.window import in_window
from infra.store.query.limits import MAX_BUCKETS
from infra.store.query.names import Place, value_of
from infra.store.query.shaping import (
    axis,
    by_calendar,
    date_key,
    from_local,
    key_place,
    number_place,
    offsets,
    positive,
    range_keys,
    time_buckets,
)
from infra.store.query.sql import Sql
from infra.store.query.tree import (
    Answer,
    AnyAggregation,
    Bucket,
    Cardinality,
    Composite,
    DateHistogram,
    Filters,
    Histogram,
    Percentiles,
    Query,
    Ranges,
    RareTerms,
    Stats,
    TermsCount,
    TopHits,
)

EXACT_ROWS = 1_000_000
"""Up to so many rows distinct values and percentiles are exact; above, HyperLogLog and t-digest answer."""

Keys = tuple[Any, ...]


@dataclass(slots=True)
class _Level:
    """A level of buckets above: what makes its keys, and which of them are kept (None: all)."""

    agg: AnyAggregation
    kept: list[Keys] | None = None


@dataclass(slots=True)
class Aggregate:
    """Answers aggregations of one query over the segments the manifest chose."""

    engine: Engine
    root: Path
    query: Query
    segments: Sequence[Segment]
    rows: int = field(init=False)

    def __post_init__(self) -> None:
        self.rows = sum(segment.rows for segment in self.segments)

    def answers(self, aggregations: Mapping[str, AnyAggregation]) -> dict[str, Answer]:
        """The answer of each aggregation by its name."""
        return {name: self._one(agg, []).get((), self._nothing(agg)) for name, agg in aggregations.items()}

    def _one(self, agg: AnyAggregation, above: list[_Level]) -> dict[Keys, Answer]:
        """Answers by the keys of the levels above."""
        match agg:
            case Cardinality() | Percentiles() | Stats():
                return self._metric(agg, above)
            case TopHits():
                return self._top_hits(agg, above)
            case Composite():
                return self._composite(agg, above)
            case _:
                return self._buckets(agg, above)

    def _source(self, compiled: Sql, above: Sequence[_Level], extra: Sequence[str] = (), rows: bool = False) -> str:
        """A table expression with the keys ``k0, k1, ...`` of the levels above, and ``extra`` ones ``x0, ...``."""
        shown = [f"{expression} AS x{number}" for number, expression in enumerate(extra)]
        keys = [(_key(compiled, level.agg, self.query), number) for number, level in enumerate(above)]
        shown += [f"{expression} AS m{number}" for (expression, _), number in keys]
        condition = f"{in_window(compiled, self.query.window, self.segments)} AND {compiled.where(self.query.filter)}"
        base = relation(self.root, self.segments, compiled.columns, rows)
        if rows:
            shown += ["file", "row"]
        text = f"SELECT {', '.join(shown) or '1 AS one'} FROM ({base}) WHERE {condition}"
        for (_, many), number in keys:
            made = f"unnest(m{number})" if many else f"m{number}"
            text = f"SELECT *, {made} AS k{number} FROM ({text})"
            text = f"SELECT * FROM ({text}) WHERE k{number} IS NOT NULL{self._kept(compiled, above[number], number)}"
        return text

    def _kept(self, compiled: Sql, level: _Level, number: int) -> str:
        if level.kept is None:
            return ""
        if not level.kept:
            return " AND false"
        names = ", ".join(f"k{at}" for at in range(number + 1))
        values = ", ".join(f"({', '.join(map(compiled.bind, keys))})" for keys in level.kept)
        return f" AND ({names}) IN (VALUES {values})"

    def _buckets(self, agg: AnyAggregation, above: list[_Level]) -> dict[Keys, Answer]:
        compiled = Sql()
        own = len(above)
        source = self._source(compiled, [*above, _Level(agg)])
        names = [f"k{number}" for number in range(own + 1)]
        text = f"SELECT {', '.join(names)}, count(*) AS n FROM ({source}) GROUP BY {', '.join(names)}"
        text += _cut(agg, names[:-1], names[-1])
        rows = self.engine.rows(text, compiled.parameters)
        if len(rows) > 4 * MAX_BUCKETS:
            raise AppError(ErrorKind.INVALID, "infra.query_buckets", place="aggregation", limit=MAX_BUCKETS)
        inner = self._inner(agg, [*above, _Level(agg, _survivors(agg, rows))])
        grouped: dict[Keys, list[tuple[Any, Bucket]]] = defaultdict(list)
        for *keys, count in rows:
            parts = {
                name: found.get(tuple(keys), self._nothing(inner_agg)) for name, (inner_agg, found) in inner.items()
            }
            grouped[tuple(keys[:-1])].append((keys[-1], Bucket(self._shown(agg, keys[-1]), count, parts)))
        return {parent: Answer(self._arranged(agg, found)) for parent, found in grouped.items()}

    def _inner(self, agg: AnyAggregation, above: list[_Level]) -> dict[str, tuple[AnyAggregation, dict[Keys, Answer]]]:
        return {name: (one, self._one(one, above)) for name, one in getattr(agg, "inner", {}).items()}

    def _shown(self, agg: AnyAggregation, key: Any) -> Any:
        match agg:
            case DateHistogram():
                return date_key(from_local(agg, key) if by_calendar(agg) else key)
            case TermsCount(name) | RareTerms(name) if key_place(name).type is FieldType.DATE:
                return date_key(key)
            case Ranges():
                return range_keys(agg)[key]
        return key

    def _arranged(self, agg: AnyAggregation, found: list[tuple[Any, Bucket]]) -> tuple[Bucket, ...]:
        by_key = dict(found)
        match agg:
            case DateHistogram():
                starts = {from_local(agg, key) if by_calendar(agg) else key: one for key, one in found}
                return self._with_inner(agg, time_buckets(agg, self.query.window, starts))
            case Filters(filters):
                return self._with_inner(agg, tuple(by_key.get(name) or Bucket(name, 0) for name in filters))
            case Ranges():
                return tuple(by_key.get(at) or Bucket(key, 0) for at, key in enumerate(range_keys(agg)))
        return tuple(bucket for _, bucket in found)

    def _with_inner(self, agg: DateHistogram | Filters, buckets: tuple[Bucket, ...]) -> tuple[Bucket, ...]:
        """Empty buckets get empty answers of the same shape."""
        if not agg.inner:
            return buckets
        empty = {name: self._nothing(one) for name, one in agg.inner.items()}
        return tuple(one if one.inner else Bucket(one.key, one.count, empty) for one in buckets)

    def _nothing(self, agg: AnyAggregation) -> Answer:
        if isinstance(agg, DateHistogram | Filters | Ranges):
            return Answer(self._arranged(agg, []))
        return _empty(agg)

    def _metric(self, agg: Cardinality | Percentiles | Stats, above: list[_Level]) -> dict[Keys, Answer]:
        compiled = Sql()
        rough = self.rows > EXACT_ROWS and not isinstance(agg, Stats)
        measure, expression = _measure(compiled, agg, rough)
        source = self._source(compiled, above, [expression])
        if isinstance(agg, Cardinality) and _many(key_place(agg.field)):
            source = f"SELECT * EXCLUDE (x0), unnest(x0) AS x0 FROM ({source})"
        names = [f"k{number}" for number in range(len(above))]
        text = f"SELECT {', '.join([*names, measure])} FROM ({source})"
        if names:
            text += f" GROUP BY {', '.join(names)}"
        answers = {}
        for row in self.engine.rows(text, compiled.parameters):
            answers[tuple(row[: len(names)])] = _values(agg, row[len(names) :], rough)
        return answers

    def _composite(self, agg: Composite, above: list[_Level]) -> dict[Keys, Answer]:
        compiled = Sql()
        places = [key_place(name) for name in agg.fields]
        source = self._source(compiled, above, [_values_of(compiled, where) for where in places])
        for number, where in enumerate(places):
            if _many(where):
                source = f"SELECT * EXCLUDE (x{number}), unnest(list_distinct(x{number})) AS x{number} FROM ({source})"
        keys = [f"x{number}" for number in range(len(places))]
        condition = " AND ".join(f"{key} IS NOT NULL" for key in keys)
        if agg.after:
            bound = ", ".join(map(compiled.bind, agg.after))
            condition += f" AND ({', '.join(keys)}) > ({bound})"
        names = [f"k{number}" for number in range(len(above))]
        text = (
            f"SELECT {', '.join([*names, *keys])}, count(*) FROM ({source}) WHERE {condition}"
            f" GROUP BY {', '.join([*names, *keys])}{_first(names, ', '.join(keys), agg.size)}"
        )
        return self._composed(agg, places, len(names), self.engine.rows(text, compiled.parameters))

    def _composed(
        self, agg: Composite, places: list[Place], above: int, rows: list[tuple[Any, ...]]
    ) -> dict[Keys, Answer]:
        grouped: dict[Keys, list[tuple[Any, ...]]] = defaultdict(list)
        for row in rows:
            grouped[row[:above]].append(row[above:])
        answers = {}
        for parent, found in grouped.items():
            shown = [tuple(map(_composite_key, places, row[:-1])) for row in found]
            buckets = tuple(Bucket(key, row[-1]) for key, row in zip(shown, found, strict=True))
            answers[parent] = Answer(buckets, after=found[-1][:-1] if len(found) == agg.size else None)
        return answers

    def _top_hits(self, agg: TopHits, above: list[_Level]) -> dict[Keys, Answer]:
        compiled = Sql()
        extra = [compiled.column("@timestamp"), compiled.column("event.id")]
        source = self._source(compiled, above, extra, rows=True)
        names = [f"k{number}" for number in range(len(above))]
        over = f"{'PARTITION BY ' + ', '.join(names) if names else ''} ORDER BY x0 DESC, x1 ASC"
        text = (
            f"SELECT {', '.join([*names, 'file', 'row'])} FROM ({source})"
            f" QUALIFY row_number() OVER ({over}) <= {agg.size} ORDER BY x0 DESC, x1 ASC"
        )
        rows = self.engine.rows(text, compiled.parameters)
        events = fetch_rows(self.engine, self.root, self.segments, [row[-2:] for row in rows], agg.fields)
        grouped: dict[Keys, list[dict[str, Any]]] = defaultdict(list)
        for row, event in zip(rows, events, strict=True):
            grouped[tuple(row[:-2])].append(event)
        return {parent: Answer(hits=tuple(found)) for parent, found in grouped.items()}


def _many(where: Place) -> bool:
    return where.many or where.flat


def _values_of(compiled: Sql, where: Place) -> str:
    if _many(where):
        return compiled.values(where)
    column = compiled.column(where.column)
    return f"epoch_us({column})" if where.type is FieldType.DATE else column


def _key(compiled: Sql, agg: AnyAggregation, query: Query) -> tuple[str, bool]:
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
    if not _many(where):
        column = _values_of(compiled, where)
        return (f"coalesce({column}, {compiled.bind(missing)})" if missing is not None else column), False
    values = f"list_distinct({_values_of(compiled, where)})"
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


def _cut(agg: AnyAggregation, parents: Sequence[str], key: str) -> str:
    """How many buckets of each parent are kept, and in what order they come."""
    match agg:
        case TermsCount(name):
            return _first(parents, f"n DESC, {_ordered(name, key)}", agg.size)
        case RareTerms(name):
            return f" HAVING n <= {int(agg.max_count)}" + _first(parents, f"n, {_ordered(name, key)}", agg.size)
    return f" ORDER BY {', '.join([*parents, key])}"


def _ordered(name: str, key: str) -> str:
    return f"yd_ip({key})" if key_place(name).type is FieldType.IP else key


def _first(parents: Sequence[str], order: str, size: int) -> str:
    if not parents:
        return f" ORDER BY {order} LIMIT {size}"
    listed = ", ".join(parents)
    return f" QUALIFY row_number() OVER (PARTITION BY {listed} ORDER BY {order}) <= {size} ORDER BY {listed}, {order}"


def _survivors(agg: AnyAggregation, rows: Sequence[tuple[Any, ...]]) -> list[Keys] | None:
    if isinstance(agg, TermsCount | RareTerms):
        return [tuple(row[:-1]) for row in rows]
    return None


def _measure(compiled: Sql, agg: Cardinality | Percentiles | Stats, rough: bool) -> tuple[str, str]:
    match agg:
        case Cardinality(name):
            expression = _values_of(compiled, key_place(name))
            return ("approx_count_distinct(x0)" if rough else "count(DISTINCT x0)"), expression
        case Percentiles(name, percents):
            shares = "[" + ", ".join(f"{share / 100:.6f}" for share in percents) + "]"
            function = "approx_quantile" if rough else "quantile_cont"
            return f"{function}(x0::DOUBLE, {shares})", compiled.column(number_place(name).column)
        case Stats(name):
            return "count(x0), min(x0), max(x0), avg(x0), sum(x0)", compiled.column(number_place(name).column)
    raise AssertionError(agg)


def _values(agg: Cardinality | Percentiles | Stats, row: Sequence[Any], rough: bool) -> Answer:
    match agg:
        case Cardinality():
            return Answer(values={"value": float(row[0])}, approximate=rough)
        case Percentiles(_, percents):
            found = row[0] or [None] * len(percents)
            return Answer(
                values={str(float(share)): one for share, one in zip(percents, found, strict=True)}, approximate=rough
            )
    names = ("count", "min", "max", "avg", "sum")
    return Answer(values={name: None if one is None else float(one) for name, one in zip(names, row, strict=True)})


def _composite_key(where: Place, value: Any) -> Any:
    return date_key(value) if where.type is FieldType.DATE else value


def _empty(agg: AnyAggregation) -> Answer:
    """The answer where nothing was found."""
    match agg:
        case Cardinality():
            return Answer(values={"value": 0.0})
        case Percentiles(_, percents):
            return Answer(values={str(float(share)): None for share in percents})
        case Stats():
            return Answer(values={"count": 0.0, "min": None, "max": None, "avg": None, "sum": None})
    return Answer()
