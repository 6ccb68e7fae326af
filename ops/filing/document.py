"""A filing as a document: its sheets, and per value where it came from and who accepted it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from infra.errors import AppError, ErrorKind
from ops.filing.form import Form
from ops.filing.values import FileRef, Value, canonical

MOST_SHEETS = 2_000
BY_HAND = frozenset({"typed", "docx", "xlsx", "json", "package"})
"""Origins that say a person gave the value, at the form or in a file; all others are sources of the platform."""


class Origin(msgspec.Struct, frozen=True):
    """Where a value came from: ``typed`` or a source of the platform, as of when, and where its evidence is."""

    source: str
    observed: datetime | None = None
    evidence: str = ""


class Proposal(msgspec.Struct, frozen=True):
    """A value the platform offers; a person accepts or refuses it."""

    value: str | int | float | bool | list[str] | FileRef
    origin: Origin


class Entry(msgspec.Struct, frozen=True):
    """A value that counts: who accepted or typed it, and when."""

    value: str | int | float | bool | list[str] | FileRef
    origin: Origin
    by: str = ""
    at: datetime | None = None


class Sheet(msgspec.Struct, kw_only=True):
    """One table of the filing. ``key`` is empty for T1, the object for T2 to T5, ``object/category`` for T6."""

    table: str
    key: str = ""
    entries: dict[str, Entry] = {}
    proposals: dict[str, Proposal] = {}
    refused: dict[str, Proposal] = {}

    @property
    def object(self) -> str:
        """The object the sheet belongs to."""
        return self.key.partition("/")[0]

    def value(self, field: str) -> Value | None:
        """The canonical value of a field, None where it is empty."""
        entry = self.entries.get(field)
        if entry is None:
            return None
        return tuple(entry.value) if isinstance(entry.value, list) else entry.value


class FilingDocument(msgspec.Struct, kw_only=True):
    """A filing: one unit, its objects and their data categories, on one edition of the form."""

    id: str
    form: str
    sheets: list[Sheet] = []

    def sheet(self, table: str, key: str = "") -> Sheet:
        """One sheet; ``AppError(NOT_FOUND)`` if there is none."""
        for sheet in self.sheets:
            if sheet.table == table and sheet.key == key:
                return sheet
        raise AppError(ErrorKind.NOT_FOUND, "ops.filing.no_sheet", place=f"{table}[{key}]")

    def of_table(self, table: str) -> Iterator[Sheet]:
        """The sheets of one table in order."""
        return (sheet for sheet in self.sheets if sheet.table == table)

    @property
    def objects(self) -> list[str]:
        """Keys of the objects, in order."""
        return [sheet.key for sheet in self.of_table("T2")]

    def value_of(self, sheet: Sheet, table: str, field: str) -> Value | None:
        """A value of ``table`` that belongs to the same object as ``sheet``."""
        if table == sheet.table:
            return sheet.value(field)
        key = "" if table == "T1" else sheet.object
        found = next((each for each in self.sheets if each.table == table and each.key == key), None)
        return found.value(field) if found else None

    def values(self) -> dict[str, dict[str, Any]]:
        """All values without their origins, by ``table[key]``; what exports must give back equal."""
        return {
            f"{sheet.table}[{sheet.key}]": {name: sheet.value(name) for name in sorted(sheet.entries)}
            for sheet in self.sheets
        }


def new_document(filing_id: str, form: Form, objects: dict[str, list[str]]) -> FilingDocument:
    """An empty filing of ``objects``: data categories by object key."""
    sheets = [Sheet(table="T1")]
    for key, categories in objects.items():
        if not key or "/" in key:
            raise AppError(ErrorKind.INVALID, "ops.filing.bad_key", place=key)
        sheets += [Sheet(table=table.id, key=key) for table in form.tables if table.per == "object"]
        sheets += [Sheet(table="T6", key=f"{key}/{category}") for category in categories]
    if len(sheets) > MOST_SHEETS:
        raise AppError(ErrorKind.TOO_LARGE, "ops.filing.too_many_sheets", limit=MOST_SHEETS)
    return FilingDocument(id=filing_id, form=form.ref.version, sheets=sheets)


def put(form: Form, sheet: Sheet, field_id: str, raw: Any, origin: Origin, by: str, at: datetime | None) -> None:
    """Write a value (None or empty clears it); a standing proposal for it is settled."""
    field = form.find(sheet.table, field_id)
    value = canonical(field, raw, f"{sheet.table}[{sheet.key}].{field_id}")
    sheet.proposals.pop(field_id, None)
    if value is None:
        sheet.entries.pop(field_id, None)
    else:
        sheet.entries[field_id] = Entry(_plain(value), origin, by, at)


def _plain(value: Value) -> Any:
    return list(value) if isinstance(value, tuple) else value


def propose(form: Form, sheet: Sheet, field_id: str, raw: Any, origin: Origin) -> bool:
    """Offer a value; False where it equals what stands there already or was refused before."""
    field = form.find(sheet.table, field_id)
    value = canonical(field, raw, f"{sheet.table}[{sheet.key}].{field_id}")
    refused = sheet.refused.get(field_id)
    if value is None or sheet.value(field_id) == value or (refused and refused.value == _plain(value)):
        sheet.proposals.pop(field_id, None)
        return False
    sheet.proposals[field_id] = Proposal(_plain(value), origin)
    return True


def accept(form: Form, sheet: Sheet, field_id: str, by: str, at: datetime) -> None:
    """Make the proposal the value; its origin stays beside who accepted it."""
    proposal = _proposal(sheet, field_id)
    put(form, sheet, field_id, proposal.value, proposal.origin, by, at)


def refuse(sheet: Sheet, field_id: str) -> None:
    """Drop the proposal; the same value is not offered again."""
    sheet.refused[field_id] = _proposal(sheet, field_id)
    del sheet.proposals[field_id]


def _proposal(sheet: Sheet, field_id: str) -> Proposal:
    if field_id not in sheet.proposals:
        raise AppError(ErrorKind.NOT_FOUND, "ops.filing.no_proposal", place=f"{sheet.table}[{sheet.key}].{field_id}")
    return sheet.proposals[field_id]
