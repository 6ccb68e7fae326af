"""The desk of an incident: the case with what is computed about it, for the API, the pages and the commands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.exchange import Level, Todo
from infra.store.seams import EventStore
from infra.text import Language, language, say
from infra.web.seams import Actor
from ops.alerts import Alert, Alerts
from ops.calendar.hours import Hours
from ops.calendar.incident_clock import IncidentClock, Reporter, Step, incident_clock
from ops.calendar.workdays import work_calendar
from ops.documents.paper import Paper
from ops.incidents.case import Case, CaseEvent, Run
from ops.incidents.durations import Clocks, Mean, averages, durations
from ops.incidents.legal import owed
from ops.incidents.ocsf import finding
from ops.incidents.report import incident_paper
from ops.incidents.saying import Named
from ops.incidents.service import IncidentQuery, Incidents
from ops.incidents.similar import Likeness, similar
from ops.incidents.state import MOVES, State
from ops.incidents.stix import bundle
from ops.incidents.timers import Light, Timer, timers
from ops.rulepacks import Packs, shipped_packs
from ops.runs import RunDesk, RunView

COMPARED = 500
MOST_EVENTS = 2000


class CaseView(msgspec.Struct, frozen=True, kw_only=True):
    """A case with its alerts, durations in seconds, timers, legal clock, and where it may move next."""

    case: Case
    alerts: tuple[Alert, ...]
    durations: dict[str, float | None]
    timers: tuple[Timer, ...]
    law: IncidentClock | None
    next: tuple[State, ...]


def clocks_of(packs: Packs, day: date) -> Clocks:
    """The clocks of a site: always, and the working hours of the calendar in force."""
    return Clocks(Hours(), Hours(work_calendar(packs.at("calendar", day))))


class Desk:
    """Reads cases and what follows from them. ``named`` turns account ids into names."""

    def __init__(
        self, incidents: Incidents, alerts: Alerts, clock: Clock, store: EventStore | None = None, named: Named = str,
        runs: RunDesk | None = None,
    ) -> None:  # fmt: skip
        self.incidents, self._alerts, self._clock, self._store = incidents, alerts, clock, store
        self.named, self._runs = named, runs

    def view(self, incident: str) -> CaseView:
        """Everything about one incident."""
        case, events = self.incidents.get(incident), self.incidents.events(incident)
        clocks = self.clocks()
        return CaseView(
            case=case, alerts=tuple(self._alerts.find(case.alerts)), durations=durations(events, clocks),
            timers=tuple(timers(case, events, clocks, self._clock.now())), law=self.law(case),
            next=() if case.merged_into else MOVES[case.state],
        )  # fmt: skip

    def clocks(self) -> Clocks:
        """The clocks in force today."""
        return clocks_of(shipped_packs(), self._clock.now().date())

    def law(self, case: Case) -> IncidentClock | None:
        """The legal clock, once somebody has said what was measured."""
        if not case.measures:
            return None
        pack = shipped_packs().at("incident", case.opened.date())
        try:
            reporter = Reporter(case.reporter)
        except ValueError:
            reporter = Reporter.OTHER
        closed = case.changed if case.state is State.CLOSED else None
        return incident_clock(reporter, case.opened, case.measures, pack, closed)

    def similar(self, incident: str) -> list[Likeness]:
        """Incidents like this one."""
        case = self.incidents.get(incident)
        return similar(case, self.incidents.find(IncidentQuery(limit=COMPARED)).incidents)

    def averages(self, query: IncidentQuery) -> dict[str, Mean]:
        """Mean and median durations of the incidents a query means."""
        clocks = self.clocks()
        found = self.incidents.find(msgspec.structs.replace(query, limit=COMPARED)).incidents
        return averages([durations(self.incidents.events(case.id), clocks) for case in found])

    def report(self, incident: str) -> Paper:
        """The report, written from the record."""
        seen, events = self.view(incident), self.incidents.events(incident)
        return incident_paper(
            seen.case, events, seen.alerts, seen.durations, seen.timers, self._clock.now(),
            self.naming(seen.case), self._runs_of(seen.case),
        )  # fmt: skip

    def naming(self, case: Case) -> Named:
        """What turns ids into names for a reader of a case: accounts, and the runs of playbooks."""
        titles = {run.id: run.title for run in self._runs_of(case) if run.title}
        return lambda one: titles.get(one) or self.named(one)

    def _runs_of(self, case: Case) -> list[RunView]:
        return [self._run_of(run) for run in case.runs]

    def _run_of(self, run: Run) -> RunView:
        """A run that is not known here, or no longer, stands with what the record says of it."""
        try:
            if self._runs is not None:
                return self._runs.view(run.id)
        except AppError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise
        return RunView(id=run.id, title=run.playbook, state=run.state)

    def export(self, incident: str, kind: str) -> dict[str, Any]:
        """As ``stix`` bundle or ``ocsf`` finding."""
        case, events = self.incidents.get(incident), self.incidents.events(incident)
        alerts = self._alerts.find(case.alerts)
        if kind == "stix":
            return bundle(case, events, alerts)
        if kind == "ocsf":
            return finding(case, alerts)
        raise AppError(
            ErrorKind.INVALID, "ops.documents.kind_unknown", place="kind", given=kind[:20], known="stix, ocsf"
        )

    def take_events(self, actor: Actor, incident: str) -> Case:
        """Keep the alerts and their events, as they are stored now, as one piece of evidence (NDJSON)."""
        case = self.incidents.get(incident)
        alerts = self._alerts.find(case.alerts)
        name = f"{incident}-{self._clock.now():%Y%m%dT%H%M%SZ}.ndjson"
        return self.incidents.take(actor, incident, name, self._snapshot(alerts), media="application/x-ndjson")

    def _snapshot(self, alerts: list[Alert]) -> Iterator[bytes]:
        encoder = msgspec.json.Encoder(enc_hook=str)
        for alert in alerts:
            yield encoder.encode({"alert": alert}) + b"\n"
        ids = list(dict.fromkeys(event for alert in alerts for event in alert.event_ids))[:MOST_EVENTS]
        for event in ids if self._store is not None else ():
            found = self._store.get(event) if self._store is not None else None
            if found is not None:
                yield encoder.encode({"event": dict(sorted(found.items()))}) + b"\n"

    def todos(self, actor: Actor) -> list[Todo]:
        """What waits for the actor: open tasks of theirs, incidents of theirs, and new ones nobody owns."""
        now = self._clock.now()
        clocks = self.clocks()
        found: list[Todo] = []
        for case in self.incidents.open_cases():
            href = f"/ui/incidents/{case.id}"
            if case.owner == actor.id or not case.owner:
                running = [timer for timer in self._timers(case, clocks) if timer.light in RUNNING]
                due = min((timer.due for timer in running), default=None)
                late = any(timer.light is Light.RED for timer in running)
                level = Level.CRITICAL if late and case.level.rank >= Level.HIGH.rank else case.level
                found.append(Todo(case.id, case.title, case.owner or None, due, level, href, "ops/incidents"))
            found += [
                Todo(f"{case.id}/{step.kind}", say("ops.incidents.owed", title=case.title, to=_to(step)),
                     case.owner or None, step.due, Level.CRITICAL if step.due < now else Level.HIGH, href,
                     "ops/incidents")
                for step in owed(case, self.law(case))
                if case.owner in ("", actor.id)
            ]  # fmt: skip
            for task in case.tasks:
                if task.state == "open" and task.person == actor.id:
                    level = Level.HIGH if task.due is not None and task.due < now else Level.MEDIUM
                    found.append(Todo(f"{case.id}/{task.id}", task.title, actor.id, task.due, level, href,
                                      "ops/incidents"))  # fmt: skip
        return found

    def _timers(self, case: Case, clocks: Clocks) -> list[Timer]:
        return timers(case, self.incidents.events(case.id), clocks, self._clock.now())

    def timeline(self, incident: str) -> list[CaseEvent]:
        """The record, oldest first."""
        return self.incidents.events(incident)


def _to(step: Step) -> str:
    return step.to["en" if language() is Language.EN else "zh"]


RUNNING = (Light.GREEN, Light.YELLOW, Light.RED)
