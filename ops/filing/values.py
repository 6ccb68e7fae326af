"""Values of the form: their canonical shape, and reading them from what people type or files hold."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from infra.errors import AppError, ErrorKind
from ops.filing.form import Field, FieldType

LONGEST_TEXT = 4_000
LARGEST_NUMBER = 10**12
_HASH = re.compile(r"[0-9a-f]{64}")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


class FileRef(msgspec.Struct, frozen=True):
    """An attached file: its name, SHA-256 and size in bytes. The bytes themselves lie in the blob store."""

    name: str
    sha256: str
    size: int


Value = str | int | float | bool | tuple[str, ...] | FileRef
"""Canonical: text, dates (ISO) and codes are str, several codes a tuple in printed order, whole numbers int."""


def canonical(field: Field, raw: Any, place: str) -> Value | None:
    """``raw`` in canonical shape, None where it is empty; ``AppError(INVALID)`` says what is wrong at ``place``."""
    if raw is None or raw == "" or raw == [] or raw == ():
        return None
    return _READERS[field.type](field, raw, place)


def _text(field: Field, raw: Any, place: str) -> Value | None:
    if not isinstance(raw, str):
        raise _wrong(place, "text_expected")
    text = clean_text(raw)
    if len(text) > LONGEST_TEXT:
        raise _wrong(place, "text_too_long", limit=LONGEST_TEXT)
    return text or None


def clean_text(raw: str) -> str:
    """Text without control characters, tabs as blanks, line ends as LF, no blanks around."""
    text = raw.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").replace("\u2028", "\n")
    text = _CONTROL.sub("", text.replace("\u2029", "\n").replace("\x85", "\n"))
    return "\n".join(line.strip() for line in text.strip().split("\n"))


def _code(field: Field, raw: Any, place: str) -> Value:
    code = str(raw).strip()
    if isinstance(raw, bool) or not field.knows(code):
        raise _wrong(place, "unknown_code", code=str(raw)[:40], known=", ".join(field.options))
    return code


def _multi(field: Field, raw: Any, place: str) -> Value:
    if isinstance(raw, str):
        raw = [part for part in re.split(r"[,;，；\s]+", raw) if part]
    if not isinstance(raw, Sequence):
        raise _wrong(place, "codes_expected")
    codes = {str(_code(field, each, place)) for each in raw}
    return tuple(code for code in field.options if code in codes)


def _number(field: Field, raw: Any, place: str) -> Value:
    if isinstance(raw, str):
        raw = _parsed(raw.strip().replace(",", ""), place)
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise _wrong(place, "number_expected")
    if not math.isfinite(raw) or abs(raw) > LARGEST_NUMBER:
        raise _wrong(place, "number_out_of_range", limit=LARGEST_NUMBER)
    return int(raw) if raw == int(raw) else float(raw)


def _parsed(text: str, place: str) -> int | float:
    try:
        return int(text) if re.fullmatch(r"[+-]?\d{1,15}", text) else float(text)
    except ValueError:
        raise _wrong(place, "number_expected") from None


_YES, _NO = {"true", "yes", "1", "是", "有", "已"}, {"false", "no", "0", "否", "无", "未"}


def _bool(field: Field, raw: Any, place: str) -> Value:
    if isinstance(raw, bool):
        return raw
    word = str(raw).strip().lower()
    if word not in _YES | _NO:
        raise _wrong(place, "yes_or_no_expected")
    return word in _YES


def _date(field: Field, raw: Any, place: str) -> Value:
    if isinstance(raw, date):
        return date(raw.year, raw.month, raw.day).isoformat()
    try:
        return date.fromisoformat(str(raw).strip()).isoformat()
    except ValueError:
        raise _wrong(place, "date_expected") from None


def _file(field: Field, raw: Any, place: str) -> Value:
    if not isinstance(raw, FileRef):
        try:
            raw = msgspec.convert(raw, FileRef)
        except msgspec.ValidationError:
            raise _wrong(place, "file_expected") from None
    name = clean_text(raw.name).replace("\n", " ")
    if not _HASH.fullmatch(raw.sha256) or raw.size < 0 or not name or len(name) > 255:
        raise _wrong(place, "file_expected")
    return FileRef(name, raw.sha256, raw.size)


def _wrong(place: str, problem: str, **detail: Any) -> AppError:
    return AppError(ErrorKind.INVALID, f"ops.filing.{problem}", place=place, **detail)


_READERS = {
    FieldType.TEXT: _text,
    FieldType.CODE: _code,
    FieldType.MULTI: _multi,
    FieldType.NUMBER: _number,
    FieldType.BOOL: _bool,
    FieldType.DATE: _date,
    FieldType.FILE: _file,
}
