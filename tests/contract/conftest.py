"""The stores that the contract holds for."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from infra.clock import ManualClock
from infra.store.embedded import EmbeddedStore
from infra.store.opensearch import Address, OpenSearchStore, Shape
from infra.store.seams import EventStore
from tests.contract.event_samples import NOON, SAMPLES, batch
from tests.contract.opensearch_nodes import least_privileged, node

MakeStore = Callable[[], EventStore]
NODES = {"opensearch-3.8.0": False, "opensearch-2.19.4-secure": True}
KINDS = [
    "embedded",
    *(pytest.param(name, marks=[pytest.mark.opensearch, pytest.mark.integration]) for name in NODES),
]


@pytest.fixture(scope="session")
def nodes() -> Iterator[Callable[[str], Address]]:
    """A function that gives the address of a node, started at the first call.

    Not in pytest's own temporary folder: the node runs as another user, who may not look into it.
    """
    running: dict[str, Address] = {}
    with ExitStack() as stack:

        def address(name: str) -> Address:
            if name not in running:
                secure = NODES[name]
                folder = Path(stack.enter_context(TemporaryDirectory(prefix="yaodun-node-", dir="/var/tmp")))
                admin = stack.enter_context(node(name.split("-")[1], folder, secure))
                running[name] = least_privileged(admin) if secure else admin
            return running[name]

        yield address


def maker(kind: str, folder: Path, nodes: Callable[[str], Address], opened: list[EventStore]) -> MakeStore:
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
def make_store(request: pytest.FixtureRequest, tmp_path: Path, nodes: Callable[[str], Address]) -> Iterator[MakeStore]:
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
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, nodes: Callable[[str], Address]
) -> Iterator[EventStore]:
    """A store with the samples, for tests that only read."""
    opened: list[EventStore] = []
    store = maker(request.param, tmp_path_factory.mktemp("filled"), nodes, opened)()
    store.append(batch(SAMPLES))
    yield store
    store.close()
