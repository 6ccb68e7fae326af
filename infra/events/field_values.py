"""Values in the form their field wants, or ``UnfitError``: only lossless readings are taken."""

from __future__ import annotations

import ipaddress
import math
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any

from infra.events.table import Field, FieldType

_LONG_MIN, _LONG_MAX = -(2**63), 2**63 - 1


class UnfitError(Exception):
    """A value does not fit its field; the message says why."""


def reader_of(field: Field) -> Callable[[Any], Any]:
    """What reads any value of ``field``."""
    single = READERS[field.type]
    if field.type is FieldType.FLAT:
        return as_flat_object
    if field.array:
        ready = READY.get(field.type) if field.type not in FITS else None
        return partial(as_array, single, ready)
    return lambda value: single(only_one(value) if isinstance(value, list | tuple) else value)


def as_array(single: Callable[[Any], Any], ready: type | None, value: Any) -> list[Any]:
    """Many values, mostly of the type they should have."""
    if not isinstance(value, list | tuple):
        return [single(value)]
    if value.__class__ is list and len(value) == 1 and value[0].__class__ is ready:
        return value
    return [item if type(item) is ready else single(item) for item in value]


def only_one(values: list[Any] | tuple[Any, ...]) -> Any:
    """The value of a list of one."""
    if len(values) != 1:
        raise UnfitError(f"{len(values)} values where one is expected")
    return values[0]


def as_text(value: Any) -> str:
    """Text as it is; numbers and truth values as JSON writes them."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise UnfitError(f"{type(value).__name__} where text is expected")


def as_long(value: Any) -> int:
    """A whole number of 64 bits."""
    if type(value) is int and _LONG_MIN <= value <= _LONG_MAX:
        return value
    if isinstance(value, bool):
        raise UnfitError("boolean where a whole number is expected")
    try:
        number = int(value, 10) if isinstance(value, str) else int(value)
    except (ValueError, TypeError, OverflowError):
        raise UnfitError(f"{str(value)[:40]!r} is not a whole number") from None
    if isinstance(value, float) and number != value:
        raise UnfitError(f"{value} is not a whole number")
    if not _LONG_MIN <= number <= _LONG_MAX:
        raise UnfitError("number does not fit into 64 bits")
    return number


def as_double(value: Any) -> float:
    """A finite number."""
    if isinstance(value, bool):
        raise UnfitError("boolean where a number is expected")
    try:
        number = float(value)
    except (ValueError, TypeError, OverflowError):
        raise UnfitError(f"{str(value)[:40]!r} is not a number") from None
    if not math.isfinite(number):
        raise UnfitError("number is not finite")
    return number


def as_boolean(value: Any) -> bool:
    """True or false, also as text."""
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise UnfitError(f"{str(value)[:40]!r} is not true or false")


def as_date(value: Any) -> datetime:
    """An aware moment from RFC 3339 text or milliseconds of Unix time."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is UTC:
                return moment
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise UnfitError(f"{str(value)[:40]!r} is not a time")


@lru_cache(maxsize=65_536)
def ip_text(value: str) -> str:
    """An address in its canonical form."""
    try:
        socket.inet_pton(socket.AF_INET, value)
        return value  # the four numbers without leading zeros: the only form of an IPv4 address it takes
    except (OSError, ValueError):
        pass
    try:
        return str(ipaddress.ip_address(value.partition("%")[0]))
    except ValueError:
        raise UnfitError(f"{value[:60]!r} is not an IP address") from None


def as_ip(value: Any) -> str:
    """As ``ip_text``, of text alone."""
    if isinstance(value, str):
        return ip_text(value)
    raise UnfitError(f"{type(value).__name__} where an IP address is expected")


def as_binary(value: Any) -> bytes:
    """Bytes as they are."""
    if isinstance(value, bytes):
        return value
    raise UnfitError(f"{type(value).__name__} where bytes are expected")


def as_flat(value: Any) -> Any:
    """What JSON can hold, all the way down."""
    if isinstance(value, dict):
        return {str(key): as_flat(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_flat(item) for item in value]
    if isinstance(value, str | bool | int | float) or value is None:
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def as_flat_object(value: Any) -> Any:
    """An object for a flat field."""
    if not isinstance(value, dict):
        raise UnfitError(f"{type(value).__name__} where an object is expected")
    return as_flat(value)


READERS: dict[FieldType, Callable[[Any], Any]] = {
    FieldType.KEYWORD: as_text,
    FieldType.TEXT: as_text,
    FieldType.WILDCARD: as_text,
    FieldType.LONG: as_long,
    FieldType.DOUBLE: as_double,
    FieldType.BOOLEAN: as_boolean,
    FieldType.DATE: as_date,
    FieldType.IP: as_ip,
    FieldType.FLAT: as_flat_object,
    FieldType.BINARY: as_binary,
}

READY: dict[FieldType, type] = {
    FieldType.KEYWORD: str,
    FieldType.TEXT: str,
    FieldType.WILDCARD: str,
    FieldType.BOOLEAN: bool,
    FieldType.BINARY: bytes,
    FieldType.LONG: int,
    FieldType.DATE: datetime,
}
"""Types that are right as they come."""


def fits_64_bits(value: int) -> bool:
    """Whether a whole number can be stored."""
    return _LONG_MIN <= value <= _LONG_MAX


FITS: dict[FieldType, Callable[[Any], bool]] = {
    FieldType.LONG: fits_64_bits,
    FieldType.DATE: lambda value: value.tzinfo is not None,
}
"""What is asked of a value beside its type: a number may be too long, a date naive."""
