"""Plain lists (one value a line) and CSV with a header; whatever a line is worth, or why it is worth nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from analytics.intelligence.indicator import told
from analytics.intelligence.stix import Told
from infra.clock import parse_rfc3339
from infra.errors import AppError, ErrorKind

VALUE = ("value", "indicator", "ioc", "ioc_value", "ip", "address", "domain", "url", "hash", "sha256", "md5")
NAME, CONFIDENCE = ("name", "description", "malware", "threat"), ("confidence", "confidence_level", "score")
SINCE, UNTIL = ("valid_from", "first_seen", "since"), ("valid_until", "expires", "until")
NOWHERE = ("0.0.0.0", "127.0.0.1")  # noqa: S104 - an address in a hosts file
MOST_LINE = 65_536


def read_text(data: bytes, place: str) -> str:
    """UTF-8 text, with or without a mark. ``AppError(INVALID)`` names the byte that is not."""
    if b"\0" in data[:4096]:
        raise AppError(ErrorKind.INVALID, "analytics.intelligence.not_text", place=place, byte=data.index(b"\0"))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AppError(ErrorKind.INVALID, "analytics.intelligence.not_text", place=place, byte=error.start) from None


def read_list(data: bytes, place: str) -> Iterator[Told | AppError]:
    """One value a line; what follows ``#`` or ``;`` is a remark; hosts files (``0.0.0.0 name``) too."""
    for number, line in enumerate(read_text(data, place).splitlines(), 1):
        value = line.split(" #", 1)[0].strip()
        if not value or value[0] in "#;!":
            continue
        words = value.split()
        if len(words) == 2 and words[0] in NOWHERE:
            value = words[1]
        yield _worth(value, f"{place}:{number}")


def read_csv(data: bytes, place: str) -> Iterator[Told | AppError]:
    """Rows with a header that names the value's column (and name, confidence, valid_from, valid_until)."""
    text = "\n".join(line for line in read_text(data, place).splitlines() if not line.startswith("#"))
    rows = csv.reader(io.StringIO(text))
    try:
        header = [name.strip().lower() for name in next(rows)]
    except (StopIteration, csv.Error):
        return
    at = _column(header, VALUE)
    if at is None:
        raise AppError(
            ErrorKind.INVALID, "analytics.intelligence.no_column", place=f"{place}:1", known=", ".join(VALUE)
        )
    others = [_column(header, names) for names in (NAME, CONFIDENCE, SINCE, UNTIL)]
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise AppError(
                ErrorKind.INVALID,
                "analytics.intelligence.broken_csv",
                place=f"{place}:{rows.line_num}",
                problem=str(error),
            ) from None
        if row:
            yield _row(row, at, others, f"{place}:{rows.line_num}")


def _row(row: Sequence[str], at: int, others: Sequence[int | None], place: str) -> Told | AppError:
    worth = _worth(row[at] if at < len(row) else "", place)
    if isinstance(worth, AppError):
        return worth
    name, confidence, since, until = (row[one].strip() if one is not None and one < len(row) else "" for one in others)
    try:
        return Told(
            place, worth.value, name[:200], min(100, int(confidence)) if confidence.isdigit() else None,
            parse_rfc3339(since, place) if since else None, parse_rfc3339(until, place) if until else None,
        )  # fmt: skip
    except AppError as error:
        return error


def _worth(value: str, place: str) -> Told | AppError:
    if len(value) > MOST_LINE or told(value) is None:
        return AppError(ErrorKind.INVALID, "analytics.intelligence.no_indicator", place=place, value=value[:60])
    return Told(place, value)


def _column(header: Sequence[str], names: Sequence[str]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)
