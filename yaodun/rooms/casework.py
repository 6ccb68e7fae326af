"""Casework on a site: incidents and what belongs to them, put together once for API, pages, runner and commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fastapi import APIRouter

from dashboards.rooms.work import Work
from infra.blobs import FolderBlobs
from infra.ledger import record
from infra.store.seams import EventStore
from infra.web.seams import Authorizer
from ops.alerts import Alerts
from ops.incidents import Incidents
from ops.incidents.api import incidents_router
from ops.incidents.desk import Desk
from ops.portal import Portal
from yaodun.site import Site


@dataclass(frozen=True)
class Casework:
    """The services of work."""

    alerts: Alerts
    incidents: Incidents
    desk: Desk

    def routers(self, access: Authorizer) -> list[APIRouter]:
        """Their API."""
        return [incidents_router(self.desk, access)]

    def rooms(self) -> Work:
        """What the pages need of them."""
        return Work(incidents=self.incidents, desk=self.desk, portal=Portal([self.desk]))


def casework_of(
    site: Site, store: EventStore | None = None, people: Callable[[], Mapping[str, str]] = dict
) -> Casework:
    """The services over the site's records; ``people`` gives names by account id."""
    alerts = Alerts(site.records, site.clock, record)
    incidents = Incidents(site.records, site.clock, record, alerts, FolderBlobs(site.home.blobs))
    desk = Desk(incidents, alerts, site.clock, store, lambda account: people().get(account, account))
    return Casework(alerts, incidents, desk)
