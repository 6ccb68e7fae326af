"""Which incident an address names, and whether its viewer may work it."""

from __future__ import annotations

from dashboards.visit import Visit
from ops.incidents.case import Case
from ops.incidents.desk import CaseView


def incident_of(visit: Visit) -> str:
    """The number of the incident the address names; empty for the list."""
    return visit.path.removeprefix("/incidents").strip("/")


async def view_of(visit: Visit) -> CaseView:
    """The incident of the address with all that is computed about it."""
    return await visit.ask(visit.rooms.work.desk.view, incident_of(visit))


def works_on(visit: Visit, case: Case) -> bool:
    """Whether the viewer may work on it now."""
    return case.open and visit.may("incidents.work", f"incident:{case.id}")
