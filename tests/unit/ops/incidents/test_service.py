"""Incidents: opening from alerts, working, merging, splitting, evidence; the projection is what the events make."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from infra.errors import AppError, ErrorKind
from infra.exchange import Level
from infra.records import Records
from ops.alerts import State as AlertState
from ops.incidents import State
from ops.incidents import change as c
from ops.incidents.service import IncidentQuery
from tests.unit.ops.incidents.cases import ANNA, BORIS, START, Office


@pytest.fixture
def office(records: Records, tmp_path: Path) -> Office:
    return Office(records, tmp_path)


def test_an_incident_of_alerts_tells_what_they_tell(office: Office) -> None:
    first, second = office.alert(1), office.alert(2, entity="10.0.0.8", level=Level.CRITICAL, minutes=5)
    case = office.incidents.open(ANNA, [first, second])
    assert case.id == "INC-20261118-01"
    assert case.level is Level.CRITICAL
    assert set(case.alerts) == {first, second}
    assert {clue.value for clue in case.clues} == {"10.0.0.9", "10.0.0.8"}
    assert case.systems == ("trace",)
    assert (case.first_seen, case.last_seen) == (START, START + timedelta(minutes=5))
    assert {alert.state for alert in office.alerts.find([first, second])} == {AlertState.ACKNOWLEDGED}
    assert ("ops.incidents.opened", f"incident:{case.id}") in office.told


def test_numbers_of_a_day_have_no_gap_and_start_anew_the_next_day(office: Office) -> None:
    with pytest.raises(AppError):
        office.incidents.open(ANNA, ["A-nothing"])
    made = [office.incidents.open(ANNA, title=f"case {n}").id for n in range(2)]
    office.clock.advance(86_400)
    assert [*made, office.incidents.open(ANNA, title="next").id] == [
        "INC-20261118-01", "INC-20261118-02", "INC-20261119-01",
    ]  # fmt: skip


def test_one_alert_belongs_to_one_incident(office: Office) -> None:
    alert = office.alert(1)
    case = office.incidents.open(ANNA, [alert])
    with pytest.raises(AppError) as refused:
        office.incidents.open(BORIS, [alert], anyway=True)
    assert refused.value.kind is ErrorKind.CONFLICT
    assert case.id in str(refused.value)
    assert office.incidents.find(IncidentQuery()).total == 1


def test_an_open_incident_of_the_same_rule_and_entity_is_named_before_a_second_is_opened(office: Office) -> None:
    old = office.alert(1)
    case = office.incidents.open(ANNA, [old])
    again = office.alert(2, minutes=60 * 25)
    assert again != old
    with pytest.raises(AppError) as refused:
        office.incidents.open(BORIS, [again])
    assert case.id in str(refused.value)
    assert office.incidents.open(BORIS, [again], anyway=True).id != case.id


def test_a_true_incident_closes_only_after_its_review_and_takes_its_alerts_along(office: Office) -> None:
    alert = office.alert(1)
    case = office.incidents.open(ANNA, [alert])
    for state in ("triage", "contain", "eradicate", "recover", "review"):
        case = office.incidents.change(ANNA, case.id, c.Moved(to=State(state)))
    closing = c.Moved(to=State.CLOSED, verdict="true_positive", reason="attacker is out")
    with pytest.raises(AppError) as early:
        office.incidents.change(ANNA, case.id, closing)
    assert early.value.message_key == "ops.incidents.review_first"
    office.incidents.change(ANNA, case.id, c.Reviewed(summary="weak password", measures="two factors"))
    closed = office.incidents.change(ANNA, case.id, closing)
    assert (closed.state, closed.verdict) == (State.CLOSED, "true_positive")
    (of_it,) = office.alerts.find([alert])
    assert (of_it.state, of_it.disposition) == (AlertState.CLOSED, "true_positive")


def test_whoever_begins_triage_owns_what_nobody_owned(office: Office) -> None:
    case = office.incidents.open(ANNA, title="something")
    assert office.incidents.change(BORIS, case.id, c.Moved(to=State.TRIAGE)).owner == BORIS.id


def test_a_change_based_on_an_old_look_is_refused(office: Office) -> None:
    case = office.incidents.open(ANNA, title="something")
    office.incidents.change(ANNA, case.id, c.Said(text="first"))
    with pytest.raises(AppError) as late:
        office.incidents.change(BORIS, case.id, c.Graded(level=Level.LOW), seen=case.events)
    assert late.value.kind is ErrorKind.CONFLICT
    assert office.incidents.get(case.id).level is Level.MEDIUM


def test_split_and_detach_move_alerts_and_leave_both_records_behind(office: Office) -> None:
    one, two, three = office.alert(1), office.alert(2, entity="b"), office.alert(3, entity="c")
    case = office.incidents.open(ANNA, [one, two, three])
    new = office.incidents.split(ANNA, case.id, [two], "the other matter", "another attacker")
    left = office.incidents.detach(ANNA, case.id, [three], "not ours")
    assert (new.alerts, new.split_from, left.alerts) == ((two,), case.id, (one,))
    assert office.incidents.holders([one, two, three]) == {one: case.id, two: new.id}
    with pytest.raises(AppError):
        office.incidents.split(ANNA, case.id, [one], "all", "of it")


def test_merging_doubles_nothing_and_ends_the_other(office: Office) -> None:
    one, two = office.alert(1), office.alert(2, rule="r2")
    first, second = office.incidents.open(ANNA, [one]), office.incidents.open(ANNA, [two])
    for case in (first, second):
        office.incidents.take(ANNA, case.id, "log", [b"same bytes"])
    office.incidents.change(ANNA, second.id, c.Task(title="image the disk"))
    merged = office.incidents.merge(ANNA, first.id, [second.id], "same attack")
    assert set(merged.alerts) == {one, two}
    assert len(merged.evidence) == 1
    assert len(merged.clues) == 1
    assert [task.title for task in merged.tasks] == ["image the disk"]
    other = office.incidents.get(second.id)
    assert (other.state, other.merged_into, other.alerts) == (State.CLOSED, first.id, ())
    with pytest.raises(AppError) as gone:
        office.incidents.change(ANNA, second.id, c.Moved(to=State.REOPENED, reason="again"))
    assert first.id in str(gone.value)


def test_evidence_is_known_by_what_it_is_and_by_whose_hands_it_went_through(office: Office) -> None:
    case = office.incidents.open(ANNA, title="something")
    content = b"auth.log\n" * 1000
    case = office.incidents.take(ANNA, case.id, "auth.log", [content[:100], content[100:]], note="from srv-01")
    (piece,) = case.evidence
    assert piece.blob == hashlib.sha256(content).hexdigest()
    assert piece.sm3 == hashlib.new("sm3", content).hexdigest()
    with office.incidents.evidence(BORIS, case.id, piece.blob) as file:
        assert file.read() == content
    assert office.incidents.verify(BORIS, case.id, piece.blob)
    office.incidents.hand(ANNA, case.id, c.Handed(blob=piece.blob, act="passed", to="court"))
    (piece,) = office.incidents.get(case.id).evidence
    assert [(step.actor, step.act) for step in piece.custody] == [
        ("anna", "taken"), ("boris", "exported"), ("boris", "verified"), ("anna", "passed"),
    ]  # fmt: skip


def test_evidence_that_was_altered_is_found_out(office: Office, tmp_path: Path) -> None:
    case = office.incidents.open(ANNA, title="something")
    (piece,) = office.incidents.take(ANNA, case.id, "x", [b"original"]).evidence
    path = next((tmp_path / "blobs").rglob(piece.blob))
    path.chmod(0o600)
    path.write_bytes(b"forged")
    assert not office.incidents.verify(ANNA, case.id, piece.blob)
    assert office.incidents.get(case.id).evidence[0].custody[-1].act == "altered"


def test_a_record_that_somebody_rewrote_is_found_out(office: Office) -> None:
    case = office.incidents.open(ANNA, title="something")
    office.incidents.change(ANNA, case.id, c.Said(text="the truth"))
    assert office.incidents.check(case.id)
    with office.records.engine.begin() as connection:
        connection.execute(text("UPDATE ops_incident_events SET body = replace(body, 'the truth', 'a lie')"))
    assert not office.incidents.check(case.id)


def test_whole_numbers_do_not_break_the_chain(office: Office) -> None:
    case = office.incidents.open(ANNA, title="something")
    office.incidents.change(ANNA, case.id, c.Measured(values={"personal_records": 1_860_000}))
    assert office.incidents.check(case.id)


def test_words_in_a_search_are_words(office: Office) -> None:
    office.incidents.open(ANNA, title="100% of it")
    office.incidents.open(ANNA, title="1000 of it")
    assert office.incidents.find(IncidentQuery(text="100%")).total == 1
