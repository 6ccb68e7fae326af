"""The legal clock of an incident: its grade by thresholds, who must report to whom by when, and the report's fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from infra.errors import AppError, ErrorKind
from infra.text import say
from ops.documents.template import as_bytes, blank_document, render_docx
from ops.rulepacks import Pack

TEMPLATE_NAME = "incident-report.docx"


class Reporter(StrEnum):
    """Kinds of units with their own clock."""

    CII_OPERATOR = "cii_operator"
    CENTRAL_ORGAN = "central_organ"
    OTHER = "other"


class Step(msgspec.Struct, frozen=True):
    """One report that has to be made: what, to whom, by when."""

    kind: str
    to: dict[str, str]
    due: datetime


class IncidentClock(msgspec.Struct, frozen=True):
    """Grade, the measures that led to it, and the reports due; none below 较大 (relatively major)."""

    grade: str
    reasons: tuple[tuple[str, float, str], ...]
    steps: tuple[Step, ...]
    source: str


def grade_of(measures: Mapping[str, float], pack: Pack) -> tuple[str, tuple[tuple[str, float, str], ...]]:
    """The highest grade any measure reaches (a threshold includes its own number), with the measures that reach it."""
    thresholds, grades = pack.content["thresholds"], pack.content["grades"]
    if unknown := sorted(set(measures) - set(thresholds)):
        known = ", ".join(thresholds)
        raise AppError(ErrorKind.INVALID, "ops.calendar.unknown_measure", place=unknown[0], known=known)
    reached = [(name, value, _reached(thresholds[name], grades, value)) for name, value in measures.items()]
    best = max((grades.index(grade) for _, _, grade in reached), default=0)
    return grades[best], tuple(each for each in reached if best and grades.index(each[2]) == best)


def _reached(row: Mapping[str, Any], grades: list[str], value: float) -> str:
    return next((grade for grade in reversed(grades) if grade in row and value >= row[grade]), grades[0])


def incident_clock(
    reporter: Reporter, discovered: datetime, measures: Mapping[str, float], pack: Pack, closed: datetime | None = None
) -> IncidentClock:
    """The reports ``reporter`` owes for an incident discovered then."""
    content = pack.content
    grade, reasons = grade_of(measures, pack)
    grades = content["grades"]
    if grades.index(grade) < grades.index(content["reported_from"]):
        return IncidentClock(grade, reasons, (), str(pack.ref))
    clock = content["clocks"][reporter]
    first = discovered + timedelta(hours=clock["first_hours"])
    steps = [Step("first", clock["to"], first)]
    if grades.index(grade) >= grades.index(content["onward_from"]):
        onward = timedelta(minutes=clock["onward_minutes"])
        steps.append(Step("onward", {"zh": "国家网信部门", "en": "National cyberspace administration"}, first + onward))
    if closed:
        steps.append(Step("summary", clock["to"], closed + timedelta(days=content["summary_days"])))
    return IncidentClock(grade, reasons, tuple(steps), str(pack.ref))


def incident_report(
    values: Mapping[str, str], clock: IncidentClock, pack: Pack, template: bytes | None = None
) -> bytes:
    """The report as a Word file; ``AppError(INVALID)`` names a field that is not one of the form's."""
    fields = {field["id"]: field["zh"] for field in pack.content["fields"]}
    if unknown := sorted(set(values) - set(fields)):
        raise AppError(ErrorKind.INVALID, "ops.filing.unknown_field", place=unknown[0])
    grade = say(f"ops.calendar.grade.{clock.grade}")
    rows = [{"label": label, "value": values.get(name, "")} for name, label in fields.items()]
    steps = [
        {"kind": say(f"ops.calendar.report.{s.kind}"), "to": s.to["zh"], "due": s.due.isoformat()} for s in clock.steps
    ]
    context = {"grade": grade, "rows": rows, "steps": steps, "channel": pack.content["channel"]}
    return render_docx(template or default_template(), context, TEMPLATE_NAME)


def default_template() -> bytes:
    """The shipped template of the report."""
    document = blank_document()
    document.add_heading("网络安全事件报告", 0)
    document.add_paragraph("级别：{{ grade }}；报告渠道：{{ channel }}")
    table = document.add_table(rows=3, cols=2, style="Table Grid")
    table.cell(0, 0).text = "{%tr for row in rows %}"
    table.cell(1, 0).text, table.cell(1, 1).text = "{{ row.label }}", "{{ row.value }}"
    table.cell(2, 0).text = "{%tr endfor %}"
    document.add_paragraph("{%p for step in steps %}")
    document.add_paragraph("{{ step.kind }}：{{ step.to }}，不晚于 {{ step.due }}")
    document.add_paragraph("{%p endfor %}")
    return as_bytes(document)
