"""How values are printed on the form, and read back from print."""

from __future__ import annotations

import re

from infra.errors import AppError, ErrorKind
from ops.filing.form import Field, FieldType
from ops.filing.values import FileRef, Value, canonical

TICKED, OPEN = "☑", "☐"
_GAP = "　"
_FILE = re.compile(r"(.+)（SHA-256 ([0-9a-f]{64})，(\d+) 字节）", re.DOTALL)


def printed(field: Field, value: Value | None) -> str:
    """The text of a value: options with boxes, files with their hash, empty text for none."""
    if field.type in (FieldType.CODE, FieldType.MULTI):
        return _boxes(field, value if isinstance(value, tuple) else () if value is None else (str(value),))
    if field.type is FieldType.BOOL:
        yes, no = _words(field)
        return _GAP.join(f"{TICKED if value is state else OPEN}{word}" for word, state in ((yes, True), (no, False)))
    if value is None:
        return ""
    if isinstance(value, FileRef):
        return f"{value.name}（SHA-256 {value.sha256}，{value.size} 字节）"
    return repr(value) if isinstance(value, float) else str(value)


def read(field: Field, text: str, place: str) -> Value | None:
    """The value printed as ``text``; ``AppError(INVALID)`` says what cannot be read at ``place``."""
    text = text.strip()
    if field.type in (FieldType.CODE, FieldType.MULTI):
        return _ticked_codes(field, text, place)
    if field.type is FieldType.BOOL:
        return _ticked_bool(field, text, place)
    if field.type is FieldType.FILE and text:
        return _file(field, text, place)
    return canonical(field, text, place)


def _boxes(field: Field, ticked: tuple[str, ...]) -> str:
    extra = [code for code in ticked if code not in field.options]
    boxes = [f"{TICKED if code in ticked else OPEN}{_option(field, code)}" for code in field.options]
    return _GAP.join(boxes + [f"{TICKED}{code}" for code in extra])


def _option(field: Field, code: str) -> str:
    label = field.options[code]
    return f"{code} {label}" if code.isdecimal() else label


def _ticked_codes(field: Field, text: str, place: str) -> Value | None:
    names = {_option(field, code): code for code in field.options}
    parts = [part.strip() for part in re.split(rf"[{_GAP}\n]|(?=[{TICKED}{OPEN}])", text) if part.strip()]
    ticked = [part[1:].strip() for part in parts if part.startswith(TICKED)]
    codes = [names.get(" ".join(part.split()), part) for part in ticked]
    if field.type is FieldType.MULTI:
        return canonical(field, codes, place)
    if len(codes) > 1:
        raise AppError(ErrorKind.INVALID, "ops.filing.several_ticked", place=place)
    return canonical(field, codes[0] if codes else None, place)


def _words(field: Field) -> tuple[str, str]:
    return ("有", "无") if "有无" in field.zh else ("是", "否")


def _ticked_bool(field: Field, text: str, place: str) -> Value | None:
    yes, no = (f"{TICKED}{word}" in re.sub(r"\s", "", text) for word in _words(field))
    if yes and no:
        raise AppError(ErrorKind.INVALID, "ops.filing.several_ticked", place=place)
    return True if yes else False if no else None


def _file(field: Field, text: str, place: str) -> Value | None:
    match = _FILE.fullmatch(text)
    if not match or len(match[3]) > 15:
        raise AppError(ErrorKind.INVALID, "ops.filing.file_expected", place=place)
    return canonical(field, FileRef(match[1], match[2], int(match[3])), place)
