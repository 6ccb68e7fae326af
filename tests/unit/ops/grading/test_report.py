"""The grading report, by the shipped template and by the site's own."""

import io
from datetime import date

import pytest
from docx import Document

from infra.errors import AppError
from ops.documents.template import as_bytes
from ops.grading.engine import grade, shipped_matrices
from ops.grading.objects import Degree, GradedObject, Harmed, Tick
from ops.grading.report import grading_report

THING = GradedObject(
    name="药品追溯 <系统> & 平台",
    unit="某省药监局",
    description="记录药品流向",
    s=(Tick(Harmed.CITIZENS, Degree.SERIOUS, "泄露患者信息"),),
    a=(Tick(Harmed.SOCIETY, Degree.SERIOUS),),
)
GRADING = grade(THING, date(2026, 6, 1))
MATRIX = shipped_matrices()[0]


def text_of(raw: bytes) -> str:
    document = Document(io.BytesIO(raw))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


def test_report_says_object_reasons_and_levels() -> None:
    text = text_of(grading_report(GRADING, MATRIX))
    assert THING.name in text
    assert "第3级（S2A3G3）" in text
    assert "泄露患者信息" in text
    assert "{" not in text


def test_the_basis_follows_the_interest() -> None:
    lines = text_of(grading_report(GRADING, MATRIX)).splitlines()
    own = next(line for line in lines if "合法权益" in line)
    public = next(line for line in lines if "社会秩序" in line)
    assert "本单位" in own
    assert "整个行业或国家" in public


def site_template(text: str) -> bytes:
    document = Document()
    document.add_paragraph(text)
    return as_bytes(document)


def test_a_site_replaces_the_template() -> None:
    assert text_of(grading_report(GRADING, MATRIX, site_template("等级 {{ label }}"))) == "等级 S2A3G3"


@pytest.mark.parametrize(
    "text", ["{{ objekt.name }}", "{{ object.", "{% for x in s %}", "{{ ''.__class__.__mro__[1].__subclasses__() }}"]
)
def test_a_wrong_template_is_refused_with_its_name(text: str) -> None:
    with pytest.raises(AppError) as error:
        grading_report(GRADING, MATRIX, site_template(text))
    assert error.value.detail["place"] == "grading-report.docx"


def test_a_file_that_is_no_docx_is_refused() -> None:
    with pytest.raises(AppError):
        grading_report(GRADING, MATRIX, b"PK not a docx")


def test_classified_objects_have_no_report() -> None:
    with pytest.raises(AppError):
        grading_report(grade(GradedObject(name="x", classified=True), date(2026, 6, 1)), MATRIX)
