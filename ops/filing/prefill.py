"""What the platform can fill in: proposals per field with their source, date and evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Protocol

import msgspec

from ops.filing.document import BY_HAND, FilingDocument, Origin, Sheet, accept, propose
from ops.filing.form import FieldType, Form
from ops.filing.validate import is_asked


class Offer(msgspec.Struct, frozen=True):
    """A value for one field of one sheet."""

    table: str
    key: str
    field: str
    value: Any
    origin: Origin


class Prefill(Protocol):
    """Offers what the platform knows about a filing of ``unit``; wiring connects registers, store and flows."""

    def offers(self, unit: str, document: FilingDocument) -> Sequence[Offer]: ...

    def categories(self, key: str) -> Sequence[str]: ...


class Coverage(msgspec.Struct, frozen=True):
    """How many of the fields that could be filled have a value or a proposal from the platform."""

    fillable: int
    filled: int

    @property
    def percent(self) -> float:
        """Share in percent; 0 where nothing can be filled."""
        return 100 * self.filled / self.fillable if self.fillable else 0.0


def prefill(document: FilingDocument, form: Form, offers: Iterable[Offer]) -> int:
    """Put ``offers`` beside the fields as proposals; returns how many are new. No value is replaced."""
    new = 0
    for offer in offers:
        sheet = _sheet(document, offer)
        if sheet is not None:
            new += propose(form, sheet, offer.field, offer.value, offer.origin)
    return new


def _sheet(document: FilingDocument, offer: Offer) -> Sheet | None:
    return next((s for s in document.sheets if s.table == offer.table and s.key == offer.key), None)


def coverage(document: FilingDocument, form: Form, tables: Sequence[str] = ("T2", "T4", "T6")) -> Coverage:
    """Coverage over ``tables``: fillable is what the other answers, proposed ones included, ask for."""
    fillable = filled = 0
    for sheet in document.sheets:
        if sheet.table not in tables:
            continue
        for field in form.by_table[sheet.table]:
            if field.type is FieldType.GROUP or not form.asked(field, partial(offered, document, sheet)):
                continue
            fillable += 1
            filled += _from_platform(sheet, field.id)
    return Coverage(fillable, filled)


def offered(document: FilingDocument, sheet: Sheet, table: str, field: str) -> Any:
    """The value of a field or, where it has none, the one proposed."""
    value = document.value_of(sheet, table, field)
    if value is not None:
        return value
    key = "" if table == "T1" else sheet.object if table != sheet.table else sheet.key
    other = next((s for s in document.sheets if s.table == table and s.key == key), None)
    proposal = other.proposals.get(field) if other else None
    return (tuple(proposal.value) if isinstance(proposal.value, list) else proposal.value) if proposal else None


def _from_platform(sheet: Sheet, field: str) -> bool:
    entry = sheet.entries.get(field)
    return field in sheet.proposals or (entry is not None and entry.origin.source not in BY_HAND)


def accept_all(document: FilingDocument, form: Form, by: str, at: datetime) -> int:
    """Accept every proposal that is asked for; returns how many."""
    done = 0
    for _ in range(3):  # an accepted answer may ask for further fields
        for sheet in document.sheets:
            for field_id in list(sheet.proposals):
                if is_asked(document, sheet, form, form.find(sheet.table, field_id)):
                    accept(form, sheet, field_id, by, at)
                    done += 1
    return done
