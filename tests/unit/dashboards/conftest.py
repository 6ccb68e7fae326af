"""Fake rooms for the pages, and the one Dash application of this process."""

from collections.abc import Iterator

import pytest
from dash import Dash
from starlette.types import ASGIApp

from dashboards.app import build_dash
from dashboards.rooms import Rooms
from infra.text import Language, use_language
from tests.browser.fake_rooms import fake_rooms

_built: dict[str, tuple[ASGIApp, Dash]] = {}


@pytest.fixture
def rooms() -> Rooms:
    """Rooms full of generated data."""
    return fake_rooms("full")


@pytest.fixture
def built() -> tuple[ASGIApp, Dash]:
    """The pages' application over fake rooms; one per process, as in the product."""
    if not _built:
        _built["one"] = build_dash(fake_rooms("full"))
    return _built["one"]


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    """Every test begins in Chinese."""
    with use_language(Language.ZH):
        yield
