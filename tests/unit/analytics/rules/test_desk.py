"""Detection as code through the desk: draft, check, put in force, switch, go back; what it tells engine and ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from analytics.rules import Engine
from analytics.rules.book import RuleBook
from analytics.rules.desk import RuleDesk, RulePlaces
from analytics.rules.listing import Origin, RuleFilter
from analytics.rules.load import load_rules
from analytics.rules.rule import RuleSet
from analytics.rules.sources import place_on_disk
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


@contextmanager
def asked(records: Records) -> Iterator[list[str]]:
    """The questions put to the database meanwhile."""
    found: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            found.append(statement)

    event.listen(records.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(records.engine, "before_cursor_execute", note)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def desk(tmp_path: Path, records: Records, clock: ManualClock) -> RuleDesk:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "backdoor.yml").write_text(RULE)
    (folder / "backdoor.test.yml").write_text(TESTS)
    sight = Sight(NOW, frozenset())
    return RuleDesk(RuleBook(records, clock), RulePlaces((folder,)), NoEvents(), Told(), lambda: sight, clock)


def fires(desk: RuleDesk, port: int) -> list[str]:
    """The rules that tell of an event, as the stream would load them."""
    met = {"event.module": "testing", "destination.port": port, "@timestamp": NOW, "event.id": f"e{port}"}
    return [signal.rule_id for signal in Engine(desk.ruleset()).match([met])]


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
    pair = "{event.module: testing, source.ip: 10.0.0.1, destination.port: 4444}"
    tests = f"rule: {PAIR}\ncases:\n  - {{name: two, match: true, repeat: 2, event: {pair}}}\n"
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

    def met(number: int) -> dict[str, object]:
        moment = NOW + timedelta(seconds=number)
        return {"event.module": "testing", "source.ip": "10.0.0.1", "destination.port": 4444, "@timestamp": moment,
                "event.id": f"e{number}"}  # fmt: skip

    assert engine.match([met(1)]) == []
    desk.publish(ANNA, TWICE.replace("Again.", "Once more."), "", "words", RuleState.ENABLED, PAIR)
    engine.reload(desk.ruleset())
    assert [signal.rule_id for signal in engine.match([met(2)])] == [PAIR]


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


RENAMED = RULE.replace("name: backdoor", "name: side_door")


def test_a_text_beside_which_a_correlation_fails_is_not_put_in_force_nor_back(desk: RuleDesk) -> None:
    desk.publish(ANNA, RENAMED, TESTS, "a better name", RuleState.ENABLED, BASE)
    desk.restore(ANNA, BASE, 0, "the old name")
    desk.publish(ANNA, TWICE, "", "new", RuleState.ENABLED)
    trial = desk.check(RENAMED, "")
    assert not trial.ready
    (found,) = [one for one in trial.findings if one.severity == "error"]
    assert (found.code, found.rule_id) == ("reference", PAIR)
    assert found.place.startswith(f"site/{PAIR}.yml:")
    with pytest.raises(AppError, match=PAIR) as failed:
        desk.publish(ANNA, RENAMED, "", "a better name", RuleState.ENABLED, BASE)
    assert failed.value.kind is ErrorKind.CONFLICT
    with pytest.raises(AppError, match=PAIR):
        desk.restore(ANNA, BASE, 1, "the better name")
    assert desk.rule(BASE).source == RULE
    assert not desk.failures()
    assert desk.check(RULE.replace("A known port.", "A port."), "").ready


def test_a_version_from_before_a_correlation_needed_the_rule_can_be_put_back(desk: RuleDesk) -> None:
    desk.publish(ANNA, RULE.replace("4444", "5555"), TESTS.replace("4444", "5555"), "moved", RuleState.ENABLED, BASE)
    desk.publish(ANNA, TWICE, "", "new", RuleState.ENABLED)
    desk.restore(ANNA, BASE, 0, "moved back")
    desk.restore(ANNA, BASE, 1, "and again")
    assert desk.rule(BASE).line.version == 1


def test_a_version_whose_text_works_no_more_is_not_put_back(desk: RuleDesk, tmp_path: Path) -> None:
    placeholders = tmp_path / "rules" / "placeholders.yml"
    placeholders.write_text("ports: [4444]")
    named = RULE.replace("destination.port: 4444", "destination.port|expand: '%ports%'")
    desk.publish(ANNA, named, TESTS, "by name", RuleState.ENABLED, BASE)
    desk.restore(ANNA, BASE, 0, "by number")
    placeholders.unlink()
    with pytest.raises(AppError, match=r"rule\.yml:"):
        desk.restore(ANNA, BASE, 1, "by name again")
    assert fires(desk, 4444) == [BASE]


def test_the_draft_of_a_new_rule_stays_while_others_are_put_in_force(desk: RuleDesk) -> None:
    new = RULE.replace("00000a", "00000c").replace("name: backdoor\n", "").replace("4444", "5555")
    other = new.replace("00000c", "00000d").replace("5555", "6666")
    desk.book.keep_draft(ANNA, "", new, "")
    desk.publish(ANNA, RULE.replace("A known port.", "A port."), TESTS, "words", RuleState.ENABLED, BASE)
    desk.publish(ANNA, other, "", "from a script", RuleState.ENABLED)
    kept = desk.book.draft(ANNA, "")
    assert kept is not None
    assert kept.source == new
    desk.publish(ANNA, new, "", "done", RuleState.ENABLED)
    assert desk.book.draft(ANNA, "") is None


def test_files_are_read_again_only_when_one_has_changed(
    desk: RuleDesk, clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[object] = []

    def counted(*given: Any, **named: Any) -> RuleSet:
        loads.append(given)
        return load_rules(*given, **named)

    monkeypatch.setattr("analytics.rules.desk.load_rules", counted)
    for _ in range(3):
        desk.ruleset()
        clock.advance(60)
    assert len(loads) == 1
    (tmp_path / "rules" / "backdoor.yml").write_text(RULE.replace("4444", "5555 "))
    assert (fires(desk, 4444), fires(desk, 5555)) == ([], [BASE])
    assert len(loads) == 2
    (tmp_path / "rules" / "placeholders.yml").write_text("ports: [4444]")
    clock.advance(60)
    desk.ruleset()
    assert len(loads) == 3


def test_a_look_at_a_rule_reads_no_other_files(desk: RuleDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    searches: list[str] = []

    def counted(paths: Sequence[Path], rule: str) -> Path | None:
        searches.append(rule)
        return place_on_disk(paths, rule)

    monkeypatch.setattr("analytics.rules.desk.place_on_disk", counted)
    assert desk.rule(BASE).on_disk
    assert searches == []
    desk.publish(ANNA, RULE.replace("A known port.", "A port."), TESTS, "words", RuleState.ENABLED, BASE)
    assert [desk.rule(BASE).on_disk for _ in range(3)] == [True] * 3
    assert searches == [BASE]


def test_what_is_in_force_is_one_question_however_much_was_written(desk: RuleDesk, records: Records) -> None:
    def written() -> int:
        with asked(records) as questions:
            assert desk.book.changes(NOW).written
        return len(questions)

    desk.book.write(ANNA, BASE, RULE, "", "first", RuleState.ENABLED, draft=BASE)
    one = written()
    for number in range(5):
        desk.book.write(ANNA, f"rule-{number}", RULE, "", "more", RuleState.ENABLED, draft="")
        desk.book.write(ANNA, f"rule-{number}", RENAMED, "", "again", RuleState.ENABLED, draft="")
    assert written() == one
    assert desk.book.changes(NOW).written == {BASE: RULE, **{f"rule-{number}": RENAMED for number in range(5)}}
    desk.book.restore(ANNA, "rule-0", 1, "back")
    desk.book.restore(ANNA, "rule-1", 0, "back")
    assert desk.book.changes(NOW).written["rule-0"] == RULE
    assert "rule-1" not in desk.book.changes(NOW).written
    assert desk.book.texts()["rule-0"] == (RULE, "")
