"""How far each system is on its way through grading, filing, evaluation and mending, and how units compare."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboards.rooms.graded import Graded
from infra.register import System, Unit
from ops.calendar.deadlines import State as ClockState
from ops.calendar.deadlines import Timer
from ops.controls.api import ObjectSummary, summary
from ops.controls.board import Profile
from ops.evaluation.rectification import Finding
from ops.filing.service import Filing
from ops.grading.service import KeptGrading, State
from ops.recordfiling.service import SystemRecord

STEPS = ("record", "grading", "form", "filing", "controls")
"""The parts of being ready; each counts the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemRow:
    """One system; parts that are not begun are None."""

    id: str
    name: str
    unit: str
    record: SystemRecord | None
    grading: KeptGrading | None
    filing: Filing | None
    controls: ObjectSummary | None
    timers: tuple[Timer, ...]
    findings: tuple[Finding, ...]

    @property
    def parts(self) -> Mapping[str, float]:
        """How far each part is, 0 to 1."""
        reviewed = self.grading is not None and self.grading.state is State.REVIEWED
        certified = self.filing is not None and bool(self.filing.certificate_number)
        return {
            "record": 1.0 if self.record and self.record.number else 0.5 if self.record else 0.0,
            "grading": 1.0 if reviewed else 0.5 if self.grading else 0.0,
            "form": self.filing.filled / max(self.filing.asked, 1) if self.filing else 0.0,
            "filing": 1.0 if certified else FILED.get(str(self.filing.state), 0.0) if self.filing else 0.0,
            "controls": self.controls.ready_percent / 100 if self.controls else 0.0,
        }

    @property
    def ready(self) -> float:
        """How ready in percent: the mean of its parts."""
        return 100 * statistics.fmean(self.parts.values())

    @property
    def next_timer(self) -> Timer | None:
        """The clock that ends next, an overdue one first."""
        return next((timer for timer in self.timers if timer.due), None)

    @property
    def overdue(self) -> int:
        """Clocks missed."""
        return sum(timer.state is ClockState.OVERDUE for timer in self.timers)

    @property
    def late_findings(self) -> int:
        """Findings past their day."""
        return sum(finding.overdue for finding in self.findings)

    @property
    def lacks(self) -> tuple[str, ...]:
        """Parts that are not whole, the least advanced first."""
        parts = self.parts
        return tuple(name for name in sorted(STEPS, key=lambda name: parts[name]) if parts[name] < 1)


FILED = {"graded": 0.2, "reviewed": 0.4, "approved": 0.5, "submitted": 0.7, "accepted": 0.9, "changed": 0.5}


@dataclass(frozen=True, slots=True)
class AskRows:
    """The question for all rows; equal for the same services, so that the parts of a page share one answer."""

    graded: Graded

    def __call__(self) -> list[SystemRow]:
        return system_rows(self.graded)


def system_rows(graded: Graded) -> list[SystemRow]:
    """Every system of the register, and those that only have a record; the least ready last within the overdue ones."""
    gradings, profiles = graded.gradings.all_latest(), {one.id: one for one in graded.controls.profiles()}
    filings, records = _by_object(graded.filings.find()), {each.system: each for each in graded.records.find()}
    findings, timers = graded.findings.find(), graded.clocks.timers()
    known = {system.id: system for system in graded.nouns.systems()}
    names = [*known, *(name for name in (*records, *filings, *gradings) if name not in known)]
    rows = [
        SystemRow(
            id=name, name=_name(name, known, records, gradings), unit=_unit(name, known, records, gradings),
            record=records.get(name), grading=gradings.get(name), filing=filings.get(name),
            controls=_controls(graded, profiles.get(name)),
            timers=tuple(timer for timer in timers if timer.object_id == name),
            findings=tuple(each for each in findings if each.object_id == name),
        )
        for name in dict.fromkeys(names)
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-row.overdue, not row.timers, -row.ready, row.id))


def _controls(graded: Graded, profile: Profile | None) -> ObjectSummary | None:
    if profile is None:
        return None
    board = graded.controls.board(profile.id)
    return summary(board, graded.controls.fired(board))


def _by_object(filings: Sequence[Filing]) -> dict[str, Filing]:
    """The newest filing per object."""
    found: dict[str, Filing] = {}
    for filing in filings:
        for name in filing.document.objects:
            found.setdefault(name, filing)
    return found


def _name(
    name: str, known: Mapping[str, System], records: Mapping[str, SystemRecord], gradings: Mapping[str, KeptGrading]
) -> str:
    if name in known:
        return known[name].name
    if name in records:
        return records[name].application.name
    return gradings[name].thing.name if name in gradings else name


def _unit(
    name: str, known: Mapping[str, System], records: Mapping[str, SystemRecord], gradings: Mapping[str, KeptGrading]
) -> str:
    if name in known:
        return known[name].unit
    if name in records:
        return records[name].unit
    return gradings[name].unit if name in gradings else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRow:
    """A unit beside the others; counts of its systems, ``ready`` their mean, ``against`` the difference to the median
    unit in points."""

    id: str
    name: str
    systems: int
    graded: int
    certified: int
    ready: float
    against: float
    overdue: int
    late_findings: int
    high_risks: int
    oldest: datetime | None


def unit_rows(rows: Sequence[SystemRow], units: Sequence[Unit]) -> list[UnitRow]:
    """Every unit that has systems, the one that needs most attention first."""
    names = {unit.id: unit.name for unit in units}
    groups: dict[str, list[SystemRow]] = {}
    for row in rows:
        groups.setdefault(row.unit, []).append(row)
    ready = {unit: statistics.fmean(row.ready for row in mine) for unit, mine in groups.items()}
    middle = statistics.median(ready.values()) if ready else 0.0
    found = [_unit_row(unit, names.get(unit, unit), mine, ready[unit], middle) for unit, mine in groups.items()]
    return sorted(found, key=lambda row: (-row.overdue, -row.high_risks, row.ready, row.name))


def _unit_row(unit: str, name: str, mine: Sequence[SystemRow], ready: float, middle: float) -> UnitRow:
    changed = [row.filing.changed for row in mine if row.filing]
    return UnitRow(
        id=unit, name=name, systems=len(mine), graded=sum(row.grading is not None for row in mine),
        certified=sum(row.filing is not None and bool(row.filing.certificate_number) for row in mine), ready=ready,
        against=ready - middle, overdue=sum(row.overdue for row in mine),
        late_findings=sum(row.late_findings for row in mine),
        high_risks=sum(row.controls.high_risks for row in mine if row.controls), oldest=min(changed, default=None),
    )  # fmt: skip
