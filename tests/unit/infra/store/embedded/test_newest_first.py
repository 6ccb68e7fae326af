"""The newest page of merged segments: read from their ends, it is the page that sorting everything gives."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from infra.clock import ManualClock
from infra.events.stream import Event
from infra.store.embedded import EmbeddedStore, search
from infra.store.embedded.compact import Tiers, compact
from infra.store.query.tree import All, Filter, Term
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
