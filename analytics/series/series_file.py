"""Reading a series from CSV (timestamp,value), bounded, with the place in every error."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from infra.errors import AppError, ErrorKind

MOST_POINTS = 20_000_000
_MISSING = {"", "nan", "null", "na", "none", "-"}


def read_series(path: Path) -> Iterator[tuple[datetime, str, float]]:
    """(time, time as written, value) of each line; a header line is skipped; an empty value is NaN."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            yield from _points(stream, path)
    except OSError as error:
        raise _refuse(path, "unreadable", problem=error.strerror or str(error)) from None
    except UnicodeDecodeError as error:
        raise _refuse(path, "not_utf8", problem=f"byte {error.start}") from None


def _points(stream: object, path: Path) -> Iterator[tuple[datetime, str, float]]:
    reader = csv.reader(stream)  # type: ignore[arg-type]
    count = 0
    try:
        for cells in reader:
            if not cells or (reader.line_num == 1 and _is_header(cells)):
                continue
            count += 1
            if len(cells) < 2 or count > MOST_POINTS:
                raise _refuse(f"{path}:{reader.line_num}", "two_columns", limit=MOST_POINTS)
            text = cells[0].strip()
            yield _moment(text, f"{path}:{reader.line_num}"), text, _value(cells[1], f"{path}:{reader.line_num}")
    except csv.Error as error:
        raise _refuse(f"{path}:{reader.line_num}", "malformed", problem=str(error)) from None
    if not count:
        raise _refuse(path, "empty")


def _is_header(cells: list[str]) -> bool:
    try:
        _moment(cells[0].strip(), "")
    except AppError:
        return len(cells) >= 2
    return False


def _moment(text: str, place: str) -> datetime:
    """RFC 3339, a plain ``YYYY-MM-DD HH:MM:SS`` (taken as UTC), or Unix seconds."""
    try:
        moment = datetime.fromtimestamp(float(text), UTC) if _numeric(text) else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise _refuse(place, "time", text=text[:60]) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


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
