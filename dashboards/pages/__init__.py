"""Pages: each composes elements and view models, and names its parts that live on.

In: a ``Visit``.  Out: ``ALL_PAGES``, the pages by path, and ``GRIDS``, the row sources of their grids.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from dashboards.pages import (
    agents,
    alerts,
    audit,
    clouds,
    conformance,
    connect,
    devices,
    dimension,
    graded_calendar,
    graded_controls,
    graded_crypto,
    graded_findings,
    graded_grade,
    graded_systems,
    health,
    hosts,
    incidents,
    inspections,
    me,
    orders,
    overview,
    playbooks,
    probes,
    reports,
    search,
    trust,
    trust_list,
    trust_verify,
    users,
    wall,
    work,
    zones,
)
from dashboards.visit import Visit

ALL_PAGES = (
    overview.PAGE,
    alerts.PAGE,
    incidents.PAGE,
    work.PAGE,
    orders.PAGE,
    playbooks.PAGE,
    inspections.PAGE,
    reports.PAGE,
    *dimension.PAGES,
    hosts.PAGE,
    agents.PAGE,
    connect.PAGE,
    devices.PAGE,
    clouds.PAGE,
    probes.PAGE,
    zones.PAGE,
    search.PAGE,
    health.PAGE,
    graded_grade.PAGE,
    graded_controls.PAGE,
    graded_findings.PAGE,
    graded_calendar.PAGE,
    graded_crypto.PAGE,
    graded_systems.PAGE,
    users.PAGE,
    audit.PAGE,
    me.PAGE,
    trust_verify.PAGE,
    trust_list.PAGE,
    trust.PAGE,
    wall.PAGE,
    conformance.PAGE,
)
GRIDS: dict[str, Callable[[Visit, dict[str, Any]], Awaitable[dict[str, Any]]]] = {
    "alerts": alerts.rows,
    "search": search.rows,
    "audit": audit.rows,
}
