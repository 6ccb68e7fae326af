"""What each atom means: the value semantics of Sigma, in one plain place.

Text compares without case unless ``cased``; ``re`` compares with case (specification 2.1, modifiers). A missing field
meets only ``null`` and ``absent``; a list meets what any of its elements meets; numbers and booleans compare by text.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

import orjson

from analytics.rules.rule import Atom


class Op(StrEnum):
    """How an atom compares."""

    EQ = "eq"
    CONTAINS = "contains"
    STARTSWITH = "startswith"
    ENDSWITH = "endswith"
    WILDCARD = "wildcard"
    REGEX = "re"
    CIDR = "cidr"
    LT = "lt"
    LTE = "lte"
    GT = "gt"
    GTE = "gte"
    NULL = "null"
    EXISTS = "exists"
    ABSENT = "absent"
    FIELDREF = "fieldref"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


LITERAL = frozenset({Op.EQ, Op.CONTAINS, Op.STARTSWITH, Op.ENDSWITH})


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
"""Stands for a field that is not there; distinct from a field that is null."""

Test = Callable[[str], bool]


def text(value: Any) -> str:
    """How a scalar reads when it is compared."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, dict):
        return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    return str(value)


def elements(value: Any) -> Iterator[Any]:
    """The scalars of a value: itself, or what a list holds at any depth."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from elements(item)
    else:
        yield value


def holds(atom: Atom, value: Any) -> bool:
    """Whether ``value`` (``MISSING`` where the field is absent) meets ``atom``."""
    if atom.op == Op.EXISTS:
        return value is not MISSING
    if atom.op == Op.ABSENT:
        return value is MISSING
    found = [] if value is MISSING else list(elements(value))
    if atom.op == Op.NULL:
        return not found or None in found
    meets = test(atom)
    return any(item is not None and meets(text(item)) for item in found)


@lru_cache(maxsize=200_000)
def test(atom: Atom) -> Test:
    """The test of a text that ``atom`` stands for."""
    op = Op(atom.op)
    if op in LITERAL:
        return _literal(op, atom.value, cased=atom.cased)
    if op is Op.WILDCARD:
        return _wildcard(atom.value, cased=atom.cased)
    if op is Op.REGEX:
        search = regex(atom.value).search
        return lambda value: search(value) is not None
    if op is Op.CIDR:
        return _cidr(atom.value)
    if op in _COMPARE:
        return _compare(op, float(atom.value))
    return _time_part(op, int(atom.value))


def _literal(op: Op, wanted: str, *, cased: bool) -> Test:
    compare = _LITERALS[op]
    if cased:
        return lambda value: compare(value, wanted)
    folded = wanted.lower()
    return lambda value: compare(value.lower(), folded)


_LITERALS: dict[Op, Callable[[str, str], bool]] = {
    Op.EQ: str.__eq__,
    Op.CONTAINS: str.__contains__,
    Op.STARTSWITH: str.startswith,
    Op.ENDSWITH: str.endswith,
}


def _wildcard(pattern: str, *, cased: bool) -> Test:
    source = wildcard_regex(pattern if cased else pattern.lower())
    match = re.compile(source, re.DOTALL).fullmatch
    if cased:
        return lambda value: match(value) is not None
    return lambda value: match(value.lower()) is not None


def wildcard_parts(pattern: str) -> list[str | None]:
    """A pattern with ``*``, ``?`` and backslash escapes as literal runs, ``None`` for ``*`` and '' for ``?``."""
    parts: list[str | None] = []
    run: list[str] = []
    position = 0
    while position < len(pattern):
        char = pattern[position]
        if char in "*?":
            if run:
                parts.append("".join(run))
                run = []
            parts.append(None if char == "*" else "")
        else:
            if char == "\\" and pattern[position + 1 : position + 2] in ("*", "?", "\\"):
                position += 1
            run.append(pattern[position])
        position += 1
    return [*parts, "".join(run)] if run else parts


def wildcard_regex(pattern: str) -> str:
    """The regular expression (to be matched in full, dot matching all) of a wildcard pattern."""
    return "".join(".*" if part is None else "." if not part else re.escape(part) for part in wildcard_parts(pattern))


@lru_cache(maxsize=20_000)
def regex(value: str) -> re.Pattern[str]:
    """The pattern of a regex atom, whose value reads ``flags/pattern``."""
    flags, _, pattern = value.partition("/")
    return re.compile(pattern, sum(_FLAGS[flag] for flag in flags))


_FLAGS = {"i": re.IGNORECASE.value, "m": re.MULTILINE.value, "s": re.DOTALL.value}


def _cidr(value: str) -> Test:
    network = ipaddress.ip_network(value, strict=False)

    def inside(found: str) -> bool:
        address = _address(found)
        return address is not None and address.version == network.version and address in network

    return inside


@lru_cache(maxsize=65_536)
def _address(value: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(value.strip().partition("%")[0])
    except ValueError:
        return None


def number(value: str) -> float | None:
    """The finite number a text states in decimal, else None."""
    try:
        found = float(value)
    except ValueError:
        return None
    return found if found == found and abs(found) != float("inf") else None


def _compare(op: Op, bound: float) -> Test:
    compare = _COMPARE[op]

    def meets(value: str) -> bool:
        found = number(value)
        return found is not None and compare(found, bound)

    return meets


_COMPARE: dict[Op, Callable[[float, float], bool]] = {
    Op.LT: float.__lt__,
    Op.LTE: float.__le__,
    Op.GT: float.__gt__,
    Op.GTE: float.__ge__,
}


def _time_part(op: Op, wanted: int) -> Test:
    part = _PARTS[op]

    def meets(value: str) -> bool:
        moment = _moment(value)
        return moment is not None and part(moment) == wanted

    return meets


_PARTS: dict[Op, Callable[[datetime], int]] = {
    Op.MINUTE: lambda moment: moment.minute,
    Op.HOUR: lambda moment: moment.hour,
    Op.DAY: lambda moment: moment.day,
    Op.WEEK: lambda moment: moment.isocalendar().week,
    Op.MONTH: lambda moment: moment.month,
    Op.YEAR: lambda moment: moment.year,
}


def _moment(value: str) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def reference_holds(mode: str, value: Any, other: Any) -> bool:
    """Whether a field meets another field: ``mode`` is fieldref's ``eq contains startswith endswith``."""
    if value is MISSING or other is MISSING:
        return False
    compare = _LITERALS[Op(mode)]
    wanted = [text(item).lower() for item in elements(other) if item is not None]
    return any(compare(text(item).lower(), want) for item in elements(value) if item is not None for want in wanted)


def show(atom: Atom) -> str:
    """How the pattern of an atom reads for a person."""
    literal = atom.value
    shapes = {
        Op.CONTAINS: f"*{literal}*",
        Op.STARTSWITH: f"{literal}*",
        Op.ENDSWITH: f"*{literal}",
        Op.REGEX: f"/{literal.partition('/')[2]}/{literal.partition('/')[0]}",
        Op.LT: f"< {literal}",
        Op.LTE: f"<= {literal}",
        Op.GT: f"> {literal}",
        Op.GTE: f">= {literal}",
        Op.NULL: "null",
        Op.EXISTS: "exists",
        Op.ABSENT: "absent",
    }
    return shapes.get(Op(atom.op), literal if atom.op in LITERAL | {Op.WILDCARD, Op.CIDR} else f"{atom.op} {literal}")
