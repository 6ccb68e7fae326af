"""The stores that the contract holds for."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.clock import ManualClock
from infra.store.embedded import EmbeddedStore
from infra.store.opensearch import OpenSearchStore, Shape
from infra.store.seams import EventStore
from tests.contract.event_samples import NOON, SAMPLES, batch
from tests.contract.opensearch_nodes import NODES, Nodes

MakeStore = Callable[[], EventStore]
KINDS = [
    "embedded",
    *(pytest.param(name, marks=[pytest.mark.opensearch, pytest.mark.integration]) for name in NODES),
]


def maker(kind: str, folder: Path, nodes: Nodes, opened: list[EventStore]) -> MakeStore:
    """A function that opens one and the same store of ``kind`` at each call."""
    shape = Shape(visible_at_once=True, prefix=f"yaodun{secrets.token_hex(4)}")

    def make() -> EventStore:
        if kind == "embedded":
            opened.append(EmbeddedStore(folder / "events", ManualClock(NOON)))
            return opened[-1]
        store = OpenSearchStore(nodes(kind), ManualClock(NOON), shape)
        opened.append(store)
        store.prepare()
        return store

    return make


@pytest.fixture(params=KINDS)
def make_store(request: pytest.FixtureRequest, tmp_path: Path, nodes: Nodes) -> Iterator[MakeStore]:
    """A function that opens the same store anew at each call; empty at first."""
    opened: list[EventStore] = []
    yield maker(request.param, tmp_path, nodes, opened)
    for store in opened:
        store.close()


@pytest.fixture
def store(make_store: MakeStore) -> EventStore:
    """An empty store."""
    return make_store()


@pytest.fixture(scope="module", params=KINDS)
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, nodes: Nodes
) -> Iterator[EventStore]:
    """A store with the samples, for tests that only read."""
    opened: list[EventStore] = []
    store = maker(request.param, tmp_path_factory.mktemp("filled"), nodes, opened)()
    store.append(batch(SAMPLES))
    yield store
    store.close()
