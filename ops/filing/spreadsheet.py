"""The filing as a workbook, one sheet per table, object and category, with the origin of each value; and read back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from infra.clock import parse_rfc3339, rfc3339
from infra.errors import AppError, ErrorKind
from ops.documents.archive import open_archive
from ops.filing.document import MOST_SHEETS, FilingDocument, Origin, Sheet, put
from ops.filing.form import FieldType, Form
from ops.filing.wording import printed, read

HEAD = (
    "字段 field",
    "项目 label",
    "内容 value",
    "来源 source",
    "取得时间 observed",
    "依据 evidence",
    "确认人 by",
    "确认时间 at",
)
MOST_ROWS = 400
_FIRST = 3


def to_xlsx(document: FilingDocument, form: Form) -> bytes:
    """The workbook; text that begins like a formula stays text."""
    book = Workbook()
    index = book.worksheets[0]
    index.title = "INDEX"
    for row in [("filing", document.id), ("form", document.form)]:
        index.append(row)
    _as_text(index)
    for number, sheet in enumerate(document.sheets, 1):
        _fill(book.create_sheet(f"{sheet.table}-{number}"), sheet, form)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _fill(target: Worksheet, sheet: Sheet, form: Form) -> None:
    target.append((sheet.table, sheet.key))
    target.append(HEAD)
    for field in form.by_table[sheet.table]:
        if field.type is FieldType.GROUP:
            continue
        entry = sheet.entries.get(field.id)
        cells: list[str] = [field.id, form.label(field), printed(field, sheet.value(field.id))]
        if entry:
            cells += [entry.origin.source, _moment(entry.origin.observed), entry.origin.evidence]
            cells += [entry.by, _moment(entry.at)]
        target.append(cells)
    _as_text(target)
    _style(target)


def _as_text(target: Worksheet) -> None:
    for row in target.iter_rows():
        for cell in row:
            if isinstance(cell.value, str):
                cell.data_type = "s"


def _style(target: Worksheet) -> None:
    for cell in target[2]:
        cell.font = Font(bold=True)
    for letter, width in zip("ABCDEFGH", (26, 34, 70, 16, 22, 30, 16, 22), strict=True):
        target.column_dimensions[letter].width = width
    for (cell,) in target.iter_rows(min_row=_FIRST, min_col=3, max_col=3):
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    target.freeze_panes = "C3"


def _moment(moment: datetime | None) -> str:
    return rfc3339(moment) if moment else ""


def from_xlsx(raw: bytes, form: Form, place: str) -> FilingDocument:
    """The filing in a workbook; ``AppError(INVALID)`` names sheet and row that cannot be read."""
    open_archive(raw, place)
    try:
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    except (InvalidFileException, KeyError, ValueError, zipfile.BadZipFile):
        raise AppError(ErrorKind.INVALID, "ops.filing.no_form", place=place) from None
    names = book.sheetnames
    if "INDEX" not in names or len(names) > MOST_SHEETS:
        raise AppError(ErrorKind.INVALID, "ops.filing.no_form", place=place)
    head = {str(row[0]): str(row[1]) for row in _rows(book["INDEX"]) if len(row) > 1 and row[0]}
    if head.get("form") != form.ref.version:
        raise AppError(ErrorKind.INVALID, "ops.filing.other_form", place=place, form=head.get("form", "—"))
    found = FilingDocument(id=head.get("filing", ""), form=form.ref.version)
    for name in names:
        if name != "INDEX":
            found.sheets.append(_read_sheet(list(_rows(book[name])), form, f"{place}: {name}"))
    return found


def _rows(source: Any) -> Iterator[tuple[Any, ...]]:
    return source.iter_rows(values_only=True, max_row=MOST_ROWS, max_col=len(HEAD))  # type: ignore[no-any-return]


def _read_sheet(rows: list[tuple[Any, ...]], form: Form, place: str) -> Sheet:
    known = {table.id for table in form.tables}
    if len(rows) < _FIRST - 1 or not rows[0] or rows[0][0] not in known:
        raise AppError(ErrorKind.INVALID, "ops.filing.unknown_table", place=place, table=str(rows[:1])[:60])
    sheet = Sheet(table=rows[0][0], key=_text(rows[0][1]))
    for number, row in enumerate(rows[_FIRST - 1 :], _FIRST):
        if row and row[0]:
            _read_row(sheet, form, row, f"{place}:{number}")
    return sheet


def _read_row(sheet: Sheet, form: Form, row: tuple[Any, ...], place: str) -> None:
    cells = [_text(cell) for cell in row] + [""] * (len(HEAD) - len(row))
    if f"{sheet.table}.{cells[0]}" not in form.inputs:
        raise AppError(ErrorKind.INVALID, "ops.filing.unknown_field", place=f"{place}: {cells[0][:60]}")
    field = form.find(sheet.table, cells[0])
    observed = parse_rfc3339(cells[4], place) if cells[4] else None
    at = parse_rfc3339(cells[7], place) if cells[7] else None
    origin = Origin(cells[3] or "xlsx", observed, cells[5])
    put(form, sheet, field.id, read(field, cells[2], place), origin, cells[6], at)


def _text(cell: Any) -> str:
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return "" if cell is None else str(cell)
