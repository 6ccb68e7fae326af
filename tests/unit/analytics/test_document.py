"""What docs/analytics.md says: its settings are those of the code, its rooms are there, its commands parse."""

import re
import shlex
from pathlib import Path

from analytics.anomaly.ensemble import RECIPES, Tier
from analytics.models.card import ModelState
from analytics.series.surprise import Surprise
from analytics.series.watch import REFRACTORY, THRESHOLD
from analytics.templates.miner import CONTRASTS
from yaodun.cli import build_parser

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs/analytics.md").read_text(encoding="utf-8")
NOT_HERE = {"posture", "rules"}
"""Rooms with a page of their own."""


def test_settings_are_those_of_the_code() -> None:
    assert f"`{THRESHOLD}` nats" in TEXT
    assert f"pause of {REFRACTORY} steps" in TEXT
    assert f"last {Surprise(0).window:,}" in TEXT
    assert " -> ".join(ModelState) in TEXT
    assert {"accepted", "failed", "成功", "失败"} <= CONTRASTS
    assert set(RECIPES[Tier.FAST]) == {"histogram", "core", "forest"}
    assert len(RECIPES[Tier.DEEP]) == 6


def test_rooms_are_there() -> None:
    named = re.findall(r"^\| `analytics/(\w+)`", TEXT, flags=re.MULTILINE)
    rooms = {found.parent.name for found in (ROOT / "analytics").glob("*/__init__.py")}
    assert sorted(named) == sorted(rooms - NOT_HERE - {"migrations"})


def test_commands_parse() -> None:
    commands = re.findall(r"`yaodun (analyse [^`]+)`", TEXT)
    for words in commands:
        assert build_parser("analyse").parse_args(shlex.split(words)).kind == words.split()[1]
    kinds = {found.stem for found in (ROOT / "yaodun/analyses").glob("*.py")} - {"__init__"}
    assert {words.split()[1] for words in commands} == kinds
