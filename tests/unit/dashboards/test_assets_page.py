"""The page of assets: what is known with who said it, what held before, whose it is, and changing that."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboards.commands import run
from dashboards.pages import assets
from dashboards.rooms import Rooms
from dashboards.visit import visit
from infra.clock import ManualClock, SystemClock
from infra.records import open_records
from infra.records.migrate import migrate
from infra.register import AddressKind, Register
from infra.register.identity.keeper import AssetKeeper
from infra.register.identity.observation import Observation, SightedBy
from infra.register.zones import Zones
from infra.text import Language, use_language
from tests.agents import OPERATOR, Anyone
from tests.browser.fake_rooms import fake_rooms
from tests.unit.dashboards.test_agents_page import words
from yaodun.rooms.register import RegisterRoom


async def test_every_key_says_who_told_it_and_what_held_before(rooms: Rooms) -> None:
    said = words(await assets.known.draw(visit(rooms, "/ui/register/srv-01", "")))
    for wanted in ("机器标识", "00-16-3E-1A-2B-3C", "agent", "arp", "10.0.4.77", "dhcp", "Debian 12", "历史 1 项"):
        assert wanted in said
    assert said.index("10.0.4.12") < said.index("10.0.4.77")


async def test_whose_it_is(rooms: Rooms) -> None:
    said = words(await assets.head.draw(visit(rooms, "/ui/register/srv-01", "")))
    for wanted in ("信息中心", "王工", "药品追溯监管系统", "内网"):
        assert wanted in said


@pytest.mark.parametrize("shown", [assets.alerts, assets.relations, assets.certificates, assets.listing])
async def test_other_parts_stand_with_or_without_data(rooms: Rooms, shown: object) -> None:
    assert words(await shown.draw(visit(rooms, "/ui/register/srv-01", "")))  # type: ignore[attr-defined]


async def test_a_search_narrows_the_list() -> None:
    full = fake_rooms("full")
    assert "srv-01" in words(await assets.listing.draw(visit(full, "/ui/register", "?q=10.0.4")))
    assert "尚无资产" in words(await assets.listing.draw(visit(full, "/ui/register", "?q=nothing-like-it")))


async def test_a_change_is_handed_to_the_register(rooms: Rooms) -> None:
    form = {"asset": "srv-01", "name": "追溯一号", "kind": "host", "importance": "0.9"}
    outcome, _ = await run(visit(rooms, "/ui/register/srv-01", ""), "assets.save", form)
    assert outcome.words
    assert rooms.register.asset("srv-01").asset.name == "追溯一号"
    _, notice = await run(visit(rooms, "/ui/register/srv-01", ""), "assets.save", {**form, "importance": "much"})
    assert "importance" in words(notice)


def test_the_room_answers_from_the_register(tmp_path: Path) -> None:
    records = open_records(tmp_path / "records.db")
    migrate(records.engine)
    at = SystemClock().now().timestamp()
    keeper = AssetKeeper(records, ManualClock(SystemClock().now()))
    keeper.absorb([Observation(by=SightedBy.AGENT, at=at, machine_id="ab" * 16, name="web-1", ips=("10.9.0.1",))])
    room = RegisterRoom(Register(records, Anyone()), Zones(records, Anyone()))
    with use_language(Language.EN):
        [row] = room.assets()
        found = room.asset(row.id)
        assert {each.kind for each in found.asset.addresses} >= {AddressKind.HOST_ID, AddressKind.IP, AddressKind.NAME}
        assert room.whose(["10.9.0.1", "10.9.0.2"]) == {"10.9.0.1": (row.id, "web-1")}
        room.save_asset(OPERATOR, found.asset)
    records.close()
