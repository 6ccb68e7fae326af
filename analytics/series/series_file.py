"""Reading a series from CSV (timestamp,value), bounded, with the place in every error."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from analytics.anomaly.table_file import delimiter_of
from infra.encoding import encoding_of
from infra.errors import AppError, ErrorKind

MOST_POINTS = 20_000_000
_TIME_NAMES = {
    "timestamp",
    "@timestamp",
    "time",
    "datetime",
    "date",
    "ts",
    "ds",
    "时间",
    "时间戳",
    "日期",
    "采集时间",
    "发生时间",
}
_VALUE_NAMES = {"value", "values", "val", "y", "count", "数值", "值", "数量", "计数"}
_SLASHES = re.compile(
    r"(\d{4})[/.年-](\d{1,2})[/.月-](\d{1,2})日?(?:[T ]*(\d{1,2})[:时点](?:(\d{1,2})[:分]?(?:(\d{1,2})秒?)?)?)?"
)
_MILLISECONDS = 1e11
"""Unix times beyond this are told in milliseconds (or finer, by further thousands)."""
_MISSING = {"", "nan", "null", "na", "none", "-"}


def read_series(path: Path) -> Iterator[tuple[datetime, str, float]]:
    """(time, time as written, value) of each line; a header line is skipped; an empty value is NaN."""
    try:
        with path.open(encoding=encoding_of(path), newline="") as stream:
            yield from _points(stream, path)
    except OSError as error:
        raise _refuse(path, "unreadable", problem=error.strerror or str(error)) from None
    except UnicodeDecodeError as error:
        raise _refuse(path, "not_utf8", problem=f"byte {error.start}") from None


def _points(stream: TextIO, path: Path) -> Iterator[tuple[datetime, str, float]]:
    first = stream.readline(1 << 16)
    reader = csv.reader(itertools.chain([first] if first else [], stream), delimiter=delimiter_of(first))
    count, when, what = 0, 0, 1
    try:
        for cells in reader:
            if not cells:
                continue
            if reader.line_num == 1 and _is_header(cells):
                when, what = _places(cells)
                continue
            count += 1
            if len(cells) <= max(when, what) or count > MOST_POINTS:
                raise _refuse(f"{path}:{reader.line_num}", "two_columns", limit=MOST_POINTS)
            text = cells[when].strip()
            yield _moment(text, f"{path}:{reader.line_num}"), text, _value(cells[what], f"{path}:{reader.line_num}")
    except csv.Error as error:
        raise _refuse(f"{path}:{reader.line_num}", "malformed", problem=str(error)) from None
    if not count:
        raise _refuse(path, "empty")


def _is_header(cells: list[str]) -> bool:
    """A first line in which nothing is a time."""
    for cell in cells:
        try:
            _moment(cell.strip(), "")
        except AppError:
            continue
        return False
    return len(cells) >= 2


def _places(names: list[str]) -> tuple[int, int]:
    """The columns of time and value by their names; else the first, and the next after it."""
    words = [name.strip().casefold() for name in names]
    when = next((place for place, word in enumerate(words) if word in _TIME_NAMES), 0)
    others = [place for place in range(len(words)) if place != when]
    return when, next((place for place in others if words[place] in _VALUE_NAMES), others[0])


def _moment(text: str, place: str) -> datetime:
    """RFC 3339; without a zone, taken as UTC: ``YYYY-MM-DD HH:MM:SS``, ``2026/1/8 6:05``, ``2026年1月8日 6时``,
    ``YYYYMMDDHHMMSS``; Unix seconds or finer."""
    try:
        moment = _unix(text) if _numeric(text) else _written(text)
    except (ValueError, OverflowError, OSError):
        raise _refuse(place, "time", text=text[:60]) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _unix(text: str) -> datetime:
    if len(text) == 14 and text.startswith(("19", "20")):
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    seconds = float(text)
    while abs(seconds) > _MILLISECONDS:
        seconds /= 1000
    return datetime.fromtimestamp(seconds, UTC)


def _written(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        found = _SLASHES.fullmatch(text)
        if found is None:
            raise
        year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def _numeric(text: str) -> bool:
    return text.replace(".", "", 1).lstrip("-").isdigit() and len(text.partition(".")[0]) > 8


def _value(text: str, place: str) -> float:
    word = text.strip().lower()
    try:
        return float("nan") if word in _MISSING else float(word)
    except ValueError:
        raise _refuse(place, "value", text=text[:60]) from None


def _refuse(place: Path | str, key: str, **detail: object) -> AppError:
    return AppError(ErrorKind.INVALID, f"analytics.series.file_{key}", place=str(place), **detail)
