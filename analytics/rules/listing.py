"""Rules as people look through them: one line each, filtered, the ones that need a person first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from analytics.rules.book import SHIPPED, Switch
from analytics.rules.changes import WRITTEN
from analytics.rules.load import shipped_rules
from analytics.rules.rule import Rule, RuleSet
from analytics.rules.state import Outcome, RuleState, Sight
from infra.exchange import Level


class Origin(StrEnum):
    """Whose rule it is."""

    SHIPPED = "shipped"
    IMPORTED = "imported"
    SITE = "site"


class RuleLine(msgspec.Struct, frozen=True, kw_only=True):
    """One rule. ``blind`` is None where the stream has not said yet; ``feeds`` marks rules that raise no signal of
    their own; ``version`` is 0 for the text as it was shipped or imported."""

    id: str
    title: str
    level: Level
    logsource: str
    author: str
    techniques: tuple[str, ...]
    origin: Origin
    state: RuleState
    blind: bool | None
    feeds: bool
    version: int
    outcome: Outcome


class RuleFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which rules: words that must all occur, and values by facet; '' takes all."""

    text: str = ""
    state: str = ""
    level: str = ""
    origin: str = ""
    blind: bool | None = None


class RulePage(msgspec.Struct, frozen=True, kw_only=True):
    """A slice of the list; ``total`` counts what the filter finds, ``facets`` everything by state, level, origin and
    sight."""

    lines: tuple[RuleLine, ...]
    total: int
    facets: dict[str, dict[str, int]]


def lines_of(
    ruleset: RuleSet, switches: Mapping[str, Switch], outcomes: Mapping[str, Outcome], sight: Sight
) -> list[RuleLine]:
    """A line per rule, those with signals first, then by level and title."""
    lines = [line_of(rule, switches.get(rule.id), outcomes.get(rule.id, Outcome()), sight) for rule in ruleset.rules]
    return sorted(lines, key=lambda line: (-sum(line.outcome.days), -line.level.rank, line.title))


def line_of(rule: Rule, switch: Switch | None, outcome: Outcome, sight: Sight) -> RuleLine:
    """The line of one rule."""
    state = RuleState.DISABLED if rule.off else RuleState.CANARY if rule.canary else RuleState.ENABLED
    return RuleLine(
        id=rule.id,
        title=rule.title,
        level=rule.level,
        logsource=str(rule.logsource),
        author=rule.author,
        techniques=rule.techniques,
        origin=_origin(rule),
        state=state,
        blind=None if rule.off else sight.blind(rule.id),
        feeds=rule.hidden,
        version=switch.version if switch else SHIPPED,
        outcome=outcome,
    )


def page_of(lines: Sequence[RuleLine], wanted: RuleFilter, start: int, count: int) -> RulePage:
    """The lines a filter finds, and what could be filtered by."""
    found = [line for line in lines if _meets(line, wanted)]
    facets: dict[str, dict[str, int]] = {"state": {}, "level": {}, "origin": {}, "sight": {}}
    for line in lines:
        sight = "unknown" if line.blind is None else "blind" if line.blind else "fed"
        for name, value in (("state", line.state), ("level", line.level), ("origin", line.origin), ("sight", sight)):
            facets[name][str(value)] = facets[name].get(str(value), 0) + 1
    return RulePage(lines=tuple(found[start : start + count]), total=len(found), facets=facets)


def _meets(line: RuleLine, wanted: RuleFilter) -> bool:
    words = f"{line.title}\n{line.id}\n{line.logsource}\n{line.author}\n{' '.join(line.techniques)}".lower()
    chosen = ((wanted.state, line.state), (wanted.level, line.level), (wanted.origin, line.origin))
    return (
        all(word in words for word in wanted.text.lower().split())
        and all(not value or value == str(actual) for value, actual in chosen)
        and (wanted.blind is None or line.blind is wanted.blind)
    )


def _origin(rule: Rule) -> Origin:
    if rule.path.startswith(f"{WRITTEN}/"):
        return Origin.SITE
    return Origin.SHIPPED if rule.path.startswith(str(shipped_rules())) else Origin.IMPORTED
