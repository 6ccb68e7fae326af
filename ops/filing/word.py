"""The filing as a Word file by a replaceable template, and read back from one."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from docx import Document
from docx.document import Document as DocumentType
from docx.oxml import OxmlElement
from docx.shared import Cm
from docx.table import Table as WordTable
from docx.text.paragraph import Paragraph

from infra.errors import AppError, ErrorKind
from ops.documents.archive import open_archive
from ops.documents.template import as_bytes, blank_document, render_docx
from ops.filing.document import FilingDocument, Origin, Sheet, put
from ops.filing.form import Field, FieldType, Form, Table
from ops.filing.papers import TEMPLATE as TEMPLATE_NAME
from ops.filing.validate import is_asked
from ops.filing.wording import printed, read

LABEL_WIDTH, VALUE_WIDTH, MARGIN = Cm(6.2), Cm(10.8), Cm(2)
_MARK = re.compile(r"(.*)【(.*)】", re.DOTALL)
_TITLE = re.compile(r"备案号：(.+)（(.+)）")


def to_docx(document: FilingDocument, form: Form, template: bytes | None = None) -> bytes:
    """The printed form; tables an object does not need (T5 below level 3) are left out."""
    return render_docx(template or default_template(form), word_context(document, form), TEMPLATE_NAME)


def word_context(document: FilingDocument, form: Form) -> dict[str, Any]:
    """The fields a template may use: per table a list of sheets, each with ``key`` and its fields' printed values."""
    context: dict[str, Any] = {"id": document.id, "form": document.form}
    for table in form.tables:
        sheets = [sheet for sheet in document.of_table(table.id) if _printed_at_all(document, sheet, form)]
        context[table.id] = [_sheet_context(sheet, form) for sheet in sheets]
    return context


def _printed_at_all(document: FilingDocument, sheet: Sheet, form: Form) -> bool:
    fields = [field for field in form.by_table[sheet.table] if field.type is not FieldType.GROUP]
    return bool(sheet.entries) or any(is_asked(document, sheet, form, field) for field in fields)


def _sheet_context(sheet: Sheet, form: Form) -> dict[str, str]:
    fields = [field for field in form.by_table[sheet.table] if field.type is not FieldType.GROUP]
    return {"key": sheet.key} | {field.id: printed(field, sheet.value(field.id)) for field in fields}


@cache
def default_template(form: Form) -> bytes:
    """The shipped template; save it, change it in Word (keeping headings and label-value rows), put it where the site's
    templates are."""
    document = blank_document()
    document.sections[0].left_margin = document.sections[0].right_margin = MARGIN
    document.add_heading("网络安全等级保护备案表", 0)
    document.add_paragraph("备案号：{{ id }}（{{ form }}）")
    for table in form.tables:
        _add_table(document, form, table)
    return as_bytes(document)


def _add_table(document: DocumentType, form: Form, table: Table) -> None:
    document.add_paragraph(f"{{%p for t in {table.id} %}}")
    mark = "" if _once(table) else "【{{ t.key }}】"
    heading = document.add_heading(f"{table.zh}{mark}", 1)
    heading.paragraph_format.page_break_before = table is not form.tables[0]
    fields = [field for field in form.by_table[table.id] if field.type is not FieldType.GROUP]
    grid = document.add_table(rows=len(fields), cols=2, style="Table Grid")
    grid.autofit = False
    grid.columns[0].width, grid.columns[1].width = LABEL_WIDTH, VALUE_WIDTH
    for row, field in zip(grid.rows, fields, strict=True):
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        label, value = row.cells
        label.width, value.width = LABEL_WIDTH, VALUE_WIDTH
        label.text, value.text = form.label(field), f"{{{{ t.{field.id} }}}}"
    document.add_paragraph("{%p endfor %}")


def _once(table: Table) -> bool:
    """Whether a filing has it only once, so that nothing has to tell its sheets apart."""
    return table.per not in ("object", "category")


def from_docx(raw: bytes, form: Form, place: str) -> FilingDocument:
    """The filing printed in a Word file (by the shipped template or one that keeps its headings and label-value rows).

    Raises ``AppError(INVALID)`` naming table and field that cannot be read, or an unknown label.
    """
    open_archive(raw, place)
    try:
        source = Document(io.BytesIO(raw))
    except (KeyError, ValueError):
        raise AppError(ErrorKind.INVALID, "ops.documents.no_archive", place=place) from None
    found = FilingDocument(id="", form=form.ref.version)
    for title, block in _blocks(source, form):
        if isinstance(block, Paragraph):
            _read_title(found, block.text, form, place)
        else:
            found.sheets.append(_read_sheet(block, title, form, place))
    if not found.sheets or not found.id:
        raise AppError(ErrorKind.INVALID, "ops.filing.no_form", place=place)
    return _with_all_sheets(found, form)


def _blocks(source: DocumentType, form: Form) -> Iterator[tuple[str, Paragraph | WordTable]]:
    title, plain = "", {table.zh for table in form.tables}
    for block in source.iter_inner_content():
        if isinstance(block, WordTable):
            if _MARK.fullmatch(title) or title in plain:
                yield title, block
            continue
        title = block.text.strip() or title
        yield title, block


def _read_title(found: FilingDocument, text: str, form: Form, place: str) -> None:
    match = _TITLE.fullmatch(text.strip())
    if match:
        if match[2] != form.ref.version:
            raise AppError(ErrorKind.INVALID, "ops.filing.other_form", place=place, form=match[2])
        found.id = match[1]


def _read_sheet(block: WordTable, title: str, form: Form, place: str) -> Sheet:
    match = _MARK.fullmatch(title)
    name, key = (match[1].strip(), match[2]) if match else (title, "")
    table = next((each for each in form.tables if each.zh == name), None)
    if table is None:
        raise AppError(ErrorKind.INVALID, "ops.filing.unknown_table", place=place, table=title[:60])
    sheet = Sheet(table=table.id, key=key)
    labels = {form.label(field): field for field in form.by_table[table.id] if field.type is not FieldType.GROUP}
    for row in block.rows:
        cells = row.cells
        label = " ".join(cells[0].text.split())
        if label not in labels:
            raise AppError(
                ErrorKind.INVALID, "ops.filing.unknown_label", place=f"{place}: {table.id}", label=label[:60]
            )
        _read_cell(form, sheet, labels[label], cells[-1].text, place)
    return sheet


def _read_cell(form: Form, sheet: Sheet, field: Field, text: str, place: str) -> None:
    where = f"{place}: {sheet.table}[{sheet.key}].{field.id}"
    put(form, sheet, field.id, read(field, text, where), Origin("docx"), "", None)


def _with_all_sheets(found: FilingDocument, form: Form) -> FilingDocument:
    """Sheets that were not printed because nothing was asked come back empty, in the order of the form."""
    order = {table.id: index for index, table in enumerate(form.tables)}
    present = {(sheet.table, sheet.key) for sheet in found.sheets}
    for table in form.tables:
        if table.per == "object":
            for key in found.objects:
                if (table.id, key) not in present:
                    found.sheets.append(Sheet(table=table.id, key=key))
    objects = {key: index for index, key in enumerate(["", *found.objects])}
    found.sheets.sort(key=lambda sheet: (objects.get(sheet.object, len(objects)), order[sheet.table]))
    return found
