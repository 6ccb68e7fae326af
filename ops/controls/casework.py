"""Facts from what people do with the platform: inspections, changes, incidents, drills, filings; and kept records.

A record (``record.<unit>``) proves a workflow requirement where the platform itself keeps what the requirement asks
for; where nothing of the kind was ever done, nothing is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from infra.events.stream import Stream
from infra.store.query.tree import And, Filter, Or, Query, Term, Terms, Window
from infra.store.seams import EventStore
from ops.controls.facts import OBJECT, Fact, fact
from ops.evaluation.plan import Evaluation
from ops.filing.service import Filing
from ops.grading.service import KeptGrading
from ops.grading.service import State as GradingState
from ops.incidents.case import Case
from ops.incidents.service import IncidentPage, IncidentQuery
from ops.inspection.service import Run
from ops.work.changes import ChangeRequest, ChangeState
from ops.work.drills import Drill

COLLECTOR = "casework"
YEAR = timedelta(days=366)
RECENT = timedelta(days=30)
STANDS = timedelta(days=1)
ACCOUNT_TOOLS = ("useradd", "userdel", "usermod", "groupadd", "groupdel", "passwd")
FULL_LISTS = ("weekly", "network")
HANDED_IN = ("submitted", "accepted", "certified", "changed")


class Books(Protocol):
    """What the facts are read from; wiring fills it."""

    def runs(self) -> Sequence[Run]: ...

    def changes(self) -> Sequence[ChangeRequest]: ...

    def incidents(self, query: IncidentQuery) -> IncidentPage: ...

    def overdue_reports(self, case: Case) -> bool: ...

    def drills(self) -> Sequence[Drill]: ...

    def gradings(self) -> Mapping[str, KeptGrading]: ...

    def filings(self) -> Sequence[Filing]: ...

    def evaluations(self, object_id: str) -> Sequence[Evaluation]: ...

    def reviewed_alert(self) -> datetime | None: ...

    def worked(self) -> datetime | None: ...


class CaseworkFacts:
    """A ``FactSource`` over the work people keep in the platform."""

    def __init__(self, books: Books, store: EventStore) -> None:
        self._books, self._store = books, store

    def facts(self, object_id: str, now: datetime) -> Iterator[Fact]:
        """Everything the work says about the object."""
        looks = (self._inspections, self._changes, self._incidents, self._operations)
        for look in looks:
            for kind, value, href in look(object_id, now):
                yield fact(OBJECT, kind, value, now, COLLECTOR, valid=STANDS, evidence=href)
        for unit, good, href in self._kept(object_id, now):
            yield fact(OBJECT, f"record.{unit}", good, now, COLLECTOR, valid=STANDS, evidence=href)

    def _inspections(self, object_id: str, now: datetime) -> Iterator[tuple[str, Any, str]]:
        runs = self._books.runs()
        if not runs:
            return
        newest = max(run.ended for run in runs)
        yield "inspection.routine_age_days", _age(newest, now), "/inspections"
        yield "inspection.report_age_days", _age(newest, now), "/inspections"
        yield "inspection.notice_sent", all(_followed(run) for run in runs[:20]), "/inspections"
        full = [run.ended for run in runs if run.list in FULL_LISTS]
        if full:
            yield "inspection.full_age_days", _age(max(full), now), "/inspections"
            yield "malware.effect_check_age_days", _age(max(full), now), "/inspections"

    def _changes(self, object_id: str, now: datetime) -> Iterator[tuple[str, Any, str]]:
        done = self._books.changes()
        bare = [change.id for change in done if change.state is ChangeState.DONE and _unapproved(change)]
        if done:
            yield "changes.without_approval", bare, "/orders?tab=changes"
        windows = [(change.starts, change.ends) for change in done if len(change.approvals) >= change.needed]
        tools: Filter = Or((Terms("process.name", ACCOUNT_TOOLS), Terms("log.syslog.appname", ACCOUNT_TOOLS)))
        for kinds, chosen, any_seen in (
            (("accounts.changes_without_ticket",), tools, Term("event.category", "process")),
            (
                ("changes.unrecorded", "configuration.changes_without_ticket"),
                Term("event.dataset", "host.integrity"),
                Term("event.module", "agent"),
            ),
        ):
            events = self._events(object_id, now, chosen)
            if events or self._events(object_id, now, any_seen, 1):
                outside = [_said(event) for event in events if not _in(windows, event)]
                for kind in kinds:
                    yield kind, sorted(set(outside))[:50], f"/hunt?q=yaodun.system:{object_id}&tr=30d"

    def _events(self, object_id: str, now: datetime, chosen: Filter, limit: int = 500) -> list[dict[str, Any]]:
        window = Window(now - RECENT, now + timedelta(seconds=1))
        asked = Query(
            streams=(Stream.LOGS,), window=window, filter=And((Term("yaodun.system", object_id), chosen)), limit=limit
        )
        return [dict(event) for event in self._store.search(asked).events]

    def _incidents(self, object_id: str, now: datetime) -> Iterator[tuple[str, Any, str]]:
        cases = self._books.incidents(IncidentQuery(limit=200)).incidents
        if not cases:
            return
        yield (
            "incidents.unreported",
            [case.id for case in cases if self._books.overdue_reports(case)],
            "/incidents?state=any",
        )
        closed = [case for case in cases if not case.open and case.verdict == "true_positive"]
        bare = [case.id for case in closed if case.review is None or not case.evidence]
        if closed:
            yield "incidents.without_cause_or_evidence", bare, "/incidents?state=closed"

    def _operations(self, object_id: str, now: datetime) -> Iterator[tuple[str, Any, str]]:
        reviewed, worked = self._books.reviewed_alert(), self._books.worked()
        if reviewed:
            yield "detection.log_review_age_days", _age(reviewed, now), "/alerts?state=any"
            yield "admin.audit_review_age_days", _age(reviewed, now), "/alerts?state=any"
        if worked:
            yield "operations.log_age_days", _age(worked, now), "/orders"

    def _kept(self, object_id: str, now: datetime) -> Iterator[tuple[str, bool, str]]:
        """Workflow requirements whose record the platform keeps, by evaluation unit."""
        yield from self._graded(object_id)
        yield from self._evaluated(object_id, now)
        changes = self._books.changes()
        settled = [change for change in changes if change.state is not ChangeState.ASKED]
        if settled:
            yield "L3-MMS1-31", all(bool(c.plan) and not _unapproved(c) for c in settled), "/orders?tab=changes"
            yield "L3-MMS1-32", all(bool(c.reason) for c in settled), "/orders?tab=changes"
            yield "L3-MMS1-33", all(bool(c.rollback) for c in settled), "/orders?tab=changes"
            yield "L3-ORS1-07", all(not _unapproved(c) for c in settled), "/orders?tab=changes"
        drills = [drill for drill in self._books.drills() if drill.ended and drill.score is not None]
        if drills:
            newest = max(drill.ended for drill in drills if drill.ended)
            yield "L3-MMS1-43", now - newest <= YEAR, "/orders?tab=drills"
            yield "L3-MMS1-44", any(drill.lessons for drill in drills), "/orders?tab=drills"

    def _graded(self, object_id: str) -> Iterator[tuple[str, bool, str]]:
        kept = self._books.gradings().get(object_id)
        if kept is None:
            return
        href = f"/filing/grade?object={object_id}"
        agreed = kept.state is GradingState.REVIEWED
        yield "L3-CMS1-01", bool(kept.thing.s and kept.thing.a), href
        yield "L3-CMS1-02", agreed, href
        filing = next((each for each in self._books.filings() if object_id in each.document.objects), None)
        if filing is not None:
            place = f"/filing/{object_id}"
            yield "L3-CMS1-03", filing.state in ("approved", *HANDED_IN), place
            yield "L3-CMS1-04", filing.state in HANDED_IN, place

    def _evaluated(self, object_id: str, now: datetime) -> Iterator[tuple[str, bool, str]]:
        planned = self._books.evaluations(object_id)
        done = [each.done for each in planned if each.done]
        if planned:
            href = f"/filing/controls/{object_id}"
            fresh = bool(done) and (now.date() - max(done)).days <= YEAR.days
            yield "L3-CMS1-29", fresh, href
            yield "L3-CMS1-31", all(bool(each.body.strip()) for each in planned), href
            yield "L3-MMS1-14", fresh, href


def _age(moment: datetime, now: datetime) -> float:
    return round(max(0.0, (now - moment).total_seconds()) / 86_400, 2)


def _followed(run: Run) -> bool:
    """Whether every anomaly of a run led to an order."""
    return all(result.order for result in run.results if result.found.verdict == "anomaly")


def _unapproved(change: ChangeRequest) -> bool:
    return change.state in (ChangeState.APPROVED, ChangeState.DONE) and len(change.approvals) < change.needed


def _said(event: Mapping[str, Any]) -> str:
    host = event.get("host.name", "?")
    what = event.get("file.path") or event.get("message") or event.get("process.command_line") or ""
    return f"{host}: {str(what)[:120]}"


def _in(windows: Sequence[tuple[datetime, datetime]], event: Mapping[str, Any]) -> bool:
    at = event["@timestamp"]
    seen = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
    return any(start <= seen < end for start, end in windows)
