"""The one typed table of fields; the embedded schema, the OpenSearch template and the documentation come from it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

ECS_VERSION = "9.4.0"
OVERFLOW = "yaodun.flat"
"""The flat field that takes whatever the table does not know."""


class FieldType(StrEnum):
    """How a field is stored and compared."""

    KEYWORD = "keyword"
    TEXT = "text"
    WILDCARD = "wildcard"
    LONG = "long"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    DATE = "date"
    IP = "ip"
    FLAT = "flat"
    BINARY = "binary"


class FieldLevel(StrEnum):
    """Where a field comes from: the 87 ECS core fields, the second tier, or our own root."""

    CORE = "core"
    SECOND = "second"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the table."""

    name: str
    type: FieldType
    level: FieldLevel
    array: bool
    title_zh: str
    title_en: str


class Table:
    """The fields by name, and the flat field that a deeper name belongs to."""

    def __init__(self, fields: list[Field]) -> None:
        self._fields = {field.name: field for field in fields}
        self._flat = tuple(field.name for field in fields if field.type is FieldType.FLAT)

    def __iter__(self) -> Iterator[Field]:
        return iter(self._fields.values())

    def __len__(self) -> int:
        return len(self._fields)

    def get(self, name: str) -> Field | None:
        """The field called ``name`` exactly."""
        return self._fields.get(name)

    def resolve(self, name: str) -> tuple[Field, str]:
        """The field that holds ``name`` and the key inside it ('' where the field is the whole).

        ``winlog.event_data.Image`` lies in the flat field ``winlog.event_data`` under ``Image``; a name that no field
        holds lies in the overflow under its full name.
        """
        if field := self._fields.get(name):
            return field, ""
        head = name
        while "." in head:
            head = head.rpartition(".")[0]
            field = self._fields.get(head)
            if field is not None and field.type is FieldType.FLAT:
                return field, name[len(head) + 1 :]
        return self._fields[OVERFLOW], name


@cache
def table() -> Table:
    """The table of this version."""
    text = files("infra.events").joinpath("fields.csv").read_text(encoding="utf-8")
    return Table([_field(row) for row in csv.DictReader(text.splitlines())])


def _field(row: dict[str, str]) -> Field:
    return Field(
        row["name"], FieldType(row["type"]), FieldLevel(row["level"]), row["array"] == "yes", row["zh"], row["en"]
    )
