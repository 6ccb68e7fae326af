"""Kinds of sensitive data, and where they are in a text.

A kind has a *shape* (what could be one) and a *proof* (what the shape must also satisfy: date, region, check digit).
The share of shapes that pass the proof is what tells a column of identity numbers from one of order numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from infra import checkdigits


class Kind(StrEnum):
    """What a value is."""

    IDENTITY = "identity_number"
    CREDIT_CODE = "credit_code"
    BANK_CARD = "bank_card"
    PHONE = "phone"
    EMAIL = "email"
    LICENCE = "licence_id"
    TRACE_CODE = "trace_code"
    NAME = "name"
    ADDRESS = "address"


class Sensitivity(StrEnum):
    """Class of a kind, after the split of personal data in GB/T 35273-2020 annex A and B."""

    PERSONAL_SENSITIVE = "personal_sensitive"
    PERSONAL = "personal"
    BUSINESS = "business"


SENSITIVITY = {
    Kind.IDENTITY: Sensitivity.PERSONAL_SENSITIVE,
    Kind.BANK_CARD: Sensitivity.PERSONAL_SENSITIVE,
    Kind.PHONE: Sensitivity.PERSONAL,
    Kind.EMAIL: Sensitivity.PERSONAL,
    Kind.NAME: Sensitivity.PERSONAL,
    Kind.ADDRESS: Sensitivity.PERSONAL,
    Kind.CREDIT_CODE: Sensitivity.BUSINESS,
    Kind.LICENCE: Sensitivity.BUSINESS,
    Kind.TRACE_CODE: Sensitivity.BUSINESS,
}


@dataclass(frozen=True, slots=True)
class Found:
    """A proven value at ``text[start:end]``."""

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """``chance`` is the share of accidental shapes that pass the proof; None where the proof is the shape itself."""

    kind: Kind
    shape: re.Pattern[str]
    proof: Callable[[str], bool]
    chance: float | None


_PROVINCES = frozenset(
    f"{tens}{ones}"
    for tens, numbers in (
        ("1", "12345"),
        ("2", "123"),
        ("3", "1234567"),
        ("4", "123456"),
        ("5", "01234"),
        ("6", "12345"),
    )
    for ones in numbers
) | {"71", "81", "82", "83", "91"}
"""First two digits of a region (GB/T 2260)."""
_MOBILE = frozenset(
    [f"13{n}" for n in range(10)]
    + [f"14{n}" for n in range(5, 10)]
    + [f"15{n}" for n in (0, 1, 2, 3, 5, 6, 7, 8, 9)]
    + [f"16{n}" for n in (2, 5, 6, 7)]
    + [f"17{n}" for n in range(9)]
    + [f"18{n}" for n in range(10)]
    + [f"19{n}" for n in (0, 1, 2, 3, 5, 6, 7, 8, 9)]
)
_NOT_DIGITS = re.compile(r"[^0-9]")
_FIXED = re.compile(r"(?:\+?86-?)?0(?:10|2\d|[3-9]\d{2})-[2-8]\d{6,7}(?:-\d{1,6})?")
_LICENCE_ROOT = "1.2.156.3005.2."


def _identity(text: str) -> bool:
    if text[:2] not in _PROVINCES or not checkdigits.identity_number(text):
        return False
    try:
        born = date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    return 1890 <= born.year <= 2100


def _credit_code(text: str) -> bool:
    kind = text[0] in "123456789AFNY" and text[1] in "1234569A"
    return kind and text[2:8].isdigit() and checkdigits.credit_code(text)


def _bank_card(text: str) -> bool:
    digits = _NOT_DIGITS.sub("", text)
    if len(set(digits[4:])) < 3:
        return False
    issuer = (
        digits[0] in "4569"
        or digits[:2] in ("35", "36", "37", "34")
        or digits[:2] in ("22", "23", "24", "25", "26", "27")
    )
    right_length = len(digits) == 15 if digits[:2] in ("34", "37") else 16 <= len(digits) <= 19
    return issuer and right_length and checkdigits.luhn(digits)


def _phone(text: str) -> bool:
    if _FIXED.fullmatch(text):
        return True
    digits = _NOT_DIGITS.sub("", text)[-11:]
    return digits[:3] in _MOBILE and len(set(digits[3:])) > 1


def _licence(text: str) -> bool:
    parts = text.upper()[len(_LICENCE_ROOT) :].split(".")
    try:
        return len(parts) == 5 and checkdigits.mod_37_36("".join(parts[:-1])) == parts[-1]
    except ValueError:
        return False


def _always(text: str) -> bool:
    return True


_WORD_BEFORE, _WORD_AFTER = r"(?<![0-9A-Za-z_])", r"(?![0-9A-Za-z_])"


def _bounded(body: str) -> re.Pattern[str]:
    return re.compile(f"{_WORD_BEFORE}(?:{body}){_WORD_AFTER}")


PATTERNS = (
    Pattern(
        Kind.LICENCE,
        re.compile(r"(?<![0-9.])1\.2\.156\.3005\.2(?:\.[0-9A-Za-z]{1,32}){5}(?![0-9A-Za-z.])"),
        _licence,
        1 / 36,
    ),
    Pattern(
        Kind.EMAIL,
        re.compile(
            r"(?<![0-9A-Za-z._%+/:-])[0-9A-Za-z][0-9A-Za-z._%+-]{0,63}@"
            r"(?:[0-9A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?\.){1,6}[A-Za-z]{2,24}(?![0-9A-Za-z_:/@-]|\.[0-9A-Za-z])"
        ),
        _always,
        None,
    ),
    Pattern(Kind.IDENTITY, _bounded(r"[0-9]{17}[0-9Xx]"), _identity, 1 / 11),
    Pattern(Kind.CREDIT_CODE, _bounded(r"[0-9A-HJ-NPQRTUWXY]{18}"), _credit_code, 1 / 31),
    Pattern(Kind.TRACE_CODE, _bounded(r"[0-9]{20}"), lambda text: text[0] == "8" and len(set(text)) > 3, 0.1),
    Pattern(Kind.BANK_CARD, _bounded(r"[0-9]{15,19}|[0-9]{4}(?:[ -][0-9]{4}){3}(?:[ -]?[0-9]{1,3})?"), _bank_card, 0.1),
    Pattern(
        Kind.PHONE,
        re.compile(
            r"(?<![0-9A-Za-z_.-])(?:(?:\+?86[ -]?|0086[ -]?)?[0-9]{11}|(?:\+?86[ -]?)?1[0-9]{2}[ -][0-9]{4}[ -][0-9]{4}"
            r"|(?:\+?86-?)?0[0-9]{2,3}-[0-9]{7,8}(?:-[0-9]{1,6})?)(?![0-9A-Za-z_]|[.-][0-9])"
        ),
        _phone,
        0.3,
    ),
)  # fmt: skip
"""In order of precedence: what one kind has taken is not looked at again."""


def find(text: str) -> list[Found]:
    """Every proven value in ``text``, by place; kinds that need a whole column (names) are not among them."""
    taken: list[Found] = []
    for pattern, start, end, proven in shapes(text):
        if proven and not any(start < other.end and other.start < end for other in taken):
            taken.append(Found(pattern.kind, start, end))
    taken += [Found(Kind.ADDRESS, *match.span()) for match in ADDRESS.finditer(text)]
    return sorted(taken, key=lambda one: one.start)


def shapes(text: str) -> Iterator[tuple[Pattern, int, int, bool]]:
    """(pattern, start, end, proven) of everything that looks like a kind."""
    if len(text) < 6:
        return
    for pattern in PATTERNS:
        for match in pattern.shape.finditer(text):
            yield pattern, *match.span(), pattern.proof(match[0])


_HAN = r"[\u4e00-\u9fff]"
ADDRESS = re.compile(
    rf"{_HAN}{{2,8}}?(?:省|自治区|市|州|盟|区|县|旗){_HAN}{{0,14}}?{_HAN}(?:路|街|道|巷|弄|村|镇|乡|里|胡同|庄|园|屯)"
    rf"[\u4e00-\u9fff0-9-]{{0,12}}?[0-9一二三四五六七八九十]{{1,6}}(?:号|弄|栋|幢|座|单元|室|组|楼|层)"
    rf"(?:[0-9A-Za-z一二三四五六七八九十-]{{1,6}}(?:号|栋|幢|座|单元|室|组|楼|层))*"
)
"""An administrative name, a street or village, and a number."""
