"""Conforming: a flat document meets the table, or is rejected with the field and the reason.

What the table does not know goes into its flat field; a value of a wrong type is a rejection, never a silent cast:
only lossless readings are taken (``"22"`` for a long, ``"true"`` for a boolean, RFC 3339 text for a date).
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from infra.events.stream import Event
from infra.events.table import OVERFLOW, Field, FieldType, Table

MAX_FUTURE = timedelta(minutes=5)
_LONG_MIN, _LONG_MAX = -(2**63), 2**63 - 1


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a document was not taken: a stable reason code, the field, and words for a person."""

    reason: str
    field: str
    detail: str


@dataclass(frozen=True, slots=True)
class Conformed:
    """An event that meets the table."""

    event: Event


class _UnfitError(Exception):
    pass


class Conformer:
    """Brings flat documents to the table. Stateless but for caches; one per process."""

    def __init__(self, table: Table) -> None:
        self._resolve = lru_cache(maxsize=65_536)(table.resolve)
        self._place = lru_cache(maxsize=65_536)(self._plan)

    def conform(self, document: Event, received: datetime) -> Conformed | Rejection:
        """The event of ``document``, or why not. ``received`` fills an absent ``@timestamp``."""
        event: Event = {}
        for name, value in document.items():
            if value is None:
                continue
            reader, target, key = self._place(name)
            try:
                if key:
                    event.setdefault(target, {})[key] = _flat(value)
                else:
                    event[target] = reader(value)
            except _UnfitError as problem:
                return Rejection("type_conflict", name, str(problem))
        return self._timed(event, received)

    def _timed(self, event: Event, received: datetime) -> Conformed | Rejection:
        moment = event.setdefault("@timestamp", received)
        if moment - received > MAX_FUTURE:
            return Rejection("future_timestamp", "@timestamp", f"{moment.isoformat()} lies after receipt")
        event.setdefault("event.ingested", received)
        return Conformed(event)

    def _plan(self, name: str) -> tuple[Callable[[Any], Any], str, str]:
        field, key = self._resolve(name)
        if not key:
            return _reader(field), field.name, ""
        return _flat, field.name if field.name != OVERFLOW else OVERFLOW, key


def _reader(field: Field) -> Callable[[Any], Any]:
    single = _READERS[field.type]
    if field.type is FieldType.FLAT:
        return _flat_object
    if field.array:
        return lambda value: [single(item) for item in value] if isinstance(value, list | tuple) else [single(value)]
    return lambda value: single(_only(value))


def _only(value: Any) -> Any:
    if isinstance(value, list | tuple):
        if len(value) != 1:
            raise _UnfitError(f"{len(value)} values where one is expected")
        return value[0]
    return value


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise _UnfitError(f"{type(value).__name__} where text is expected")


def _long(value: Any) -> int:
    if isinstance(value, bool):
        raise _UnfitError("boolean where a whole number is expected")
    try:
        number = int(value, 10) if isinstance(value, str) else int(value)
    except (ValueError, TypeError, OverflowError):
        raise _UnfitError(f"{str(value)[:40]!r} is not a whole number") from None
    if isinstance(value, float) and number != value:
        raise _UnfitError(f"{value} is not a whole number")
    if not _LONG_MIN <= number <= _LONG_MAX:
        raise _UnfitError("number does not fit into 64 bits")
    return number


def _double(value: Any) -> float:
    if isinstance(value, bool):
        raise _UnfitError("boolean where a number is expected")
    try:
        number = float(value)
    except (ValueError, TypeError, OverflowError):
        raise _UnfitError(f"{str(value)[:40]!r} is not a number") from None
    if not math.isfinite(number):
        raise _UnfitError("number is not finite")
    return number


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise _UnfitError(f"{str(value)[:40]!r} is not true or false")


def _date(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise _UnfitError(f"{str(value)[:40]!r} is not a time")


@lru_cache(maxsize=65_536)
def _ip_text(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value.partition("%")[0]))
    except ValueError:
        raise _UnfitError(f"{value[:60]!r} is not an IP address") from None


def _ip(value: Any) -> str:
    if isinstance(value, str):
        return _ip_text(value)
    raise _UnfitError(f"{type(value).__name__} where an IP address is expected")


def _binary(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    raise _UnfitError(f"{type(value).__name__} where bytes are expected")


def _flat(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _flat(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_flat(item) for item in value]
    if isinstance(value, str | bool | int | float) or value is None:
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def _flat_object(value: Any) -> Any:
    if not isinstance(value, dict):
        raise _UnfitError(f"{type(value).__name__} where an object is expected")
    return _flat(value)


_READERS: dict[FieldType, Callable[[Any], Any]] = {
    FieldType.KEYWORD: _text,
    FieldType.TEXT: _text,
    FieldType.WILDCARD: _text,
    FieldType.LONG: _long,
    FieldType.DOUBLE: _double,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATE: _date,
    FieldType.IP: _ip,
    FieldType.FLAT: _flat_object,
    FieldType.BINARY: _binary,
}
