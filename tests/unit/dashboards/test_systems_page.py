"""The page of systems: the ill one first, the four words of the plan on each, and what was not measured is a dash."""

from __future__ import annotations

import pytest

from dashboards.pages import systems
from dashboards.rooms import Rooms
from dashboards.visit import visit
from tests.browser.fake_rooms import fake_rooms
from tests.unit.dashboards.test_agents_page import words

PARTS = (systems.visible, systems.measurable, systems.manageable, systems.controllable)


@pytest.fixture(scope="module")
def full() -> Rooms:
    return fake_rooms("full")


async def test_the_ill_system_stands_first_and_an_unmeasured_one_is_a_dash(full: Rooms) -> None:
    said = words(await systems.listing.draw(visit(full, "/ui/systems", "")))
    assert said.index("药品追溯监管系统") < said.index("项目管理系统")
    assert "1 / 2" in said
    assert "—" in said[said.index("项目管理系统") :]


async def test_a_system_is_visible_measurable_manageable_and_controllable(full: Rooms) -> None:
    said = [words(await each.draw(visit(full, "/ui/systems/trace", ""))) for each in PARTS]
    for found, wanted in zip(said, ("可视", "可测", "可管", "可控"), strict=True):
        assert wanted in found
    assert "缺失" in said[0]
    assert "上传迟到" in said[1]
    assert "药品监管处" in said[2]
    assert "级" in said[2]


async def test_a_system_nobody_knows_is_told_by_its_id(full: Rooms) -> None:
    assert "nowhere" in words(await systems.visible.draw(visit(full, "/ui/systems/nowhere", "")))


async def test_an_empty_register_says_how_to_enter_one() -> None:
    said = words(await systems.listing.draw(visit(fake_rooms("empty"), "/ui/systems", "")))
    assert "/api/v1/register/systems" in said
