"""The grading report (定级报告) as a Word file: description, reasons for S and A, and the table of the final level."""

from __future__ import annotations

from functools import cache
from typing import Any

from infra.errors import AppError, ErrorKind
from infra.text import say
from ops.documents.template import as_bytes, blank_document, render_docx
from ops.grading.engine import Grading, Result
from ops.grading.matrix import Matrix, Row
from ops.grading.objects import GradedObject, Tick

TEMPLATE_NAME = "grading-report.docx"


def grading_report(grading: Grading, matrix: Matrix, template: bytes | None = None) -> bytes:
    """The report of ``grading`` by ``matrix``; ``template`` replaces the shipped one."""
    result = next((item for item in grading.results if item.matrix == matrix.ref.version), None)
    if result is None:
        raise AppError(ErrorKind.INVALID, "ops.grading.out_of_scope", name=grading.object.name)
    return render_docx(template or default_template(), report_context(grading, result, matrix), TEMPLATE_NAME)


def report_context(grading: Grading, result: Result, matrix: Matrix) -> dict[str, Any]:
    """The fields a template may use."""
    thing = grading.object
    return {
        "object": _described(thing),
        "date": grading.day.isoformat(),
        "matrix": str(result.ref),
        "s": _side(result.s, result.s_pairs, matrix, thing.information),
        "a": _side(result.a, result.a_pairs, matrix, thing.service),
        "level": result.g,
        "label": result.label,
        "violations": [violation.text for violation in result.violations],
    }


def _described(thing: GradedObject) -> dict[str, Any]:
    names = ("name", "unit", "description")
    described: dict[str, Any] = {name: getattr(thing, name) for name in names}
    described["kind"] = say(f"ops.grading.kind.{thing.kind}")
    described["carries"] = [f"{other.name} S{other.s}A{other.a}" for other in thing.carries]
    described["stands_on"] = [f"{other.name} S{other.s}A{other.a}" for other in thing.stands_on]
    return described


def _side(level: int, pairs: tuple[tuple[Tick, int], ...], matrix: Matrix, described: str) -> dict[str, Any]:
    return {
        "level": level,
        "described": described or "—",
        "harms": [{"sentence": sentence(tick, matrix.rows[tick.harmed]), "level": each} for tick, each in pairs],
    }


def sentence(tick: Tick, row: Row) -> str:
    """One reason in words: own-unit scale for lawful rights, whole industry or country for the rest (clause 6.3.2)."""
    name = row.zh if say("ops.grading.language") == "zh" else row.en
    degree = say(f"ops.grading.degree.{tick.degree}")
    words = say(f"ops.grading.basis.{row.basis}", interest=name, degree=degree)
    return f"{words} {tick.why}".strip()


@cache
def default_template() -> bytes:
    """The shipped template; save it, change it in Word, and put it into the site's template folder."""
    document = blank_document()
    document.add_heading("{{ object.name }} 网络安全等级保护定级报告", 0)
    document.add_heading("一、定级对象描述", 1)
    document.add_paragraph("责任单位：{{ object.unit }}；类型：{{ object.kind }}；定级日期：{{ date }}")
    document.add_paragraph("{{ object.description }}")
    document.add_paragraph("承载对象：{{ object.carries | join('；') or '无' }}")
    document.add_paragraph("所依托平台：{{ object.stands_on | join('；') or '无' }}")
    document.add_heading("二、安全保护等级确定", 1)
    for title, key in (("（一）业务信息安全保护等级", "s"), ("（二）系统服务安全保护等级", "a")):
        document.add_heading(title, 2)
        document.add_paragraph(f"描述：{{{{ {key}.described }}}}")
        document.add_paragraph(f"{{%p for harm in {key}.harms %}}")
        document.add_paragraph("{{ harm.sentence }}（第{{ harm.level }}级）")
        document.add_paragraph("{%p endfor %}")
        document.add_paragraph(f"等级：第{{{{ {key}.level }}}}级")
    document.add_heading("（三）安全保护等级", 2)
    table = document.add_table(rows=2, cols=4, style="Table Grid")
    heads = ("定级对象", "业务信息安全保护等级", "系统服务安全保护等级", "安全保护等级")
    cells = ("{{ object.name }}", "第{{ s.level }}级", "第{{ a.level }}级", "第{{ level }}级（{{ label }}）")
    for column, (head, cell) in enumerate(zip(heads, cells, strict=True)):
        table.cell(0, column).text, table.cell(1, column).text = head, cell
    document.add_paragraph("依据：{{ matrix }}")
    document.add_paragraph("{%p for text in violations %}")
    document.add_paragraph("注意：{{ text }}")
    document.add_paragraph("{%p endfor %}")
    return as_bytes(document)
