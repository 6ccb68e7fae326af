"""The page for an address that leads nowhere, or that the visitor may not see."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import link
from dashboards.pages.page import Page
from dashboards.visit import Visit, address
from dashboards.words import t


async def body(visit: Visit) -> Component:
    """Says so, and leads home."""
    words = [
        html.B(t("missing.title")),
        html.Span(t("missing.why", path=visit.path[:80]), className="soft"),
        html.Div(link(t("missing.home"), address("/"), className="button"), className="acts"),
    ]
    return html.Div(html.Section(html.Div(words, className="state wide"), className="card"), className="page")


MISSING_PAGE = Page("missing", "/missing", body, (), ranged=False)
