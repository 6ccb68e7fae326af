"""High-risk cases of the 2025 guide: which fire for an object, on what evidence, and what mitigates them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import msgspec

from ops.controls.board import Board, Shown
from ops.controls.catalogue import Extension
from ops.controls.facts import OBJECT
from ops.controls.needs import Held
from ops.controls.rules import ON_OBJECT, Case, Rules
from ops.rulepacks import shipped_packs


class GuideCase(msgspec.Struct, frozen=True, kw_only=True):
    """One case of the guide, in our words; ``condition`` limits it to some objects, ``signal`` would show it."""

    id: str
    scope: str
    cls: str
    point_zh: str
    title_zh: str
    title_en: str
    min_level: int
    trigger: str
    mitigable: bool
    detect: str
    condition: str = ""
    mitigation: str = ""
    signal: str = ""


class Risk(msgspec.Struct, frozen=True):
    """A case that fired: where, on which facts, and whether mitigations hold."""

    case: GuideCase
    asset: str
    shown: tuple[Shown, ...]
    mitigated: bool


@cache
def guide_cases() -> dict[str, GuideCase]:
    """The cases of the shipped guide by id."""
    cases = msgspec.convert(shipped_packs().versions("highrisk")[-1].content["cases"], tuple[GuideCase, ...])
    return {case.id: case for case in cases}


def risks(board: Board, rules: Rules) -> Iterator[Risk]:
    """Every case that fires on ``board``; a case whose facts are missing does not fire (it is not obtained)."""
    for case in rules.cases:
        guide = guide_cases()[case.id]
        if not concerns(guide, board):
            continue
        for asset in _assets(case, board):
            shown = tuple(Shown(asset, n, n.held(f := board.standing(asset, n.fact)), f) for n in case.needs)
            failing = tuple(each for each in shown if each.held is Held.FAILS)
            if failing:
                yield Risk(guide, asset, failing, mitigated=guide.mitigable and _mitigated(case, board, asset))


def concerns(guide: GuideCase, board: Board) -> bool:
    """Whether the case is about objects like this one: level, extension, industry, continuity."""
    profile = board.profile
    if profile.selection.g < guide.min_level:
        return False
    if guide.scope != Extension.GENERAL and guide.scope not in profile.extensions:
        return False
    if guide.condition == "high continuity need":
        return profile.high_continuity
    return guide.condition != "key industry" or profile.key_industry


def _assets(case: Case, board: Board) -> list[str]:
    if case.on == ON_OBJECT:
        return [OBJECT]
    return [asset for asset, kind in board.profile.assets.items() if kind == case.on]


def _mitigated(case: Case, board: Board, asset: str) -> bool:
    """All mitigations must be seen to hold, on the asset or for the object."""
    states = []
    for need in case.mitigated_by:
        found = board.standing(asset, need.fact) or board.standing(OBJECT, need.fact)
        states.append(need.held(found))
    return bool(states) and all(state is Held.HOLDS for state in states)
