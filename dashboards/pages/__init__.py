"""Pages: each composes elements and view models, and names its parts that live on.

In: a ``Visit``.  Out: ``ALL_PAGES``, the pages by path, and ``GRIDS``, the row sources of their grids.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from dashboards.pages import alerts, audit, dimension, health, hosts, me, overview, search, users, wall
from dashboards.visit import Visit

ALL_PAGES = (
    overview.PAGE,
    alerts.PAGE,
    *dimension.PAGES,
    hosts.PAGE,
    search.PAGE,
    health.PAGE,
    users.PAGE,
    audit.PAGE,
    me.PAGE,
    wall.PAGE,
)
GRIDS: dict[str, Callable[[Visit, dict[str, Any]], Awaitable[dict[str, Any]]]] = {
    "alerts": alerts.rows,
    "search": search.rows,
    "audit": audit.rows,
}
