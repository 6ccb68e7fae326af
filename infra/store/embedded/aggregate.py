"""Aggregations over segments: one statement for each level of buckets, all parents at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from infra.errors import AppError, ErrorKind
from infra.events.table import FieldType
from infra.store.embedded.bucket_keys import Keys, cut, first, key_of, many, survivors, values_of
from infra.store.embedded.engine import Engine
from infra.store.embedded.metric_values import by_clause, empty, quantiles, sampled, stats
from infra.store.embedded.picked import pick
from infra.store.embedded.relation import relation
from infra.store.embedded.rows import fetch_rows
from infra.store.embedded.segment import Segment
from infra.store.embedded.tallies import COUNTED, SUMMED, Measures
from infra.store.embedded.window import in_window
from infra.store.query.limits import MAX_BUCKETS
from infra.store.query.names import Place
from infra.store.query.shaping import (
    by_calendar,
    date_key,
    from_local,
    key_place,
    micros,
    number_place,
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
    Percentiles,
    Query,
    Ranges,
    RareTerms,
    Stats,
    TermsCount,
    TopHits,
)

EXACT_ROWS = 1_000_000
"""Up to so many rows distinct values and percentiles are exact; above, HyperLogLog and a logarithmic scale answer."""


@dataclass(slots=True)
class _Level:
    """A level of buckets above: what makes its keys, and which of them are kept (None: all)."""

    agg: AnyAggregation
    kept: list[Keys] | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is worked out for each key of ``levels``, and of a value ``x0`` where there is an ``expression``."""

    levels: Sequence[_Level]
    expression: Callable[[Sql], str] | None = None
    measures: Measures = COUNTED
    listed: bool = False
    valued: bool = False

    @property
    def keys(self) -> list[str]:
        """The names of the columns that make a key."""
        return [*(f"k{number}" for number in range(len(self.levels))), *(["x0"] if self.valued else [])]

    def joined(self, rows: str) -> str:
        """One row for each key of answers that ``rows`` holds."""
        return f"SELECT {', '.join([*self.keys, self.measures.joined])} FROM ({rows}){by_clause(self.keys)}"

    def unlimited(self) -> _Asked:
        """The same for all keys of the levels above."""
        return replace(self, levels=[_Level(level.agg) for level in self.levels])


@dataclass(frozen=True, slots=True)
class _Statement:
    text: str
    parameters: dict[str, Any]
    tables: dict[str, pa.Table]


@dataclass(slots=True)
class Aggregate:
    """Answers aggregations of one query over the segments the manifest chose."""

    engine: Engine
    root: Path
    query: Query
    segments: Sequence[Segment]

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

    def _source(
        self, compiled: Sql, above: Sequence[_Level], extra: Sequence[str] = (), rows: bool = False,
        segments: Sequence[Segment] | None = None,
    ) -> str:  # fmt: skip
        """A table expression with the keys ``k0, k1, ...`` of the levels above, and ``extra`` ones ``x0, ...``."""
        segments = self.segments if segments is None else segments
        shown = [f"{expression} AS x{number}" for number, expression in enumerate(extra)]
        keys = [(key_of(compiled, level.agg, self.query), number) for number, level in enumerate(above)]
        shown += [f"{expression} AS m{number}" for (expression, _), number in keys]
        condition = f"{in_window(compiled, self.query.window, segments)} AND {compiled.where(self.query.filter)}"
        rest, tables = pick(self.engine, self.root, segments, compiled.columns)
        compiled.tables.update(tables)
        base = relation(self.root, rest, compiled.columns, rows, tables)
        if rows:
            shown += ["file", "row"]
        text = f"SELECT {', '.join(shown) or '1 AS one'} FROM ({base}) WHERE {condition}"
        for (_, listed), number in keys:
            made = f"unnest(m{number})" if listed else f"m{number}"
            text = f"SELECT *, {made} AS k{number} FROM ({text})"
            text = f"SELECT * FROM ({text}) WHERE k{number} IS NOT NULL{self._kept(compiled, above[number], number)}"
        return text

    def _grouped(self, asked: _Asked, *, sure: bool = True) -> _Statement | None:
        """A statement that yields the keys and measures of ``asked``; None where it would have to be read from more
        than ``EXACT_ROWS`` rows and that is not wanted (not ``sure``)."""
        whole = self._whole()
        joined = self._tally(whole, asked) if whole else None
        known = {one.path for one in whole} if joined is not None else set()
        rest = [one for one in self.segments if one.path not in known]
        if not sure and sum(segment.rows for segment in rest) > EXACT_ROWS:
            return None
        compiled = Sql()
        text = self._statement(compiled, asked, rest)
        if joined is None:
            return _Statement(text, compiled.parameters, compiled.tables)
        kept = "".join(self._kept(compiled, level, number) for number, level in enumerate(asked.levels))
        named = ", ".join([*asked.keys, asked.measures.names])
        text = f"SELECT {named} FROM ({text}) UNION ALL SELECT {named} FROM tally WHERE true{kept}"
        return _Statement(asked.joined(text), compiled.parameters, {**compiled.tables, "tally": joined})

    def _whole(self) -> list[Segment]:
        """Segments that lie in the window as a whole, are read as a whole, and are worth remembering answers of."""
        t0, t1 = micros(self.query.window.start), micros(self.query.window.end)
        least = self.engine.tallies.least_rows
        return [
            one for one in self.segments if one.ranges is None and one.rows >= least and one.t0 >= t0 and one.t1 < t1
        ]

    def _tally(self, whole: Sequence[Segment], asked: _Asked) -> pa.Table | None:
        free = asked.unlimited()
        nothing = Sql()
        signature = (self._statement(nothing, free, []), repr(sorted(nothing.parameters.items())))

        def ask(segments: Sequence[Segment], most: int) -> dict[str, pa.Table] | None:
            compiled = Sql()
            text = f"{self._statement(compiled, free, segments, files=True)} LIMIT {most + 1}"
            made = self.engine.columns(text, compiled.parameters, compiled.tables)
            if made.num_rows > most:
                return None
            rows, files = made.drop_columns("file"), made.column("file")
            return {one.path: rows.filter(pc.equal(files, str(self.root / one.path))) for one in segments}

        def join(parts: pa.Table) -> pa.Table:
            return self.engine.columns(free.joined("FROM tally"), {}, {"tally": parts})

        return self.engine.tallies.over(whole, signature, ask, join)

    def _statement(self, compiled: Sql, asked: _Asked, segments: Sequence[Segment], files: bool = False) -> str:
        """One row for each key, or with ``files`` for each file and key."""
        keys = ["file", *asked.keys] if files else asked.keys
        source = self._measured(compiled, asked, segments, files)
        return f"SELECT {', '.join([*keys, asked.measures.made])} FROM ({source}){by_clause(keys)}"

    def _measured(self, compiled: Sql, asked: _Asked, segments: Sequence[Segment], files: bool = False) -> str:
        extra = [asked.expression(compiled)] if asked.expression else []
        source = self._source(compiled, asked.levels, extra, files, segments)
        return f"SELECT * EXCLUDE (x0), unnest(x0) AS x0 FROM ({source})" if asked.listed else source

    def _kept(self, compiled: Sql, level: _Level, number: int) -> str:
        if level.kept is None:
            return ""
        if not level.kept:
            return " AND false"
        names = ", ".join(f"k{at}" for at in range(number + 1))
        values = ", ".join(f"({', '.join(map(compiled.bind, keys))})" for keys in level.kept)
        return f" AND ({names}) IN (VALUES {values})"

    def _buckets(self, agg: AnyAggregation, above: list[_Level]) -> dict[Keys, Answer]:
        asked = _Asked([*above, _Level(agg)])
        made = self._grouped(asked)
        assert made is not None
        text = f"WITH grouped AS MATERIALIZED ({made.text}) SELECT {', '.join(asked.keys)}, n FROM grouped"
        text += cut(agg, asked.keys[:-1], asked.keys[-1])
        rows = self.engine.rows(text, made.parameters, made.tables)
        if len(rows) > 4 * MAX_BUCKETS:
            raise AppError(ErrorKind.INVALID, "infra.query_buckets", place="aggregation", limit=MAX_BUCKETS)
        inner = self._inner(agg, [*above, _Level(agg, survivors(agg, rows))])
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
        return empty(agg)

    def _metric(self, agg: Cardinality | Percentiles | Stats, above: list[_Level]) -> dict[Keys, Answer]:
        match agg:
            case Cardinality():
                return self._distinct(agg, above)
            case Percentiles():
                return self._percentiles(agg, above)
        return self._summed(agg, above)

    def _distinct(self, agg: Cardinality, above: list[_Level]) -> dict[Keys, Answer]:
        listed = many(key_place(agg.field))
        asked = _Asked(above, lambda compiled: values_of(compiled, key_place(agg.field)), COUNTED, listed, valued=True)
        grouped = self._grouped(asked, sure=False)
        if grouped is None:
            return self._estimated(asked)
        names = asked.keys[:-1]
        text = f"SELECT {', '.join([*names, 'count(x0)'])} FROM ({grouped.text}){by_clause(names)}"
        rows = self.engine.rows(text, grouped.parameters, grouped.tables)
        return {tuple(row[:-1]): Answer(values={"value": float(row[-1])}) for row in rows}

    def _estimated(self, asked: _Asked) -> dict[Keys, Answer]:
        """Distinct values by HyperLogLog, in one pass and bounded memory."""
        compiled = Sql()
        source, names = self._measured(compiled, asked, self.segments), asked.keys[:-1]
        text = f"SELECT {', '.join([*names, 'approx_count_distinct(x0)'])} FROM ({source}){by_clause(names)}"
        rows = self.engine.rows(text, compiled.parameters, compiled.tables)
        return {tuple(row[:-1]): Answer(values={"value": float(row[-1])}, approximate=True) for row in rows}

    def _percentiles(self, agg: Percentiles, above: list[_Level]) -> dict[Keys, Answer]:
        rough = sum(segment.rows for segment in self.segments) > EXACT_ROWS
        place = number_place(agg.field)
        asked = _Asked(above, lambda compiled: sampled(compiled.column(place.column), rough=rough), valued=True)
        grouped = self._grouped(asked)
        assert grouped is not None
        text = f"SELECT {', '.join([*asked.keys, 'n'])} FROM ({grouped.text}) WHERE x0 IS NOT NULL ORDER BY x0"
        counted = self.engine.columns(text, grouped.parameters, grouped.tables)
        return quantiles(agg, counted, asked.keys[:-1], rough=rough)

    def _summed(self, agg: Stats, above: list[_Level]) -> dict[Keys, Answer]:
        place = number_place(agg.field)
        asked = _Asked(above, lambda compiled: compiled.column(place.column), SUMMED)
        grouped = self._grouped(asked)
        assert grouped is not None
        text = f"SELECT {', '.join([*asked.keys, 'c, low, high, s / nullif(c, 0), s'])} FROM ({grouped.text})"
        rows = self.engine.rows(text, grouped.parameters, grouped.tables)
        return {tuple(row[: len(asked.keys)]): stats(row[len(asked.keys) :]) for row in rows}

    def _composite(self, agg: Composite, above: list[_Level]) -> dict[Keys, Answer]:
        compiled = Sql()
        places = [key_place(name) for name in agg.fields]
        source = self._source(compiled, above, [values_of(compiled, where) for where in places])
        for number, where in enumerate(places):
            if many(where):
                source = f"SELECT * EXCLUDE (x{number}), unnest(list_distinct(x{number})) AS x{number} FROM ({source})"
        keys = [f"x{number}" for number in range(len(places))]
        condition = " AND ".join(f"{key} IS NOT NULL" for key in keys)
        if agg.after:
            bound = ", ".join(map(compiled.bind, agg.after))
            condition += f" AND ({', '.join(keys)}) > ({bound})"
        names = [f"k{number}" for number in range(len(above))]
        text = (
            f"SELECT {', '.join([*names, *keys])}, count(*) FROM ({source}) WHERE {condition}"
            f" GROUP BY {', '.join([*names, *keys])}{first(names, ', '.join(keys), agg.size)}"
        )
        return self._composed(agg, places, len(names), self.engine.rows(text, compiled.parameters, compiled.tables))

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
        rows = self.engine.rows(text, compiled.parameters, compiled.tables)
        events = fetch_rows(self.engine, self.root, self.segments, [row[-2:] for row in rows], agg.fields)
        grouped: dict[Keys, list[dict[str, Any]]] = defaultdict(list)
        for row, event in zip(rows, events, strict=True):
            grouped[tuple(row[:-2])].append(event)
        return {parent: Answer(hits=tuple(found)) for parent, found in grouped.items()}


def _composite_key(where: Place, value: Any) -> Any:
    return date_key(value) if where.type is FieldType.DATE else value
