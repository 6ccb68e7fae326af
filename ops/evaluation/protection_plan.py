"""The protection plan (保护工作方案) a level-3 object hands in, as a Word file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ops.controls.board import Board, Profile
from ops.controls.verdict import Verdict
from ops.documents.template import as_bytes, blank_document, render_docx
from ops.evaluation.rectification import Finding

TEMPLATE_NAME = "protection-plan.docx"


def plan_context(profile: Profile, board: Board, findings: Sequence[Finding]) -> dict[str, Any]:
    """The fields a template may use."""
    kinds = Counter(profile.assets.values())
    states = list(board.units())
    met = [f"{s.item.id} {s.item.point_zh}：{s.item.gist_zh}" for s in states if s.verdict is Verdict.COMPLIANT]
    open_ = [
        f"{s.item.id} {s.item.point_zh}：{s.item.gist_zh}"
        for s in states
        if s.verdict in (Verdict.NON_COMPLIANT, Verdict.PARTIAL)
    ]
    return {
        "object": {
            "id": profile.id,
            "name": profile.name or profile.id,
            "unit": profile.unit,
            "label": str(profile.selection),
        },
        "assets": [{"kind": kind, "count": count} for kind, count in sorted(kinds.items())],
        "measures": met,
        "gaps": open_,
        "findings": [_row(finding) for finding in findings],
    }


def _row(finding: Finding) -> dict[str, str]:
    due = finding.due.isoformat() if finding.due else "—"
    return {"title": finding.title, "cause": finding.cause, "fix": finding.fix, "owner": finding.owner, "due": due}


def protection_plan(
    profile: Profile, board: Board, findings: Sequence[Finding], template: bytes | None = None
) -> bytes:
    """The plan as docx; ``template`` replaces the shipped one."""
    return render_docx(template or default_template(), plan_context(profile, board, findings), TEMPLATE_NAME)


def default_template() -> bytes:
    """The shipped template."""
    document = blank_document()
    document.add_heading("{{ object.name }} 保护工作方案", 0)
    document.add_paragraph("责任单位：{{ object.unit }}；等级：{{ object.label }}")
    for title, body in (
        ("一、资产", ("{%p for each in assets %}", "{{ each.kind }}：{{ each.count }}", "{%p endfor %}")),
        ("二、现有措施", ("{%p for each in measures %}", "{{ each }}", "{%p endfor %}")),
        ("三、差距", ("{%p for each in gaps %}", "{{ each }}", "{%p endfor %}")),
    ):
        document.add_heading(title, 1)
        for line in body:
            document.add_paragraph(line)
    document.add_heading("四、成因、整改思路与计划", 1)
    table = document.add_table(rows=4, cols=5, style="Table Grid")
    for column, head in enumerate(("问题", "成因", "整改思路", "责任人", "期限")):
        table.cell(0, column).text = head
    table.cell(1, 0).text = "{%tr for row in findings %}"
    for column, name in enumerate(("title", "cause", "fix", "owner", "due")):
        table.cell(2, column).text = f"{{{{ row.{name} }}}}"
    table.cell(3, 0).text = "{%tr endfor %}"
    return as_bytes(document)
