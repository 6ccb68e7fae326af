"""From the folder into a cluster: every event once, resumable, and the cluster goes on where the folder ended."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.clock import ManualClock
from infra.events.stream import Event, Stream
from infra.spool.position import SpoolPosition
from infra.store.embedded import EmbeddedStore
from infra.store.embedded.compact import Tiers, compact
from infra.store.migration import Migration
from infra.store.opensearch import Address, OpenSearchStore, Shape
from infra.store.opensearch.digest import Sum
from infra.store.seams import Batch, SourceCount
from tests.contract.event_samples import NOON, SAMPLES

NODES = ["opensearch-3.8.0", "opensearch-2.19.4-secure"]
PER_BATCH, BATCHES = 40, 6


def made(number: int) -> list[Event]:
    """A batch of events over two days, the samples with all their traps among them."""
    events: list[Event] = []
    for at in range(PER_BATCH):
        one = dict(SAMPLES[at % len(SAMPLES)])
        moment = NOON - timedelta(days=at % 2, seconds=at)
        one.update({"event.id": f"2026112412-{number:03d}{at:05d}", "@timestamp": moment, "event.ingested": NOON})
        events.append(one)
    return events


def append(store: EmbeddedStore, number: int) -> None:
    events, counts = made(number), {"sample": SourceCount(stored=PER_BATCH, received=PER_BATCH)}
    position = SpoolPosition(1, 100 * (number + 1))
    store.append(Batch(spool="ingest", position=position, events={Stream.LOGS: events}, counts=counts))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[EmbeddedStore]:
    store = EmbeddedStore(tmp_path / "events", ManualClock(NOON + timedelta(hours=1)))
    for number in range(BATCHES):
        append(store, number)
        if number == 3:
            compact(store, Tiers(width=2))
    yield store
    store.close()


@pytest.fixture(params=[pytest.param(name, marks=[pytest.mark.opensearch, pytest.mark.integration]) for name in NODES])
def cluster(request: pytest.FixtureRequest, nodes: Callable[[str], Address]) -> Iterator[OpenSearchStore]:
    shape = Shape(visible_at_once=True, prefix=f"yaodun{secrets.token_hex(4)}")
    store = OpenSearchStore(nodes(request.param), ManualClock(NOON + timedelta(hours=1)), shape)
    store.prepare()
    yield store
    store.close()


class BrokenError(Exception):
    """Somebody pulled the plug."""


def test_every_day_arrives_equal_and_the_cluster_goes_on(
    folder: EmbeddedStore, cluster: OpenSearchStore, tmp_path: Path
) -> None:
    moved = list(Migration(folder, cluster, tmp_path / "progress", "here").days())
    assert [one.day for one in moved] == ["2026-11-23", "2026-11-24"]
    assert all(one.equal for one in moved)
    assert sum(one.there for one in moved) == PER_BATCH * BATCHES
    migration = Migration(folder, cluster, tmp_path / "progress", "here")
    assert {one.state for one in migration.days()} == {"unchanged"}
    migration.finish(["ingest"])
    assert cluster.committed("ingest") == folder.committed("ingest")
    assert dict(cluster.counts()) == dict(folder.counts())
    for event in made(2):
        assert cluster.get(event["event.id"]) == folder.get(event["event.id"])
    again = Batch(spool="ingest", position=SpoolPosition(1, 100), events={Stream.LOGS: made(0)}, counts={})
    cluster.append(again)
    assert cluster.stats()[Stream.LOGS].events == PER_BATCH * BATCHES


def test_a_move_that_broke_goes_on_and_takes_nothing_twice(
    folder: EmbeddedStore, cluster: OpenSearchStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broken after each piece in turn; between two attempts the cluster rolls over and keeper merges segments."""
    take, left = cluster.take_in, [0]

    def fragile(*given: Any, **more: Any) -> int:
        created = take(*given, **more)
        left[0] -= 1
        if left[0] < 0:
            raise BrokenError
        return created

    monkeypatch.setattr(cluster, "take_in", fragile)
    moved = []
    for attempt in range(12):
        left[0] = attempt
        try:
            moved = list(Migration(folder, cluster, tmp_path / "progress", "here").days())
            break
        except BrokenError:
            if attempt == 1:
                for stream in cluster._streams("*"):
                    cluster.client.indices.rollover(alias=stream["name"])
            if attempt == 2:
                compact(folder, Tiers(width=2, grace=timedelta(seconds=-1)))
    assert moved
    assert all(one.equal for one in moved)
    assert sum(one.there for one in moved) == PER_BATCH * BATCHES


def test_what_came_meanwhile_is_moved_by_the_next_run(
    folder: EmbeddedStore, cluster: OpenSearchStore, tmp_path: Path
) -> None:
    list(Migration(folder, cluster, tmp_path / "progress", "here").days())
    append(folder, BATCHES)
    moved = list(Migration(folder, cluster, tmp_path / "progress", "here").days())
    assert all(one.equal and one.state == "moved" for one in moved)
    assert sum(one.there for one in moved) == PER_BATCH * (BATCHES + 1)


def test_a_missing_and_a_foreign_event_are_found(
    folder: EmbeddedStore, cluster: OpenSearchStore, tmp_path: Path
) -> None:
    (day, *_) = folder.days(Stream.LOGS)
    cluster.take_in(Stream.LOGS, day, [{**made(0)[1], "event.id": "2026112412-foreign"}], look_first=False)
    first, *_ = Migration(folder, cluster, tmp_path / "progress", "here").days()
    assert not first.equal
    assert first.there == first.events + 1


def test_a_sum_knows_events_not_their_order() -> None:
    one, two, three = Sum(), Sum(), Sum()
    one.add(made(0))
    two.add(reversed(made(0)))
    three.add([{**made(0)[0], "message": "altered"}, *made(0)[1:]])
    assert one == two
    assert three.events == one.events
    assert three.sha256 != one.sha256
