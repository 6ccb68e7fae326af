"""Gradings as a sheet: ticks in the codes of the filing form (C, P, N and 1 to 3), results beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from infra.errors import AppError
from infra.web.seams import Actor
from ops.documents.tables import YES, RowError
from ops.grading.objects import Degree, GradedObject, Harmed, ObjectKind, Tick
from ops.grading.service import Gradings, KeptGrading
from ops.portal.sheets.kind import Judged, WrongCellError, choice_of, text_of

MARKS = ("mass_personal_data", "public_service")
COLUMNS = (
    "id", "name", "unit", "kind", "information", "service", "description", "s", "a", *MARKS, "label", "level", "state",
    "graded",
)  # fmt: skip
TICKS = {
    tick.code: tick for tick in (Tick(harmed, degree) for harmed in Harmed for degree in Degree)
}  # C1..C3, P1..P3, N1..N3
MOST = {"id": 64, "name": 200, "unit": 64, "information": 4000, "service": 4000, "description": 4000}


class GradingSheet:
    """Implements ``SheetKind``; every row is proposed and waits for another person's review."""

    columns: Sequence[str] = COLUMNS
    required: Sequence[str] = ("id", "name", "unit", "s", "a")
    reads, writes = "grading.read", "grading.keep"

    def __init__(self, gradings: Gradings) -> None:
        self._gradings = gradings

    def rows(self, object_id: str) -> Iterable[Sequence[Any]]:
        """The newest grading of every object."""
        for kept in self._gradings.all_latest().values():
            if object_id in ("", kept.object_id):
                yield _row(kept)

    def judge(self, rows: Iterable[tuple[int, dict[str, str]]]) -> Judged:
        """Rows whose object is new or graded otherwise."""
        known, seen = self._gradings.all_latest(), set[str]()
        items, errors, unchanged = [], [], 0
        for number, cells in rows:
            try:
                made = self._object(cells, known, seen)
            except WrongCellError as error:
                errors.append(RowError(number, error.field, str(error)))
                continue
            except AppError as error:
                errors.append(RowError(number, "s", str(error)))
                continue
            unchanged += made is None
            if made is not None:
                items.append(made)
        return Judged(tuple(items), unchanged, tuple(errors))

    def _object(self, cells: dict[str, str], known: dict[str, KeptGrading], seen: set[str]) -> GradedObject | None:
        name = cells.get("id", "")
        for field in ("id", "name", "unit"):
            if not cells.get(field):
                raise WrongCellError(field, "ops.recordfiling.lack.missing")
        if name in seen:
            raise WrongCellError("id", "ops.sheets.twice", value=name[:60])
        seen.add(name)
        given: dict[str, Any] = {field: text_of(cells, field, most) for field, most in MOST.items() if field in cells}
        given |= {mark: cells[mark].lower() in YES for mark in MARKS if mark in cells}
        if cells.get("kind"):
            given["kind"] = choice_of(ObjectKind, cells["kind"], "kind")
        given |= {side: _ticks(cells.get(side, ""), side) for side in ("s", "a")}
        old = known.get(name)
        thing = GradedObject(**given) if old is None else _over(old.thing, given)
        if old is not None and _said(old.thing) == _said(thing):
            return None
        self._gradings.check(thing)
        return thing

    def keep(self, actor: Actor, items: Sequence[GradedObject]) -> int:
        """All or none."""
        return self._gradings.keep_all(actor, items)


def _ticks(text: str, field: str) -> tuple[Tick, ...]:
    codes = text.upper().replace(",", " ").replace(";", " ").replace("，", " ").replace("；", " ").split()
    wrong = [code for code in codes if code not in TICKS]
    if wrong or not codes:
        raise WrongCellError(field, "ops.sheets.ticks", value=wrong[0][:20] if wrong else "—", known=", ".join(TICKS))
    return tuple(TICKS[code] for code in sorted(set(codes)))


def _over(old: GradedObject, given: dict[str, Any]) -> GradedObject:
    """The new answers over the old object: what the sheet does not show stays, a kind it leaves empty and the reasons
    of equal ticks too."""
    for side in ("s", "a"):
        if {tick.code for tick in getattr(old, side)} == {tick.code for tick in given[side]}:
            given = given | {side: getattr(old, side)}
    return msgspec.structs.replace(old, **given)


def _said(thing: GradedObject) -> tuple[str, ...]:
    sides = (" ".join(sorted(tick.code for tick in side)) for side in (thing.s, thing.a))
    marks = ("是" if getattr(thing, mark) else "" for mark in MARKS)
    words = (thing.id, thing.name, thing.unit, thing.kind.value, thing.information, thing.service, thing.description)
    return (*words, *sides, *marks)


def _row(kept: KeptGrading) -> tuple[Any, ...]:
    return (*_said(kept.thing), kept.label, kept.level, kept.state.value, kept.at.date().isoformat())
