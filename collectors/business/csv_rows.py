"""CSV of business events: a header of field names (ours, or Chinese ones), UTF-8 or GB18030, one record a row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import IO

import orjson

from collectors.parsers.business import refused_line
from infra.errors import AppError, ErrorKind
from infra.events.business.rows import Columns

LOOK = 1 << 20
MAX_CELL = 4 << 20
MAX_COLUMNS = 200
MAX_ROW = 8 << 20
"""A longer line, in characters, is refused without being held."""


Row = list[str] | csv.Error
"""The cells of a row, or why it is none."""


def csv_lines(stream: IO[bytes], name: str, renamed: Mapping[str, str]) -> Iterator[bytes]:
    """One line per row; ``AppError(INVALID)`` where there is no header."""
    header, rows = _table(stream, name)
    columns = Columns(header, renamed)
    for row in rows:
        if isinstance(row, csv.Error):
            yield refused_line("row", "", str(row), b"")
        else:
            yield _line(columns, len(header), row)


def csv_count(stream: IO[bytes], name: str) -> int:
    """How many lines ``csv_lines`` makes of it."""
    return sum(1 for _ in _table(stream, name)[1])


def _table(stream: IO[bytes], name: str) -> tuple[list[str], Iterator[Row]]:
    """The names of the header, and the rows that are not empty."""
    csv.field_size_limit(MAX_CELL)
    head = stream.read(LOOK)
    encoding = encoding_of(head)
    whole = io.BufferedReader(_Chained(head, stream))
    text = io.TextIOWrapper(whole, encoding=encoding, errors="surrogateescape", newline="")
    rows = csv.reader(_Lines(text), delimiter=_delimiter(head, encoding))
    header = next(_guarded(rows), None)
    if not header or isinstance(header, csv.Error) or len(header) > MAX_COLUMNS:
        raise AppError(ErrorKind.INVALID, "collectors.business.header", place=f"{name}:1")
    return [column.strip() for column in header], filter(None, _guarded(rows))


def encoding_of(head: bytes) -> str:
    """UTF-8 where the beginning is UTF-8 (a character may be cut at the end), else GB18030, which holds GBK."""
    for cut in range(4):
        try:
            head[: len(head) - cut].decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
        return "utf-8-sig"
    return "gb18030"


def _delimiter(head: bytes, encoding: str) -> str:
    first = head.partition(b"\n")[0].decode(encoding, "replace")
    return max(",;\t", key=first.count)


def _guarded(rows: Iterator[list[str]]) -> Iterator[Row]:
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as problem:
            yield problem
            continue
        yield row


def _line(columns: Columns, width: int, row: list[str]) -> bytes:
    if len(row) != width:
        return refused_line("columns", "", f"the row has {len(row)} columns, the header {width}", _original(row))
    try:
        return orjson.dumps(columns.object(row))
    except TypeError:
        return refused_line("encoding", "", "bytes that are neither UTF-8 nor GB18030", _original(row))


def _original(row: list[str]) -> bytes:
    return ",".join(row).encode("utf-8", "surrogateescape")[:4000]


class _Lines:
    """The lines of a text; a longer one than ``MAX_ROW`` is passed over and is an error of that row alone."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(MAX_ROW)
        if not line:
            raise StopIteration
        if len(line) == MAX_ROW and not line.endswith("\n"):
            while (rest := self._text.readline(MAX_ROW)) and not rest.endswith("\n"):
                continue
            raise csv.Error(f"a line of more than {MAX_ROW} characters")
        return line


class _Chained(io.RawIOBase):
    """A stream whose beginning was read already."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        size = len(buffer)
        part = self._head[:size] if self._head else self._rest.read(size)
        self._head = self._head[size:] if self._head else b""
        buffer[: len(part)] = part
        return len(part)
