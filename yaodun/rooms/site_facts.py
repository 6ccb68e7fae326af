"""What a site knows about itself as facts: detection, the ledger, backups, retention, accounts, silent feeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from analytics.behaviour.kept import FILE as HABITS
from analytics.rules.load import shipped_rules
from infra.errors import AppError
from infra.events.stream import Stream
from infra.ledger import Ledger
from infra.register.seed import OWN_SYSTEM
from infra.store.query.tree import And, Exists, Filter, Filters, Or, Query, Term, Window
from infra.store.seams import EventStore
from ops.alerts.record import AlertHistory
from ops.controls.facts import OBJECT, Fact, fact
from ops.evaluation.plan import Evaluation, Evaluations
from ops.filing.service import Filing, Filings
from ops.grading.service import Gradings, KeptGrading
from ops.incidents.case import Case
from ops.incidents.desk import Desk
from ops.incidents.service import IncidentPage, IncidentQuery
from ops.inspection import Inspections
from ops.inspection.service import Run
from ops.work import Changes, Drills
from ops.work.changes import ChangeRequest
from ops.work.drills import Drill
from ops.work.record import WorkRow
from trust.access.roles import role_book
from yaodun.business_state import read_state
from yaodun.rooms.inspected import Inspected
from yaodun.site import Site
from yaodun.sources import source_rows

COLLECTOR = "site"
RECENT = timedelta(days=7)
LEDGER_EVERY_S = 600.0
COUNT = Filters({"all": Exists("@timestamp")})


def _either(one: str, other: str) -> Filter:
    return Or((Term("event.category", one), Term("event.category", other)))


NETWORK = _either("network", "web")


class SiteBooks:
    """Implements ``ops.controls.casework.Books``."""

    def __init__(
        self, site: Site, desk: Desk, inspections: Inspections, changes: Changes, drills: Drills, gradings: Gradings,
        filings: Filings, evaluations: Evaluations,
    ) -> None:  # fmt: skip
        self._site, self._desk, self._inspections, self._changes = site, desk, inspections, changes
        self._drills, self._gradings, self._filings, self._evaluations = drills, gradings, filings, evaluations

    def runs(self) -> Sequence[Run]:
        """Inspections, newest first."""
        return self._inspections.runs(limit=100)

    def changes(self) -> Sequence[ChangeRequest]:
        """Changes in every state."""
        return self._changes.listed()

    def incidents(self, query: IncidentQuery) -> IncidentPage:
        """Incidents."""
        return self._desk.incidents.find(query)

    def overdue_reports(self, case: Case) -> bool:
        """Whether a statutory report of the incident is past its time and was not made."""
        law, now = self._desk.law(case), self._site.clock.now()
        return law is not None and any(step.due < now and step.kind not in case.reported for step in law.steps)

    def drills(self) -> Sequence[Drill]:
        """Drills."""
        return self._drills.listed()

    def gradings(self) -> Mapping[str, KeptGrading]:
        """The newest grading per object."""
        return self._gradings.all_latest()

    def filings(self) -> Sequence[Filing]:
        """Filings, newest change first."""
        return self._filings.find()

    def evaluations(self, object_id: str) -> Sequence[Evaluation]:
        """Evaluations of an object."""
        return self._evaluations.of_object(object_id)

    def reviewed_alert(self) -> datetime | None:
        """When a person last worked on an alert."""
        return self._newest(AlertHistory.time)

    def worked(self) -> datetime | None:
        """When work was last kept."""
        return self._newest(WorkRow.changed)

    def _newest(self, column: Any) -> datetime | None:
        found: datetime | None = self._site.records.read(lambda session: session.scalar(select(func.max(column))))
        return found


class SiteFacts:
    """A ``FactSource`` over the site itself."""

    def __init__(self, site: Site, store: EventStore) -> None:
        self._site, self._store = site, store
        self._inspected = Inspected(site, lambda: store)
        self._clean: tuple[float, bool] | None = None

    def facts(self, object_id: str, now: datetime) -> Iterator[Fact]:
        """Everything the site says of itself and of the object."""
        looks = (self._detection(object_id, now), self._keeping(now), self._people(object_id))
        for kind, value, href in (each for look in looks for each in look):
            yield fact(OBJECT, kind, value, now, COLLECTOR, evidence=href)

    def _detection(self, object_id: str, now: datetime) -> Iterator[tuple[str, Any, str]]:
        """Detection is active where its rules are loaded and what they look at arrives from the object."""
        files = list(shipped_rules().rglob("*.yml"))
        if not files:
            return
        on, href = Term("yaodun.system", object_id), "/alerts?state=any"
        newest = datetime.fromtimestamp(max(path.stat().st_mtime for path in files), UTC)
        yield "detection.signature_age_days", round((now - newest).total_seconds() / 86_400, 1), "/health"
        for kind, chosen in (
            ("detection.inbound_active", And((on, NETWORK))),
            ("detection.lateral_active", And((on, _either("network", "authentication")))),
            ("detection.host_alerts_active", And((on, _either("process", "authentication")))),
        ):
            if self._count(now, chosen):
                yield kind, True, href
        judged = self._judged()
        if judged is not None:
            at, href = judged
            yield "detection.behaviour_active", True, href
            yield "detection.behaviour_model_age_days", round((now - at).total_seconds() / 86_400, 2), href

    def _judged(self) -> tuple[datetime, str] | None:
        """When behaviour was last judged: that of people, hosts and addresses, or that of the business."""
        times: list[tuple[datetime, str]] = []
        habits = self._site.home.state / "behaviour" / HABITS
        if habits.is_file():
            times.append((datetime.fromtimestamp(habits.stat().st_mtime, UTC), "/entities"))
        if (business := read_state(self._site.home.state).judged) is not None:
            times.append((business, "/business"))
        return max(times, default=None)

    def _count(self, now: datetime, chosen: Filter) -> int:
        window = Window(now - RECENT, now + timedelta(seconds=1))
        query = Query(streams=(Stream.LOGS, Stream.FLOWS), window=window, filter=chosen, limit=0)
        return sum(bucket.count for bucket in self._store.aggregate(query, {"n": COUNT})["n"].buckets)

    def _keeping(self, now: datetime) -> Iterator[tuple[str, Any, str]]:
        yield "audit.store_integrity", self._ledger_clean(), "/audit"
        yield "admin.audit_actions_recorded_pct", 100.0 if self._ledger_clean() else 0.0, "/audit"
        yield "admin.security_actions_recorded_pct", 100.0 if self._ledger_clean() else 0.0, "/audit"
        yield "storage.hash_check_age_days", 0, "/audit"
        yield "logs.retention_policy_days", self._site.settings.store.retention_days, "/health"
        rows = [row for row in source_rows(self._site, self._store) if row["available"]]
        yield "console.feeds_silent", sorted(row["id"] for row in rows if row["silent"]), "/health"
        backups = self._inspected.backups()
        if backups:
            age = (now - max(backup.taken for backup in backups)).total_seconds() / 86_400
            yield "backup.last_success_age_days", round(age, 2), "/inspections"
            yield "audit.store_backup_age_days", round(age, 2), "/inspections"
            proven = [backup.proven for backup in backups if backup.proven]
            if proven:
                drill = (now - max(proven)).total_seconds() / 86_400
                yield "backup.last_restore_drill_age_days", round(drill, 2), "/inspections"

    def _ledger_clean(self) -> bool:
        """Every leaf is read, so only every ten minutes."""
        at = self._site.clock.monotonic()
        if self._clean is None or at - self._clean[0] > LEDGER_EVERY_S:
            self._clean = (at, Ledger(self._site.records).verify().clean)
        return self._clean[1]

    def _people(self, object_id: str) -> Iterator[tuple[str, Any, str]]:
        people = [person for person in self._site.identity.people() if person.state == "active"]
        if not people:
            return
        held = {role for person in people for role in person.roles}
        three = {"system_admin", "security_admin", "audit_admin"} <= held
        yield "record.L3-ORS1-03", three, "/users"
        yield "record.L3-ORS1-04", three, "/users"
        if object_id == OWN_SYSTEM:
            yield "accounts.single_factor_logins", sorted(p.name for p in people if not p.second_factor), "/users"


def combined_roles(site: Site) -> list[str] | None:
    """People of the platform who hold roles that exclude each other; None where it has no people yet."""
    people = [person for person in site.identity.people() if person.state == "active"]
    return sorted(person.name for person in people if _clash(person.roles)) if people else None


def _clash(roles: Sequence[str]) -> bool:
    """Whether one person holds roles that exclude each other."""
    try:
        role_book().check(roles)
    except AppError:
        return True
    return False
