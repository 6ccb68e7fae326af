"""Many applications from one spreadsheet: every row judged, nothing taken in unless all rows are right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from infra.text import say
from ops.documents.tables import MOST_ROWS, YES, RowError, read_rows
from ops.recordfiling.application import CONFORMANCE, EXTERNAL, Application, lacks

__all__ = ["COLUMNS", "MOST_ROWS", "REQUIRED", "TOLD", "RowError", "Sheet", "read_applications"]
REQUIRED = ("system", "name", "unit", "unit_code", "column")
COLUMNS = (*REQUIRED, "hosts", *CONFORMANCE, "ways", "level", "go_live", *EXTERNAL)
TOLD = ("number", "state", "review_due", "lacks")
"""Columns an export adds; an import passes over them."""


class Sheet(msgspec.Struct, frozen=True):
    """The applications of a file, and every error found; there are none to take in while there is an error.

    ``unchanged`` counts rows that say what stands on record already.
    """

    applications: tuple[Application, ...]
    errors: tuple[RowError, ...]
    unchanged: int = 0


def read_applications(raw: bytes, place: str, known: Iterable[str] = ()) -> Sheet:
    """The applications in CSV or xlsx; ``known`` are systems that already have a record.

    Raises ``AppError(INVALID)`` for another kind of file or a heading that lacks columns or holds unknown ones.
    """
    return judge_applications(read_rows(raw, place, REQUIRED, (*COLUMNS, *TOLD)), dict.fromkeys(known))


def judge_applications(rows: Iterable[tuple[int, dict[str, str]]], standing: Mapping[str, Application | None]) -> Sheet:
    """The same from rows; ``standing`` are the applications on record by system (None: one of unknown content)."""
    seen, made, errors, unchanged = set[str](), [], [], 0
    for number, cells in rows:
        application, wrong = _row(cells, number, seen)
        if application and application.system in standing:
            if standing[application.system] == application and not _twice(wrong):
                unchanged += 1
                continue
            wrong.append(RowError(number, "system", say("ops.recordfiling.exists", place=application.system)))
        errors += wrong
        if application:
            made.append(application)
    return Sheet(() if errors else tuple(made), tuple(errors), unchanged)


def _twice(wrong: list[RowError]) -> bool:
    return any(each.field == "system" for each in wrong)


def _row(cells: dict[str, str], number: int, seen: set[str]) -> tuple[Application | None, list[RowError]]:
    try:
        application = Application(
            **{name: cells[name] for name in REQUIRED if name != "column"},
            column=_whole(cells["column"]),
            hosts=tuple(cells.get("hosts", "").replace(",", " ").split()),
            conformance={rule: cells[rule].lower() in YES for rule in CONFORMANCE if cells.get(rule)},
            authentication=tuple(cells.get("ways", "").replace(",", " ").split()),
            external={name: cells[name] for name in EXTERNAL if cells.get(name)},
            level=_whole(cells.get("level") or "0"),
            go_live=date.fromisoformat(cells["go_live"][:10]) if cells.get("go_live") else None,
        )
    except ValueError as error:
        return None, [RowError(number, "", str(error)[:200])]
    wrong = [
        RowError(number, lack.field, say(lack.message_key) + f" {lack.value}".rstrip()) for lack in lacks(application)
    ]
    if application.system in seen:
        wrong.append(RowError(number, "system", say("ops.recordfiling.exists", place=application.system)))
    seen.add(application.system)
    return application, wrong


def _whole(text: str) -> int:
    if not text.removesuffix(".0").isdecimal() or len(text) > 9:
        raise ValueError(say("ops.filing.number_expected", place=text[:40] or "—"))
    return int(text.removesuffix(".0"))
