"""One, two and four hours by kind of unit; thresholds include their own number; a printed report."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from docx import Document

from infra.errors import AppError
from ops.calendar.incident_clock import Reporter, grade_of, incident_clock, incident_report
from ops.rulepacks import shipped_packs

PACK = shipped_packs().versions("incident")[-1]
AT = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(("reporter", "hours"), [("cii_operator", 1), ("central_organ", 2), ("other", 4)])
def test_first_report_by_kind_of_unit(reporter: str, hours: int) -> None:
    clock = incident_clock(Reporter(reporter), AT, {"personal_records": 1_000_000}, PACK)
    assert clock.grade == "relatively_major"
    assert [(step.kind, step.due - AT) for step in clock.steps] == [("first", timedelta(hours=hours))]


@pytest.mark.parametrize(("reporter", "onward"), [("cii_operator", 30), ("central_organ", 60), ("other", 60)])
def test_major_incidents_go_on_to_the_national_level(reporter: str, onward: int) -> None:
    clock = incident_clock(Reporter(reporter), AT, {"direct_loss_cny": 20_000_000}, PACK)
    first, second = clock.steps
    assert (clock.grade, second.due - first.due) == ("major", timedelta(minutes=onward))


@pytest.mark.parametrize(
    ("measures", "grade"),
    [
        ({"personal_records": 999_999}, "general"),
        ({"personal_records": 10_000_000}, "major"),
        ({"personal_records": 100_000_000}, "especially_major"),
        ({"direct_loss_cny": 5_000_000, "personal_records": 1}, "relatively_major"),
        ({"city_share_pct": 30}, "relatively_major"),
        ({"province_share_pct": 50}, "especially_major"),
        ({"cii_outage_whole_minutes": 10}, "relatively_major"),
        ({}, "general"),
    ],
)
def test_grade(measures: dict[str, float], grade: str) -> None:
    assert grade_of(measures, PACK)[0] == grade


def test_below_the_threshold_nothing_is_owed() -> None:
    assert incident_clock(Reporter.OTHER, AT, {"personal_records": 5}, PACK).steps == ()


def test_the_summary_is_due_thirty_days_after_closing() -> None:
    closed = AT + timedelta(days=2)
    clock = incident_clock(Reporter.OTHER, AT, {"personal_records": 2_000_000}, PACK, closed)
    assert clock.steps[-1].due == closed + timedelta(days=30)


def test_unknown_measures_and_fields_are_refused() -> None:
    clock = incident_clock(Reporter.OTHER, AT, {"personal_records": 2_000_000}, PACK)
    with pytest.raises(AppError):
        grade_of({"tears": 3}, PACK)
    with pytest.raises(AppError):
        incident_report({"colour": "red"}, clock, PACK)


def test_the_printed_report_holds_every_field() -> None:
    clock = incident_clock(Reporter.CENTRAL_ORGAN, AT, {"personal_records": 2_000_000}, PACK)
    document = Document(io.BytesIO(incident_report({"unit": "某省局 & <处>", "cause": "弱口令"}, clock, PACK)))
    (table,) = document.tables
    cells = {row.cells[0].text: row.cells[1].text for row in table.rows}
    assert len(cells) == len(PACK.content["fields"])
    assert (cells["单位"], cells["原因初步分析"]) == ("某省局 & <处>", "弱口令")
    assert any("较大" in paragraph.text for paragraph in document.paragraphs)
