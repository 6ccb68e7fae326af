"""Reading a table from CSV or npz; the file is hostile: size, width and shape are bounded, errors name the place."""

from __future__ import annotations

import csv
import io
import itertools
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from infra.encoding import encoding_of
from infra.errors import AppError, ErrorKind

MOST_CELLS = 60_000_000
MOST_COLUMNS = 10_000
MOST_BYTES = 2 << 30
MOST_HEADER = 1 << 20


@dataclass(frozen=True, slots=True)
class Table:
    """Names and cells column by column; cells are text, '' where missing."""

    names: tuple[str, ...]
    columns: tuple[Sequence[str], ...]


def read_table(path: Path) -> Table:
    """The table of a ``.csv`` (first line names the columns) or ``.npz`` (array ``X``; others are ignored)."""
    _check_size(path)
    return _read_npz(path) if path.suffix.lower() == ".npz" else _read_csv(path)


def same_columns(table: Table, training: Table, path: Path) -> Table:
    """``table`` with the columns of ``training`` in their order; a missing one is an error."""
    missing = [name for name in training.names if name not in table.names]
    if missing:
        raise _refuse(path, "columns_missing", columns=", ".join(missing[:10]))
    places = [table.names.index(name) for name in training.names]
    return Table(training.names, tuple(table.columns[place] for place in places))


def _check_size(path: Path) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise _refuse(path, "file_unreadable", problem=error.strerror or str(error)) from None
    if size > MOST_BYTES:
        raise _refuse(path, "file_too_large", bytes=size, limit=MOST_BYTES)


def _read_csv(path: Path) -> Table:
    try:
        with path.open(encoding=encoding_of(path), newline="") as stream:
            return _parse_csv(stream, path)
    except OSError as error:
        raise _refuse(path, "file_unreadable", problem=error.strerror or str(error)) from None
    except UnicodeDecodeError as error:
        raise _refuse(path, "table_not_utf8", problem=f"byte {error.start}") from None


def delimiter_of(header: str) -> str:
    """What parts the columns of a header: a comma where there is one, else the commonest of ``;``, tab and ``|``."""
    others = sorted(";\t|", key=header.count, reverse=True)
    return "," if "," in header or not header.count(others[0]) else others[0]


def _parse_csv(stream: io.TextIOWrapper, path: Path) -> Table:
    first = stream.readline(MOST_HEADER)
    reader = csv.reader(itertools.chain([first] if first else [], stream), delimiter=delimiter_of(first))
    try:
        names = [name.strip() for name in next(reader, [])]
        if not names or len(names) > MOST_COLUMNS or len(set(names)) != len(names):
            raise _refuse(f"{path}:1", "table_header", limit=MOST_COLUMNS)
        columns: list[list[str]] = [[] for _ in names]
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(names):
                raise _refuse(f"{path}:{reader.line_num}", "table_ragged", found=len(cells), wanted=len(names))
            for column, cell in zip(columns, cells, strict=True):
                column.append(cell.strip())
            if len(columns[0]) * len(names) > MOST_CELLS:
                raise _refuse(path, "table_too_many_cells", limit=MOST_CELLS)
    except csv.Error as error:
        raise _refuse(f"{path}:{reader.line_num}", "table_malformed", problem=str(error)) from None
    if not columns[0]:
        raise _refuse(path, "table_empty")
    return Table(tuple(names), tuple(columns))


def _read_npz(path: Path) -> Table:
    try:
        with np.load(path, allow_pickle=False) as archive:
            _check_entry(path)
            rows = np.atleast_2d(archive["X"]).astype(np.float64)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
        raise _refuse(path, "npz_unreadable", problem=str(error)[:200]) from None
    if rows.ndim != 2 or rows.size == 0 or rows.size > MOST_CELLS or rows.shape[1] > MOST_COLUMNS:
        raise _refuse(path, "table_too_many_cells", limit=MOST_CELLS)
    columns = tuple(["" if text == "nan" else text for text in map(repr, column.tolist())] for column in rows.T)
    return Table(tuple(f"x{index}" for index in range(rows.shape[1])), columns)


def _check_entry(path: Path) -> None:
    """A zip bomb declares its size: refuse before it is unpacked."""
    with zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > 8 * MOST_CELLS + (1 << 20):
        raise _refuse(path, "file_too_large", bytes=size, limit=8 * MOST_CELLS)


def _refuse(place: Path | str, key: str, **detail: object) -> AppError:
    return AppError(ErrorKind.INVALID, f"analytics.anomaly.{key}", place=str(place), **detail)
