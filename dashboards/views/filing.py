"""What the form of a filing shows: rows of a sheet, values in words, how far each table is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from dashboards.words import chinese, t
from ops.filing.document import Entry, FilingDocument, Proposal, Sheet
from ops.filing.form import Field, FieldType, Form
from ops.filing.prefill import offered
from ops.filing.values import FileRef


class RowState(StrEnum):
    """What stands in a field."""

    ACCEPTED = "accepted"
    DIFFERS = "differs"
    PROPOSED = "proposed"
    MISSING = "missing"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class FormRow:
    """One field that is asked for: the value that counts, the one the platform proposes, both or none."""

    field: Field
    label: str
    state: RowState
    entry: Entry | None
    proposal: Proposal | None


def rows_of(document: FilingDocument, sheet: Sheet, form: Form) -> list[FormRow]:
    """Fields of a sheet that are asked for, by what is filled in or proposed elsewhere."""
    return list(_rows(document, sheet, form))


def _rows(document: FilingDocument, sheet: Sheet, form: Form) -> Iterator[FormRow]:
    for field in form.by_table[sheet.table]:
        if field.type is FieldType.GROUP or not form.asked(field, partial(offered, document, sheet)):
            continue
        entry, proposal = sheet.entries.get(field.id), sheet.proposals.get(field.id)
        yield FormRow(field, label_of(form, field), _state(field, entry, proposal), entry, proposal)


def _state(field: Field, entry: Entry | None, proposal: Proposal | None) -> RowState:
    if entry is not None:
        return RowState.DIFFERS if proposal is not None else RowState.ACCEPTED
    if proposal is not None:
        return RowState.PROPOSED
    return RowState.OPTIONAL if field.optional else RowState.MISSING


def label_of(form: Form, field: Field) -> str:
    """The field's name with its group before it, in the viewer's language."""
    if chinese():
        return form.label(field).replace(" / ", " · ")
    heading = next((each.en for each in form.by_table[field.table] if each.id == field.group), "")
    return f"{heading} · {field.en}" if heading else field.en


def value_words(field: Field, value: Any) -> str:
    """A value as people read it: options by their names, files by theirs."""
    if value is None:
        return ""
    if isinstance(value, FileRef):
        return value.name
    if isinstance(value, bool):
        return t("filing.yes") if value else t("filing.no")
    if isinstance(value, list | tuple):
        return "、".join(option_words(field, str(code)) for code in value)
    return option_words(field, value) if field.options else str(value)


def option_words(field: Field, code: str) -> str:
    """``10 全国`` for numbered options, the name alone for others."""
    name = field.options.get(code, code)
    return f"{code} {name}" if code.isdecimal() and name != code else name


@dataclass(frozen=True, slots=True)
class TableProgress:
    """How far a table is: fields with a value, proposed ones, those asked for."""

    table: str
    sheets: int
    filled: int
    proposed: int
    asked: int


def progress(document: FilingDocument, form: Form) -> list[TableProgress]:
    """Every table of the form with its sheets taken together."""
    found = []
    for table in form.tables:
        sheets = list(document.of_table(table.id))
        rows = [row for sheet in sheets for row in rows_of(document, sheet, form) if row.state is not RowState.OPTIONAL]
        found.append(TableProgress(table.id, len(sheets), *_counts(rows)))
    return found


def _counts(rows: Sequence[FormRow]) -> tuple[int, int, int]:
    filled = sum(row.entry is not None for row in rows)
    return filled, sum(row.state is RowState.PROPOSED for row in rows), len(rows)
