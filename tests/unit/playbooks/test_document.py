"""What docs/playbooks.md says about actions, guard rails and commands is so."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from playbooks.actions.registry import Surroundings, actions_of
from playbooks.model.guard import Guard
from playbooks.model.vocabulary import GUARD
from yaodun.commands.playbook import ACTIONS

TEXT = (Path(__file__).parents[3] / "docs/playbooks.md").read_text(encoding="utf-8")


def test_every_action_is_named(tmp_path: Path) -> None:
    part = TEXT.split("<!-- actions -->")[1].split("<!-- /actions -->")[0]
    assert set(re.findall(r"`([a-z]+-[a-z]+)", part)) == {each.name for each in actions_of(Surroundings(tmp_path))}


def test_every_guard_rail_is_named() -> None:
    part = TEXT.split("## Guard rails")[1]
    names = {field.encode_name for field in msgspec.structs.fields(Guard)} - {"type"}
    assert names <= set(re.findall(r"`([a-z]+)`", part))
    assert GUARD in part


def test_commands_exist() -> None:
    assert set(re.findall(r"yaodun playbook ([a-z-]+)", TEXT)) <= ACTIONS.keys()
