"""An object with assets, and facts that satisfy or break every rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ops.controls.board import Board, Profile
from ops.controls.catalogue import Extension, shipped_catalogue
from ops.controls.facts import OBJECT, Fact, fact
from ops.controls.needs import Need
from ops.controls.rules import ON_OBJECT, shipped_rules

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
ASSETS = {"web1": "host", "db1": "host", "fw1": "firewall", "sw1": "network_device", "room1": "room"}


def profile(**fields: Any) -> Profile:
    """The object ``trace`` at S3A3 unless told otherwise."""
    return Profile(**({"id": "trace", "unit": "u1", "s": 3, "a": 3, "assets": ASSETS, "high_continuity": True,
                       "key_industry": True} | fields))  # fmt: skip


def satisfying(need: Need) -> Any:
    """A value for which the need holds."""
    if need.empty:
        return []
    if need.at_least is not None:
        return 10_000
    return 0 if need.at_most is not None or need.below is not None else need.equals


def breaking(need: Need) -> Any:
    """A value for which the need fails."""
    if need.empty:
        return ["10.0.0.9"]
    if need.at_least is not None:
        return need.at_least - 1
    if need.at_most is not None:
        return need.at_most + 1
    if need.below is not None:
        return need.below
    return "non_compliant" if need.equals == "compliant" else not need.equals


def seen(asset: str, kind: str, value: Any, minutes: int = 0, days: float = 2) -> Fact:
    """A fact observed just before ``NOW``."""
    observed = NOW - timedelta(hours=1) + timedelta(minutes=minutes)
    return fact(asset, kind, value, observed, "test", valid=timedelta(days=days), evidence="/x")


def on(kind: str, one: Profile) -> list[str]:
    """Assets of a kind."""
    return [OBJECT] if kind == ON_OBJECT else [name for name, each in one.assets.items() if each == kind]


def all_facts(one: Profile) -> list[Fact]:
    """Facts that satisfy every rule and case for every asset."""
    rules = shipped_rules()
    needs = [(rule.on, need) for rule in rules.rules for need in rule.needs]
    needs += [(case.on, need) for case in rules.cases for need in case.needs]
    return [seen(asset, need.fact, satisfying(need)) for kind, need in needs for asset in on(kind, one)]


def board(facts: list[Fact], **fields: Any) -> Board:
    """The board of the object with these facts."""
    made = Board(profile(**fields), shipped_catalogue(), shipped_rules(), NOW)
    made.load(facts)
    return made


EXTENSIONS = tuple(Extension)
