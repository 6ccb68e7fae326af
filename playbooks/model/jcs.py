"""The JSON Canonicalization Scheme (RFC 8785): one and only one way to write a JSON value."""

from __future__ import annotations

import math
from typing import Any

from infra.errors import AppError, ErrorKind

_ESCAPES = {0x08: "\\b", 0x09: "\\t", 0x0A: "\\n", 0x0C: "\\f", 0x0D: "\\r", 0x22: '\\"', 0x5C: "\\\\"}
_TABLE = {code: _ESCAPES.get(code, f"\\u{code:04x}") for code in [*range(0x20), 0x22, 0x5C]}
_SAFE = 1 << 53


def canonical(value: Any) -> bytes:
    """The canonical octets; ``AppError(INVALID)`` for what JSON cannot hold."""
    parts: list[str] = []
    _write(value, parts)
    try:
        return "".join(parts).encode()
    except UnicodeEncodeError:
        raise _unfit("a lone surrogate") from None


def _unfit(problem: str) -> AppError:
    return AppError(ErrorKind.INVALID, "playbooks.read.malformed", place="canonical form", problem=problem)


def _write(value: Any, parts: list[str]) -> None:
    if value is None:
        parts.append("null")
    elif isinstance(value, bool):
        parts.append("true" if value else "false")
    elif isinstance(value, str):
        parts.append(f'"{value.translate(_TABLE)}"')
    elif isinstance(value, int | float):
        parts.append(_number(value))
    elif isinstance(value, dict):
        _object(value, parts)
    elif isinstance(value, list):
        parts.append("[")
        for index, item in enumerate(value):
            parts.append("," if index else "")
            _write(item, parts)
        parts.append("]")
    else:
        raise _unfit(f"a {type(value).__name__}")


def _object(value: dict[str, Any], parts: list[str]) -> None:
    parts.append("{")
    keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
    for index, key in enumerate(keys):
        parts.append(f'{"," if index else ""}"{key.translate(_TABLE)}":')
        _write(value[key], parts)
    parts.append("}")


def _number(value: float) -> str:
    """ECMAScript's shortest form (ECMA-262 clause 6.1.6.1.20)."""
    if isinstance(value, int) and -_SAFE <= value <= _SAFE:
        return str(value)
    try:
        number = float(value)
    except OverflowError:
        raise _unfit("a number too large") from None
    if not math.isfinite(number):
        raise _unfit("no finite number")
    if number == 0:
        return "0"
    return ("-" if number < 0 else "") + _positive(abs(number))


def _positive(number: float) -> str:
    mantissa, _, exponent = f"{number!r}e0".partition("e")
    exponent = exponent.removesuffix("e0") or "0"
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    tail = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return digits + tail if count == 1 else f"{digits[0]}.{digits[1:]}{tail}"
