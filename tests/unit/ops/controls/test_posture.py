"""What graded protection tells the posture: cases, late findings, missed clocks, the age of evidence, or nothing."""

from __future__ import annotations

from datetime import date, timedelta

from infra.clock import ManualClock
from infra.records import Records
from infra.web.seams import Actor
from ops.calendar.deadlines import State as ClockState
from ops.calendar.deadlines import Timer
from ops.controls.facts import OBJECT, fact
from ops.controls.posture import KEPT, GradedPosture
from ops.controls.service import Controls
from ops.evaluation.rectification import Rectification, Risk
from tests.unit.ops.controls.sites import NOW, profile

OWNER = Actor(id="u1", name="owner")


def timer(state: ClockState) -> Timer:
    return Timer(
        id="t", object_id="trace", kind="self_check_l3", due=date(2026, 5, 1), warn=None, state=state, owner="",
        escalate_to="", provisional=False, confidence="", source="",
    )  # fmt: skip


def test_a_site_that_evaluates_nothing_measures_nothing(records: Records) -> None:
    clock = ManualClock(NOW)
    found = GradedPosture(Controls(records, clock), Rectification(records, clock), lambda now: []).readings(NOW)
    assert {reading.value for reading in found.values()} == {None}
    assert len(found) == 5


def test_cases_late_findings_missed_clocks_and_old_evidence_are_measured(records: Records) -> None:
    clock = ManualClock(NOW)
    controls, findings = Controls(records, clock), Rectification(records, clock)
    controls.declare(OWNER, profile())
    controls.keep(
        "trace",
        [
            fact(OBJECT, "logs.continuous_days_least", 10, NOW - timedelta(days=1), "t"),
            fact(OBJECT, "backup.last_success_age_days", 99, NOW - timedelta(days=1), "t"),
            fact(OBJECT, "crypto.weak_algorithms", [], NOW - timedelta(days=300), "t"),
        ],
    )
    late = findings.open(OWNER, "trace", "late", Risk.HIGH)
    findings.step(OWNER, late.id, "plan", owner="u1", due=NOW.date() - timedelta(days=1), cause="x", fix="y")
    findings.open(OWNER, "trace", "in time", Risk.HIGH)
    clocks = [timer(ClockState.OVERDUE), timer(ClockState.RUNNING)]
    posture = GradedPosture(controls, findings, lambda now: clocks)
    found = posture.readings(NOW)
    assert found["infrastructure.high_risk_cases"].value == 1
    assert found["infrastructure.high_risk_cases"].detail["named"] == ["trace 6.5.1.2"]
    assert found["data.high_risk_cases"].value == 1
    assert found["infrastructure.findings_overdue"].value == 1
    assert found["business.clocks_missed"].value == 1
    assert found["infrastructure.evidence_age"].value == (1 + 1 + 30) / 3
    assert {each.id for each in posture.pressures(NOW)} == {"risk/trace/6.5.1.2", "risk/trace/6.4.6.1"}


def test_within_a_minute_the_same_answer_is_given_and_a_new_one_afterwards(records: Records) -> None:
    clock = ManualClock(NOW)
    controls, findings = Controls(records, clock), Rectification(records, clock)
    posture = GradedPosture(controls, findings, lambda now: [])
    assert posture.readings(NOW)["infrastructure.evidence_age"].value is None
    controls.declare(OWNER, profile())
    controls.keep("trace", [fact(OBJECT, "crypto.weak_algorithms", [], NOW, "t")])
    assert posture.readings(NOW)["infrastructure.evidence_age"].value is None
    assert posture.readings(NOW + KEPT)["infrastructure.evidence_age"].value == 0
