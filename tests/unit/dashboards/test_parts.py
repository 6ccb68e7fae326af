"""Parts: a failure stays in its frame, says where and how to go on, and keeps the last good drawing."""

import logging
from datetime import timedelta

import pytest

from dashboards.parts import drawn, held, part
from dashboards.rooms import Rooms
from dashboards.visit import Visit, visit
from infra.clock import ManualClock
from infra.errors import AppError, ErrorKind
from tests.browser.fake_rooms import fake_rooms


def page_text(content: object) -> str:
    return str(content)


@pytest.fixture
def look(rooms: Rooms) -> Visit:
    return visit(rooms, "/ui/", "")


async def test_an_error_says_place_reason_request_and_retry(look: Visit) -> None:
    @part("overview.states")
    async def broken(_: Visit) -> str:
        raise AppError(ErrorKind.UNAVAILABLE, "dashboards.error.timeout", seconds="10")

    shown = page_text(await drawn(broken, look))
    assert "三种状态：查询超时 10 秒" in shown
    assert "data-again" in shown
    assert "请求" in shown


async def test_a_mistake_of_ours_shows_nothing_of_its_inside(look: Visit, caplog: pytest.LogCaptureFixture) -> None:
    @part("overview.scores")
    async def broken(_: Visit) -> str:
        raise RuntimeError("secret inside")

    with caplog.at_level(logging.WARNING):
        shown = page_text(await drawn(broken, look))
    assert "secret" not in shown
    assert caplog.records[-1].exc_info


async def test_the_last_good_drawing_stays_dimmed_and_stamped() -> None:
    clock = ManualClock(fake_rooms("empty").clock.now())
    rooms = fake_rooms("empty", clock)
    working = [True]

    @part("overview.todo")
    async def flaky(_: Visit) -> str:
        if working:
            return "the good drawing"
        raise AppError(ErrorKind.UNAVAILABLE, "dashboards.error.timeout", seconds="10")

    assert await drawn(flaky, visit(rooms, "/ui/", "?only=here")) == "the good drawing"
    working.clear()
    shown = page_text(await drawn(flaky, visit(rooms, "/ui/", "?only=here")))
    assert "the good drawing" in shown
    assert "停在" in shown
    assert "the good drawing" not in page_text(await drawn(flaky, visit(rooms, "/ui/", "?only=elsewhere")))
    clock.advance(timedelta(hours=1).total_seconds())
    assert "the good drawing" not in page_text(await drawn(flaky, visit(rooms, "/ui/", "?only=here")))


async def test_a_part_knows_what_concerns_it(look: Visit) -> None:
    @part("overview.ingest", topics="health alerts", params="tr q")
    async def some(_: Visit) -> str:
        return "drawn"

    assert some.topics == {"health", "alerts"}
    assert some.reads({"tr"})
    assert not some.reads({"sel"})
    assert not some.reads(set())
    assert (await held(some, look)).id == {"part": "overview.ingest"}
