"""Detection as code through the desk: draft, check, put in force, switch, go back; what it tells engine and ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from analytics.rules import Engine
from analytics.rules.book import RuleBook
from analytics.rules.desk import RuleDesk, RulePlaces
from analytics.rules.listing import Origin, RuleFilter
from analytics.rules.load import load_rules
from analytics.rules.state import Outcome, RuleState, Sight
from infra.clock import ManualClock
from infra.errors import AppError, ErrorKind
from infra.feed.notice import NoticeRow
from infra.ledger.rows import OutboxRow
from infra.records import Records
from infra.web.seams import Actor
from tests.browser.fake_rooms import NoEvents

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
ANNA = Actor(id="u-1", name="anna")
BASE, PAIR = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"
RULE = """title: Backdoor port
id: 00000000-0000-4000-8000-00000000000a
name: backdoor
description: A known port.
author: Somebody
tags: [attack.t1571]
logsource: {product: testing}
detection: {s: {destination.port: 4444}, condition: s}
falsepositives: [Scripts]
level: high
"""
TWICE = """title: Backdoor port, twice
id: 00000000-0000-4000-8000-00000000000b
description: Again.
author: Somebody
tags: [attack.t1571]
correlation: {type: event_count, rules: [backdoor], group-by: [source.ip], timespan: 5m, condition: {gte: 2}}
falsepositives: [Scripts]
level: critical
"""
TESTS = """rule: 00000000-0000-4000-8000-00000000000a
cases:
  - {name: port, match: true, event: {event.module: testing, destination.port: 4444}}
  - {name: other, match: false, event: {event.module: testing, destination.port: 443}}
"""


class Told:
    """Outcomes as given."""

    def of_rules(self, now: datetime) -> Mapping[str, Outcome]:
        return {
            BASE: Outcome(days=(0, 0, 0, 0, 0, 1, 4), verdicts={"true_positive": 3, "benign": 1, "undetermined": 5})
        }


@pytest.fixture
def desk(tmp_path: Path, records: Records) -> RuleDesk:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "backdoor.yml").write_text(RULE)
    (folder / "backdoor.test.yml").write_text(TESTS)
    clock = ManualClock(NOW)
    sight = Sight(NOW, frozenset())
    return RuleDesk(RuleBook(records, clock), RulePlaces((folder,)), NoEvents(), Told(), lambda: sight, clock)


def fires(desk: RuleDesk, port: int) -> list[str]:
    """The rules that tell of an event, as the stream would load them."""
    event = {"event.module": "testing", "destination.port": port, "@timestamp": NOW, "event.id": f"e{port}"}
    return [signal.rule_id for signal in Engine(desk.ruleset()).match([event])]


def test_the_list_says_what_came_of_a_rule_and_that_it_is_blind(desk: RuleDesk) -> None:
    line = desk.find(RuleFilter()).lines[0]
    assert (line.title, line.origin, line.state, line.blind) == ("Backdoor port", Origin.IMPORTED, "enabled", True)
    assert (line.outcome.judged, line.outcome.precision) == (4, 0.75)
    assert desk.find(RuleFilter(text="T1571 backdoor")).total == 1
    assert desk.find(RuleFilter(level="low")).total == 0
    assert desk.find(RuleFilter()).facets["sight"] == {"blind": 1}


def test_a_new_text_is_in_force_with_its_history_and_can_be_taken_back(desk: RuleDesk, records: Records) -> None:
    changed = RULE.replace("4444", "5555")
    desk.publish(ANNA, changed, TESTS.replace("4444", "5555"), "the attacker moved", RuleState.ENABLED, BASE)
    assert (fires(desk, 4444), fires(desk, 5555)) == ([], [BASE])
    view = desk.rule(BASE)
    assert view.source == changed
    assert view.line.version == 1
    assert view.line.origin is Origin.SITE
    assert view.on_disk
    assert [(one.act, one.number, one.actor, one.note) for one in view.history] == [
        ("write", 1, "anna", "the attacker moved")
    ]
    desk.restore(ANNA, BASE, 0, "moved back")
    assert (fires(desk, 4444), fires(desk, 5555)) == ([BASE], [])
    assert desk.rule(BASE).source == RULE
    desk.restore(ANNA, BASE, 1, "and again")
    assert fires(desk, 5555) == [BASE]
    bodies = records.read(lambda session: [row.body for row in session.scalars(select(OutboxRow))])
    assert sum(b"rules.rule." in body for body in bodies) == 3
    told = select(NoticeRow).where(NoticeRow.topic == "rules")
    assert records.read(lambda session: {row.key for row in session.scalars(told)}) == {BASE}


def test_what_fails_its_test_or_does_not_lint_is_not_put_in_force(desk: RuleDesk) -> None:
    with pytest.raises(AppError) as failed:
        desk.publish(ANNA, RULE.replace("4444", "5555"), TESTS, "wrong", RuleState.ENABLED, BASE)
    assert failed.value.kind is ErrorKind.CONFLICT
    assert "port" in failed.value.detail["problem"]
    for text in ("", "a: [", "title: x\nid: y", RULE.replace("condition: s", "condition: t"), RULE + "---\n" + TWICE):
        trial = desk.check(text, "")
        assert not trial.ready
        assert all(":" in one.place and one.remedy for one in trial.findings)
    with pytest.raises(AppError, match="原因"):
        desk.publish(ANNA, RULE, TESTS, "  ", RuleState.ENABLED, BASE)
    with pytest.raises(AppError, match="已被使用"):
        desk.publish(ANNA, RULE, TESTS, "twice", RuleState.ENABLED)
    assert fires(desk, 4444) == [BASE]
    assert not desk.rule(BASE).history


@pytest.mark.parametrize("tests", ["cases: 3", "rule: x\ncases: [{event: {a: 1}, repeat: 1000000000}]", "rule: [", "3"])
def test_hostile_tests_are_refused_with_their_place(desk: RuleDesk, tests: str) -> None:
    trial = desk.check(RULE, tests)
    assert not trial.ready
    assert trial.findings[0].place.startswith("rule.test.yml:1:1")


def test_canary_and_off_raise_nothing_and_enabled_does_again(desk: RuleDesk) -> None:
    for state in (RuleState.CANARY, RuleState.DISABLED):
        desk.switch(ANNA, BASE, state, "noisy")
        assert fires(desk, 4444) == []
        assert desk.find(RuleFilter(state=state)).total == 1
    desk.switch(ANNA, BASE, RuleState.ENABLED, "quiet again")
    assert fires(desk, 4444) == [BASE]


def test_a_correlation_is_checked_beside_its_rule_and_keeps_it_from_being_switched_off(desk: RuleDesk) -> None:
    event = "{event.module: testing, source.ip: 10.0.0.1, destination.port: 4444}"
    tests = f"rule: {PAIR}\ncases:\n  - {{name: two, match: true, repeat: 2, event: {event}}}\n"
    trial = desk.check(TWICE, tests)
    assert trial.ready
    assert [one.passed for one in trial.cases] == [True]
    desk.publish(ANNA, TWICE, tests, "new", RuleState.ENABLED)
    view = desk.rule(BASE)
    assert view.feeds == ((PAIR, "Backdoor port, twice"),)
    assert view.line.feeds
    with pytest.raises(AppError, match="关联规则需要它"):
        desk.switch(ANNA, BASE, RuleState.DISABLED, "off")
    assert not desk.rule(PAIR).on_disk


def test_a_reload_of_the_stream_keeps_what_a_correlation_has_seen(desk: RuleDesk) -> None:
    desk.publish(ANNA, TWICE, "", "new", RuleState.ENABLED)
    engine = Engine(desk.ruleset())

    def event(number: int) -> dict[str, object]:
        moment = NOW + timedelta(seconds=number)
        return {"event.module": "testing", "source.ip": "10.0.0.1", "destination.port": 4444, "@timestamp": moment,
                "event.id": f"e{number}"}  # fmt: skip

    assert engine.match([event(1)]) == []
    desk.publish(ANNA, TWICE.replace("Again.", "Once more."), "", "words", RuleState.ENABLED, PAIR)
    engine.reload(desk.ruleset())
    assert [signal.rule_id for signal in engine.match([event(2)])] == [PAIR]


def test_a_draft_is_one_persons_and_changes_nothing(desk: RuleDesk) -> None:
    desk.book.keep_draft(ANNA, BASE, "half a thought", "")
    assert desk.book.draft(ANNA, BASE).source == "half a thought"  # type: ignore[union-attr]
    assert desk.book.draft(Actor(id="u-2", name="bo"), BASE) is None
    assert fires(desk, 4444) == [BASE]
    desk.publish(ANNA, RULE, TESTS, "done", RuleState.ENABLED, BASE)
    assert desk.book.draft(ANNA, BASE) is None


def test_changes_compile_into_the_cache_and_switches_do_not(desk: RuleDesk, tmp_path: Path) -> None:
    folder, cache = tmp_path / "rules", tmp_path / "compiled"
    load_rules([folder], cache=cache, changes=desk.book.changes(NOW))
    desk.switch(ANNA, BASE, RuleState.CANARY, "watch")
    assert load_rules([folder], cache=cache, changes=desk.book.changes(NOW)).rules[0].canary
    assert len(list(cache.glob("*.rules"))) == 1
