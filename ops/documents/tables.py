"""Spreadsheets in and out: rows with a heading from CSV or xlsx, every row's errors named, and workbooks of text."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from infra.errors import AppError, ErrorKind
from ops.documents.archive import open_archive

MOST_ROWS = 100_000
MOST_COLUMNS = 64
LONGEST_CELL = 32_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
YES = frozenset({"1", "y", "yes", "true", "是", "有"})


class RowError(msgspec.Struct, frozen=True):
    """What is wrong in one row (counted from 1, the heading included)."""

    row: int
    field: str
    text: str


def read_rows(
    raw: bytes, place: str, required: Sequence[str], columns: Sequence[str]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Number and cells of every row that is not empty, the first sheet of a workbook.

    Raises ``AppError(INVALID)`` for another kind of file or a heading that lacks columns or holds unknown ones, and
    ``AppError(TOO_LARGE)`` beyond 100,000 rows.
    """
    rows = _xlsx(raw, place) if raw.startswith(b"PK") else _csv(raw, place)
    heading = [str(cell if cell is not None else "").strip().lower() for cell in next(rows, ())]
    _check_heading(heading, place, required, columns)
    for number, row in enumerate(rows, 2):
        if number > MOST_ROWS + 1:
            raise AppError(ErrorKind.TOO_LARGE, "ops.recordfiling.too_many_rows", place=place, limit=MOST_ROWS)
        cells = {name: _text(cell) for name, cell in zip(heading, row, strict=False) if name}
        if any(cells.values()):
            yield number, cells


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell.strip()
    if hasattr(cell, "date") and callable(cell.date):
        return str(cell.date().isoformat())
    return str(cell if cell is not None else "").strip()


def _check_heading(heading: Sequence[str], place: str, required: Sequence[str], columns: Sequence[str]) -> None:
    missing = [name for name in required if name not in heading]
    unknown = [name for name in heading if name and name not in columns]
    twice = sorted({name for name in heading if name and heading.count(name) > 1})
    if missing or unknown or twice:
        names = ", ".join(missing or unknown or twice)[:200]
        what = "missing" if missing else "unknown" if unknown else "twice"
        raise AppError(ErrorKind.INVALID, f"ops.recordfiling.columns_{what}", place=place, names=names)


def _csv(raw: bytes, place: str) -> Iterator[list[Any]]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise AppError(ErrorKind.INVALID, "ops.recordfiling.no_table", place=place) from None
    if "\0" in text:
        raise AppError(ErrorKind.INVALID, "ops.recordfiling.no_table", place=place)
    try:
        yield from csv.reader(io.StringIO(text))
    except csv.Error:
        raise AppError(ErrorKind.INVALID, "ops.recordfiling.no_table", place=place) from None


def _xlsx(raw: bytes, place: str) -> Iterator[tuple[Any, ...]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    open_archive(raw, place)
    try:
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    except (InvalidFileException, KeyError, ValueError, zipfile.BadZipFile):
        raise AppError(ErrorKind.INVALID, "ops.recordfiling.no_table", place=place) from None
    yield from book.worksheets[0].iter_rows(values_only=True, max_col=MOST_COLUMNS)


def write_rows(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A workbook of one sheet; text that begins like a formula stays text."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    head = [WriteOnlyCell(sheet, value=name) for name in columns]
    for cell in head:
        cell.font = Font(bold=True)
    sheet.append(head)
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _cell(sheet: Any, value: Any) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if not isinstance(value, str):
        return value
    text = ILLEGAL_CHARACTERS_RE.sub("", value)[:LONGEST_CELL]
    if not text.startswith(("=", "+", "-", "@")):
        return text
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell
