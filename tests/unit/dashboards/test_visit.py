"""Addresses: every state of a page is in them, and hostile ones do no harm."""

import asyncio
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st

from dashboards.rooms import Rooms
from dashboards.visit import address, visit, window_of
from tests.browser.fake_rooms import fake_rooms

NOW = datetime(2026, 11, 18, 6, 32, 8, tzinfo=UTC)
ROOMS = fake_rooms("empty")
VALUES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=40)


@given(st.dictionaries(st.sampled_from(("q", "tr", "sel", "level", "stack")), VALUES))
def test_an_address_brings_back_what_went_into_it(params: dict[str, str]) -> None:
    found = urlsplit(address("/alerts", **params))
    assert visit(ROOMS, found.path, "?" + found.query).params == params


def test_paths_below_the_home(rooms: Rooms) -> None:
    assert [visit(rooms, path, "").path for path in ("/ui/", "/ui", "/ui/hosts/srv-01", None)] == [
        "/",
        "/",
        "/hosts/srv-01",
        "/",
    ]


def test_changing_one_value_keeps_the_others(rooms: Rooms) -> None:
    look = visit(rooms, "/ui/alerts", "?q=a&sel=b")
    assert look.here(sel=None) == "/ui/alerts?q=a"
    assert look.here(tr="1h") == "/ui/alerts?q=a&sel=b&tr=1h"


def test_ranges() -> None:
    assert window_of("15m", NOW).start == NOW - timedelta(minutes=15)
    assert window_of("2026-11-17T00:00:00Z..2026-11-18T00:00:00Z", NOW).end == datetime(2026, 11, 18, tzinfo=UTC)
    day = timedelta(hours=24)
    for bad in ("", "x", "0h", "-3h", "9..1", "2026-11-18T00:00:00Z..2026-11-17T00:00:00Z", "2026-11-17..2026-11-18"):
        assert window_of(bad, NOW).start == NOW - day
    assert window_of("99999d", NOW).start > datetime(2000, 1, 1, tzinfo=UTC)


async def test_parts_that_share_a_question_ask_it_once(rooms: Rooms) -> None:
    asked = []
    here = visit(rooms, "/ui/", "")

    def question() -> int:
        asked.append(1)
        return len(asked)

    assert await asyncio.gather(here.shared(question), here.shared(question)) == [1, 1]
    assert await visit(rooms, "/ui/", "").shared(question) == 2
