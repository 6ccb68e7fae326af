"""CSV of business events: a header of field names (ours, or Chinese ones), UTF-8 or GB18030, one record a row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import IO

import orjson

from collectors.parsers.business import refused_line
from infra.errors import AppError, ErrorKind
from infra.events.business.rows import row_object

LOOK = 1 << 20
MAX_CELL = 4 << 20
MAX_COLUMNS = 200


def csv_lines(stream: IO[bytes], name: str, renamed: Mapping[str, str]) -> Iterator[bytes]:
    """One line per row; ``AppError(INVALID)`` where there is no header."""
    csv.field_size_limit(MAX_CELL)
    head = stream.read(LOOK)
    encoding = encoding_of(head)
    whole = io.BufferedReader(_Chained(head, stream))
    text = io.TextIOWrapper(whole, encoding=encoding, errors="surrogateescape", newline="")
    rows = csv.reader(text, delimiter=_delimiter(head, encoding))
    header = next(_guarded(rows), None)
    if not header or isinstance(header, csv.Error) or len(header) > MAX_COLUMNS:
        raise AppError(ErrorKind.INVALID, "collectors.business.header", place=f"{name}:1")
    names = [column.strip() for column in header]
    for row in _guarded(rows):
        if isinstance(row, csv.Error):
            yield refused_line("row", "", str(row), b"")
        elif row:
            yield _line(names, row, renamed)


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


def _guarded(rows: Iterator[list[str]]) -> Iterator[list[str] | csv.Error]:
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as problem:
            yield problem
            continue
        yield row


def _line(names: list[str], row: list[str], renamed: Mapping[str, str]) -> bytes:
    original = ",".join(row).encode("utf-8", "surrogateescape")[:4000]
    if len(row) != len(names):
        return refused_line("columns", "", f"the row has {len(row)} columns, the header {len(names)}", original)
    try:
        return orjson.dumps(row_object(dict(zip(names, row, strict=True)), renamed))
    except TypeError:
        return refused_line("encoding", "", "bytes that are neither UTF-8 nor GB18030", original)


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
