"""Record numbers: ``YJ-{unit}-{year}-{4 digits}{check}`` with the check character of ISO/IEC 7064 MOD 37,36."""

from __future__ import annotations

import re

import msgspec

from infra.checkdigits import mod_37_36
from infra.errors import AppError, ErrorKind

_SHAPE = re.compile(r"YJ-([A-Z0-9]{2,18})-(\d{4})-(\d{4})([0-9A-Z])")
LARGEST_SEQUENCE = 9_999


class RecordNumber(msgspec.Struct, frozen=True):
    """The parts of a record number."""

    unit: str
    year: int
    sequence: int

    def __str__(self) -> str:
        body = f"{self.unit}{self.year:04d}{self.sequence:04d}"
        return f"YJ-{self.unit}-{self.year:04d}-{self.sequence:04d}{mod_37_36(body)}"


def parse_number(text: str) -> RecordNumber:
    """The parts of ``text``; ``AppError(INVALID)`` for another shape or a wrong check character."""
    match = _SHAPE.fullmatch(text.strip().upper())
    if not match:
        raise AppError(ErrorKind.INVALID, "ops.recordfiling.no_number", place=text[:40])
    number = RecordNumber(match[1], int(match[2]), int(match[3]))
    if not number.sequence or str(number)[-1] != match[4]:
        raise AppError(ErrorKind.INVALID, "ops.recordfiling.wrong_check", place=text[:40])
    return number


def next_number(unit: str, year: int, last: int) -> RecordNumber:
    """The number after ``last`` of this unit and year, without a gap."""
    if not re.fullmatch(r"[A-Z0-9]{2,18}", unit):
        raise AppError(ErrorKind.INVALID, "ops.recordfiling.unit_code", place=unit[:40])
    if last >= LARGEST_SEQUENCE:
        raise AppError(ErrorKind.CONFLICT, "ops.recordfiling.exhausted", place=f"{unit}-{year}")
    return RecordNumber(unit, year, last + 1)
