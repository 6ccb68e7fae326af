"""The newest page of merged segments: read from their ends, it is the page that sorting everything gives."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, cast

import pytest

from infra.clock import ManualClock
from infra.events.stream import Event
from infra.store.embedded import EmbeddedStore, search
from infra.store.embedded.compact import Tiers, compact
from infra.store.embedded.engine import Engine
from infra.store.embedded.picked import MOST, SPARSE
from infra.store.embedded.segment import Segment
from infra.store.query.tree import All, Filter, Phrase, Term
from tests.contract.event_samples import NOON, ask, batch, event


@pytest.mark.parametrize("first_rows", [100, 3_000])
def test_pages_and_totals_are_those_of_all_events_sorted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first_rows: int
) -> None:
    monkeypatch.setattr(search, "_FIRST_ROWS", first_rows)
    store = EmbeddedStore(tmp_path, ManualClock(NOON))
    chance = random.Random(5)
    made = [event(at // 3, event__id=f"2026112412-{at:06d}", host__name=f"h{at % 7}") for at in range(16_000)]
    inside: list[Event] = []
    for number, (start, end) in enumerate(((0, 7_000), (5_000, 12_000), (12_000, 16_000)), 1):
        part = [one for at, one in enumerate(made) if start <= at < end and (at % 2 == number % 2 or at > 12_000)]
        inside += part
        chance.shuffle(part)
        store.append(batch(part, 1, number))
        compact(store, Tiers(width=1, full_rows=5_000))
    ordered = sorted(inside, key=lambda one: (-one["@timestamp"].timestamp(), one["event.id"]))
    asked: list[tuple[Filter, list[str]]] = [
        (All(), [one["event.id"] for one in ordered]),
        (Term("host.name", "h3"), [one["event.id"] for one in ordered if one["host.name"] == "h3"]),
    ]
    for node, expected in asked:
        after = None
        for page in range(4):
            found = store.search(ask(node, limit=50, after=after, count_up_to=100_000))
            assert [one["event.id"] for one in found.events] == expected[50 * page : 50 * page + 50]
            assert found.total == len(expected)
            after = found.after
        some = store.search(ask(node, limit=50, count_up_to=60))
        assert some.total >= 60
        assert some.total_is_lower_bound or some.total == len(expected)
    store.close()


def test_the_newest_page_sorts_no_more_rows_than_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the index tells of few rows, more are taken, for then nothing has to be counted."""
    monkeypatch.setattr(search, "_FIRST_ROWS", 3_000)
    store = EmbeddedStore(tmp_path, ManualClock(NOON))
    made = [event(at // 3, event__id=f"2026112412-{at:06d}", message=f"word{at % 1_125}") for at in range(9_000)]
    store.append(batch(made))
    compact(store, Tiers(width=1))
    statements: list[str] = []
    ask_engine = store.engine.rows

    def rows(text: str, *rest: Any) -> Any:
        statements.append(text)
        return ask_engine(text, *rest)

    monkeypatch.setattr(store.engine, "rows", rows)
    store.search(ask(All(), limit=50, count_up_to=100))
    assert [text.rpartition("LIMIT ")[2] for text in statements if "LIMIT" in text] == ["50"]
    statements.clear()
    assert store.search(ask(Phrase("message", "word7"), limit=5)).total == 8
    assert not [text for text in statements if "count(*)" in text]
    store.close()


def segments(count: int, rows: int, ranges: tuple[tuple[int, int], ...] | None) -> list[Segment]:
    return [
        Segment("logs", "2026-11-24", f"{at}.parquet", 0, rows, 1, 0, 1_000_000 - at, "", "~", frozenset(), "",
                ranges=ranges)
        for at in range(count)
    ]  # fmt: skip


def groups(tmp_path: Path, found: list[Segment]) -> list[list[Segment]]:
    made = search.Search(cast(Engine, None), tmp_path, ask(All(), limit=50), found)
    parts = [group for group, _ in made._groups()]
    assert [one for part in parts for one in part] == found
    return parts


@pytest.mark.parametrize("rows", [1, 300, 511, SPARSE])
def test_rows_that_the_index_names_are_picked_in_every_group(tmp_path: Path, rows: int) -> None:
    spans = tuple((2 * at, 2 * at + 1) for at in range(rows))
    parts = groups(tmp_path, segments(200, 100_000, spans))
    assert max(rows * len(part) for part in parts) <= MOST
    assert len(parts) <= 4 + 200 * rows / (MOST - 2 * SPARSE)


@pytest.mark.parametrize("ranges", [None, ((0, 900_000),)])
def test_a_filter_without_an_index_asks_few_statements_of_many_rows(
    tmp_path: Path, ranges: tuple[tuple[int, int], ...] | None
) -> None:
    assert len(groups(tmp_path, segments(100, 1_000_000, ranges))) <= 7
