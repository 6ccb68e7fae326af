"""The page of playbooks on a real room: library, runs, the drawn progress, answering; and without a room."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dashboards.pages import playbooks as page
from dashboards.rooms import Rooms
from dashboards.views.workflow import drawing
from dashboards.visit import Visit
from infra.clock import SystemClock
from infra.records import Records, open_records
from infra.records.migrate import migrate
from playbooks.engine.reading import WaitView
from playbooks.library.shelf import shelf
from playbooks.room import PlaybookRoom
from tests.browser.late import whole
from tests.unit.playbooks.building import LI, Bench, book, do
from trust.access import Access


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    records = open_records(tmp_path / "records.db")
    migrate(records.engine)
    yield records
    records.close()


def visit(rooms: Rooms, room: PlaybookRoom | None, **params: str) -> Visit:
    work = replace(whole(rooms.work), playbooks=room)
    now = SystemClock().now()
    access = room._access if room else rooms.authorizer
    return Visit(
        rooms=replace(rooms, work=work, authorizer=access), path="/playbooks", params=params, actor=LI, now=now
    )


async def test_library_runs_progress_and_answers(rooms: Rooms, records: Records) -> None:
    room, bench = PlaybookRoom(records, Access(records)), Bench(records)
    room.shelve()
    assert "暴力破解处置" in str(await page.library.draw(visit(rooms, room)))
    assert "还没有" in str(await page.runs.draw(visit(rooms, room))) or "尚无运行" in str(
        await page.runs.draw(visit(rooms, room))
    )
    run = bench.start(book({"b1": {"on_completion": "a1"}, "a1": do("请看一看", "e1", "manual"), "e1": {}}))
    bench.go()
    assert "Book 1" in str(await page.runs.draw(visit(rooms, room)))
    shown = str(await page.runs.draw(visit(rooms, room, run=run)))
    assert "data-graph" in shown
    assert "等待中" in shown
    asked = str(await page.waits.draw(visit(rooms, room)))
    assert "请看一看" in asked
    assert "playbooks.answer" in asked
    wait = bench.wait(run)
    outcome = await page.answer(visit(rooms, room), {"wait": wait.id, "answer": "done"})
    assert outcome.topics == ("runs",)
    bench.go()
    assert room.reading.run(run).state == "done"
    assert "data-graph" in str(await page.library.draw(visit(rooms, room, playbook=shelf()[0].sha256)))
    await page.work(visit(rooms, room), {"run": run, "action": "rollback"})
    assert room.reading.run(run).state == "running"


def asked_to_agree(requester: str, *, apart: bool = True, spoke: tuple[str, ...] = ()) -> WaitView:
    moment = SystemClock().now()
    return WaitView(
        id="w", run="r", playbook="p", step="a", kind="approval", question="block", choices=("yes", "no"), outputs=(),
        due=None, opened=moment, requester=requester, binding="b", roles=LI.roles, needed=1, apart=apart, spoke=spoke,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wait", "offered"),
    [
        (asked_to_agree("u-other"), True),
        (asked_to_agree(LI.id), False),
        (asked_to_agree(LI.id, apart=False), True),
        (asked_to_agree("u-other", spoke=(LI.id,)), False),
    ],
)
def test_only_who_may_agree_is_offered_the_buttons(
    rooms: Rooms, records: Records, wait: WaitView, offered: bool
) -> None:
    shown = str(page._wait(wait, "Block it", visit(rooms, PlaybookRoom(records, Access(records)))))
    assert ("playbooks.answer" in shown) is offered


async def test_without_a_room_the_page_says_so(rooms: Rooms) -> None:
    for each in (page.library, page.runs, page.waits):
        assert "没有剧本" in str(await each.draw(visit(rooms, None)))


def test_every_step_of_a_drawing_has_a_place_and_edges_join_steps() -> None:
    for each in shelf():
        data = drawing(each.tree, {}, "/x")
        places = {(node["x"], node["y"]) for node in data["nodes"]}
        assert len(places) == len(data["nodes"]) == len(each.tree["workflow"])
        known = {node["id"] for node in data["nodes"]}
        assert all({edge["from"], edge["to"]} <= known for edge in data["edges"])
