"""Every rule can fire: a raw record of a real format, made for it, is parsed, conformed and matched.

A sample here, every rule under ``YAODUN_PROVE=full`` and in ``make bench NAME=rules_can_fire``.
"""

from __future__ import annotations

import random
from collections import Counter

from analytics.rules.rule import RuleSet
from tests.unit.analytics.rules.raw.excused import EXCUSED, REFUSED
from tests.unit.analytics.rules.raw.proof import Proof, wanted_of
from tests.unit.analytics.rules.raw.schemas import event_data
from tests.unit.analytics.rules.sigmahq import FULL, all_rules, needs_sigma

pytestmark = needs_sigma
MOST_EXCUSED = 40


def _asked(ruleset: RuleSet) -> list[int]:
    """The rules to prove: all, or a sample in which every log source has its share."""
    by_source: dict[str, list[int]] = {}
    for number, rule in enumerate(ruleset.rules):
        if rule.title not in EXCUSED:
            by_source.setdefault(str(rule.logsource), []).append(number)
    dice = random.Random(33)
    return [
        number for group in by_source.values() for number in (group if FULL else dice.sample(group, min(2, len(group))))
    ]


def test_a_raw_record_fires_each_rule() -> None:
    ruleset = all_rules()
    missed = {
        f"{ruleset.rules[outcome.rule].title}: {outcome.problems}"
        for outcome in Proof(ruleset).run(_asked(ruleset))
        if outcome.raw is None
    }
    assert missed == set()


def test_what_is_excused_is_named_and_few() -> None:
    ruleset = all_rules()
    titles = {rule.title for rule in ruleset.rules}
    assert set(EXCUSED) <= titles
    assert {failure.rule_id for failure in ruleset.failures} == set(REFUSED)
    assert len(EXCUSED) + len(REFUSED) <= MOST_EXCUSED


def test_no_rule_without_the_record_it_was_made_for() -> None:
    """The proof can fail: a record made for one rule and emptied of its values fires it no more."""
    ruleset = all_rules()
    proof = Proof(ruleset)
    number = ruleset.find("Security Privileges Enumeration Via Whoami.EXE")
    assert number is not None
    raw = proof.prove(number).raw
    assert raw is not None
    hollow = raw.body.replace(b"/priv", b"/none").replace(b" -priv", b" -none")
    assert hollow != raw.body
    other = type(raw)(raw.format, raw.kind, hollow, raw.meta, raw.count)
    assert not proof.fires(number, other, Counter())


def test_a_record_of_sysmon_holds_only_fields_of_its_event() -> None:
    assert "CommandLine" in event_data("Microsoft-Windows-Sysmon/Operational", "1")
    assert "CommandLine" not in event_data("Microsoft-Windows-Sysmon/Operational", "7")
    ruleset = all_rules()
    wanted = wanted_of(ruleset, 0, 0)
    assert wanted is not None
    assert wanted.source == ruleset.rules[ruleset.variants[0].rule].logsource
