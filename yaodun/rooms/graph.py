"""The graph as the API and the pages ask it; its libraries are loaded with the first question."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from yaodun.site import Site

if TYPE_CHECKING:
    from analytics.graph.desk import GraphDesk


def graph_desk(site: Site) -> Callable[[], GraphDesk]:
    """Gives the desk over the graph kept under the home, always the same one."""

    @cache
    def desk() -> GraphDesk:
        from analytics.graph.desk import GraphDesk

        return GraphDesk(site.home.state / "graph")

    return desk
