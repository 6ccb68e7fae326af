"""The page of weights: the numbers in force, what a draft would do, and the two steps of a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from analytics.posture.weights import WeightState, WeightVersion, shipped
from dashboards.commands import run
from dashboards.pages import weights
from dashboards.rooms import Rooms
from dashboards.rooms.weighting import Effect, Weighed
from dashboards.visit import visit
from infra.clock import SystemClock
from infra.exchange import Dimension
from infra.web.seams import Actor
from tests.browser.fake_rooms import fake_rooms
from tests.unit.dashboards.test_agents_page import words

DISK = "infrastructure.host_disk"


class Room:
    """Remembers what it was asked to do."""

    def __init__(self) -> None:
        self.done: list[object] = []

    def table(self) -> tuple[int, Sequence[Weighed]]:
        return 0, [
            Weighed(id=name, name=name, dimension=Dimension(name.split(".")[0]), weight=value, health=0.5, lost=3.0)
            for name, value in shipped().items()
        ]

    def versions(self) -> Sequence[WeightVersion]:
        return [
            WeightVersion(
                number=7, state=WeightState.PROPOSED, weights={DISK: 0.4}, comment="磁盘更重要", proposer="甲",
                proposed=SystemClock().now(), decider="", decided=None, signature=b"", sealed=None,
            )
        ]  # fmt: skip

    def effect(self, weights: Mapping[str, float]) -> Effect:
        return Effect(before={"overall": 70.0}, after={"overall": 66.5}, weights={**shipped(), **weights})

    def propose(self, actor: Actor, weights: Mapping[str, float], comment: str) -> int:
        self.done.append((dict(weights), comment))
        return 8

    def approve(self, actor: Actor, number: int) -> None:
        self.done.append(("approve", number))

    def refuse(self, actor: Actor, number: int) -> None:
        self.done.append(("refuse", number))


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def rooms(room: Room) -> Rooms:
    return replace(fake_rooms("full"), weighting=room)


async def test_a_change_is_previewed_then_proposed(rooms: Rooms, room: Room) -> None:
    form = {name: f"{100 * value:g}" for name, value in shipped().items()} | {DISK: "40 %"}
    outcome, _ = await run(visit(rooms, "/ui/weights", ""), "weights.preview", form)
    draft = outcome.go.partition("?")[2]
    said = words(await weights.effect.draw(visit(rooms, "/ui/weights", "?" + draft)))
    assert "66.5" in said
    assert "-3.5" in said.replace("−", "-")
    assert DISK in said
    assert not room.done
    asked = visit(rooms, "/ui/weights", "?" + draft).param("draft")
    await run(visit(rooms, "/ui/weights", ""), "weights.propose", {"draft": asked, "comment": "why"})
    [(proposed, comment)] = room.done
    assert proposed[DISK] == pytest.approx(0.4)
    assert comment == "why"


async def test_words_where_a_number_belongs_are_named(rooms: Rooms, room: Room) -> None:
    _, notice = await run(visit(rooms, "/ui/weights", ""), "weights.preview", {DISK: "much"})
    assert DISK in words(notice)


async def test_a_proposal_waits_and_is_decided(rooms: Rooms, room: Room) -> None:
    said = words(await weights.versions.draw(visit(rooms, "/ui/weights", "")))
    assert "待审批" in said
    assert "磁盘更重要" in said
    await run(visit(rooms, "/ui/weights", ""), "weights.approve", {"number": 7})
    await run(visit(rooms, "/ui/weights", ""), "weights.refuse", {"number": 7})
    assert room.done == [("approve", 7), ("refuse", 7)]


async def test_every_indicator_has_its_line(rooms: Rooms) -> None:
    said = words(await weights.weighed.draw(visit(rooms, "/ui/weights", "")))
    assert all(name in said for name in shipped())
