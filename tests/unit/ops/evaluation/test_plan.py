"""Evaluations: the template in force, scores with the packs they used, trend, folders, the protection plan."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime

import pytest
from docx import Document

from infra.clock import ManualClock
from infra.errors import AppError, ErrorKind
from infra.records import Records
from infra.web.seams import Actor
from ops.evaluation.plan import Evaluations, material_folders
from ops.evaluation.protection_plan import protection_plan
from ops.evaluation.rectification import Rectification, Risk
from ops.evaluation.scoring import Risks
from ops.rulepacks import shipped_packs
from tests.unit.ops.controls.sites import all_facts, board, profile

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
OWNER = Actor(id="o", name="owner")
NUMBER = "35010012345-00001-26-0001-01"


@pytest.fixture
def evaluations(records: Records) -> Evaluations:
    return Evaluations(records, ManualClock(NOW), shipped_packs())


def test_the_template_in_force_at_the_end_scores_and_packs_are_kept(evaluations: Evaluations) -> None:
    old = evaluations.plan(OWNER, "trace", "机构甲", date(2024, 1, 1), date(2024, 3, 1))
    new = evaluations.plan(OWNER, "trace", "机构甲", date(2026, 1, 1), date(2026, 3, 1))
    assert (old.template, new.template) == ("2021", "2025")
    done = evaluations.finish(OWNER, new.id, board(all_facts(profile())), Risks(major=2, major_mended=1), NUMBER)
    assert done.score is not None
    assert done.score.risks == "2（1个已整改）"
    assert [ref.split("@")[0] for ref in done.packs] == ["catalogue", "automatic", "scoring"]


def test_trend_compares_equal_templates_only(evaluations: Evaluations) -> None:
    spans = [(2024, "2021"), (2025, "2025"), (2026, "2025")]
    facts = [[], [], all_facts(profile())]
    for (year, _), known in zip(spans, facts, strict=True):
        one = evaluations.plan(OWNER, "trace", "甲", date(year, 4, 1), date(year, 5, 1))
        evaluations.finish(OWNER, one.id, board(known), Risks(), NUMBER)
    first, second = evaluations.trend("trace")
    assert first.change is None
    assert second.change == round(100 * 60 / 211, 2)


def test_wrong_plans_and_numbers_are_refused(evaluations: Evaluations) -> None:
    with pytest.raises(AppError):
        evaluations.plan(OWNER, "trace", "甲", date(2026, 1, 1), date(2026, 12, 1))
    one = evaluations.plan(OWNER, "trace", "甲", date(2026, 1, 1), date(2026, 2, 1))
    for number in ("", "1-2-3", NUMBER + "X"):
        with pytest.raises(AppError):
            evaluations.finish(OWNER, one.id, board([]), Risks(), number)
    with pytest.raises(AppError):
        evaluations.finish(OWNER, "none", board([]), Risks(), NUMBER)


def test_a_finished_evaluation_stays_and_another_objects_board_scores_nothing(evaluations: Evaluations) -> None:
    one = evaluations.plan(OWNER, "trace", "甲", date(2026, 1, 1), date(2026, 2, 1))
    other = evaluations.plan(OWNER, "portal", "甲", date(2026, 1, 1), date(2026, 2, 1))
    evaluations.finish(OWNER, one.id, board(all_facts(profile())), Risks(), NUMBER)
    with pytest.raises(AppError) as again:
        evaluations.finish(OWNER, one.id, board([]), Risks(), NUMBER)
    assert again.value.kind is ErrorKind.CONFLICT
    with pytest.raises(AppError) as foreign:
        evaluations.finish(OWNER, other.id, board([]), Risks(), NUMBER)
    assert foreign.value.kind is ErrorKind.NOT_FOUND


def test_material_lists_are_folders_that_say_what_is_missing() -> None:
    pack = shipped_packs().versions("materials")[-1]
    assert (len(pack.content["A"]), len(pack.content["B"])) == (9, 11)
    raw = material_folders({"topology": ("../x/拓扑.pdf", b"pdf")}, pack)
    archive = zipfile.ZipFile(io.BytesIO(raw))
    names = archive.namelist()
    assert "A/04-网络拓扑及说明/拓扑.pdf" in names
    assert len({name.rpartition("/")[0] for name in names if "/" in name}) == 20
    assert archive.read("清单.txt").decode().count("缺\t") == 19
    with pytest.raises(AppError):
        material_folders({"cake": ("x", b"")}, pack)


def test_the_protection_plan_names_assets_measures_gaps_and_plan(records: Records) -> None:
    mending = Rectification(records, ManualClock(NOW))
    finding = mending.open(OWNER, "trace", "日志<不足>", Risk.HIGH)
    mending.step(OWNER, finding.id, "plan", owner="李四", due=date(2026, 7, 1), cause="容量小", fix="扩容")
    one = profile(name="追溯 & 系统")
    document = Document(io.BytesIO(protection_plan(one, board(all_facts(one)), mending.find("trace"))))
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "追溯 & 系统 保护工作方案" in text
    assert "host：2" in text
    assert "8.1.5.4d" in text
    (table,) = document.tables
    assert [cell.text for cell in table.rows[1].cells] == ["日志<不足>", "容量小", "扩容", "李四", "2026-07-01"]
