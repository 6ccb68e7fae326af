"""What is missing or wrong in a filing, per field, in the order of the form."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

from infra.errors import AppError
from infra.text import say
from ops.filing.checks import CHECKS, NONE_WORDS
from ops.filing.document import FilingDocument, Sheet
from ops.filing.form import Field, FieldType, Form
from ops.filing.rules import RULES
from ops.filing.values import canonical


class Problem(msgspec.Struct, frozen=True):
    """One problem at one field; ``kind`` is ``missing``, ``wrong`` or ``not_asked``."""

    table: str
    key: str
    field: str
    kind: str
    message_key: str
    detail: dict[str, Any] = {}

    @property
    def place(self) -> str:
        """Where: ``T1[].credit_code``."""
        return f"{self.table}[{self.key}].{self.field}"

    @property
    def text(self) -> str:
        """What is wrong and what to do, in the language of the context."""
        return say(self.message_key, **({"place": self.place} | self.detail))


def problems(document: FilingDocument, form: Form, today: date) -> list[Problem]:
    """Everything that keeps the filing from being handed in; empty when it is complete and right."""
    found = [problem for sheet in document.sheets for problem in _sheet(document, sheet, form)]
    for rule in RULES:
        found += [
            Problem(s.table, s.key, field, "wrong", key, detail) for s, field, key, detail in rule(document, today)
        ]
    return found


def readiness(document: FilingDocument, form: Form) -> tuple[int, int]:
    """Filled and asked fields of the whole filing."""
    asked = [(sheet, field) for sheet in document.sheets for field in asked_fields(document, sheet, form)]
    needed = [(sheet, field) for sheet, field in asked if not field.optional]
    return sum(sheet.value(field.id) is not None for sheet, field in needed), len(needed)


def asked_fields(document: FilingDocument, sheet: Sheet, form: Form) -> Iterator[Field]:
    """The input fields of ``sheet`` its other values ask for."""
    for field in form.by_table[sheet.table]:
        if field.type is not FieldType.GROUP and is_asked(document, sheet, form, field):
            yield field


def is_asked(document: FilingDocument, sheet: Sheet, form: Form, field: Field) -> bool:
    """Whether ``field`` is asked for on ``sheet``."""
    return form.asked(field, lambda table, name: document.value_of(sheet, table, name))


def _sheet(document: FilingDocument, sheet: Sheet, form: Form) -> Iterator[Problem]:
    for field in form.by_table[sheet.table]:
        if field.type is FieldType.GROUP:
            continue
        problem = _field(sheet, field, asked=is_asked(document, sheet, form, field))
        if problem:
            yield problem


def _field(sheet: Sheet, field: Field, *, asked: bool) -> Problem | None:
    value = sheet.value(field.id)
    if value is None:
        missing = asked and not field.optional
        return _problem(sheet, field, "missing", "missing", label=field.zh) if missing else None
    if not asked:
        return _problem(sheet, field, "not_asked", "not_asked", label=field.zh)
    try:
        canonical(field, value, "")
    except AppError as error:
        return Problem(sheet.table, sheet.key, field.id, "wrong", error.message_key, _without_place(error.detail))
    if isinstance(value, tuple) and field.exclusive in value and len(value) > 1:
        return _problem(sheet, field, "wrong", "exclusive", option=field.options[field.exclusive])
    if field.check and not CHECKS[field.check](value):
        return _problem(sheet, field, "wrong", f"check.{field.check}", value=str(value)[:60], none=min(NONE_WORDS))
    return None


def _without_place(detail: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in detail.items() if name != "place"}


def _problem(sheet: Sheet, field: Field, kind: str, key: str, **detail: Any) -> Problem:
    return Problem(sheet.table, sheet.key, field.id, kind, f"ops.filing.{key}", detail)
