"""Pages: each composes elements and view models, and names its parts that live on.

In: a ``Visit``.  Out: ``SECTIONS``, the rail; ``ALL_PAGES``, the pages by path; ``GRIDS``, the rows of their
grids.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from dashboards.pages import (
    agents,
    alerts,
    anomalies,
    assets,
    audit,
    clouds,
    conformance,
    connect,
    data_assets,
    devices,
    dimension,
    entities,
    graded_calendar,
    graded_controls,
    graded_crypto,
    graded_evaluation,
    graded_findings,
    graded_grade,
    graded_records,
    graded_sheets,
    graded_systems,
    graph,
    health,
    hosts,
    incidents,
    inspections,
    intelligence,
    me,
    models,
    orders,
    overview,
    playbooks,
    probes,
    reports,
    rules,
    search,
    suppressions,
    systems,
    trust,
    trust_list,
    trust_verify,
    users,
    wall,
    weights,
    work,
    zones,
)
from dashboards.pages.page import Section
from dashboards.visit import Visit

_BESIDE = {"data": (data_assets.PAGE,)}
"""Pages beside the page of a dimension."""
SECTIONS = (
    Section("overview", (overview.PAGE, weights.PAGE, conformance.PAGE)),
    Section("alerts", (alerts.PAGE, rules.PAGE, suppressions.PAGE, intelligence.PAGE)),
    Section("incidents", (incidents.PAGE,)),
    Section("work", (work.PAGE, orders.PAGE, inspections.PAGE, reports.PAGE)),
    *(Section(page.name, (page, *_BESIDE.get(page.name, ()))) for page in dimension.PAGES),
    Section(
        "assets",
        (hosts.PAGE, assets.PAGE, systems.PAGE, agents.PAGE, devices.PAGE, clouds.PAGE, probes.PAGE, zones.PAGE),
    ),
    Section("search", (search.PAGE, anomalies.PAGE, entities.PAGE, graph.PAGE, models.PAGE)),
    Section("playbooks", (playbooks.PAGE,)),
    Section("filing", (graded_systems.PAGE,)),
    Section("trust", (trust.PAGE,)),
    Section("audit", (audit.PAGE, users.PAGE)),
    Section("health", (health.PAGE, connect.PAGE)),
)
"""The rail, in order; pages of one section are beside each other at the top. A new page goes into the section where a
person would look for it."""
_BEHIND = (
    graded_grade.PAGE,
    graded_records.PAGE,
    graded_sheets.PAGE,
    graded_controls.PAGE,
    graded_findings.PAGE,
    graded_evaluation.PAGE,
    graded_calendar.PAGE,
    graded_crypto.PAGE,
    trust_verify.PAGE,
    trust_list.PAGE,
    me.PAGE,
    wall.PAGE,
)
"""Pages that others lead to."""
ALL_PAGES = (*_BEHIND, *(page for section in SECTIONS for page in section.pages))
"""The deeper address before the one above it, for the first page that matches is shown."""
GRIDS: dict[str, Callable[[Visit, dict[str, Any]], Awaitable[dict[str, Any]]]] = {
    "alerts": alerts.rows,
    "search": search.rows,
    "audit": audit.rows,
}
