"""What the trust pages share: the way between them, the signer's state in a sentence, the heat strip, the command to
sign an approval with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import Content, icon, segment, severity
from dashboards.rooms.pki import Standing
from dashboards.views.figures import amount, local
from dashboards.visit import Visit, address
from dashboards.words import t

WEEKS = 52
PAGES = (("trust", "/pki"), ("trust_verify", "/pki/verify"), ("trust_list", "/pki/list"))


def ways(visit: Visit) -> Component:
    """The switch between the three pages."""
    return segment([(t(f"page.{name}"), address(path), visit.path == path) for name, path in PAGES], t("page.trust"))


def signer_says(found: Standing) -> Component:
    """The signer in a sentence: running, sealed or open, and that software is no certified module."""
    if not found.running:
        level, words = "high", t("trust.signer_away")
    elif not found.initialised:
        level, words = "unknown", t("trust.signer_new")
    elif found.sealed:
        level, words = "medium", t("trust.signer_sealed", needed=found.shares_needed)
    else:
        level, words = "normal", t("trust.signer_open")
    parts: list[Component] = [severity(level, words)]
    if found.software_keys:
        label = t("trust.uncertified", count=found.software_keys)
        parts.append(html.Span([icon("warn"), label], className="chip", title=t("trust.uncertified_why")))
    if found.token_keys:
        parts.append(html.Span(t("trust.in_token", count=found.token_keys), className="chip"))
    parts.append(html.Span(t("trust.own_user"), className="quiet"))
    return html.Div(parts, className="row says")


def command_line(words: str) -> Component:
    """A command to copy and run where the approver's key is."""
    return html.Code(words, className="raw")


def heat(visit: Visit, rows: Sequence[tuple[str, str, Sequence[int], Content]]) -> Component:
    """One row an authority, 52 weeks: numbers only where >= 10 or within four weeks."""
    marks = [_month(visit, week) for week in range(WEEKS)]
    head = html.Div(
        [
            html.Span(t("trust.authority")),
            html.Span(t("trust.key")),
            html.Div(marks, className="weeks"),
            html.Span(t("trust.list")),
        ],
        className="heat-row heat-head",
    )
    return html.Div([head, *(_row(*row) for row in rows)], className="heat")


def _month(visit: Visit, week: int) -> Component:
    day = local(visit.now + timedelta(weeks=week), visit.zone)
    first = week == 0 or local(visit.now + timedelta(weeks=week - 1), visit.zone).month != day.month
    return html.Span(f"{day:%m}" if first else "")


def _row(name: str, kind: str, weeks: Sequence[int], source: Content) -> Component:
    most = max([*weeks, 1])
    cells = [_cell(count, week, most) for week, count in enumerate(weeks)]
    said = t("trust.heat_says", name=name, soon=sum(weeks[:4]), all=sum(weeks))
    grid = html.Div(cells, className="weeks", role="img", **{"aria-label": said})
    return html.Div(
        [
            html.Span(name, className="cut"),
            html.Span(kind, className="quiet"),
            grid,
            html.Span(source, className="quiet"),
        ],
        className="heat-row",
    )


def _cell(count: int, week: int, most: int) -> Component:
    near = "near" if week < 2 else "soon" if week < 4 else ""
    shown = amount(float(count)) if count and (count >= 10 or week < 4) else ""
    depth = 0 if not count else 1 + min(3, int(3 * count / most))
    return html.I(
        shown,
        className=f"d{depth} {near if count else ''}".strip(),
        title=t("trust.heat_cell", week=week + 1, count=count),
    )


def shorter(text: str, most: int = 60) -> Component:
    """A long name, whole in the tooltip."""
    return html.Span(text if len(text) <= most else text[: most - 1] + "…", title=text)


def value_of(args: Mapping[str, Any], name: str) -> str:
    """One text field of a form."""
    return str(args.get(name) or "").strip()
