"""Data assets: the register with what was seen, the form, the ledger, and what is shown only masked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from analytics.business.book import build_book
from analytics.business.datasets import seen_datasets
from analytics.datasecurity.register import Category, DataAsset, DataAssets, Grade
from analytics.datasecurity.seen import SeenDataset
from dashboards.commands import run
from dashboards.pages import data_assets
from dashboards.rooms import Rooms
from dashboards.visit import visit
from infra.errors import AppError, ErrorKind
from infra.ledger.rows import OutboxRow
from infra.records import Records, open_records
from infra.records.migrate import migrate
from infra.web.seams import Actor
from tests.agents import OPERATOR, Anyone
from tests.browser.fake_rooms import fake_rooms
from tests.unit.analytics.business.small_site import event
from tests.unit.dashboards.test_agents_page import words

PERSON = "11010519491231002X"
"""The example of GB 11643-1999: its check digit is right, and it is nobody's."""


class Room:
    """The real register, and a book's data sets."""

    def __init__(self, records: Records) -> None:
        self.register = DataAssets(records, Anyone())
        self.assets = self.register.all
        self.shown: tuple[SeenDataset, ...] = ()

    def seen(self) -> tuple[SeenDataset, ...]:
        return self.shown

    def save(self, actor: Actor, asset: DataAsset) -> None:
        self.register.save(actor, asset)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = open_records(tmp_path / "records.db")
    migrate(opened.engine)
    yield opened
    opened.close()


@pytest.fixture
def room(records: Records) -> Room:
    made = Room(records)
    rows = [{"person": PERSON, "result": "pass"}] * 10
    made.shown = seen_datasets(
        build_book(
            [
                *(event("sample", day, system="sharing", dataset="inspection", schema_version="1", rows=rows)
                  for day in range(3)),
                event("export", 1, system="sharing", user="u-1", dataset="inspection", records=70,
                      destination="desktop", masked=False),
                event("manifest", 1, system="sharing", manifest="m-1", dataset="licences", records=9, hash="00",
                      sender="330000"),
            ]
        )
    )  # fmt: skip
    return made


@pytest.fixture
def rooms(room: Room) -> Rooms:
    return replace(fake_rooms("full"), data=room)


async def test_what_was_seen_and_nobody_registered_is_offered(rooms: Rooms) -> None:
    said = words(await data_assets.unregistered.draw(visit(rooms, "/ui/data-assets", "")))
    assert "inspection" in said
    assert "licences" in said
    assert "尚未登记" in words(await data_assets.listing.draw(visit(rooms, "/ui/data-assets", "")))


async def test_a_form_registers_and_the_register_shows_what_was_found(rooms: Rooms, records: Records) -> None:
    form = {
        "id": "inspection", "name_zh": "检查数据", "category": "personal", "grade": "important", "owner": "稽查处",
        "datasets": "insp*， other", "system": "sharing",
    }  # fmt: skip
    outcome, _ = await run(visit(rooms, "/ui/data-assets", "?sel=new"), "data_assets.save", form)
    assert outcome.go.endswith("sel=inspection")
    said = words(await data_assets.listing.draw(visit(rooms, "/ui/data-assets", "")))
    assert "重要数据" in said
    assert "身份证号" in said
    one = visit(rooms, "/ui/data-assets", "?sel=inspection")
    found = words(await data_assets.columns.draw(one))
    assert PERSON not in found
    assert "1101" in found
    moved = words(await data_assets.flows.draw(one))
    assert "未脱敏 1 次" in moved
    assert "licences" not in moved
    assert "inspection" not in words(await data_assets.unregistered.draw(visit(rooms, "/ui/data-assets", "")))
    [entry] = records.read(lambda session: [json.loads(body) for body in session.scalars(select(OutboxRow.body))])
    assert (entry["action"], entry["thing"]) == ("analytics.data_asset.create", "data_asset:inspection")


async def test_a_wrong_field_is_named_and_nothing_is_kept(rooms: Rooms, room: Room) -> None:
    _, notice = await run(visit(rooms, "/ui/data-assets", ""), "data_assets.save", {"id": "no good", "name_zh": "x",
                          "category": "personal", "grade": "core"})  # fmt: skip
    assert "id" in words(notice)
    assert not room.assets()


def test_one_data_set_belongs_to_one_asset_and_a_retired_one_gives_it_up(room: Room) -> None:
    first = DataAsset(id="a", name_zh="甲", datasets=("inspection",), grade=Grade.CORE, category=Category.REGULATION)
    room.save(OPERATOR, first)
    second = DataAsset(id="b", name_zh="乙", datasets=("inspection",))
    with pytest.raises(AppError) as taken:
        room.save(OPERATOR, second)
    assert taken.value.kind is ErrorKind.CONFLICT
    room.save(OPERATOR, DataAsset(id="a", name_zh="甲", datasets=("inspection",), retired=True))
    room.save(OPERATOR, second)
    assert [kept.asset.id for kept in room.assets() if not kept.asset.retired] == ["b"]


async def test_the_page_stands_without_a_register() -> None:
    bare = fake_rooms("empty")
    for part in data_assets.PARTS:
        words(await part.draw(visit(bare, "/ui/data-assets", "")))
    assert "尚未登记" in words(await data_assets.listing.draw(visit(bare, "/ui/data-assets", "")))
