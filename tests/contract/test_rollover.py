"""After a rollover a cluster takes an id again: no event may come of that twice, whatever breaks in between."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import pytest

from infra.clock import ManualClock
from infra.errors import AppError
from infra.events.stream import Stream
from infra.spool.position import SpoolPosition
from infra.store.opensearch import Address, OpenSearchStore, Shape
from infra.store.opensearch.bulk import Pace
from infra.store.seams import Batch, SourceCount
from tests.contract.event_samples import NOON, event

NODES = ["opensearch-3.8.0", "opensearch-2.19.4-secure"]
PER_BATCH = 20
EAGER = {"visible_at_once": True, "rollover_bytes": 1, "look_every_s": 0.0}


def batch(number: int) -> Batch:
    events = [event(number * PER_BATCH + at, message=f"event {at}") for at in range(PER_BATCH)]
    counts = {"sample": SourceCount(stored=PER_BATCH, received=PER_BATCH)}
    return Batch(spool="ingest", position=SpoolPosition(1, number + 1), events={Stream.LOGS: events}, counts=counts)


@pytest.fixture(params=[pytest.param(name, marks=[pytest.mark.opensearch, pytest.mark.integration]) for name in NODES])
def open_store(request: pytest.FixtureRequest, nodes: Callable[[str], Address]) -> Callable[[], OpenSearchStore]:
    """Opens the same store anew, as after a crash."""
    shape = Shape(prefix=f"yaodun{secrets.token_hex(4)}", **EAGER)  # type: ignore[arg-type]
    address, pace = nodes(request.param), Pace(first_pause_s=0.01, longest_pause_s=0.02, patience_s=2)

    def make() -> OpenSearchStore:
        store = OpenSearchStore(address, ManualClock(NOON), shape, pace)
        store.prepare()
        return store

    return make


def indices_of(store: OpenSearchStore) -> int:
    return sum(len(found["indices"]) for found in store._streams("logs-*"))


def test_the_sender_rolls_over_behind_whole_batches(open_store: Callable[[], OpenSearchStore]) -> None:
    store = open_store()
    for number in range(4):
        store.append(batch(number))
    assert indices_of(store) >= 3
    assert store.stats()[Stream.LOGS].events == 4 * PER_BATCH
    store.append(batch(2))
    assert store.stats()[Stream.LOGS].events == 4 * PER_BATCH
    store.close()


def test_a_batch_half_in_before_a_rollover_is_completed_not_doubled(open_store: Callable[[], OpenSearchStore]) -> None:
    """The process dies with documents in and the position not; before it is back, the index was rolled over."""
    store = open_store()
    store.append(batch(0))
    store._sender.send(store._documents(batch(1))[: PER_BATCH // 2])
    store.close()
    other = open_store()
    other.roll_over()
    other.append(batch(1))
    assert other.stats()[Stream.LOGS].events == 2 * PER_BATCH
    other.close()


def test_a_reply_lost_around_a_rollover_doubles_nothing(open_store: Callable[[], OpenSearchStore]) -> None:
    """The cluster took the documents, the reply got lost, another process rolled over, and the sender sends again."""
    store, other = open_store(), open_store()
    store.append(batch(0))
    post, lost = store._sender._post, [2]

    def unreliable(body: bytes) -> tuple[int, bytes]:
        answer = post(body)
        if lost[0]:
            lost[0] -= 1
            other.roll_over()
            return 0, b""
        return answer

    store._sender._post = unreliable
    store.append(batch(1))
    assert lost == [0] or lost == [1]
    assert store.stats()[Stream.LOGS].events == 2 * PER_BATCH
    assert store.counts()["sample"].stored == 2 * PER_BATCH
    for one in (store, other):
        one.close()


def test_a_cluster_that_cannot_roll_over_takes_batches_all_the_same(
    open_store: Callable[[], OpenSearchStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store()

    def denied() -> int:
        raise AppError("unavailable", "infra.opensearch_denied")  # type: ignore[arg-type]

    monkeypatch.setattr(store, "_roll_over", denied)
    store.append(batch(0))
    assert store.committed("ingest") == SpoolPosition(1, 1)
    store.close()
