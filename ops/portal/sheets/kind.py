"""What a sheet is: its columns, how its rows are judged, how they are kept in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, Protocol, TypeVar

import msgspec

from infra.text import say
from infra.web.seams import Actor
from ops.documents.tables import RowError

Choice = TypeVar("Choice", bound=StrEnum)


class Kind(StrEnum):
    """The sheets there are."""

    RECORDS = "records"
    FINDINGS = "findings"
    GRADINGS = "gradings"
    VERDICTS = "verdicts"


class Judged(msgspec.Struct, frozen=True):
    """The rows of a file that would change something, how many say what stands already, and every error."""

    items: tuple[Any, ...]
    unchanged: int
    errors: tuple[RowError, ...]


class SheetKind(Protocol):
    """One sheet. ``read`` judges rows, ``keep`` takes all of them in or raises ``AppError`` and takes none."""

    columns: Sequence[str]
    required: Sequence[str]
    reads: str
    writes: str

    def rows(self, object_id: str) -> Iterable[Sequence[Any]]: ...

    def judge(self, rows: Iterable[tuple[int, dict[str, str]]]) -> Judged: ...

    def keep(self, actor: Actor, items: Sequence[Any]) -> int: ...


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an import; ``file`` is the SHA-256 of what was given."""

    sheet: Kind
    name: str
    file: str
    rows: int
    taken: int
    unchanged: int
    errors: tuple[RowError, ...]


class WrongCellError(ValueError):
    """A cell that cannot be read: which field, and what to do."""

    def __init__(self, field: str, key: str, **detail: Any) -> None:
        super().__init__(say(key, **detail))
        self.field = field


def text_of(cells: dict[str, str], field: str, most: int) -> str:
    """A cell's text, empty where the sheet has none; ``WrongCellError`` where it is longer than what is kept."""
    text = cells.get(field, "")
    if len(text) > most:
        raise WrongCellError(field, "ops.sheets.too_long", value=text[:40], limit=most)
    return text


def choice_of(kind: type[Choice], text: str, field: str) -> Choice:
    """A member by its value; ``WrongCellError`` lists what is possible."""
    try:
        return kind(text)
    except ValueError:
        known = ", ".join(kind)
        raise WrongCellError(field, "ops.sheets.choice", value=text[:40] or "—", known=known) from None
