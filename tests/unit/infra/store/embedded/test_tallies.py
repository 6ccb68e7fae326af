"""Answers put together from remembered segments are those read anew; asked again, they read no whole segment."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.clock import ManualClock
from infra.store.embedded import EmbeddedStore, aggregate
from infra.store.embedded.tallies import Tallies
from infra.store.query.tree import (
    AnyAggregation,
    Cardinality,
    DateHistogram,
    Filter,
    Percentiles,
    TermsCount,
    Window,
)
from tests.contract.event_samples import NOON, ask, batch, event
from tests.contract.test_stores_agree import COUNT, aggregations, corpus, same, searchable

EXAMPLES = 1_500 if os.environ.get("YAODUN_PROVE") == "full" else 120


def filled(folder: Path, tallies: Tallies) -> EmbeddedStore:
    store = EmbeddedStore(folder, ManualClock(NOON + timedelta(hours=2)))
    store.engine.tallies = tallies
    events = sorted(corpus(), key=lambda one: one["@timestamp"])
    for at in range(0, COUNT, 50):
        store.append(batch(events[at : at + 50], 1, at + 1))
    return store


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[EmbeddedStore, EmbeddedStore]]:
    """A store that remembers every segment, and one that remembers none."""
    folder = tmp_path_factory.mktemp("tallies")
    stores = filled(folder / "one", Tallies(least_rows=1)), filled(folder / "two", Tallies(least_rows=1 << 40))
    yield stores
    for store in stores:
        store.close()


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(searchable, aggregations, st.integers(-600, 3_000), st.integers(1, 5_000))
def test_answers_are_those_read_anew(
    both: tuple[EmbeddedStore, EmbeddedStore], node: Filter, agg: AnyAggregation, start: int, length: int
) -> None:
    begin = NOON + timedelta(seconds=start)
    query = ask(node, window=Window(begin, begin + timedelta(seconds=length)), limit=0)
    plain = both[1].aggregate(query, {"it": agg})["it"]
    for _ in range(2):
        assert same(both[0].aggregate(query, {"it": agg})["it"], plain)


def test_asked_again_only_the_edges_of_the_window_are_read(both: tuple[EmbeddedStore, EmbeddedStore]) -> None:
    store = both[0]
    store.engine.tallies = Tallies(least_rows=1)
    wanted: dict[str, AnyAggregation] = {"it": TermsCount("host.name", size=5)}
    files: list[int] = []
    plain = store.engine._ask

    def counting(text: str, *rest: Any) -> Any:
        files[-1] += text.count(".parquet'")
        return plain(text, *rest)

    store.engine._ask = counting  # type: ignore[method-assign]
    try:
        for minutes in (60, 60, 55):
            files.append(0)
            store.aggregate(ask(window=Window(NOON, NOON + timedelta(minutes=minutes)), limit=0), wanted)
    finally:
        store.engine._ask = plain  # type: ignore[method-assign]
    assert files == [COUNT // 50, 0, 1]


def test_a_question_with_too_many_keys_is_read_anew(tmp_path: Path) -> None:
    store = filled(tmp_path / "events", Tallies(least_rows=1, most_keys=3))
    query = ask(window=Window(NOON, NOON + timedelta(hours=1)), limit=0)
    for _ in range(2):
        answer = store.aggregate(query, {"it": TermsCount("event.id", size=1_000)})["it"]
        assert sorted(bucket.key for bucket in answer.buckets) == sorted(one["event.id"] for one in corpus())
    store.close()


def test_the_memory_is_bounded(tmp_path: Path) -> None:
    tallies = Tallies(least_rows=1, most_bytes=3_000)
    store = filled(tmp_path / "events", tallies)
    for seconds in range(60, 70):
        query = ask(window=Window(NOON, NOON + timedelta(hours=1)), limit=0)
        store.aggregate(query, {"it": DateHistogram(seconds)})
        assert tallies.size <= 3_000
    store.close()


def test_percentiles_of_very_many_rows_are_close(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = [random.Random(3).lognormvariate(2, 3) * (-1 if n % 7 == 0 else 1) for n in range(2_000)]
    store = EmbeddedStore(tmp_path / "events", ManualClock(NOON + timedelta(hours=2)))
    store.engine.tallies = Tallies(least_rows=1)
    made = [event(n, yaodun__metric__value=value) for n, value in enumerate([*values, 0.0])]
    store.append(batch(made, 1, 1))
    wanted: dict[str, AnyAggregation] = {
        "it": Percentiles("yaodun.metric.value", (1, 50, 99)), "users": Cardinality("yaodun.metric.value")
    }  # fmt: skip
    window = Window(NOON - timedelta(days=1), NOON + timedelta(days=1))
    exact = store.aggregate(ask(window=window, limit=0), wanted)
    monkeypatch.setattr(aggregate, "EXACT_ROWS", 100)
    close = store.aggregate(ask(window=window, limit=0), wanted)
    assert close["it"].approximate
    assert not exact["it"].approximate
    assert close["users"].values == {"value": len({*values, 0.0})}
    for share, value in exact["it"].values.items():
        assert value is not None
        assert close["it"].values[share] == pytest.approx(value, rel=0.0011)
    store.close()
