"""Dates of objects as the platform's own records know them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from ops.controls.board import Profile
from ops.evaluation.plan import Evaluation
from ops.filing.document import FilingDocument
from ops.filing.service import Filing, StepTaken
from ops.grading.service import KeptGrading
from ops.work.drills import Drill

BEIJING = ZoneInfo("Asia/Shanghai")


class FilingBook(Protocol):
    """Filings and their history (``ops.filing.service.Filings``)."""

    def find(self) -> Sequence[Filing]: ...

    def history(self, filing_id: str) -> Sequence[StepTaken]: ...


class GradingBook(Protocol):
    """Gradings (``ops.grading.service.Gradings``)."""

    def all_latest(self) -> Mapping[str, KeptGrading]: ...


class EvaluationBook(Protocol):
    """Evaluations (``ops.evaluation.plan.Evaluations``)."""

    def of_object(self, object_id: str) -> Sequence[Evaluation]: ...


class ProfileBook(Protocol):
    """Evaluated objects (``ops.controls.service.Controls``)."""

    def profiles(self) -> Sequence[Profile]: ...


class DrillBook(Protocol):
    """Drills (``ops.work.Drills``)."""

    def listed(self) -> Sequence[Drill]: ...


class SiteDates:
    """A ``DateSource`` over the registers of graded protection and the drills of the site."""

    def __init__(
        self, filings: FilingBook, gradings: GradingBook, evaluations: EvaluationBook, profiles: ProfileBook,
        drills: DrillBook | None = None,
    ) -> None:  # fmt: skip
        self._filings = filings
        self._gradings = gradings
        self._evaluations = evaluations
        self._profiles = profiles
        self._drills = drills

    def dates(self) -> dict[str, dict[str, Any]]:
        """Dates by object: levels from profiles, gradings and filings (the later wins), days from all of them."""
        found: dict[str, dict[str, Any]] = {}
        for profile in self._profiles.profiles():
            found.setdefault(profile.id, {})["level"] = profile.selection.g
        for object_id, kept in self._gradings.all_latest().items():
            values = {"level": kept.level, "graded": _day(kept.at), "owner": kept.by, "escalate_to": kept.reviewer}
            found.setdefault(object_id, {}).update(values)
        for filing in reversed(self._filings.find()):
            steps = self._filings.history(filing.id)
            for object_id in filing.document.objects:
                found.setdefault(object_id, {}).update(_of_filing(filing, steps, object_id))
        drill = self._last_drill()
        for object_id, values in found.items():
            done = [each.done for each in self._evaluations.of_object(object_id) if each.done]
            values |= {"last_evaluation": max(done, default=None), "last_drill": drill}
        return found

    def _last_drill(self) -> date | None:
        drills = self._drills.listed() if self._drills else ()
        return max((_day(drill.ended) for drill in drills if drill.ended and drill.score is not None), default=None)


def _of_filing(filing: Filing, steps: Sequence[StepTaken], object_id: str) -> dict[str, Any]:
    taken: dict[str, date] = {step.action: _day(step.time) for step in steps}
    values = {
        "graded": _stated(filing.document, object_id, "T3", "grading_date"),
        "went_live": _stated(filing.document, object_id, "T2", "go_live_date"),
        "filed": taken.get("accept") or taken.get("submit"),
        "submitted": taken.get("submit"),
        "answered": taken.get("certify") or taken.get("return"),
        "certified": filing.certified,
        "certificate_extended_to": filing.expires,
    }
    level = _level(filing.document, object_id)
    return {name: value for name, value in values.items() if value} | ({"level": level} if level else {})


def _level(document: FilingDocument, object_id: str) -> int:
    sheet = next((each for each in document.of_table("T3") if each.key == object_id), None)
    return int(str(sheet.value("final_level") or 0)) if sheet else 0


def _stated(document: FilingDocument, object_id: str, table: str, field: str) -> date | None:
    sheet = next((each for each in document.of_table(table) if each.key == object_id), None)
    value = sheet.value(field) if sheet else None
    return date.fromisoformat(value) if isinstance(value, str) else None


def _day(moment: datetime) -> date:
    return moment.astimezone(BEIJING).date()
