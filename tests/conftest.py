"""What every test may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from infra.text.catalogue import Language, set_language
from tests.running import RunningSite

if TYPE_CHECKING:
    from tests.contract.opensearch_nodes import Nodes

TESTS = Path(__file__).parent
FULL = os.environ.get("YAODUN_PROVE") == "full"
settings.register_profile("usual", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
settings.register_profile("full", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=2000)
settings.load_profile("full" if FULL else "usual")


_PLACES = ("contract", "browser", "integration", "faults")
"""Folders whose files take minutes: they begin first, so that no core waits for the last of them at the end."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long first, the others in the order they have."""
    items.sort(key=lambda item: item.path.relative_to(TESTS).parts[0] not in _PLACES)


@pytest.fixture(autouse=True)
def _chinese() -> Iterator[None]:
    """Every test begins in Chinese, whatever the one before has chosen."""
    set_language(Language.ZH)
    yield
    set_language(Language.ZH)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    """A running platform, one per test file."""
    running = RunningSite(tmp_path_factory.mktemp("site") / "home")
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def nodes() -> Iterator[Nodes]:
    """A function that gives the address of an OpenSearch node, started at the first call."""
    from tests.contract.opensearch_nodes import Nodes  # most runs ask for none

    with ExitStack() as stack:
        yield Nodes(stack)


@pytest.fixture
def data() -> Path:
    """The folder of real test material; the test is skipped where it is absent."""
    found = Path(__file__).parents[2] / "shared" / "data"
    if not found.is_dir():
        pytest.skip("no test material at ../shared/data; lay it beside the project")
    return found
