"""Every shape of the filing comes back equal; altered and foreign files are refused with their place."""

import hashlib
import io
import os
import zipfile
from collections.abc import Callable

import pytest
from docx import Document
from hypothesis import HealthCheck, given, settings
from openpyxl import Workbook, load_workbook

from infra.errors import AppError
from ops.documents.template import as_bytes
from ops.filing.document import FilingDocument, Origin, put
from ops.filing.exchange import from_package, read_filing, to_json, to_package
from ops.filing.spreadsheet import to_xlsx
from ops.filing.values import FileRef
from ops.filing.word import to_docx
from tests.unit.ops.filing.forms import FORM, NOW, complete, documents

EXAMPLES = 200 if os.environ.get("YAODUN_PROVE") == "full" else 6
WRITERS: dict[str, Callable[[FilingDocument], bytes]] = {
    "json": to_json,
    "xlsx": lambda document: to_xlsx(document, FORM),
    "docx": lambda document: to_docx(document, FORM),
}


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("categories", [0, 1, 3])
def test_a_complete_filing_comes_back_equal(kind: str, categories: int) -> None:
    document = complete(categories)
    again = read_filing(WRITERS[kind](document), FORM, "f")
    assert again.values() == document.values()
    assert again.id == document.id
    assert len(list(again.of_table("T6"))) == categories


@pytest.mark.parametrize("kind", WRITERS)
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(document=documents())
def test_any_values_come_back_equal(kind: str, document: FilingDocument) -> None:
    assert read_filing(WRITERS[kind](document), FORM, "f").values() == document.values()


def test_xlsx_keeps_where_values_come_from() -> None:
    again = read_filing(to_xlsx(complete(), FORM), FORM, "f")
    entry = again.sheet("T1").entries["unit_name"]
    assert (entry.origin.source, entry.origin.observed, entry.by, entry.at) == ("typed", NOW, "u1", NOW)


def test_a_formula_stays_text_in_the_workbook() -> None:
    document = complete()
    put(FORM, document.sheet("T1"), "unit_name", "=1+1", Origin("typed"), "u1", NOW)
    book = load_workbook(io.BytesIO(to_xlsx(document, FORM)))
    cell = next(row[2] for row in book.worksheets[1].iter_rows() if row[0].value == "unit_name")
    assert (cell.data_type, cell.value) == ("s", "=1+1")


def test_below_level_three_table_five_is_not_printed() -> None:
    document = complete()
    sheet = document.sheet("T3", "trace")
    for name, value in {"a_harm": ["P1"], "a_level": "2", "final_level": "2"}.items():
        put(FORM, sheet, name, value, Origin("typed"), "u1", NOW)
    document.sheet("T5", "trace").entries.clear()
    text = "\n".join(paragraph.text for paragraph in Document(io.BytesIO(to_docx(document, FORM))).paragraphs)
    assert "表四" in text
    assert "表五" not in text


def package(document: FilingDocument) -> tuple[bytes, bytes]:
    data = b"the report"
    ref = FileRef("r.pdf", hashlib.sha256(data).hexdigest(), len(data))
    for sheet in document.sheets:
        for name, entry in list(sheet.entries.items()):
            if isinstance(entry.value, FileRef):
                put(FORM, sheet, name, ref, Origin("typed"), "u1", NOW)
    return to_package(document, FORM, {ref.sha256: data}.__getitem__, NOW), data


def test_package_holds_form_and_attachments_and_comes_back() -> None:
    document = complete(2)
    raw, data = package(document)
    again, blobs = from_package(raw, FORM, "p.zip")
    assert again.values() == document.values()
    assert list(blobs.values()) == [data]
    names = set(zipfile.ZipFile(io.BytesIO(raw)).namelist())
    assert {"form.json", "form.docx", "form.xlsx", "manifest.json"} <= names


@pytest.mark.parametrize("victim", ["form.json", "form.docx", "manifest.json", "extra.txt"])
def test_an_altered_package_is_refused(victim: str) -> None:
    raw, _ = package(complete())
    source, target = zipfile.ZipFile(io.BytesIO(raw)), io.BytesIO()
    with zipfile.ZipFile(target, "w") as out:
        for name in source.namelist():
            data = source.read(name)
            out.writestr(
                name,
                data.replace(b"sha256", b"sha257")
                if name == victim == "manifest.json"
                else data + b" " * (name == victim),
            )
        if victim == "extra.txt":
            out.writestr(victim, b"x")
    with pytest.raises(AppError) as error:
        from_package(target.getvalue(), FORM, "p.zip")
    assert "p.zip" in error.value.detail["place"]


def test_an_attachment_that_changed_is_not_packed() -> None:
    with pytest.raises(AppError):
        to_package(complete(), FORM, lambda sha256: b"something else", NOW)


def workbook(rows: list[tuple[str, ...]]) -> bytes:
    book, buffer = Workbook(), io.BytesIO()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(buffer)
    return buffer.getvalue()


def word(text: str) -> bytes:
    document = Document()
    document.add_paragraph(text)
    document.add_table(1, 2).cell(0, 0).text = "x"
    return as_bytes(document)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'{"id": 3}',
        b"PK\x03\x04",
        b"\xff" * 40,
        workbook([("a", "b")]),
        word("hello"),
        word("表九 没有【】"),
        word("表一 单位信息【】"),
    ],
)
def test_foreign_files_are_refused_with_their_name(raw: bytes) -> None:
    with pytest.raises(AppError) as error:
        read_filing(raw, FORM, "in.bin")
    assert "in.bin" in error.value.detail["place"]


def test_a_wrong_value_in_a_workbook_names_sheet_and_row() -> None:
    book = load_workbook(io.BytesIO(to_xlsx(complete(), FORM)))
    for row in book.worksheets[1].iter_rows():
        if row[0].value == "filed_now_l3":
            row[2].value = "drei"
    buffer = io.BytesIO()
    book.save(buffer)
    with pytest.raises(AppError) as error:
        read_filing(buffer.getvalue(), FORM, "f.xlsx")
    assert error.value.message_key == "ops.filing.number_expected"
    assert "f.xlsx: T1-1:" in error.value.detail["place"]


def test_a_zip_bomb_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * (24 << 20))
    with pytest.raises(AppError) as error:
        read_filing(buffer.getvalue(), FORM, "bomb.docx")
    assert error.value.message_key == "ops.documents.too_large"
