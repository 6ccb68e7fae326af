"""The form as data: tables, fields, options, and when a field is asked for."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import cache, cached_property
from typing import Any

import msgspec

from infra.errors import AppError, ErrorKind
from ops.rulepacks import Pack, PackRef, shipped_packs


class FieldType(StrEnum):
    """What a field holds; a group holds nothing itself, it is the heading of its members."""

    TEXT = "text"
    CODE = "code"
    MULTI = "multi"
    NUMBER = "number"
    BOOL = "bool"
    DATE = "date"
    FILE = "file"
    GROUP = "group"


class Condition(msgspec.Struct, frozen=True):
    """When a field is asked for: another field (perhaps of another table) holds one of some values, or anything."""

    field: str
    table: str = ""
    in_: tuple[str | bool, ...] = msgspec.field(default=(), name="in")
    has: tuple[str, ...] = ()
    filled: bool = False

    def holds(self, value: Any) -> bool:
        """Whether ``value`` of the other field asks for this one."""
        if self.filled:
            return value not in (None, "", ())
        if self.has:
            return isinstance(value, tuple | list) and any(code in value for code in self.has)
        return value in self.in_ and value is not None


class OpenCodes(msgspec.Struct, frozen=True):
    """Whole-number codes the form allows beside the listed ones."""

    first: int = msgspec.field(name="from")
    last: int = msgspec.field(name="to")


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field of the form."""

    id: str
    table: str
    zh: str
    en: str
    type: FieldType
    options: dict[str, str] = {}
    open_codes: OpenCodes | None = None
    when: Condition | None = None
    required: str = "required"
    prefill: str = ""
    check: str = ""
    group: str = ""
    scene: str = ""
    exclusive: str = ""
    note: str = ""

    @property
    def optional(self) -> bool:
        """Whether it may stay empty."""
        return self.required == "optional"

    def knows(self, code: str) -> bool:
        """Whether ``code`` is an option of the field."""
        listed = code in self.options
        return listed or bool(self.open_codes and code.isdecimal() and code == str(int(code)) and self._open(int(code)))

    def _open(self, number: int) -> bool:
        return self.open_codes is not None and self.open_codes.first <= number <= self.open_codes.last


class Table(msgspec.Struct, frozen=True):
    """One table of the form; ``per`` says how often it occurs: per filing, object or data category."""

    id: str
    zh: str
    en: str
    per: str


class Form(msgspec.Struct, frozen=True, eq=False, dict=True):
    """One edition of the form."""

    ref: PackRef
    tables: tuple[Table, ...]
    fields: tuple[Field, ...]

    @cached_property
    def by_table(self) -> dict[str, tuple[Field, ...]]:
        """Fields per table, in printed order, group headings included."""
        return {table.id: tuple(field for field in self.fields if field.table == table.id) for table in self.tables}

    @cached_property
    def inputs(self) -> dict[str, Field]:
        """Fields that hold a value, by ``table.id``."""
        return {f"{field.table}.{field.id}": field for field in self.fields if field.type is not FieldType.GROUP}

    def find(self, table: str, field_id: str) -> Field:
        """One field; ``AppError(INVALID)`` names the unknown one."""
        field = self.inputs.get(f"{table}.{field_id}")
        if field is None:
            raise AppError(ErrorKind.INVALID, "ops.filing.unknown_field", place=f"{table}.{field_id}")
        return field

    def label(self, field: Field) -> str:
        """Chinese label with its group or scene before it, unique within the table."""
        if field.scene:
            return f"{field.scene} / {field.zh}"
        if not field.group:
            return field.zh
        heading = next(each for each in self.by_table[field.table] if each.id == field.group)
        return f"{heading.zh} / {field.zh}"

    def asked(self, field: Field, value_of: Callable[[str, str], Any]) -> bool:
        """Whether ``field`` is asked for; ``value_of(table, field)`` gives other values of the same object."""
        when = field.when
        if when is None:
            return True
        table = when.table or field.table
        other = self.find(table, when.field)
        return self.asked(other, value_of) and when.holds(value_of(table, when.field))


def read_form(pack: Pack) -> Form:
    """The form of a ``form`` pack."""
    content = pack.content
    return Form(
        pack.ref,
        msgspec.convert(content["tables"], tuple[Table, ...]),
        msgspec.convert(content["fields"], tuple[Field, ...]),
    )


@cache
def shipped_form(version: str = "2025") -> Form:
    """A shipped edition of the form, read once."""
    return read_form(shipped_packs().version("form", version))
