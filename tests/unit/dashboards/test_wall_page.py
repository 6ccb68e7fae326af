"""The wallboard: what it shows in turn, and where its parts lead."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dashboards.pages import wall
from dashboards.rooms import Rooms
from dashboards.visit import visit
from infra.clock import ManualClock
from tests.browser.fake_alerts import FakeAlerts
from tests.browser.fake_rooms import fake_rooms
from tests.unit.dashboards.test_agents_page import words

EVEN = datetime(2026, 11, 25, 4, 0, 10, tzinfo=UTC)
ODD = datetime(2026, 11, 25, 4, 0, 40, tzinfo=UTC)


def rooms_at(moment: datetime, alerts: int) -> Rooms:
    clock = ManualClock(moment)
    return replace(fake_rooms("full", clock), alerts=FakeAlerts(clock, count=alerts))


@pytest.mark.parametrize(("moment", "alerts", "systems"), [(EVEN, 0, False), (ODD, 0, True), (ODD, 120, False)])
async def test_the_weakest_systems_come_in_turn_while_nothing_critical_is_open(
    moment: datetime, alerts: int, systems: bool
) -> None:
    shown = words(await wall.readings.draw(visit(rooms_at(moment, alerts), "/ui/wall", "")))
    assert ("药品追溯监管系统" in shown) is systems
    assert ("电子证照验证" in shown) is not systems


async def test_every_part_leads_to_its_page() -> None:
    rooms = rooms_at(EVEN, 120)
    scores = str(await wall.scores.draw(visit(rooms, "/ui/wall", "")))
    assert all(f"/ui/{page}" in scores for page in ("business", "data", "infra"))
    assert "/ui/hunt" in str(await wall.readings.draw(visit(rooms, "/ui/wall", "")))
