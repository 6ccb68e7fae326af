"""Every rule of SigmaHQ, one by one: an event made to meet it does, its neighbours are judged as the oracle judges.

The oracle sees the same values under the rule's own field names and walks pySigma's tree.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from sigma.rule import SigmaRule

from analytics.rules.atoms import MISSING, holds
from analytics.rules.explain import explain
from analytics.rules.lens import EcsLens, read
from analytics.rules.matcher import Matcher
from analytics.rules.querytree import query_of
from analytics.rules.rule import KEYWORD, RuleSet
from infra.store.query.predicate import compile_predicate
from tests.unit.analytics.rules.generate import TRIES, event_of
from tests.unit.analytics.rules.oracle import judge, parse_rules
from tests.unit.analytics.rules.sigmahq import FOLDERS, FULL, SIGMA, all_rules, needs_sigma

pytestmark = needs_sigma
UNMEETABLE = {"COM Object Execution via Xwizard.EXE"}
"""Titles of rules no event can meet: CommandLine must equal one word and hold a GUID besides."""


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(all_rules())


@pytest.fixture(scope="module")
def made(matcher: Matcher) -> dict[int, tuple[int, dict[str, Any]]]:
    """Per rule a variant and an event that meets it."""
    ruleset = all_rules()
    found: dict[int, tuple[int, dict[str, Any]]] = {}
    for index, variant in enumerate(ruleset.variants):
        if variant.rule in found:
            continue
        for seed in range(TRIES):
            event = event_of(ruleset, index, seed)
            if event and index in matcher.match(event[0]):
                found[variant.rule] = (index, event[0])
                break
    return found


def test_every_rule_can_be_met(made: dict[int, tuple[int, dict[str, Any]]]) -> None:
    ruleset = all_rules()
    missed = {rule.title for number, rule in enumerate(ruleset.rules) if number not in made}
    assert missed <= UNMEETABLE
    assert len(made) > 3_700


def neighbours(event: dict[str, Any], dice: random.Random) -> Iterator[dict[str, Any]]:
    """The event with one value changed or gone."""
    for name, value in event.items():
        if isinstance(value, dict):
            for key, inner in value.items():
                for other in _others(inner, dice):
                    yield {**event, name: {k: v for k, v in {**value, key: other}.items() if v is not None}}
        else:
            for other in _others(value, dice):
                yield {k: v for k, v in {**event, name: other}.items() if v is not None}


def _others(value: Any, dice: random.Random) -> list[Any]:
    if not isinstance(value, str):
        return [None]
    place = dice.randrange(len(value)) if value else 0
    options = [None, value + "x", "x" + value, value[:place] + value[place + 1 :], value.upper(), value.lower()]
    return options if FULL else dice.sample(options, 2)


def test_engine_and_oracle_agree_on_each_and_its_neighbours(
    matcher: Matcher, made: dict[int, tuple[int, dict[str, Any]]]
) -> None:
    ruleset = all_rules()
    judges = {str(rule.id): rule for folder in FOLDERS for rule in parse_rules(SIGMA / folder)}
    dice = random.Random(5)
    chosen = list(made.items()) if FULL else dice.sample(list(made.items()), 250)
    differences = []
    for number, (index, event) in chosen:
        rule = judges[ruleset.rules[number].id]
        for candidate in (event, *neighbours(event, dice)):
            mine = index in matcher.match(candidate)
            if mine != _judged(ruleset, index, rule, candidate):
                differences.append((ruleset.rules[number].title, candidate, mine))
    assert differences == []


def _judged(ruleset: RuleSet, index: int, rule: SigmaRule, event: dict[str, Any]) -> bool:
    """The oracle's verdict: the route must apply, and the condition hold on the values by Sigma's names."""
    variant = ruleset.variants[index]
    applies = all(
        any(holds(ruleset.atoms[number], read(EcsLens(), event, name)) for number in atoms)
        for name, atoms in variant.where
    )
    present = {
        name: value
        for name, place in variant.names.items()
        if name and (value := read(EcsLens(), event, place)) is not MISSING
    }
    if any(ruleset.atoms[number].field == KEYWORD for number in variant.atoms):
        present = {**event, **present}
    return applies and judge(rule, present) and _also(ruleset, index, event)


def _also(ruleset: RuleSet, index: int, event: dict[str, Any]) -> bool:
    """Routes that ask more than their class (kinds of registry events) ask it of the event data."""
    wanted = {"registry_add": {"CreateKey"}, "registry_delete": {"DeleteKey", "DeleteValue"}}
    kinds = wanted.get(ruleset.rules[ruleset.variants[index].rule].logsource.category)
    return kinds is None or str(event["winlog.event_data"].get("EventType")).lower() in {kind.lower() for kind in kinds}


def test_explain_says_what_the_engine_says(matcher: Matcher, made: dict[int, tuple[int, dict[str, Any]]]) -> None:
    ruleset = all_rules()
    dice = random.Random(6)
    for number, (_, event) in dice.sample(list(made.items()), 2_000 if FULL else 150):
        for candidate in (event, *neighbours(event, dice)):
            met = any(ruleset.variants[index].rule == number for index in matcher.match(candidate))
            assert explain(ruleset, number, candidate, EcsLens())["matched"] == met


def test_queries_find_at_least_what_the_engine_finds(
    matcher: Matcher, made: dict[int, tuple[int, dict[str, Any]]]
) -> None:
    """Never less; and where the query says it is exact, never more."""
    ruleset = all_rules()
    dice = random.Random(7)
    exact = 0
    for number, (_, event) in dice.sample(list(made.items()), 2_000 if FULL else 150):
        query = query_of(ruleset, number)
        found = compile_predicate(query.filter)
        exact += query.exact
        for candidate in (event, *neighbours(event, dice)):
            met = any(ruleset.variants[index].rule == number for index in matcher.match(candidate))
            assert found(candidate) >= met, (ruleset.rules[number].title, candidate)
            assert not query.exact or found(candidate) == met, (ruleset.rules[number].title, candidate)
    assert exact > 0
