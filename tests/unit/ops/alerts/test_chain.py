"""An attack in stages is one more alert, and the alerts of an entity make one risk with its odd behaviour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from analytics.behaviour.risk import chance, strength
from infra.exchange import Level
from ops.alerts import Alert, State
from ops.alerts.chain import RULE, STEPS, chain_signal, steps_of, tactics, tactics_of
from ops.alerts.risk import contributions_of, weight_of

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)


def alert(number: int, *techniques: str, hours: float = 1.0, level: Level = Level.HIGH, **other: object) -> Alert:
    moment = NOW - timedelta(hours=hours)
    fields: dict[str, object] = {
        "id": f"A{number}", "rule": {"id": f"r{number}", "name": f"rule {number}", "author": "", "detector": "sigma"},
        "level": level, "entity": {"type": "ip", "value": "10.0.0.9"}, "system": "", "asset": "a1",
        "dimension": "infrastructure", "techniques": techniques, "why": (), "event_ids": (f"e{number}",), "count": 1,
        "first_seen": moment, "last_seen": moment, "state": State.NEW, "assignee": "", "disposition": "",
        "reason": "", "acknowledged": None, "closed": None, "version": 1, **other,
    }  # fmt: skip
    return Alert(**fields)  # type: ignore[arg-type]


SCAN = alert(1, "T1046", hours=9)  # discovery
GUESS = alert(2, "T1110.001", hours=8)  # credential access, before discovery in the order of tactics
ENTER = alert(3, "T1190", hours=7)
SHELL = alert(4, "T1059.004", hours=6)
MINER = alert(5, "T1496", hours=5)


def test_tactics_are_those_of_the_technique() -> None:
    assert tactics()[0] == "reconnaissance"
    assert tactics()[-1] == "impact"
    assert [tactics()[place] for place in tactics_of("T1053.003")] == [
        "execution",
        "persistence",
        "privilege-escalation",
    ]
    assert tactics_of("T9999") == ()


def test_only_what_advances_in_time_and_in_tactics_counts() -> None:
    assert [step.tactic for step in steps_of([MINER, ENTER, SHELL, SCAN], NOW)] == [
        "initial-access",
        "execution",
        "impact",
    ]
    assert len(steps_of([alert(1, "T1496", hours=9), alert(2, "T1059", hours=8), alert(3, "T1190", hours=7)], NOW)) == 1
    assert len(steps_of([ENTER, alert(6, "T1190", hours=3), alert(7, "T1190", hours=2)], NOW)) == 1


def test_three_stages_are_an_alert_four_are_critical_and_the_same_advance_tells_once() -> None:
    assert chain_signal([ENTER, SHELL], NOW) is None
    three = chain_signal([ENTER, SHELL, MINER], NOW)
    assert three is not None
    assert (three.rule_id, three.level, three.entity_value) == (RULE, Level.HIGH, "10.0.0.9")
    assert [why.field for why in three.why] == ["initial-access", "execution", "impact"]
    again = chain_signal([MINER, SHELL, ENTER], NOW)
    assert again is not None
    assert again.id == three.id
    four = chain_signal([ENTER, SHELL, GUESS, alert(8, "T1041", hours=4), MINER], NOW)
    assert four is not None
    assert (len(four.why), four.level) == (STEPS, Level.HIGH)
    longer = chain_signal([ENTER, SHELL, alert(9, "T1021", hours=5.5), alert(8, "T1041", hours=5.2), MINER], NOW)
    assert longer is not None
    assert longer.level is Level.CRITICAL


def test_a_technique_of_many_tactics_met_again_is_no_attack() -> None:
    # T1078 is of four tactics and T1053 of three: one rule, or two of the same technique, are one step.
    again = [alert(number, "T1078", hours=9 - number) for number in range(1, 5)]
    assert len(steps_of(again, NOW)) == 1
    rule = {"id": "r", "name": "rule", "author": "", "detector": "sigma"}
    same = [alert(1, "T1190", hours=9, rule=rule), alert(2, "T1059", hours=8, rule=rule), alert(3, "T1496", rule=rule)]
    assert chain_signal(same, NOW) is None


def test_an_attack_in_stages_weighs_nothing_beside_its_stages() -> None:
    chain = alert(9, "T1190", rule={"id": RULE, "name": "chain", "author": "", "detector": "killchain"})
    assert contributions_of([chain], lambda asset, system: 1.0) == []
    assert len(contributions_of([ENTER], lambda asset, system: 1.0)) == 1


@pytest.mark.parametrize("verdict", ["false_positive", "benign"])
def test_what_proved_harmless_neither_advances_nor_weighs(verdict: str) -> None:
    harmless = alert(4, "T1059.004", hours=6, state=State.CLOSED, disposition=verdict)
    assert chain_signal([ENTER, harmless, MINER], NOW) is None
    assert contributions_of([harmless], lambda asset, system: 1.0) == []


def test_old_alerts_are_no_part_of_an_attack_of_today() -> None:
    assert chain_signal([alert(3, "T1190", hours=24 * 9), SHELL, MINER], NOW) is None


def test_the_weight_of_an_alert_grows_with_level_and_asset_and_comes_back_from_its_chance() -> None:
    weights = [weight_of(alert(1, level=level), lambda asset, system: 0.5) for level in Level]
    assert weights == sorted(weights)
    assert weights[0] == 0
    low, high = (weight_of(SCAN, lambda asset, system, worth=worth: worth) for worth in (0.0, 1.0))
    assert high == pytest.approx(3 * low)
    made = contributions_of([SCAN], lambda asset, system: 0.5)
    assert strength(made[0].p) == pytest.approx(weight_of(SCAN, lambda asset, system: 0.5))
    assert strength(chance(0.123)) == pytest.approx(0.123)
