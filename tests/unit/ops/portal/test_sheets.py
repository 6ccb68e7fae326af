"""Sheets: what goes out comes back in as unchanged, errors name their row, and nothing is half-imported."""

from __future__ import annotations

import csv
import io
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from infra.blobs import FolderBlobs
from infra.clock import ManualClock
from infra.errors import AppError, ErrorKind
from infra.records import Records
from infra.web.seams import Actor, Decision
from ops.controls.service import Controls
from ops.evaluation.rectification import Rectification, Risk, State
from ops.grading.objects import Degree, GradedObject, Harmed, Neighbour, ObjectKind, Tick
from ops.grading.service import Gradings
from ops.portal.sheets.desk import graded_sheets
from ops.portal.sheets.kind import Kind, Report
from ops.recordfiling.application import Application
from ops.recordfiling.service import SystemRecords
from tests.unit.ops.controls.sites import NOW, profile

OWNER, OTHER = Actor(id="u1", name="owner"), Actor(id="u2", name="other")
ROWS = 100_000 if os.environ.get("YAODUN_PROVE") == "full" else 1_000


class Door:
    """Lets everybody do everything but what is in ``refused``."""

    def __init__(self) -> None:
        self.refused: set[str] = set()

    def decide(self, actor: Actor, action: str, thing: str = "") -> Decision:
        return Decision(action not in self.refused, "test")

    def demand(self, actor: Actor, action: str, thing: str = "") -> None:
        if action in self.refused:
            raise AppError(ErrorKind.FORBIDDEN, "infra.web.http", place=action)


class Site:
    """The rooms behind the sheets."""

    def __init__(self, records: Records, folder: Path) -> None:
        clock = ManualClock(NOW)
        self.door = Door()
        self.controls, self.findings = Controls(records, clock), Rectification(records, clock)
        self.gradings, self.numbers = Gradings(records, clock), SystemRecords(records, clock)
        rooms = (self.numbers, self.findings, self.gradings, self.controls)
        self.sheets = graded_sheets(*rooms, clock, FolderBlobs(folder / "blobs"), self.door)
        self.controls.declare(OWNER, profile())

    def give(self, kind: Kind, rows: list[dict[str, Any]]) -> Report:
        out = io.StringIO()
        names = list(dict.fromkeys(name for row in rows for name in row))
        writer = csv.DictWriter(out, names)
        writer.writeheader()
        writer.writerows(rows)
        return self.sheets.take_in(OTHER, kind, out.getvalue().encode(), "in.csv")[1]


@pytest.fixture
def here(records: Records, tmp_path: Path) -> Site:
    return Site(records, tmp_path)


def rows_of(raw: bytes) -> list[dict[str, Any]]:
    head, *rows = load_workbook(io.BytesIO(raw)).worksheets[0].iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


def fill(here: Site) -> None:
    """Something in every room."""
    unit = here.controls.board(profile().id).items[0].unit
    here.controls.judge(OWNER, profile().id, unit, "compliant", "=seen", NOW + timedelta(days=90))  # type: ignore[arg-type]
    made = here.findings.open(OWNER, profile().id, "-root 可远程登录", Risk.HIGH, unit=unit, major=True)
    here.findings.step(OWNER, made.id, "plan", owner="u1", due=NOW.date(), cause="x", fix="y")
    tick = Tick(Harmed.SOCIETY, Degree.SERIOUS, "因为")
    here.gradings.keep(
        OWNER, GradedObject(id="trace", name="追溯", unit="u", s=(tick,), a=(tick,), stands_on=(Neighbour("c", 3, 3),))
    )
    here.numbers.apply(
        OWNER,
        Application(
            system="trace", name="追溯", unit="u", unit_code="NMPA", column=9, conformance={"sso": False},
            external={"icp": "京ICP备13027807号"},
        ),
    )  # fmt: skip


@pytest.mark.parametrize("kind", Kind)
def test_what_goes_out_comes_back_as_unchanged(kind: Kind, here: Site) -> None:
    fill(here)
    raw = here.sheets.write(OWNER, kind)
    assert rows_of(raw)
    _, report = here.sheets.take_in(OTHER, kind, raw, "same.xlsx")
    assert (report.errors, report.taken) == ((), 0)
    assert report.unchanged >= 1


def test_text_that_begins_like_a_formula_stays_text(here: Site) -> None:
    fill(here)
    book = load_workbook(io.BytesIO(here.sheets.write(OWNER, Kind.FINDINGS)))
    cell = next(cell for cell in book.worksheets[0][2] if cell.value == "-root 可远程登录")
    assert cell.data_type == "s"


def test_findings_are_opened_and_planned_by_rows(here: Site) -> None:
    old = here.findings.open(OWNER, profile().id, "旧问题", Risk.LOW)
    plan = {"owner": "u1", "due": "2026-09-01", "cause": "默认配置", "fix": "改为 90"}
    report = here.give(
        Kind.FINDINGS,
        [
            {"id": "", "object": profile().id, "title": "口令永不过期", "risk": "high", "major": "是"},
            {"id": old.id, "object": profile().id, "title": "旧问题", "risk": "low", **plan},
        ],
    )
    assert (report.taken, report.errors) == (2, ())
    found = {each.title: each for each in here.findings.find()}
    assert (found["口令永不过期"].risk, found["口令永不过期"].major) == (Risk.HIGH, True)
    assert (found["旧问题"].state, found["旧问题"].owner) == (State.PLANNED, "u1")


def test_one_wrong_row_keeps_all_out_and_every_wrong_row_is_named(here: Site) -> None:
    good = {"object": profile().id, "title": "好", "risk": "low"}
    report = here.give(
        Kind.FINDINGS,
        [
            good,
            {**good, "object": "nowhere"},
            {**good, "risk": "terrible"},
            {**good, "title": ""},
            {**good, "owner": "u1"},
            {**good, "id": "fd-none"},
        ],
    )
    assert [(each.row, each.field) for each in report.errors] == [
        (3, "object"), (4, "risk"), (5, "title"), (6, "due"), (7, "id"),
    ]  # fmt: skip
    assert (report.rows, report.taken) == (6, 0)
    assert here.findings.find() == []


@pytest.mark.parametrize(
    ("field", "value"), [("title", "另一个"), ("risk", "low"), ("major", ""), ("asset", "web2"), ("unit", "")]
)
def test_a_row_that_changes_what_a_finding_keeps_is_named(here: Site, field: str, value: str) -> None:
    old = here.findings.open(OWNER, profile().id, "root 可 登录", Risk.HIGH, unit="x", asset="web1", major=True)
    row = {"id": old.id, "object": profile().id, "title": "root 可\u3000登录", "risk": "high", "major": "是",
           "asset": "web1", "unit": "x"}  # fmt: skip
    assert here.give(Kind.FINDINGS, [row]).unchanged == 1
    report = here.give(Kind.FINDINGS, [{**row, field: value}])
    assert [(each.row, each.field) for each in report.errors] == [(2, field)]
    assert report.unchanged == 0


def test_a_row_with_only_an_id_says_nothing(here: Site) -> None:
    old = here.findings.open(OWNER, profile().id, "旧问题", Risk.LOW, asset="web1")
    assert here.give(Kind.FINDINGS, [{"id": old.id, "object": "", "title": "", "risk": ""}]).unchanged == 1


def test_a_regraded_object_keeps_what_the_sheet_does_not_show(here: Site) -> None:
    fill(here)
    (row,) = rows_of(here.sheets.write(OWNER, Kind.GRADINGS))
    assert (row["s"], row["label"]) == ("P2", "S3A3G3")
    report = here.give(
        Kind.GRADINGS, [{name: row[name] or "" for name in ("id", "name", "unit", "a")} | {"s": "C2 P1"}]
    )
    assert report.taken == 1
    kept = here.gradings.latest("trace")
    assert kept is not None
    assert (kept.s, kept.a, kept.by, kept.thing.stands_on[0].name) == (2, 3, "u2", "c")
    assert kept.thing.a[0].why == "因为"


def test_a_sheet_without_optional_columns_keeps_kind_marks_and_texts(here: Site) -> None:
    tick = Tick(Harmed.CITIZENS, Degree.SERIOUS)
    here.gradings.keep(
        OWNER,
        GradedObject(
            id="lake", name="数据湖", unit="u", s=(tick,), a=(tick,), kind=ObjectKind.BIGDATA_PLATFORM,
            information="药品数据", mass_personal_data=True, public_service=True,
        ),
    )  # fmt: skip
    before = here.gradings.latest("lake")
    assert before is not None
    short = {"id": "lake", "name": "数据湖", "unit": "u", "s": "C2", "a": "C2"}
    assert here.give(Kind.GRADINGS, [short]).unchanged == 1
    assert here.give(Kind.GRADINGS, [{**short, "name": "湖", "kind": ""}]).taken == 1
    kept = here.gradings.latest("lake")
    assert kept is not None
    assert (kept.thing.kind, kept.thing.information) == (ObjectKind.BIGDATA_PLATFORM, "药品数据")
    assert (kept.thing.mass_personal_data, kept.thing.public_service) == (True, True)
    assert (kept.s, kept.level) == (before.s, before.level)
    shown = {**short, "information": "", "public_service": "", "kind": "data_resource"}
    assert here.give(Kind.GRADINGS, [shown]).taken == 1
    kept = here.gradings.latest("lake")
    assert kept is not None
    assert (kept.thing.kind, kept.thing.information) == (ObjectKind.DATA_RESOURCE, "")
    assert (kept.thing.mass_personal_data, kept.thing.public_service) == (True, False)


GRADED = {"id": "a", "name": "a", "unit": "u", "s": "P2", "a": "C1"}
FOUND = {"object": "trace", "title": "t", "risk": "low"}
PLAN = {"owner": "u1", "due": "2026-09-01", "cause": "c", "fix": "f"}


@pytest.mark.parametrize(
    ("kind", "row", "field", "most"),
    [
        (Kind.GRADINGS, GRADED, "id", 64), (Kind.GRADINGS, GRADED, "name", 200),
        (Kind.GRADINGS, GRADED, "service", 4000),
        (Kind.FINDINGS, FOUND, "title", 200), (Kind.FINDINGS, FOUND, "asset", 100),
        (Kind.FINDINGS, FOUND | PLAN, "cause", 4000),
    ],
)  # fmt: skip
def test_a_text_longer_than_what_is_kept_is_named_and_not_cut(
    here: Site, kind: Kind, row: dict[str, str], field: str, most: int
) -> None:
    report = here.give(kind, [row | {field: "长" * (most + 1)}])
    assert [(each.row, each.field) for each in report.errors] == [(2, field)]
    assert here.give(kind, [row | {field: "长" * most}]).taken == 1


def test_gradings_name_wrong_codes_and_doubled_objects(here: Site) -> None:
    good = {"id": "a", "name": "a", "unit": "u", "s": "P2", "a": "C1"}
    report = here.give(
        Kind.GRADINGS, [good, {**good, "id": "b", "s": "Q7"}, good, {**good, "id": "c", "a": ""}, {**good, "unit": ""}]
    )
    assert [(each.row, each.field) for each in report.errors] == [(3, "s"), (4, "id"), (5, "a"), (6, "unit")]
    assert here.gradings.latest("a") is None


def test_verdicts_by_rows_stand_and_wrong_ones_are_named(here: Site) -> None:
    units = [item.unit for item in here.controls.board(profile().id).items[:4]]
    until = f"{NOW + timedelta(days=60):%Y-%m-%d}"
    row = {"object": profile().id, "unit": units[0], "verdict": "partial", "reason": "现场查看", "until": until}
    assert here.give(Kind.VERDICTS, [row, {**row, "unit": units[1], "verdict": ""}]).taken == 1
    judged = here.controls.board(profile().id).judged(units[0], "")
    assert judged is not None
    assert (judged.verdict, judged.by) == ("partial", "u2")
    wrong = [
        {**row, "unit": units[1], "until": "2020-01-01"}, {**row, "unit": "L9-XXX1-01"},
        {**row, "unit": units[2], "reason": ""}, {**row, "asset": "nowhere"},
        {**row, "unit": units[3], "verdict": "fine"}, {**row, "object": "nowhere"},
    ]  # fmt: skip
    report = here.give(Kind.VERDICTS, wrong)
    assert [each.field for each in report.errors] == ["until", "unit", "reason", "asset", "verdict", "object"]


def test_many_rows_are_judged_and_taken_in_at_once(here: Site) -> None:
    rows = [
        {"system": f"s{n}", "name": f"系统 {n}", "unit": "u", "unit_code": "NMPA", "column": 1 + n % 14, "sso": "是",
         "users": "是", "authentication": "是", "audit": "否"}
        for n in range(ROWS)
    ]  # fmt: skip
    bad = [*rows[: ROWS // 2], {**rows[0], "system": "x", "column": 99}, *rows[ROWS // 2 :]][:ROWS]
    report = here.give(Kind.RECORDS, bad)
    assert [(each.row, each.field) for each in report.errors] == [(ROWS // 2 + 2, "column")]
    assert (report.rows, here.numbers.systems()) == (ROWS, set())
    worse = here.give(Kind.RECORDS, [rows[0], {**rows[1], "column": 99, "name": ""}])
    assert (worse.rows, len(worse.errors)) == (2, 2)
    assert here.give(Kind.RECORDS, rows).taken == ROWS
    assert len(here.numbers.systems()) == ROWS


@pytest.mark.parametrize(
    "raw", [b"PK\x03\x04x", b"\xff\xfe", b"object,object,title,risk\n", b"a\0b", b"", b"x,y\n1,2\n"]
)
def test_foreign_files_are_refused_with_their_name(raw: bytes, here: Site) -> None:
    with pytest.raises(AppError) as error:
        here.sheets.take_in(OWNER, Kind.FINDINGS, raw, "in.csv")
    assert "in.csv" in error.value.detail["place"]


def test_who_may_not_read_or_write_gets_nothing(here: Site) -> None:
    fill(here)
    name, _ = here.sheets.take_in(OWNER, Kind.FINDINGS, here.sheets.write(OWNER, Kind.FINDINGS), "f.xlsx")
    here.door.refused = {"evaluation.read", "evaluation.findings"}
    for ask in (
        lambda: here.sheets.write(OTHER, Kind.FINDINGS),
        lambda: here.sheets.take_in(OTHER, Kind.FINDINGS, b"", "f"),
        lambda: here.sheets.report(OTHER, name),
    ):
        with pytest.raises(AppError) as error:
            ask()
        assert error.value.kind is ErrorKind.FORBIDDEN


def test_a_report_is_read_again_and_other_files_are_none(here: Site) -> None:
    fill(here)
    raw = here.sheets.write(OWNER, Kind.FINDINGS)
    name, report = here.sheets.take_in(OWNER, Kind.FINDINGS, raw, "f.xlsx")
    assert here.sheets.report(OWNER, name) == report
    with pytest.raises(AppError):
        here.sheets.report(OWNER, report.file)
