"""Casework on a site: incidents, work and inspections, put together once for API, pages, runner and commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analytics.posture import PostureService
from infra.blobs import FolderBlobs
from infra.clock import Clock
from infra.ledger import record
from infra.schedule import Schedules
from infra.store.seams import EventStore
from infra.web.seams import Authorizer
from ops.alerts import Alerts
from ops.incidents import Incidents
from ops.incidents.desk import Desk
from ops.inspection import Inspections
from ops.inspection.lists import lists_of
from ops.inspection.plans import Plans
from ops.portal import Portal, TodoSource
from ops.reports import Reports
from ops.reports.figures import Sources
from ops.runs import RunDesk
from ops.work import Changes, Drills, Duty, Orders
from yaodun.rooms.inspected import Inspected
from yaodun.site import Site

if TYPE_CHECKING:
    from fastapi import APIRouter

    from dashboards.rooms.work import Work


@dataclass(frozen=True)
class Casework:
    """The services of work; ``runs`` is None until a playbook engine is wired."""

    alerts: Alerts
    incidents: Incidents
    desk: Desk
    orders: Orders
    changes: Changes
    duty: Duty
    drills: Drills
    inspections: Inspections
    plans: Plans
    reports: Reports
    runs: RunDesk | None = None

    def routers(self, access: Authorizer, clock: Clock) -> list[APIRouter]:
        """Their API."""
        from ops.incidents.api import incidents_router
        from ops.inspection.api import inspection_router
        from ops.reports.api import reports_router
        from ops.work.api import work_router

        return [
            incidents_router(self.desk, access),
            work_router(self.orders, self.changes, self.duty, self.drills, access),
            inspection_router(self.inspections, self.plans, access),
            reports_router(self.reports, access, clock),
        ]

    def rooms(self, *more: TodoSource) -> Work:
        """What the pages need of them; ``more`` are further sources of what waits for a person."""
        from dashboards.rooms.work import Work
        from playbooks.room import PlaybookRoom

        portal = Portal([self.desk, self.orders, self.changes, self.duty, *more])
        return Work(
            incidents=self.incidents, desk=self.desk, portal=portal, orders=self.orders, changes=self.changes,
            duty=self.duty, drills=self.drills, inspections=self.inspections, plans=self.plans, reports=self.reports,
            runs=self.runs,
            playbooks=self.runs if isinstance(self.runs, PlaybookRoom) else None,
        )  # fmt: skip


def casework_of(
    site: Site,
    store: EventStore | None = None,
    people: Callable[[], Mapping[str, str]] = dict,
    runs: RunDesk | None = None,
) -> Casework:
    """The services over the site's records; ``people`` gives names by account id. Without ``store`` one is opened
    when an inspection first asks it."""
    records, clock = site.records, site.clock
    alerts, blobs = Alerts(records, clock, record), FolderBlobs(site.home.blobs)
    incidents = Incidents(records, clock, record, alerts, blobs)
    orders, changes = Orders(records, clock, record), Changes(records, clock, record)
    opened = (lambda: store) if store is not None else (lambda: site.open_store(read_only=True))
    lists = lists_of(site.home.root / "inspections")
    inspections = Inspections(records, clock, record, lists, Inspected(site, opened), orders, changes)
    desk = Desk(incidents, alerts, clock, store, lambda account: people().get(account, account), runs)
    sources = Sources(
        posture=PostureService(records, clock), alerts=alerts, desk=desk, orders=orders, changes=changes,
        inspections=inspections,
    )  # fmt: skip
    return Casework(
        alerts=alerts, incidents=incidents, desk=desk, orders=orders, changes=changes, inspections=inspections,
        duty=Duty(records, clock, record), drills=Drills(records, clock, record, runs), runs=runs,
        plans=Plans(Schedules(records, clock), inspections, alerts, clock),
        reports=Reports(records, clock, record, sources, blobs, site.home.root / "templates"),
    )  # fmt: skip
