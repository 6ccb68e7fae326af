"""Many applications from one spreadsheet: every row judged, nothing taken in unless all rows are right."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import msgspec

from infra.errors import AppError, ErrorKind
from infra.text import say
from ops.documents.archive import open_archive
from ops.recordfiling.application import CONFORMANCE, EXTERNAL, Application, lacks

MOST_ROWS = 100_000
REQUIRED = ("system", "name", "unit", "unit_code", "column")
COLUMNS = (*REQUIRED, "hosts", *CONFORMANCE, "ways", "level", "go_live", *EXTERNAL)
_YES = frozenset({"1", "y", "yes", "true", "是", "有"})


class RowError(msgspec.Struct, frozen=True):
    """What is wrong in one row (counted from 1, the heading included)."""

    row: int
    field: str
    text: str


class Sheet(msgspec.Struct, frozen=True):
    """The applications of a file, and every error found; there are none to take in while there is an error."""

    applications: tuple[Application, ...]
    errors: tuple[RowError, ...]


def read_applications(raw: bytes, place: str, known: Iterable[str] = ()) -> Sheet:
    """The applications in CSV or xlsx; ``known`` are systems that already have a record.

    Raises ``AppError(INVALID)`` for another kind of file or a heading that lacks columns or holds unknown ones.
    """
    rows = _xlsx(raw, place) if raw.startswith(b"PK") else _csv(raw, place)
    heading = [str(cell or "").strip().lower() for cell in next(rows, ())]
    _check_heading(heading, place)
    seen, made, errors = set(known), [], []
    for number, row in enumerate(rows, 2):
        if number > MOST_ROWS + 1:
            raise AppError(ErrorKind.TOO_LARGE, "ops.recordfiling.too_many_rows", place=place, limit=MOST_ROWS)
        cells = {name: str(cell if cell is not None else "").strip() for name, cell in zip(heading, row, strict=False)}
        if not any(cells.values()):
            continue
        application, wrong = _row(cells, number, seen)
        errors += wrong
        if application:
            made.append(application)
    return Sheet(() if errors else tuple(made), tuple(errors))


def _check_heading(heading: list[str], place: str) -> None:
    missing = [name for name in REQUIRED if name not in heading]
    unknown = [name for name in heading if name and name not in COLUMNS]
    if missing or unknown:
        names = ", ".join(missing or unknown)[:200]
        key = "ops.recordfiling.columns_missing" if missing else "ops.recordfiling.columns_unknown"
        raise AppError(ErrorKind.INVALID, key, place=place, names=names)


def _row(cells: dict[str, str], number: int, seen: set[str]) -> tuple[Application | None, list[RowError]]:
    try:
        application = Application(
            **{name: cells[name] for name in REQUIRED if name != "column"},
            column=_whole(cells["column"]),
            hosts=tuple(cells.get("hosts", "").replace(",", " ").split()),
            conformance={rule: cells[rule].lower() in _YES for rule in CONFORMANCE if cells.get(rule)},
            authentication=tuple(cells.get("ways", "").replace(",", " ").split()),
            external={name: cells[name] for name in EXTERNAL if cells.get(name)},
            level=_whole(cells.get("level") or "0"),
            go_live=date.fromisoformat(cells["go_live"][:10]) if cells.get("go_live") else None,
        )
    except ValueError as error:
        return None, [RowError(number, "", str(error)[:200])]
    wrong = [
        RowError(number, lack.field, say(lack.message_key) + f" {lack.value}".rstrip()) for lack in lacks(application)
    ]
    if application.system in seen:
        wrong.append(RowError(number, "system", say("ops.recordfiling.exists", place=application.system)))
    seen.add(application.system)
    return application, wrong


def _whole(text: str) -> int:
    if not text.removesuffix(".0").isdecimal() or len(text) > 9:
        raise ValueError(say("ops.filing.number_expected", place=text[:40] or "—"))
    return int(text.removesuffix(".0"))


def _csv(raw: bytes, place: str) -> Iterator[list[Any]]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise AppError(ErrorKind.INVALID, "ops.recordfiling.no_table", place=place) from None
    if "\0" in text:
        raise AppError(ErrorKind.INVALID, "ops.recordfiling.no_table", place=place)
    yield from csv.reader(io.StringIO(text))


def _xlsx(raw: bytes, place: str) -> Iterator[tuple[Any, ...]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    open_archive(raw, place)
    try:
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    except (InvalidFileException, KeyError, ValueError, zipfile.BadZipFile):
        raise AppError(ErrorKind.INVALID, "ops.recordfiling.no_table", place=place) from None
    yield from book.worksheets[0].iter_rows(values_only=True, max_col=len(COLUMNS) + 8)
