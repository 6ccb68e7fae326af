"""The neutral query tree: filters, sort, cursor and aggregations as plain tagged structs (JSON by msgspec)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class Node(msgspec.Struct, frozen=True, tag_field="is", tag=str.lower):
    """Base of every node; the tag in JSON is the lower-case class name."""


class All(Node, frozen=True):
    """Every event."""


class And(Node, frozen=True):
    items: tuple[Filter, ...]


class Or(Node, frozen=True):
    items: tuple[Filter, ...]


class Not(Node, frozen=True):
    item: Filter


class Term(Node, frozen=True):
    """Equal to one value; on an array field, any element."""

    field: str
    value: str | int | float | bool
    ignore_case: bool = False


class Terms(Node, frozen=True):
    field: str
    values: tuple[str | int | float | bool, ...]


class Range(Node, frozen=True):
    """Bounds on numbers, dates (RFC 3339 text), addresses and keywords."""

    field: str
    gte: str | int | float | None = None
    gt: str | int | float | None = None
    lte: str | int | float | None = None
    lt: str | int | float | None = None


class Exists(Node, frozen=True):
    field: str


class Prefix(Node, frozen=True):
    field: str
    value: str
    ignore_case: bool = False


class Wildcard(Node, frozen=True):
    """``*`` any run, ``?`` one character, backslash escapes."""

    field: str
    pattern: str
    ignore_case: bool = True


class Regex(Node, frozen=True):
    """Anchored at both ends, without look-around (the dialect both engines share)."""

    field: str
    pattern: str
    ignore_case: bool = False


class Match(Node, frozen=True):
    """Words of a text field: all of them (or any), in any order; each Han character is a word."""

    field: str
    text: str
    any: bool = False


class Phrase(Node, frozen=True):
    """Words of a text field, adjacent and in order."""

    field: str
    text: str


class Cidr(Node, frozen=True):
    field: str
    network: str


class Ids(Node, frozen=True):
    values: tuple[str, ...]


class Anywhere(Node, frozen=True):
    """Text without a field: looked for in the searchable text fields and exact in keywords."""

    text: str


Filter = (
    All
    | And
    | Or
    | Not
    | Term
    | Terms
    | Range
    | Exists
    | Prefix
    | Wildcard
    | Regex
    | Match
    | Phrase
    | Cidr
    | Ids
    | Anywhere
)


class Sort(msgspec.Struct, frozen=True):
    field: str
    descending: bool = True


class Window(msgspec.Struct, frozen=True):
    """Half-open time window ``[start, end)`` on ``@timestamp``, aware UTC."""

    start: datetime
    end: datetime


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for: streams, window, filter, order, page size, opaque cursor of the page before.

    ``count_up_to`` is how far the total is counted: with the newest first a store may stop looking once the page is
    full and so many are counted, and says that the total is a lower bound. No ``streams`` means all of them.
    """

    streams: tuple[str, ...]
    window: Window
    filter: Filter = All()
    sort: tuple[Sort, ...] = (Sort("@timestamp"),)
    limit: int = 100
    after: str | None = None
    fields: tuple[str, ...] = ()
    count_up_to: int = 10_000


class Aggregation(msgspec.Struct, frozen=True, tag_field="is", tag=str.lower):
    """Base of every aggregation; ``inner`` holds nested ones by name (depth at most 3)."""


class DateHistogram(Aggregation, frozen=True):
    interval_s: int
    field: str = "@timestamp"
    zone: str = "UTC"
    inner: dict[str, AnyAggregation] = {}


class TermsCount(Aggregation, frozen=True):
    """Most frequent values: count descending, then key ascending."""

    field: str
    size: int = 10
    missing: str | None = None
    inner: dict[str, AnyAggregation] = {}


class RareTerms(Aggregation, frozen=True):
    field: str
    max_count: int = 1
    size: int = 100


class Histogram(Aggregation, frozen=True):
    field: str
    interval: float
    inner: dict[str, AnyAggregation] = {}


class Ranges(Aggregation, frozen=True):
    field: str
    bounds: tuple[tuple[float | None, float | None], ...]


class Filters(Aggregation, frozen=True):
    filters: dict[str, Filter]
    inner: dict[str, AnyAggregation] = {}


class Composite(Aggregation, frozen=True):
    fields: tuple[str, ...]
    size: int = 100
    after: tuple[Any, ...] | None = None


class Cardinality(Aggregation, frozen=True):
    field: str


class Percentiles(Aggregation, frozen=True):
    field: str
    percents: tuple[float, ...] = (50.0, 95.0, 99.0)


class Stats(Aggregation, frozen=True):
    """count, min, max, avg, sum."""

    field: str


class TopHits(Aggregation, frozen=True):
    size: int = 1
    fields: tuple[str, ...] = ()


AnyAggregation = (
    DateHistogram
    | TermsCount
    | RareTerms
    | Histogram
    | Ranges
    | Filters
    | Composite
    | Cardinality
    | Percentiles
    | Stats
    | TopHits
)


class Bucket(msgspec.Struct, frozen=True):
    """One bucket: its key (text, number, RFC 3339 text, or tuple of a composite), its count, its nested answers."""

    key: Any
    count: int
    inner: dict[str, Answer] = {}


class Answer(msgspec.Struct, frozen=True):
    """What an aggregation says: buckets, or values by name, or hits."""

    buckets: tuple[Bucket, ...] = ()
    values: dict[str, float | None] = {}
    hits: tuple[dict[str, Any], ...] = ()
    after: tuple[Any, ...] | None = None
    approximate: bool = False


class Page(msgspec.Struct, frozen=True):
    """A page of events, newest first unless sorted otherwise; ``after`` continues it; ``total`` counts all."""

    events: tuple[dict[str, Any], ...]
    total: int
    after: str | None = None
    total_is_lower_bound: bool = False
    took_ms: float = 0.0
