"""Findings as a sheet: rows without an id are new ones, rows with one plan what is open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec

from infra.web.seams import Actor
from ops.controls.service import Controls
from ops.documents.tables import YES, RowError
from ops.evaluation.rectification import Finding, NewFinding, Plan, Rectification, Risk, State
from ops.portal.sheets.kind import Judged, WrongCellError, choice_of, text_of

PLANNED = {"owner": 100, "due": 100, "cause": 4000, "fix": 4000}
"""What a row may plan, and how long each may be."""
NEEDED = ("object", "title", "risk")
COLUMNS = ("id", "object", "unit", "asset", "title", "risk", "major", *PLANNED, "state", "mitigation", "created")
EVERY = frozenset(State)


class Entry(msgspec.Struct, frozen=True):
    """A row: a new finding (``id`` empty), its plan, or both."""

    id: str
    new: NewFinding | None
    plan: Plan | None


class FindingSheet:
    """Implements ``SheetKind``."""

    columns: Sequence[str] = COLUMNS
    required: Sequence[str] = NEEDED
    reads, writes = "evaluation.read", "evaluation.findings"

    def __init__(self, findings: Rectification, controls: Controls) -> None:
        self._findings, self._controls = findings, controls

    def rows(self, object_id: str) -> Iterable[Sequence[Any]]:
        """Findings in every state."""
        for each in self._findings.find(object_id, EVERY):
            yield (
                each.id, each.object_id, each.unit, each.asset, each.title, each.risk.value, "是" if each.major else "",
                each.owner, each.due.isoformat() if each.due else "", each.cause, each.fix, each.state.value,
                each.mitigation, each.created.date().isoformat(),
            )  # fmt: skip

    def judge(self, rows: Iterable[tuple[int, dict[str, str]]]) -> Judged:
        """Rows that open or plan something."""
        known = {each.id: each for each in self._findings.find("", EVERY)}
        objects = {each.id for each in self._controls.profiles()}
        items, errors, unchanged, seen = [], [], 0, set[str]()
        for number, cells in rows:
            try:
                made = _entry(cells, known, objects, seen)
            except WrongCellError as error:
                errors.append(RowError(number, error.field, str(error)))
                continue
            if made is None:
                unchanged += 1
            else:
                items.append(made)
        return Judged(tuple(items), unchanged, tuple(errors))

    def keep(self, actor: Actor, items: Sequence[Entry]) -> int:
        """All or none."""
        return self._findings.take_all(actor, [(each.id, each.new, each.plan) for each in items])


def _entry(cells: dict[str, str], known: dict[str, Finding], objects: set[str], seen: set[str]) -> Entry | None:
    name = cells.get("id", "")
    plan = _plan(cells)
    if not name:
        return Entry("", _new(cells, objects), plan)
    if name not in known or name in seen:
        raise WrongCellError("id", "ops.sheets.twice" if name in seen else "ops.sheets.no_finding", value=name[:60])
    seen.add(name)
    old = known[name]
    _check_fixed(cells, old)
    if plan is None or plan == Plan(old.owner, old.due, old.cause, old.fix):
        return None
    if old.state not in (State.OPEN, State.PLANNED):
        raise WrongCellError("state", "ops.sheets.not_plannable", value=name, state=old.state)
    return Entry(name, None, plan)


def _check_fixed(cells: dict[str, str], old: Finding) -> None:
    """What a row with an id says of the finding itself is what stands; object, title and risk may be left empty."""
    stands = {
        "object": old.object_id, "unit": old.unit, "asset": old.asset, "title": old.title, "risk": old.risk.value,
        "major": "是" if old.major else "",
    }  # fmt: skip
    given = {field: cells[field] for field in stands if cells.get(field) or (field in cells and field not in NEEDED)}
    if "major" in given:
        given["major"] = "是" if given["major"].lower() in YES else ""
    for field, text in given.items():
        if _letters(text) != _letters(stands[field]):
            raise WrongCellError(field, "ops.sheets.fixed", id=old.id, value=stands[field][:60] or "—")


def _letters(text: str) -> str:
    """Spaces and control characters may get lost on the way through a spreadsheet."""
    return "".join(each for each in text if each.isprintable() and not each.isspace())


def _new(cells: dict[str, str], objects: set[str]) -> NewFinding:
    wanted, title = cells.get("object", ""), cells.get("title", "")
    if wanted not in objects:
        raise WrongCellError("object", "ops.sheets.no_object", value=wanted[:60] or "—")
    if not title:
        raise WrongCellError("title", "ops.recordfiling.lack.missing")
    risk = choice_of(Risk, cells.get("risk", ""), "risk")
    major = cells.get("major", "").lower() in YES
    return NewFinding(
        wanted, text_of(cells, "title", 200), risk, unit=text_of(cells, "unit", 60), asset=text_of(cells, "asset", 100),
        major=major,
    )  # fmt: skip


def _plan(cells: dict[str, str]) -> Plan | None:
    given = {name: text_of(cells, name, most) for name, most in PLANNED.items()}
    if not any(given.values()):
        return None
    missing = next((name for name, value in given.items() if not value), "")
    if missing:
        raise WrongCellError(missing, "ops.sheets.plan_needs", what=", ".join(PLANNED))
    try:
        due = date.fromisoformat(given["due"][:10])
    except ValueError:
        raise WrongCellError("due", "ops.filing.date_expected", place=given["due"][:20]) from None
    return Plan(given["owner"], due, given["cause"], given["fix"])
