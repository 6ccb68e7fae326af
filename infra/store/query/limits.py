"""What a query may ask for at most, checked once before any engine sees it."""

from __future__ import annotations

from collections.abc import Mapping

from infra.errors import AppError, ErrorKind
from infra.events.stream import Stream
from infra.store.query.predicate import compile_predicate
from infra.store.query.tree import And, AnyAggregation, Composite, Filter, Not, Or, Query, Terms

MAX_LIMIT = 10_000
MAX_PARTS = 2_000
MAX_DEPTH = 40
MAX_NESTING = 3
MAX_BUCKETS = 10_000
MAX_SIZE = 10_000


def check_query(query: Query) -> None:
    """``AppError(INVALID)`` where ``query`` names no stream there is, or is larger or deeper than the limits, or asks
    for a value that its field cannot have."""
    for stream in query.streams:
        if stream not in tuple(Stream):
            raise AppError(ErrorKind.INVALID, "infra.query_stream", stream=stream, known=", ".join(Stream))
    if not 0 <= query.limit <= MAX_LIMIT:
        raise AppError(ErrorKind.INVALID, "infra.query_limit", place="limit", value=query.limit, limit=MAX_LIMIT)
    check_filter(query.filter)
    compile_predicate(query.filter)


def check_filter(node: Filter) -> None:
    """``AppError(INVALID)`` where ``node`` is larger or deeper than the limits."""
    if _parts(node, 1) > MAX_PARTS:
        raise AppError(ErrorKind.INVALID, "infra.query_too_large", place="filter", limit=MAX_PARTS)


def _parts(node: Filter, depth: int) -> int:
    if depth > MAX_DEPTH:
        raise AppError(ErrorKind.INVALID, "infra.query_too_deep", place="filter", limit=MAX_DEPTH)
    match node:
        case And(items) | Or(items):
            return 1 + sum(_parts(item, depth + 1) for item in items)
        case Not(item):
            return 1 + _parts(item, depth + 1)
        case Terms(_, values):
            return 1 + len(values) // 10
    return 1


def check_aggregations(aggregations: Mapping[str, AnyAggregation], depth: int = 1) -> None:
    """``AppError(INVALID)`` where aggregations are nested deeper than allowed or ask for too many buckets."""
    if depth > MAX_NESTING and aggregations:
        raise AppError(ErrorKind.INVALID, "infra.query_too_deep", place="aggregation", limit=MAX_NESTING)
    for name, one in aggregations.items():
        size = getattr(one, "size", 1)
        if not 0 < size <= MAX_SIZE:
            raise AppError(ErrorKind.INVALID, "infra.query_limit", place=name, value=size, limit=MAX_SIZE)
        if isinstance(one, Composite) and depth > 1:
            raise AppError(ErrorKind.INVALID, "infra.query_composite_inside", place=name)
        check_aggregations(getattr(one, "inner", {}), depth + 1)
