"""The pages of agents and zones: what needs a person stands out, and what they ask for is what the fleet is told."""

from __future__ import annotations

from typing import Any

import pytest

from dashboards.commands import run
from dashboards.pages import agents, zones
from dashboards.pages.zones import level
from dashboards.rooms import Rooms
from dashboards.visit import visit
from infra.errors import AppError
from infra.register.zones import Zone, ZoneKind, ZonePath
from tests.browser.fake_rooms import fake_rooms
from yaodun.rooms.fleet import read_form


def words(component: Any) -> str:
    """All text in a component."""
    if component is None or isinstance(component, bool):
        return ""
    if isinstance(component, (str, int, float)):
        return str(component)
    if isinstance(component, (list, tuple)):
        return " ".join(map(words, component))
    return words(getattr(component, "children", None))


async def test_agents_show_state_clock_and_both_accounts(rooms: Rooms) -> None:
    said = words(await agents.listing.draw(visit(rooms, "/ui/agents", "")))
    for wanted in ("web-01", "已连接", "离线", "已吊销", "−92.0 s", "相符"):
        assert wanted in said


async def test_an_empty_fleet_says_how_to_begin_and_that_the_door_is_shut() -> None:
    said = words(await agents.listing.draw(visit(fake_rooms("empty"), "/ui/agents", "")))
    assert "--agents" in said


async def test_a_group_is_told_what_the_form_says(rooms: Rooms) -> None:
    args = {"group": "edge", "log_files": "/var/log/a.log\n/var/log/b.log", "off": "journal", "interval_s": "30"}
    outcome, notice = await run(visit(rooms, "/ui/agents", ""), "agents.configure", args)
    assert outcome.words
    assert notice is not None
    assert rooms.fleet.told == [args]  # type: ignore[attr-defined]
    told = read_form(args)
    assert (told.log_files, told.off, told.interval_s) == (("/var/log/a.log", "/var/log/b.log"), ("journal",), 30.0)


@pytest.mark.parametrize("bad", [{"interval_s": "0"}, {"log_files": "relative.log"}, {"bandwidth_kib_s": "x"}])
def test_a_form_that_is_wrong_names_the_field(bad: dict[str, str]) -> None:
    with pytest.raises(AppError) as refusal:
        read_form(bad)
    assert next(iter(bad)) in str(refusal.value.detail["place"])


async def test_an_invitation_is_shown_once_with_the_command(rooms: Rooms) -> None:
    outcome, _ = await run(visit(rooms, "/ui/agents", ""), "agents.invite", {"group": "edge", "name": "w"})
    assert "--enrol yde_once" in words(outcome.shown)


async def test_a_revocation_asks_the_fleet(rooms: Rooms) -> None:
    await run(visit(rooms, "/ui/agents", ""), "agents.revoke", {"agent": "a1"})
    assert rooms.fleet.ended == ["a1"]  # type: ignore[attr-defined]


async def test_zones_show_what_nothing_allows_first(rooms: Rooms) -> None:
    look = visit(rooms, "/ui/zones", "")
    assert "内网" in words(await zones.matrix.draw(look))
    said = words(await zones.listing.draw(look))
    assert said.index("tcp/445") < said.index("tcp/22") < said.index("tcp/443")


def test_between_intranet_and_extranet_is_critical() -> None:
    inner, outer = Zone(id="i", name_zh="内"), Zone(id="o", name_zh="外", kind=ZoneKind.EXTRANET)
    now: Any = fake_rooms("empty").clock.now()
    path = ZonePath(source="i", target="o", service="tcp/1", first=now, last=now, count=1)
    assert level(inner, outer, [path]) == "critical"
