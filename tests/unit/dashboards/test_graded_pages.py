"""Pages of records and imports: numbers, gaps, what may be done, and the rows of a file that were wrong."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
from docx import Document

from dashboards.commands import COMMANDS, run
from dashboards.pages import graded_evaluation, graded_records, graded_sheets
from dashboards.rooms import Rooms
from dashboards.rooms.graded import Graded
from dashboards.visit import visit
from infra.errors import AppError
from ops.portal.sheets.kind import Kind
from tests.browser.fake_graded import REVIEWER
from tests.browser.fake_rooms import fake_rooms
from tests.unit.dashboards.test_agents_page import words


@pytest.fixture(scope="module")
def full() -> Rooms:
    return fake_rooms("full")


def graded_of(rooms: Rooms) -> Graded:
    assert rooms.graded is not None
    return rooms.graded


async def test_a_record_goes_through_two_people_to_a_number_that_verifies(full: Rooms) -> None:
    here = visit(full, "/ui/filing/records", "")
    graded = graded_of(full)
    (found,) = graded.records.find()
    await run(here, "records.step", {"record": found.id, "action": "unit_review"})
    _, notice = await run(here, "records.step", {"record": found.id, "action": "bureau_review"})
    assert "notice bad" in str(notice)
    assert graded.records.find()[0].number is None
    made = graded.records.step(REVIEWER, found.id, "bureau_review")
    said = words(await graded_records.listing.draw(here))
    assert made.number is not None
    assert made.number in said
    shown = words(await graded_records.number.draw(visit(full, "/ui/filing/records", f"?number={made.number}")))
    assert "药品追溯监管系统" in shown
    spoiled = made.number[:-1] + ("A" if made.number[-1] != "A" else "B")
    wrong = words(await graded_records.number.draw(visit(full, "/ui/filing/records", f"?number={spoiled}")))
    assert "药品追溯监管系统" not in wrong


async def test_a_host_seen_without_a_record_is_named(full: Rooms) -> None:
    said = words(await graded_records.missing.draw(visit(full, "/ui/filing/records", "")))
    assert "old.demo.example.cn" in said


async def test_an_empty_register_says_what_to_do() -> None:
    assert words(await graded_records.listing.draw(visit(fake_rooms("empty"), "/ui/filing/records", "")))


async def test_a_wrong_file_leads_to_the_report_and_a_right_one_is_taken(full: Rooms) -> None:
    graded, here = graded_of(full), visit(full, "/ui/filing/findings", "")
    before = len(graded.findings.find())
    bad = "object,title,risk\ntrace,好,low\nnowhere,坏,low\ntrace,坏,dire\n".encode()
    file = graded.blobs.put([bad], 1000).id
    outcome = await COMMANDS["sheets.import"](here, {"sheet": Kind.FINDINGS, "file": file, "name": "问题.csv"})
    assert len(graded.findings.find()) == before
    assert "/filing/import" in outcome.go
    said = words(await graded_sheets.report.draw(visit(full, "/ui/filing/import", "?" + outcome.go.partition("?")[2])))
    assert "问题.csv" in said
    assert "nowhere" in said
    assert "dire" in said
    file = graded.blobs.put(["object,title,risk\ntrace,好,low\n".encode()], 1000).id
    outcome = await COMMANDS["sheets.import"](here, {"sheet": Kind.FINDINGS, "file": file, "name": "问题.csv"})
    assert outcome.go == ""
    assert len(graded.findings.find()) == before + 1


async def test_a_package_made_here_comes_back_and_says_its_seal_is_ours(full: Rooms) -> None:
    graded, here = graded_of(full), visit(full, "/ui/filing", "")
    (filing,) = graded.filings.find()
    file = graded.blobs.put([graded.papers.package(filing.document)], 64 << 20).id
    outcome = await COMMANDS["filing.import"](here, {"file": file, "name": "p.zip"})
    assert outcome.go.endswith(filing.id)
    assert graded.filings.get(filing.id).document.values() == filing.document.values()
    assert "本站" in outcome.words


async def test_the_folders_hold_what_was_given_and_what_the_platform_has(full: Rooms) -> None:
    graded, here = graded_of(full), visit(full, "/ui/filing/evaluation", "?object=trace")
    said = words(await graded_evaluation.materials.draw(here))
    assert "定级报告.docx" in said
    assert "缺" in said
    file = graded.blobs.put([b"%PDF plan"], 100).id
    given = {"object": "trace", "material": "plan", "file": file, "name": "../测评方案.pdf"}
    await COMMANDS["evaluation.material"](here, given)
    archive = zipfile.ZipFile(io.BytesIO(graded.materials.archive("trace")))
    names = archive.namelist()
    assert len({name.split("/")[1] for name in names if name.startswith("A/")}) == 9
    assert len({name.split("/")[1] for name in names if name.startswith("B/")}) == 11
    (plan,) = [name for name in names if name.endswith("测评方案.pdf")]
    assert archive.read(plan) == b"%PDF plan"
    report = next(name for name in names if name.endswith("定级报告.docx"))
    assert "药品追溯监管系统" in "\n".join(each.text for each in Document(io.BytesIO(archive.read(report))).paragraphs)
    with pytest.raises(AppError):
        await COMMANDS["evaluation.material"](here, {**given, "material": "cake"})
    with pytest.raises(AppError):
        await COMMANDS["evaluation.material"](here, {**given, "file": "ab" * 32})


async def test_an_evaluation_is_planned_scored_and_shown_by_every_template(full: Rooms) -> None:
    here = visit(full, "/ui/filing/evaluation", "?object=portal")
    today = here.now.date()
    given = {"object": "portal", "body": "某测评机构", "from": str(today), "to": str(today + timedelta(days=60))}
    await COMMANDS["evaluation.plan"](here, given)
    (planned,) = graded_of(full).evaluations.of_object("portal")
    await COMMANDS["evaluation.finish"](
        here, {"object": "portal", "evaluation": planned.id, "number": "11010012345-00001-26-0001-01"}
    )
    said = words(await graded_evaluation.plans.draw(here))
    assert "某测评机构" in said
    assert "11010012345-00001-26-0001-01" in said
    shown = words(await graded_evaluation.scores.draw(here))
    assert all(version in shown for version in ("2019", "2021", "2025"))
