"""Verdicts from facts: automatic and partly automatic items, staleness, people's verdicts, drift, increments."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.controls.board import Board
from ops.controls.catalogue import Split, shipped_catalogue
from ops.controls.facts import OBJECT
from ops.controls.needs import Held, Need
from ops.controls.rules import shipped_rules
from ops.controls.verdict import Judgement, Verdict
from tests.unit.ops.controls.sites import NOW, all_facts, board, breaking, on, profile, seen

ITEMS = {item.id: item for item in shipped_catalogue().items if item.level == 3 and item.ext == "general"}
RULES = [(rule, need) for rule in shipped_rules().rules for need in rule.needs if rule.ext == "general"]


def verdicts(made: Board) -> dict[str, Verdict]:
    return {state.item.id: state.verdict for state in made.units()}


def test_the_automatic_items_are_decided_from_facts_alone() -> None:
    states = [state for state in board(all_facts(profile())).units() if state.item.split is Split.AUTOMATIC]
    assert len(states) == 60
    assert {state.verdict for state in states} == {Verdict.COMPLIANT}


def test_the_partly_automatic_items_are_prepared_but_wait_for_a_person() -> None:
    states = [state for state in board(all_facts(profile())).units() if state.item.split is Split.PARTIAL]
    assert len(states) == 45
    assert {state.prepared for state in states} == {Verdict.COMPLIANT}
    assert {state.verdict for state in states} == {Verdict.NOT_OBTAINED}


def test_without_facts_nothing_is_compliant() -> None:
    assert set(verdicts(board([])).values()) == {Verdict.NOT_OBTAINED}


@pytest.mark.parametrize(("rule", "need"), RULES, ids=[f"{rule.item}-{need.fact}" for rule, need in RULES])
def test_each_need_alone_takes_compliance_away(rule, need) -> None:  # type: ignore[no-untyped-def]
    one = profile()
    asset = on(rule.on, one)[0]
    item = ITEMS[rule.item]
    good = board(all_facts(one))
    assert good.unit(item).automatic is Verdict.COMPLIANT
    good.change(seen(asset, need.fact, breaking(need), minutes=1))
    assert good.unit(item).automatic in (Verdict.PARTIAL, Verdict.NON_COMPLIANT)
    gone = board([fact for fact in all_facts(one) if (fact.asset, fact.kind) != (asset, need.fact)])
    assert gone.unit(item).automatic is not Verdict.COMPLIANT


def test_a_stale_fact_proves_nothing() -> None:
    stale = [seen(fact.asset, fact.kind, fact.value, days=0.01) for fact in all_facts(profile())]
    assert Verdict.COMPLIANT not in verdicts(board(stale)).values()


def test_an_older_fact_does_not_replace_a_newer_one() -> None:
    made = board(all_facts(profile()))
    assert made.change(seen(OBJECT, "logs.continuous_days_least", 3, minutes=-30)) == set()
    assert made.change(seen(OBJECT, "logs.continuous_days_least", 3, minutes=30)) == {"L3-SMC1-10"}


def judged(verdict: Verdict, days: int = 30) -> Judgement:
    return Judgement(
        "L3-SMC1-10", OBJECT, verdict, "u1", NOW - timedelta(days=1), NOW + timedelta(days=days), "seen on site"
    )


def test_a_persons_verdict_counts_and_telemetry_beside_it_drifts() -> None:
    made = board(all_facts(profile()))
    item = ITEMS["8.1.5.4d"]
    made.judge(judged(Verdict.COMPLIANT))
    assert not made.unit(item).drift
    made.change(seen(OBJECT, "logs.continuous_days_least", 3, minutes=1))
    state = made.unit(item)
    assert (state.verdict, state.automatic, state.drift) == (Verdict.COMPLIANT, Verdict.PARTIAL, True)


def test_an_expired_judgement_no_longer_counts() -> None:
    made = board([])
    made.judge(judged(Verdict.COMPLIANT, days=-1))
    assert made.unit(ITEMS["8.1.5.4d"]).verdict is Verdict.NOT_OBTAINED


def test_a_partly_automatic_item_is_decided_by_the_attesting_person() -> None:
    made = board(all_facts(profile()))
    item = ITEMS["8.1.2.1c"]
    made.judge(Judgement(item.unit, OBJECT, Verdict.COMPLIANT, "u1", NOW, NOW + timedelta(days=9), "walked through"))
    assert made.unit(item).verdict is Verdict.COMPLIANT
    assert made.unit(item).floor is Verdict.COMPLIANT


def test_workflow_items_follow_the_records_the_platform_keeps() -> None:
    item = ITEMS["8.1.6.1"]
    assert item.split is Split.WORKFLOW
    assert board([seen(OBJECT, f"record.{item.unit}", True)]).unit(item).verdict is Verdict.COMPLIANT
    assert board([seen(OBJECT, f"record.{item.unit}", False)]).unit(item).verdict is Verdict.NON_COMPLIANT


def test_evidence_names_fact_time_hash_and_what_was_wanted() -> None:
    made = board(all_facts(profile()))
    (shown, *_) = made.evidence("L3-SMC1-10", OBJECT)
    assert shown.need.wanted == ">= 183"
    assert shown.held is Held.HOLDS
    assert shown.fact is not None
    assert len(shown.fact.sha256) == 64


def test_other_levels_take_the_rules_of_equal_items() -> None:
    level_two = board(all_facts(profile(s=2, a=2)), s=2, a=2)
    assert sum(state.automatic is Verdict.COMPLIANT for state in level_two.units()) > 30
    level_four = board(all_facts(profile(s=4, a=4)), s=4, a=4)
    assert sum(state.automatic is Verdict.COMPLIANT for state in level_four.units()) > 50


FACTS = all_facts(profile())
NEEDS = {
    (asset, need.fact): need
    for rule in shipped_rules().rules
    for need in rule.needs
    for asset in on(rule.on, profile())
}
CHANGES = st.lists(st.tuples(st.sampled_from(sorted(NEEDS)), st.sampled_from(["good", "bad", "odd"])), max_size=12)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(FACTS), max_size=60), CHANGES)
def test_changes_give_the_same_board_as_loading_anew(start: list, changes: list) -> None:  # type: ignore[type-arg]
    made = board(start)
    later = []
    for minute, ((asset, kind), what) in enumerate(changes, 1):
        need = NEEDS[(asset, kind)]
        value = (
            breaking(need)
            if what == "bad"
            else None
            if what == "odd"
            else next(f.value for f in FACTS if f.kind == kind)
        )
        later.append(seen(asset, kind, value, minutes=minute))
        made.change(later[-1])
    anew = board([*start, *later])
    assert [(s.item.unit, s.verdict, s.floor) for s in made.units()] == [
        (s.item.unit, s.verdict, s.floor) for s in anew.units()
    ]
    assert made.credit() == anew.credit()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(FACTS), max_size=200), st.sampled_from(sorted(NEEDS)))
def test_evidence_of_a_violation_never_improves_anything(start: list, place: tuple[str, str]) -> None:  # type: ignore[type-arg]
    made = board(start)
    before, credit = verdicts(made), made.credit()[0]
    made.change(seen(*place, breaking(NEEDS[place]), minutes=5))
    after = verdicts(made)
    assert made.credit()[0] <= credit
    assert all(after[item] is not Verdict.COMPLIANT or before[item] is Verdict.COMPLIANT for item in after)


@pytest.mark.parametrize(
    ("need", "value", "held"),
    [
        (Need("x", at_least=5), 5, Held.HOLDS),
        (Need("x", at_least=5), 4.9, Held.FAILS),
        (Need("x", at_least=5), "many", Held.MISSING),
        (Need("x", at_least=5), True, Held.MISSING),
        (Need("x", at_most=5), float("nan"), Held.MISSING),
        (Need("x", below=5), 5, Held.FAILS),
        (Need("x", equals=True), 1, Held.MISSING),
        (Need("x", equals="compliant"), "not_applicable", Held.NOT_APPLICABLE),
        (Need("x", equals="compliant"), "not_obtained", Held.MISSING),
        (Need("x", empty=True), [], Held.HOLDS),
        (Need("x", empty=True), 0, Held.HOLDS),
        (Need("x", empty=True), ["a"], Held.FAILS),
        (Need("x", empty=True), None, Held.MISSING),
        (Need("x", empty=True), False, Held.MISSING),
    ],
)
def test_needs(need: Need, value: object, held: Held) -> None:
    assert need.held(seen("", "x", value)) is held
