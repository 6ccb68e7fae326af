"""The same made-up questions to the embedded store and to a real OpenSearch: the answers must be the same.

Tolerances, each stated where it is applied: percentiles (two different sketches) within one rank step of the sample;
letters outside ASCII are compared with their case by OpenSearch patterns, so patterns here are ASCII or Han.
"""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.events.stream import Event
from infra.store.opensearch import Address
from infra.store.query.tree import (
    Answer,
    AnyAggregation,
    Cardinality,
    Composite,
    DateHistogram,
    Filter,
    Filters,
    Histogram,
    Query,
    Ranges,
    RareTerms,
    Sort,
    Stats,
    TermsCount,
    TopHits,
    Window,
)
from infra.store.seams import EventStore
from tests.contract.conftest import NODES, maker
from tests.contract.event_samples import NOON, batch
from tests.unit.infra.store.query import events as made

QUERIES = 600 if os.environ.get("YAODUN_PROVE") == "full" else 60
COUNT = 400
WHOLE = Window(NOON - timedelta(hours=1), NOON + timedelta(hours=2))


def corpus() -> list[Event]:
    """Events that are the same in every run."""
    rng = random.Random(7)
    values = _values()
    return [
        {
            **{name: choices[rng.randrange(len(choices))] for name, choices in values.items() if rng.random() < 0.45},
            "@timestamp": NOON + timedelta(seconds=rng.randrange(3600), microseconds=n),
            "event.id": f"e{n}",
            "event.ingested": NOON,
        }
        for n in range(COUNT)
    ]


def _values() -> dict[str, list[Any]]:
    texts = [
        "fail root",
        "Failed a.b 10.0.0.1",
        "追溯码 x_y",
        "追 溯 root",
        "100% a\nb",
        "*",
        "- root -",
        "a.b.a.b",
        "x y x_y 追",
    ]
    names = ["web-1", "WEB-1", "web-10", "db", "", "李雷", "a*b", "a%b", "a_b", "a\\b", "[x]", "tab\tx"]
    ips = ["10.0.0.1", "10.0.0.10", "10.0.1.1", "255.255.255.255", "::1", "fe80::1", "2001:db8:0:1::"]
    flats = [{"k": "web-1"}, {"k": 3, "deep": {"key": "db"}}, {"deep.key": "a_b", "k": True}, {"k": ["web-1", "db"]}]
    return {
        "message": texts,
        "process.command_line": texts,
        "host.name": names,
        "tags": [[], ["web-1"], ["db", "李雷"], ["a_b", "a*b", "web-10"]],
        "source.ip": ips,
        "related.ip": [[], ips[:2], ips[4:6]],
        "source.port": [-3, -1, 0, 1, 2, 3, 2**53 + 1],
        "host.cpu.usage": [-1.5, 0.0, 0.25, 3.0],
        "file.code_signature.signed": [True, False],
        "event.start": [made.BASE + timedelta(milliseconds=ms) for ms in (0, 1, 1500, 4000)],
        "winlog.event_data": flats,
    }


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, nodes: Callable[[str], Address]
) -> Iterator[tuple[EventStore, EventStore]]:
    opened: list[EventStore] = []
    stores = [
        maker(kind, tmp_path_factory.mktemp("agree"), nodes, opened)() for kind in ("embedded", next(iter(NODES)))
    ]
    for store in stores:
        events = corpus()
        for at in range(0, COUNT, 100):
            store.append(batch(events[at : at + 100], 1, at + 1))
    yield stores[0], stores[1]
    for store in opened:
        store.close()


SORTS = st.sampled_from(
    [
        (Sort("@timestamp"),),
        (Sort("@timestamp", descending=False),),
        (Sort("host.name"),),
        (Sort("source.ip", descending=False),),
        (Sort("source.port"), Sort("host.name", descending=False)),
        (Sort("tags", descending=False),),
        (Sort("host.cpu.usage"),),
        (Sort("event.start", descending=False),),
        (Sort("file.code_signature.signed"),),
    ]
)
KEYS = st.sampled_from(
    ["host.name", "tags", "source.ip", "source.port", "file.code_signature.signed", "process.command_line"]
)
METRICS: st.SearchStrategy[AnyAggregation] = st.one_of(
    st.builds(Cardinality, KEYS),
    st.builds(Stats, st.sampled_from(["source.port", "host.cpu.usage"])),
    st.builds(TopHits, st.integers(1, 3), st.just(("host.name",))),
)


PAIRS = st.builds(
    Composite, st.sampled_from([("host.name",), ("tags", "host.name"), ("source.port", "host.name")]), st.just(200)
)


def inner(strategy: st.SearchStrategy[AnyAggregation]) -> st.SearchStrategy[dict[str, AnyAggregation]]:
    return st.dictionaries(st.sampled_from(["a", "b"]), strategy, max_size=1)


def buckets(below: st.SearchStrategy[AnyAggregation]) -> st.SearchStrategy[AnyAggregation]:
    return st.one_of(
        st.builds(DateHistogram, st.sampled_from([60, 300, 3600]), inner=inner(below)),
        st.builds(TermsCount, KEYS, st.integers(1, 12), inner=inner(below)),
        st.builds(Histogram, st.just("host.cpu.usage"), st.sampled_from([0.5, 1.0, 2.0]), inner=inner(below)),
        st.builds(
            Filters, st.dictionaries(st.sampled_from(["x", "y"]), searchable, min_size=1, max_size=2), inner(below)
        ),
        st.builds(Ranges, st.just("source.port"), st.just(((None, 0.0), (0.0, 2.0), (1.0, None)))),
        st.builds(RareTerms, st.sampled_from(["host.name", "tags"]), st.integers(1, 60)),
    )


def _searchable(node: Filter) -> bool:
    """What OpenSearch can be asked: words of keywords and patterns on anything but texts are refused there."""
    from infra.errors import AppError
    from infra.store.opensearch.dsl import compile_dsl

    try:
        compile_dsl(node)
    except AppError:
        return False
    return True


searchable = made.filters.filter(_searchable)
aggregations = st.one_of(METRICS, PAIRS, buckets(st.one_of(METRICS, buckets(METRICS))))


def _close(left: float | None, right: float | None) -> bool:
    return left == right or (left is not None and right is not None and math.isclose(left, right, rel_tol=1e-9))


def same(left: Answer, right: Answer) -> bool:
    """Equal, numbers to nine digits (sums are added in another order)."""
    return (
        [bucket.key for bucket in left.buckets] == [bucket.key for bucket in right.buckets]
        and [bucket.count for bucket in left.buckets] == [bucket.count for bucket in right.buckets]
        and all(
            one.inner.keys() == two.inner.keys() and all(same(one.inner[name], two.inner[name]) for name in one.inner)
            for one, two in zip(left.buckets, right.buckets, strict=True)
        )
        and left.values.keys() == right.values.keys()
        and all(_close(left.values[name], right.values[name]) for name in left.values)
        and left.hits == right.hits
    )


def question(node: Filter, sort: tuple[Sort, ...], limit: int) -> Query:
    return Query(streams=("logs",), window=WHOLE, filter=node, sort=sort, limit=limit)


@pytest.mark.opensearch
@pytest.mark.integration
@settings(max_examples=QUERIES, deadline=None, suppress_health_check=list(HealthCheck))
@given(node=searchable, sort=SORTS, limit=st.integers(1, 50))
def test_pages_agree(both: tuple[EventStore, EventStore], node: Filter, sort: tuple[Sort, ...], limit: int) -> None:
    asked = question(node, sort, limit)
    left, right = (store.search(asked) for store in both)
    assert left.total == right.total
    assert [one["event.id"] for one in left.events] == [one["event.id"] for one in right.events]
    assert left.events == right.events
    if left.after:
        further = [
            store.search(Query(streams=("logs",), window=WHOLE, filter=node, sort=sort, limit=limit, after=page.after))
            for store, page in zip(both, (left, right), strict=True)
        ]
        assert further[0].events == further[1].events


@pytest.mark.opensearch
@pytest.mark.integration
@settings(max_examples=QUERIES, deadline=None, suppress_health_check=list(HealthCheck))
@given(node=searchable, agg=aggregations)
def test_aggregations_agree(both: tuple[EventStore, EventStore], node: Filter, agg: AnyAggregation) -> None:
    asked = question(node, (Sort("@timestamp"),), 0)
    left, right = (store.aggregate(asked, {"it": agg})["it"] for store in both)
    assert same(left, right), (left, right)
