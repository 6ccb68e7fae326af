"""Suppressions: proven by the rules' own positive tests, previewed on stored events, ended by time or by a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from analytics.rules import Engine
from analytics.rules.book import RuleBook
from analytics.rules.cases import fires
from analytics.rules.desk import RuleDesk, RulePlaces
from analytics.rules.rule import RuleSet
from analytics.rules.state import RuleState, Sight
from analytics.rules.suppressing import SuppressionDesk
from analytics.rules.suppression import SuppressionState
from infra.clock import ManualClock
from infra.errors import AppError
from infra.events import Event
from infra.ledger.rows import OutboxRow
from infra.records import Records
from infra.store.query.tree import Page, Query
from tests.browser.fake_rooms import NoEvents
from tests.unit.analytics.rules.test_desk import ANNA, BASE, NOW, PAIR, RULE, TESTS, TWICE, Told, asked

FILTER = f"""title: Scanner of the house
logsource: {{product: testing}}
filter:
    rules: [{BASE}]
    scanner: {{source.ip: 10.0.0.9}}
    condition: not scanner
"""
PAIR_TESTS = f"""rule: {PAIR}
cases:
  - {{name: two, match: true, repeat: 2, event: {{event.module: testing, source.ip: 10.0.0.1, destination.port: 4444}}}}
"""


class Stored(NoEvents):
    """Three events of the day before, two of them from the scanner."""

    def search(self, query: Query) -> Page:
        events = tuple(
            {
                "event.module": "testing", "destination.port": 4444, "source.ip": source,
                "@timestamp": datetime(2026, 11, 24, 9, number, tzinfo=UTC), "event.id": f"e{number}",
            }
            for number, source in enumerate(("10.0.0.9", "10.0.0.9", "10.0.0.7"))
        )  # fmt: skip
        return Page(events=events, total=3, after=None)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def rules(tmp_path: Path, records: Records, clock: ManualClock) -> RuleDesk:
    folder = tmp_path / "rules"
    folder.mkdir()
    for name, text in (("a.yml", RULE), ("a.test.yml", TESTS), ("b.yml", TWICE), ("b.test.yml", PAIR_TESTS)):
        (folder / name).write_text(text)
    return RuleDesk(RuleBook(records, clock), RulePlaces((folder,)), NoEvents(), Told(), lambda: Sight(), clock)


@pytest.fixture
def desk(rules: RuleDesk, clock: ManualClock) -> SuppressionDesk:
    return SuppressionDesk(lambda: rules, Stored(), clock)


def feeds(rules: RuleDesk, source: str) -> bool:
    """Whether two events of a source make the correlation, which the stream would then tell."""
    event = {"event.module": "testing", "destination.port": 4444, "source.ip": source}
    events = [{**event, "@timestamp": NOW + timedelta(seconds=n), "event.id": f"{source}{n}"} for n in range(2)]
    return any(signal.rule_id == PAIR for signal in Engine(rules.ruleset()).match(events))


def test_a_filter_is_proven_with_the_rules_it_feeds_and_hides_until_it_expires(
    desk: SuppressionDesk, rules: RuleDesk, records: Records, clock: ManualClock
) -> None:
    proof = desk.prove(FILTER)
    assert (proof.ready, proof.held, proof.lost, proof.untested) == (True, 2, (), ())
    assert {rule for rule, _ in proof.rules} == {BASE, PAIR}
    made = desk.make(ANNA, FILTER, "anna", "our own scanner", NOW + timedelta(days=7))
    assert (feeds(rules, "10.0.0.9"), feeds(rules, "10.0.0.7")) == (False, True)
    clock.advance(8 * 86_400)
    assert desk.all()[0].state(clock.now()) is SuppressionState.EXPIRED
    assert feeds(rules, "10.0.0.9")
    bodies = records.read(lambda session: [row.body for row in session.scalars(select(OutboxRow))])
    assert any(b"rules.suppression.make" in body and made.encode() in body for body in bodies)


def test_a_filter_that_silences_a_positive_test_is_refused(desk: SuppressionDesk, rules: RuleDesk) -> None:
    wide = FILTER.replace("10.0.0.9", "'10.*'")
    proof = desk.prove(wide)
    assert proof.lost == (("Backdoor port, twice", "two"),)
    with pytest.raises(AppError, match="two"):
        desk.make(ANNA, wide, "anna", "quiet please", NOW + timedelta(days=1))
    assert feeds(rules, "10.0.0.9")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("not scanner", "scanner"), "filter_polarity"),
        ((BASE, "11111111-0000-4000-8000-000000000000"), "filter_idle"),
        (("product: testing", "product: windows"), "filter_idle"),
        (("filter:", "detection:"), "one_filter"),
        ((FILTER, ": ["), "yaml"),
    ],
)
def test_a_filter_that_would_do_something_else_is_refused_with_its_place(
    desk: SuppressionDesk, change: tuple[str, str], code: str
) -> None:
    proof = desk.prove(FILTER.replace(*change))
    assert not proof.ready
    assert code in {one.code for one in proof.findings}
    assert all(one.place.startswith("suppression/filter.yml:") and one.remedy for one in proof.findings)


def test_the_preview_counts_what_it_would_have_hidden(desk: SuppressionDesk) -> None:
    preview = desk.preview(FILTER, 7)
    assert preview.events == 3
    assert {row.rule: (row.hidden, row.left) for row in preview.rows} == {BASE: (2, 1), PAIR: (1, 0)}


def test_owner_reason_and_expiry_are_asked_for_and_a_person_may_end_it(
    desk: SuppressionDesk, rules: RuleDesk, clock: ManualClock
) -> None:
    soon = NOW + timedelta(days=1)
    for owner, reason, expires in (
        ("", "r", soon),
        ("o", " ", soon),
        ("o", "r", NOW),
        ("o", "r", NOW + timedelta(400)),
    ):
        with pytest.raises(AppError):
            desk.make(ANNA, FILTER, owner, reason, expires)
    made = desk.make(ANNA, FILTER, "anna", "our own scanner", soon)
    desk.end(ANNA, made, "scanner is gone")
    assert desk.all()[0].state(NOW) is SuppressionState.ENDED
    assert feeds(rules, "10.0.0.9")
    with pytest.raises(AppError, match=made):
        desk.end(ANNA, made, "again")


ANY = """title: Everything there
logsource: {product: testing}
filter:
    rules: any
    known: {destination.port: 4444}
    condition: not known
"""


def test_a_filter_that_denies_what_a_rule_asks_for_itself_is_refused(desk: SuppressionDesk, rules: RuleDesk) -> None:
    proof = desk.prove(ANY)
    assert {rule for rule, _ in proof.rules} == {BASE, PAIR}
    assert set(proof.lost) == {("Backdoor port", "port"), ("Backdoor port, twice", "two")}
    with pytest.raises(AppError, match="port"):
        desk.make(ANNA, ANY, "anna", "quiet please", NOW + timedelta(days=1))
    assert feeds(rules, "10.0.0.9")


@pytest.mark.parametrize("tests", ["cases: 3", "cases: [{event: 3}]", "cases: ["])
def test_tests_that_cannot_be_read_prove_nothing_and_are_told_with_their_place(
    desk: SuppressionDesk, tmp_path: Path, tests: str
) -> None:
    (tmp_path / "rules" / "a.test.yml").write_text(f"rule: {BASE}\n{tests}")
    proof = desk.prove(FILTER)
    assert not proof.ready
    assert proof.untested == ()
    (found,) = proof.findings
    assert (found.code, found.severity, found.rule_id) == ("tests", "error", BASE)
    assert found.place.startswith(f"site/{BASE}.test.yml:")
    with pytest.raises(AppError, match=BASE):
        desk.make(ANNA, FILTER, "anna", "our own scanner", NOW + timedelta(days=1))


def test_each_rule_is_tried_by_itself_however_many_there_are(
    desk: SuppressionDesk, rules: RuleDesk, records: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with asked(records) as alone:
        desk.prove(FILTER)
    for number in range(30):
        other = f"00000000-0000-4000-8000-0000000001{number:02}"
        text = RULE.replace(BASE, other).replace("name: backdoor\n", "").replace("4444", str(5000 + number))
        (tmp_path / "rules" / f"c{number}.yml").write_text(text)
        tests = TESTS.replace(BASE, other).replace("4444", str(5000 + number))
        (tmp_path / "rules" / f"c{number}.test.yml").write_text(tests)
    rules.book.write(ANNA, BASE, RULE, TESTS, "as before", RuleState.ENABLED, draft=BASE)  # read anew
    sizes: list[int] = []

    def counted(ruleset: RuleSet, rule: str, events: list[Event]) -> bool:
        sizes.append(len(ruleset.variants) + len(ruleset.correlations))
        return fires(ruleset, rule, events)

    monkeypatch.setattr("analytics.rules.suppression.fires", counted)
    with asked(records) as many:
        proof = desk.prove(FILTER.replace(f"[{BASE}]", "any"))
    assert (proof.ready, proof.held, len(sizes)) == (True, 32, 32)
    assert max(sizes) <= 4  # three routes of a product nobody knows, and a correlation
    assert len(many) <= len(alone) + 2
