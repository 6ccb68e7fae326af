"""Aggregations as OpenSearch wants them, and its answers in our shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.errors import AppError, ErrorKind
from infra.events.table import FieldType
from infra.store.opensearch.documents import decode
from infra.store.opensearch.dsl import compile_dsl, field_path, key_path
from infra.store.query.names import Place, place, value_of
from infra.store.query.projection import ALWAYS, project
from infra.store.query.shaping import (
    axis,
    date_key,
    key_place,
    number_place,
    positive,
    range_keys,
    time_buckets,
)
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
    Ranges,
    RareTerms,
    Stats,
    TermsCount,
    TopHits,
    Window,
)

Json = dict[str, Any]
PRECISION = 40_000
"""Distinct values up to which OpenSearch's HyperLogLog++ is nearly exact."""
_FLAT = (
    "def m = params._source[params.f]; if (m == null) return null; def v = m[params.k];"
    " if (v == null) return null; if (v instanceof List) { def o = []; for (x in v) { o.add(x.toString()) } return o }"
    " return v.toString()"
)


def compile_aggregations(aggregations: Mapping[str, AnyAggregation], window: Window) -> Json:
    """The ``aggs`` object; names become ``a0, a1, ...`` so that any name can be asked for."""
    return {f"a{at}": _one(agg, window) for at, agg in enumerate(aggregations.values())}


def read_answers(aggregations: Mapping[str, AnyAggregation], found: Json, window: Window) -> dict[str, Answer]:
    """The answers by the names asked for."""
    return {name: _answer(agg, found.get(f"a{at}"), window) for at, (name, agg) in enumerate(aggregations.items())}


def _one(agg: AnyAggregation, window: Window) -> Json:
    body = _body(agg, window)
    if inner := getattr(agg, "inner", {}):
        body["aggs"] = compile_aggregations(inner, window)
    return body


def _body(agg: AnyAggregation, window: Window) -> Json:
    match agg:
        case DateHistogram():
            axis(agg, window)
            every = (
                {"calendar_interval": "1d"} if agg.interval_s == 86_400 else {"fixed_interval": f"{agg.interval_s}s"}
            )
            return {"date_histogram": {"field": agg.field, **every, "time_zone": agg.zone, "min_doc_count": 1}}
        case TermsCount(name):
            where = key_place(name)
            order = [{"_count": "desc"}, {"_key": "asc"}]
            body = {**_values(where), "size": agg.size, "order": order, "shard_size": agg.size * 10 + 100}
            if agg.missing is not None:
                body["missing"] = value_of(where, agg.missing)
            return {"terms": body}
        case RareTerms(name):
            if place(name).flat:
                raise AppError(ErrorKind.INVALID, "infra.query_uncountable", place=name, type="flat")
            return {"rare_terms": {**_values(key_place(name)), "max_doc_count": min(agg.max_count, 100)}}
        case Histogram(name, interval):
            step = positive(interval, "interval")
            return {"histogram": {"field": field_path(number_place(name)), "interval": step, "min_doc_count": 1}}
        case Ranges(name, bounds):
            ranges = [_bound(str(at), *pair) for at, pair in enumerate(bounds)]
            return {"range": {"field": field_path(number_place(name)), "ranges": ranges}}
        case Filters(filters):
            return {"filters": {"filters": {f"f{at}": compile_dsl(node) for at, node in enumerate(filters.values())}}}
        case Composite():
            return {"composite": _composite(agg)}
        case Cardinality(name):
            return {"cardinality": {**_values(key_place(name)), "precision_threshold": PRECISION}}
        case Percentiles(name, percents):
            return {"percentiles": {"field": field_path(number_place(name)), "percents": list(percents)}}
        case Stats(name):
            return {"stats": {"field": field_path(number_place(name))}}
        case TopHits(size, fields):
            return {"top_hits": {"size": size, "sort": NEWEST, "_source": source_fields(fields)}}
    raise AssertionError(agg)


NEWEST: list[Json] = [{"@timestamp": "desc"}, {"event.id": "asc"}]


def source_fields(fields: tuple[str, ...]) -> bool | list[str]:
    """What of the source to send: all, or the columns that ``fields`` lie in."""
    return sorted({place(name).column for name in fields} | set(ALWAYS)) if fields else True


def _values(where: Place) -> Json:
    if not where.flat:
        return {"field": key_path(where)}
    return {"script": {"lang": "painless", "source": _FLAT, "params": {"f": where.column, "k": where.key}}}


def _bound(key: str, low: float | None, high: float | None) -> Json:
    found: Json = {"key": key}
    if low is not None:
        found["from"] = low
    if high is not None:
        found["to"] = high
    return found


def _composite(agg: Composite) -> Json:
    sources = [{f"s{at}": {"terms": _values(key_place(name))}} for at, name in enumerate(agg.fields)]
    body: Json = {"sources": sources, "size": agg.size}
    if agg.after:
        body["after"] = {f"s{at}": value for at, value in enumerate(agg.after)}
    return body


def _answer(agg: AnyAggregation, found: Json | None, window: Window) -> Answer:
    found = found or {}
    match agg:
        case Cardinality():
            value = float(found.get("value") or 0)
            return Answer(values={"value": value}, approximate=value > PRECISION)
        case Percentiles(_, percents):
            values = found.get("values", {})
            return Answer(
                values={str(float(one)): _finite(values.get(str(float(one)))) for one in percents}, approximate=True
            )
        case Stats():
            return Answer(values={name: found.get(name) for name in ("min", "max", "avg")} | _sums(found))
        case TopHits(_, fields):
            hits = found.get("hits", {}).get("hits", [])
            return Answer(hits=tuple(project(decode(hit["_source"]), fields) for hit in hits))
        case Composite():
            return _composed(agg, found)
    return Answer(_buckets(agg, found.get("buckets", []), window))


def _finite(value: Any) -> float | None:
    return None if value in (None, "NaN") else float(value)


def _sums(found: Json) -> dict[str, float | None]:
    count = found.get("count", 0)
    return {"count": float(count), "sum": found.get("sum") if count else None}


def _composed(agg: Composite, found: Json) -> Answer:
    names = [f"s{at}" for at in range(len(agg.fields))]
    places = [key_place(name) for name in agg.fields]
    rows = found.get("buckets", [])
    buckets = tuple(
        Bucket(
            tuple(_key(where, row["key"][name], None) for where, name in zip(places, names, strict=True)),
            row["doc_count"],
        )
        for row in rows
    )
    after = found.get("after_key") if len(rows) == agg.size else None
    return Answer(buckets, after=tuple(after[name] for name in names) if after else None)


def _buckets(agg: AnyAggregation, rows: Any, window: Window) -> tuple[Bucket, ...]:
    match agg:
        case DateHistogram():
            found = {
                int(row["key"]) * 1000: _bucket(agg, date_key(int(row["key"]) * 1000), row, window) for row in rows
            }
            return tuple(_filled(agg, one, window) for one in time_buckets(agg, window, found))
        case Filters(filters):
            by_name = {
                name: rows.get(f"f{at}", {"doc_count": 0}) if rows else {"doc_count": 0}
                for at, name in enumerate(filters)
            }
            return tuple(_bucket(agg, name, row, window) for name, row in by_name.items())
        case Ranges():
            by_key = {row["key"]: row for row in rows}
            keys = range_keys(agg)
            return tuple(
                _bucket(agg, key, by_key.get(str(at), {"doc_count": 0}), window) for at, key in enumerate(keys)
            )
        case Histogram():
            return tuple(_bucket(agg, float(row["key"]), row, window) for row in rows)
        case TermsCount(name) | RareTerms(name):
            where = key_place(name)
            made = [_bucket(agg, _key(where, row["key"], row.get("key_as_string")), row, window) for row in rows]
            if isinstance(agg, RareTerms):
                made = sorted(made, key=lambda bucket: (bucket.count, bucket.key))[: agg.size]
            return tuple(made)
    raise AssertionError(agg)


def _bucket(agg: AnyAggregation, key: Any, row: Json, window: Window) -> Bucket:
    return Bucket(key, row["doc_count"], read_answers(getattr(agg, "inner", {}), row, window))


def _filled(agg: DateHistogram, bucket: Bucket, window: Window) -> Bucket:
    if bucket.inner or not agg.inner:
        return bucket
    return Bucket(bucket.key, bucket.count, read_answers(agg.inner, {}, window))


def _key(where: Place, key: Any, text: str | None) -> Any:
    match where.type:
        case FieldType.BOOLEAN:
            return text == "true" if text is not None else bool(key)
        case FieldType.DATE:
            return date_key(int(key) * 1000)
        case FieldType.LONG:
            return int(key)
        case FieldType.DOUBLE:
            return float(key)
    return key
