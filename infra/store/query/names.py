"""Which column a field name of a query means, and how its values compare."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from infra.clock import parse_rfc3339
from infra.errors import AppError, ErrorKind
from infra.events.table import FieldType, table

Value = str | int | float | bool | datetime
MAX_NAME = 512


@dataclass(frozen=True, slots=True)
class Place:
    """A column of the table and the key inside it where it is a flat field ('' for the whole)."""

    name: str
    column: str
    key: str
    type: FieldType
    many: bool

    @property
    def flat(self) -> bool:
        """True where values are looked up by key in JSON text and compare as text."""
        return self.type is FieldType.FLAT

    @property
    def words(self) -> bool:
        """True where the field is searched by words."""
        return self.type is FieldType.TEXT


@lru_cache(maxsize=16_384)
def place(name: str) -> Place:
    """The place of ``name``; names the table does not know lie in the overflow. ``AppError(INVALID)`` for no name."""
    if not name or len(name) > MAX_NAME:
        raise AppError(ErrorKind.INVALID, "infra.query_no_field", place="field", name=name[:64])
    field, key = table().resolve(name)
    return Place(name, field.name, key, field.type, field.array)


def value_of(where: Place, value: str | int | float | bool) -> Value:
    """``value`` as the field's own type; ``AppError(INVALID)`` naming the field where it cannot be read so."""
    reader = _READERS.get(where.type, _text)
    try:
        return reader(value)
    except (ValueError, TypeError, OverflowError):
        raise AppError(
            ErrorKind.INVALID, "infra.query_value_unfit", place=where.name, value=str(value)[:64], type=str(where.type)
        ) from None


def _text(value: str | int | float | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _number(value: str | int | float | bool) -> int | float:
    if isinstance(value, bool):
        raise ValueError
    if isinstance(value, str):
        try:
            return int(value, 10)
        except ValueError:
            value = float(value)
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return int(value)
    return value


def _boolean(value: str | int | float | bool) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    raise ValueError


def _date(value: str | int | float | bool) -> datetime:
    if isinstance(value, str):
        try:
            return parse_rfc3339(value).astimezone(UTC)
        except AppError:
            raise ValueError from None
    if isinstance(value, bool):
        raise TypeError
    return datetime.fromtimestamp(value / 1000, UTC)


def _ip(value: str | int | float | bool) -> str:
    return str(ipaddress.ip_address(str(value)))


_READERS = {
    FieldType.LONG: _number,
    FieldType.DOUBLE: _number,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATE: _date,
    FieldType.IP: _ip,
}
