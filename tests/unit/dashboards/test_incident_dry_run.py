"""The dry run of a playbook as an incident shows it: effects, targets, what can be taken back, what is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from dashboards.pages.incident_dry_run import EFFECTS, asked_for, dry_run
from dashboards.rooms import Rooms
from dashboards.visit import Visit
from infra.clock import SystemClock
from infra.errors import AppError, ErrorKind
from infra.text import Language, say, use_language
from ops.runs import Fit
from tests.unit.playbooks.building import LI

FIT = Fit(playbook="playbook--1", title="Block", inputs={"__address__": "192.0.2.7"})


class Desk:
    def __init__(self, *effects: dict[str, Any]) -> None:
        self.effects = effects

    def rehearse(self, wanted: str, inputs: Mapping[str, Any]) -> list[dict[str, Any]]:
        if not self.effects:
            raise AppError(ErrorKind.NOT_FOUND, "playbooks.run.no_playbook", place=wanted)
        assert (wanted, dict(inputs)) == (FIT.playbook, FIT.inputs)
        return [{"step": "a1", "reversible": False, **each} for each in self.effects]


def visit(rooms: Rooms, **params: str) -> Visit:
    return Visit(rooms=rooms, path="/incidents/IN-1", params=params, actor=LI, now=SystemClock().now())


async def test_each_effect_is_said_with_its_target_once(rooms: Rooms) -> None:
    block = {"kind": "block-address", "target": "192.0.2.7", "reversible": True}
    desk: Any = Desk(block, block, {"kind": "lock-account", "target": "li"},
                     {"kind": "isolate-host", "target": "db", "refused": "protected: db"},
                     {"kind": "line", "target": "x"})  # fmt: skip
    shown = str(await dry_run(FIT, desk, visit(rooms)))
    for words in ("封锁地址", "192.0.2.7", "可撤回", "锁定账号", "不可撤回", "受保护，拒绝", "line"):
        assert words in shown, words
    assert shown.count("封锁地址") == 1


async def test_a_playbook_that_is_gone_is_said(rooms: Rooms) -> None:
    desk: Any = Desk()
    assert FIT.playbook in str(await dry_run(FIT, desk, visit(rooms)))


def test_the_link_opens_and_closes(rooms: Rooms) -> None:
    assert "dry=playbook--1" in str(asked_for(FIT, visit(rooms)))
    assert not re.search("dry=", str(asked_for(FIT, visit(rooms, dry=FIT.playbook))))


@pytest.mark.parametrize("language", list(Language))
def test_every_kind_of_effect_has_words(language: Language) -> None:
    with use_language(language):
        for kind in EFFECTS:
            assert say(f"dashboards.incidents.effects.{kind.replace('-', '_')}")
