"""The stores that the contract holds for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.clock import ManualClock
from infra.store.embedded import EmbeddedStore
from infra.store.seams import EventStore
from tests.contract.event_samples import NOON

MakeStore = Callable[[], EventStore]


@pytest.fixture(params=["embedded"])
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeStore]:
    """A function that opens the same store anew at each call."""
    opened: list[EventStore] = []

    def make() -> EventStore:
        store = EmbeddedStore(tmp_path / "events", ManualClock(NOON))
        opened.append(store)
        return store

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def store(make_store: MakeStore) -> EventStore:
    """An empty store."""
    return make_store()
