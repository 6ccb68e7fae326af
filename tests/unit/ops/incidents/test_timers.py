"""Durations and service timers: over working hours and pauses, raised once per stage; reports and exports of it."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from infra.errors import AppError, ErrorKind
from infra.exchange import Level
from infra.records import Records
from infra.text import Language, use_language
from ops.documents.paper import to_docx, to_html
from ops.incidents import State
from ops.incidents import change as c
from ops.incidents.desk import Desk
from ops.incidents.durations import read_definitions
from ops.incidents.legal import LegalWatch
from ops.incidents.similar import similar
from ops.incidents.timers import Light, Watch
from ops.runs import RunDesk, RunView, StepView
from tests.unit.ops.incidents.cases import ANNA, BORIS, START, Office

MINUTE = 60.0


@pytest.fixture
def office(records: Records, tmp_path: Path) -> Office:
    return Office(records, tmp_path)


def worked(office: Office) -> str:
    """An incident taken through all states: 10 minutes each, with an hour's pause while it is contained."""
    office.clock.advance(5 * MINUTE)
    case = office.incidents.open(ANNA, [office.alert(1)])
    for state in ("triage", "contain", "eradicate", "recover", "review"):
        office.clock.advance(10 * MINUTE)
        office.incidents.change(ANNA, case.id, c.Moved(to=State(state)))
        if state == "contain":
            office.incidents.change(ANNA, case.id, c.Paused(reason="waits for the bureau"))
            office.clock.advance(60 * MINUTE)
            office.incidents.change(ANNA, case.id, c.Resumed())
    return case.id


def test_durations_leave_out_pauses_where_they_say_so(office: Office) -> None:
    took = office.desk.view(worked(office)).durations
    assert took["mttd"] == 5 * MINUTE
    assert took["mtta"] == 10 * MINUTE
    assert took["mttc"] == 30 * MINUTE
    assert took["mttr"] == 50 * MINUTE


def test_what_has_not_come_yet_is_missing_and_not_zero(office: Office) -> None:
    case = office.incidents.open(ANNA, title="new")
    assert office.desk.view(case.id).durations == {"mttd": 0.0, "mtta": None, "mttc": None, "mttr": None}


def test_recovery_counts_working_hours_only(office: Office) -> None:
    friday_evening = datetime(2026, 11, 20, 9, 20, tzinfo=UTC)  # 17:20 in Beijing, ten minutes before closing
    office.clock.advance((friday_evening - START).total_seconds())
    case = office.incidents.open(ANNA, title="over the weekend")
    for state in ("triage", "contain", "eradicate", "recover"):
        office.incidents.change(ANNA, case.id, c.Moved(to=State(state)))
    office.clock.advance((datetime(2026, 11, 23, 1, 30, tzinfo=UTC) - friday_evening).total_seconds())
    office.incidents.change(ANNA, case.id, c.Moved(to=State.REVIEW))  # Monday 09:30
    assert office.desk.view(case.id).durations["mttr"] == 40 * MINUTE


def test_a_duration_of_ones_own_is_data(office: Office) -> None:
    worked_id = worked(office)
    own = read_definitions(
        '[paused]\nfrom = [{event = "paused"}]\nto = [{event = "resumed"}]\npauses = false\n', "site"
    )
    from ops.incidents.durations import durations

    assert durations(office.incidents.events(worked_id), office.desk.clocks(), own) == {"paused": 60 * MINUTE}


def test_a_late_timer_is_raised_once_per_stage_and_to_whom_it_says(office: Office) -> None:
    case = office.incidents.open(ANNA, [office.alert(1, level=Level.CRITICAL)])
    watch = Watch(office.incidents, office.desk.clocks(), office.clock)
    assert watch.look() == 0
    office.clock.advance(12 * MINUTE)  # 80 % of 15 minutes
    assert (watch.look(), watch.look()) == (1, 0)
    office.clock.advance(20 * MINUTE)  # 213 %
    assert (watch.look(), watch.look()) == (2, 0)
    raised = [event.change for event in office.incidents.events(case.id) if isinstance(event.change, c.Raised)]
    assert [(each.timer, each.stage, each.role) for each in raised] == [
        ("acknowledge", "75%", "owner"), ("acknowledge", "100%", "duty"), ("acknowledge", "200%", "lead"),
    ]  # fmt: skip
    lights = {timer.name: timer.light for timer in office.desk.view(case.id).timers}
    assert lights["acknowledge"] is Light.RED
    office.incidents.change(BORIS, case.id, c.Moved(to=State.TRIAGE))
    assert {t.name: t.light for t in office.desk.view(case.id).timers}["acknowledge"] is Light.LATE


def test_a_statutory_report_warns_its_owner_and_climbs_until_it_is_made(office: Office) -> None:
    case = office.incidents.open(ANNA, title="leak")
    watch = LegalWatch(office.incidents, office.desk.law, office.clock)
    assert watch.look() == 0
    office.incidents.change(ANNA, case.id, c.Measured(values={"personal_records": 2e6}, reporter="central_organ"))
    assert watch.look() == 0
    office.clock.advance(65 * MINUTE)  # of two hours
    assert (watch.look(), watch.look()) == (1, 0)
    office.clock.advance(60 * MINUTE)
    assert (watch.look(), watch.look()) == (2, 0)
    raised = [event.change for event in office.incidents.events(case.id) if isinstance(event.change, c.Raised)]
    assert [(each.timer, each.role) for each in raised] == [
        ("report_first", "owner"), ("report_first", "duty"), ("report_first", "lead"),
    ]  # fmt: skip
    owing = [todo for todo in office.desk.todos(ANNA) if todo.id == f"{case.id}/first"]
    assert [todo.level for todo in owing] == [Level.CRITICAL]
    office.incidents.change(ANNA, case.id, c.Reported(step="first", to="cac"))
    assert [todo for todo in office.desk.todos(ANNA) if todo.id == f"{case.id}/first"] == []
    office.clock.advance(600 * MINUTE)
    assert watch.look() == 0


def test_a_paused_clock_raises_nothing(office: Office) -> None:
    case = office.incidents.open(ANNA, title="x", level=Level.CRITICAL)
    office.incidents.change(ANNA, case.id, c.Paused(reason="wait"))
    office.clock.advance(3 * 86_400)
    assert Watch(office.incidents, office.desk.clocks(), office.clock).look() == 0


def test_the_legal_clock_starts_once_the_harm_is_measured(office: Office) -> None:
    case = office.incidents.open(ANNA, title="leak")
    assert office.desk.view(case.id).law is None
    office.incidents.change(ANNA, case.id, c.Measured(values={"personal_records": 2e6}, reporter="central_organ"))
    law = office.desk.view(case.id).law
    assert law is not None
    assert (law.grade, law.steps[0].due) == ("relatively_major", case.opened + timedelta(hours=2))


def test_similar_incidents_say_what_they_share(office: Office) -> None:
    cases = [
        office.incidents.open(ANNA, [office.alert(1)]),
        office.incidents.open(ANNA, [office.alert(2, rule="r2")]),
        office.incidents.open(ANNA, [office.alert(3, rule="r9", entity="else", system="other")]),
    ]
    found = similar(cases[0], cases)
    assert [(like.incident, sorted(like.shared)) for like in found] == [
        (cases[1].id, ["clues", "systems", "techniques"]), (cases[2].id, ["techniques"]),
    ]  # fmt: skip
    assert found[0].score > found[1].score


@pytest.mark.parametrize("language", list(Language))
def test_the_report_says_everything_in_both_forms_and_languages(office: Office, language: Language) -> None:
    case = worked(office)
    office.incidents.take(ANNA, case, "auth.log", [b"x"])
    office.incidents.change(ANNA, case, c.Said(text="<script>alert(1)</script> & more"))
    office.incidents.change(ANNA, case, c.Reviewed(summary="weak words"))
    with use_language(language):
        paper = office.desk.report(case)
        html, docx = to_html(paper), to_docx(paper)
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    with zipfile.ZipFile(io.BytesIO(docx)) as archive:
        body = re.sub(r"<[^>]+>", "", archive.read("word/document.xml").decode())
    for text in (case, "weak words", "auth.log", office.incidents.get(case).evidence[0].blob):
        assert text in html
        assert text in body
    assert "ops." not in re.sub(r"ops\.\w+@", "", body)
    assert "{{" not in body
    assert "{%" not in body


class Runs:
    """One run, of which two steps were taken; any other is not known."""

    def view(self, run: str) -> RunView:
        if run != "run-1":
            raise AppError(ErrorKind.NOT_FOUND, "playbooks.run.none", place=run)
        steps = (StepView(title="封锁地址", state="done", agreed=(BORIS.id,)), StepView(title="通知", state="skipped"))
        return RunView(id=run, title="暴力破解处置", state="undone", steps=steps)


def test_the_report_tells_what_was_done_and_who_agreed(office: Office) -> None:
    case, runs = worked(office), Runs()
    named = {ANNA.id: "Anna", BORIS.id: "Boris"}
    seam = cast(RunDesk, runs)
    desk = Desk(office.incidents, office.alerts, office.clock, None, lambda one: named.get(one, one), seam)
    for run in ("run-1", "run-2"):
        office.incidents.note(ANNA, case, c.Running(run=run, playbook="playbook--1"))
    (section,) = [each for each in desk.report(case).sections if each.title == "处置"]
    told = [[cell.text for cell in row] for one in section.tables for row in one.rows]
    assert told[0][:3] == ["暴力破解处置", "已撤销", "run-1"]
    assert [row[0] + row[1] + row[3] for row in told[1:3]] == ["封锁地址完成Boris", "通知已跳过—"]
    assert told[3][:3] == ["playbook--1", "已启动", "run-2"]


def test_exports_hold_the_same_facts(office: Office) -> None:
    case = office.desk.incidents.get(worked(office))
    stix, ocsf = office.desk.export(case.id, "stix"), office.desk.export(case.id, "ocsf")
    kinds = [item["type"] for item in stix["objects"]]
    assert kinds.count("incident") == 1
    assert {"identity", "ipv4-addr", "observed-data", "attack-pattern", "relationship"} <= set(kinds)
    known = {item["id"] for item in stix["objects"]}
    refs = [item[name] for item in stix["objects"] for name in ("source_ref", "target_ref") if name in item]
    refs += [ref for item in stix["objects"] for ref in item.get("object_refs", [])]
    assert set(refs) <= known
    assert stix == office.desk.export(case.id, "stix")
    assert (ocsf["class_uid"], ocsf["type_uid"] // 100, ocsf["severity_id"]) == (2005, 2005, 4)
    assert [info["uid"] for info in ocsf["finding_info_list"]] == list(case.alerts)
