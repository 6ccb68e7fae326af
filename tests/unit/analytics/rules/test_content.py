"""The shipped rules: each loads, has at least one positive and one negative case, and passes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analytics.intelligence.indicator import IndicatorKind
from analytics.network.finding import Kind
from analytics.rules.cases import Case, read_cases, try_case
from analytics.rules.load import load_rules, shipped_rules
from infra.exchange import Level
from infra.text.catalogue import catalogue

RULES = load_rules([shipped_rules()])
HOUSE = Path(__file__).parents[4]
CASES = list(read_cases([shipped_rules()]))


def test_every_shipped_rule_loads() -> None:
    assert RULES.failures == []
    assert len(RULES.rules) >= 25


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{Path(case.path).name}-{case.name}")
def test_case(case: Case) -> None:
    assert try_case(RULES, case).problem == ""


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: Path(rule.path).stem)
def test_every_rule_has_both_sides_tested_and_says_what_people_need(rule: object) -> None:
    number = RULES.rules.index(rule)
    mine = [case for case in CASES if case.rule == RULES.rules[number].id]
    positive = [case for case in mine if case.body.get("match", True) or case.body.get("feeds")]
    negative = [case for case in mine if not case.body.get("match", True) and not case.body.get("feeds")]
    assert positive
    assert negative
    described = RULES.rules[number]
    assert described.author
    assert described.techniques
    assert described.description
    assert described.falsepositives
    assert described.level in Level


def test_ids_are_unique() -> None:
    assert len({rule.id for rule in RULES.rules}) == len(RULES.rules)


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: Path(rule.path).stem)
def test_every_rule_has_a_name_in_both_languages(rule: Any) -> None:
    key = f"analytics.rule.{rule.id}"
    assert catalogue("en")[key] == rule.title
    chinese = catalogue("zh-CN")[key]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)


def test_names_of_rules_that_are_gone_are_gone_too() -> None:
    """Names of what is no rule are those of findings in the traffic, of indicators, and of the platform itself."""
    named = {key.removeprefix("analytics.rule.") for key in catalogue("en") if key.startswith("analytics.rule.")}
    others = named - {rule.id for rule in RULES.rules}
    said = {*Kind, *(f"intelligence-{kind}" for kind in IndicatorKind)}
    assert said <= named
    sources = "".join(path.read_text() for room in ("ops", "yaodun") for path in (HOUSE / room).rglob("*.py"))
    assert {name for name in others - said if f'"{name}"' not in sources} == set()
