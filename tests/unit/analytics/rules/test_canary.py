"""A rule on trial raises nothing, and what it would have raised is counted as the stream matches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from analytics.rules.canary import Tried, Would, added
from analytics.rules.engine import Engine
from analytics.rules.load import load_rules
from analytics.rules.rule import RuleSet

NOW = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
RULES = """
title: Door
id: 00000000-0000-4000-8000-000000000001
name: door
logsource: {product: bench}
detection: {s: {event.action: opened}, condition: s}
level: low
---
title: Often
id: 00000000-0000-4000-8000-000000000002
correlation:
  {type: event_count, rules: [door], group-by: [host.name], timespan: 5m, condition: {gte: 3}, generate: true}
level: low
"""
DOOR, OFTEN = (f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2))


@pytest.fixture
def ruleset(tmp_path: Path) -> RuleSet:
    (tmp_path / "rules.yml").write_text(RULES)
    return load_rules([tmp_path])


def on_trial(ruleset: RuleSet, *ids: str) -> RuleSet:
    rules = [msgspec.structs.replace(rule, canary=rule.id in ids) for rule in ruleset.rules]
    return msgspec.structs.replace(ruleset, rules=rules)


def event(number: int, action: str = "opened") -> dict[str, object]:
    return {
        "event.id": f"e{number}", "@timestamp": NOW + timedelta(seconds=number), "event.dataset": "bench",
        "event.action": action, "host.name": "a",
    }  # fmt: skip


def test_what_a_rule_on_trial_raises_is_counted_and_not_raised(ruleset: RuleSet) -> None:
    live, trial = Engine(ruleset), Engine(on_trial(ruleset, DOOR, OFTEN))
    events = [event(number) for number in range(4)] + [event(9, "closed")]
    raised = [signal.rule_id for signal in live.match(events)]
    assert trial.match(events) == []
    tried = trial.take_tried()
    assert {rule: one.count for rule, one in tried.items()} == {rule: raised.count(rule) for rule in set(raised)}
    assert tried[DOOR].last_event == "e3"
    assert trial.take_tried() == {}


def test_twins_are_counted_each(ruleset: RuleSet) -> None:
    trial = Engine(on_trial(ruleset, DOOR))
    trial.match([event(1), event(2)], [0, 0])
    assert trial.take_tried()[DOOR].count == 2


def test_counts_outlive_a_reload_of_the_rules(ruleset: RuleSet) -> None:
    trial = Engine(on_trial(ruleset, DOOR))
    trial.match([event(1)])
    trial.reload(on_trial(ruleset, DOOR))
    trial.match([event(2)])
    assert trial.take_tried()[DOOR].count == 2


def test_a_week_is_kept_of_rules_on_trial_alone() -> None:
    held = {DOOR: Would({"2026-02-20T08": 5, "2026-03-02T06": 2}, "e0", NOW), OFTEN: Would({"2026-03-02T06": 9})}
    found = added(held, {DOOR: Tried(3, "e7"), OFTEN: Tried(1, "e8")}, [DOOR], NOW)
    assert set(found) == {DOOR}
    would = found[DOOR]
    assert would.total == 5
    assert would.since(NOW) == 3
    assert would.days(NOW) == (0, 0, 0, 0, 0, 0, 5)
    assert (would.last_event, would.last_at) == ("e7", NOW)


def test_what_brings_nothing_new_changes_nothing() -> None:
    held = added({}, {DOOR: Tried(3, "e7")}, [DOOR], NOW)
    assert added(held, {}, [DOOR], NOW + timedelta(minutes=1)) == held
