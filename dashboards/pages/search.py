"""Search (搜索): have we seen X? Query, histogram, top values, rows, and the raw event beside them."""

from __future__ import annotations

import asyncio
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from dashboards.blocks import block
from dashboards.design.elements import Content, chip, icon, link, quiet, segment, table
from dashboards.design.grid import column, grid
from dashboards.design.states import empty
from dashboards.pages.page import Page
from dashboards.parts import held, part
from dashboards.views.alerts import raw_json
from dashboards.views.figures import amount, exact, moment, utc_stamp
from dashboards.views.search import (
    aggregations,
    fields_of,
    narrowed,
    pairs_of,
    place_of,
    pointed,
    query_of,
    row,
    slots,
    streams_of,
    values,
)
from dashboards.visit import DEFAULT_RANGE, Visit
from dashboards.words import t
from infra.errors import AppError, ErrorKind
from infra.events.stream import Event, Stream
from infra.store.query.tree import Page as Found

ASKED = "q tr stream"
MOST_ROWS = 10_000


@part("search.bar", params=ASKED, wears="query")
async def bar(visit: Visit) -> Content:
    """The query, and where it cannot be read."""
    box = dcc.Input(
        id="search-q",
        type="search",
        name="q",
        placeholder=t("search.placeholder"),
        autoComplete="off",
        value=visit.param("q"),
        spellCheck=False,
        className="mono",
    )
    label = html.Label([html.Span(t("search.query"), className="hidden"), box], className="grow row")
    form = html.Form(
        [icon("search"), label, html.Kbd("↵")],
        className="entry wide",
        role="search",
        **{"data-refine": "1", "data-search": "1"},
    )
    chosen = streams_of(visit)
    choices = [
        (
            t(f"stream.{stream}"),
            visit.here(stream=stream.value if stream is not Stream.LOGS else None, sel=None),
            stream.value in chosen,
        )
        for stream in Stream
    ]
    return [form, html.Div(segment(choices, t("search.streams")), className="row streams"), _trouble(visit)]


def _trouble(visit: Visit) -> Component | None:
    try:
        query_of(visit)
    except AppError as error:
        at = place_of(str(error.detail.get("place", "")))
        before, here, after = pointed(visit.param("q"), at) if at else (visit.param("q"), "", "")
        return html.Div(
            [html.Code([before, html.Mark(here, className="bad"), after]), html.Span(str(error), className="critical")],
            className="trouble",
            role="alert",
        )
    return None


@part("search.chart", topics="", params=ASKED, wears="search-chart")
async def chart(visit: Visit) -> Content:
    """How many over time."""
    try:
        query = query_of(visit, limit=1)
    except AppError as error:
        return quiet(str(error))
    answers = await visit.ask(visit.rooms.events.aggregate, query, {"bars": aggregations(visit)["bars"]})
    window = visit.window()
    bars = [
        html.Div(
            html.I(style={"height": f"{slot.share:.1f}%"}) if slot.count else None, className="col", title=slot.words
        )
        for slot in slots(answers["bars"], visit)
    ]
    marks = [window.start + (window.end - window.start) * step / 4 for step in range(5)]
    axis = html.Div([html.Span(moment(mark, visit.zone, visit.now)) for mark in marks], className="time-axis")
    return [
        html.Div(
            bars,
            className="bars",
            role="img",
            **{
                "aria-label": t("search.histogram"),
                "data-histogram": f"{window.start.isoformat()}..{window.end.isoformat()}",
            },
        ),
        axis,
    ]


@part("search.fields", params=ASKED, wears="facets")
async def fields(visit: Visit) -> Content:
    """Top values per field; a click keeps only them or leaves them out."""
    try:
        query = query_of(visit, limit=1)
    except AppError:
        return quiet("")
    wanted = {name: each for name, each in aggregations(visit).items() if name != "bars"}
    answers = await visit.ask(visit.rooms.events.aggregate, query, wanted)
    made = [_field(visit, name, answers[name]) for name in fields_of(visit) if answers[name].buckets]
    return made or quiet(t("search.no_fields"))


def _field(visit: Visit, name: str, answer: Any) -> Component:
    rows = [
        html.Div(
            [
                link(value.shown, visit.here(q=value.only, sel=None), className="cut", title=value.shown),
                quiet(amount(float(value.count))),
                link(
                    "−",
                    visit.here(q=value.without, sel=None),
                    className="leave",
                    title=t("search.leave_out"),
                    **{"aria-label": t("search.leave_out_value", value=value.shown[:80])},
                ),
            ],
            className="facet",
        )
        for value in values(name, answer, visit.param("q"))
    ]
    return html.Fieldset([html.Legend(name, className="mono"), *rows])


@part("search.count", params=ASKED, wears="stackline")
async def count(visit: Visit) -> Content:
    """How many rows; the grid reads from here that it must load anew."""
    watched = {"data-grid": "search", "data-query": visit.here(sel=None), "data-stamp": "", "data-total": "0"}
    try:
        found = await visit.ask(visit.rooms.events.search, query_of(visit, limit=1))
    except AppError as error:
        if error.kind is not ErrorKind.INVALID:
            raise
        return html.Span("", **watched)
    about = t("search.at_least") if found.total_is_lower_bound else ""
    said = html.Span(
        t("search.total", about=about, count=exact(float(found.total)), ms=f"{found.took_ms:.0f}"), **watched
    )
    more = quiet(t("search.first_rows", count=exact(float(MOST_ROWS)))) if found.total > MOST_ROWS else None
    none = (
        html.Div(empty(t("search.none"), t("search.none_why"), *_wider(visit)), className="over")
        if not found.total
        else None
    )
    again = link(
        [icon("refresh"), t("search.again")], visit.here(at=utc_stamp(visit.now)), className="button small push"
    )
    return [said, more, again, none]


def _wider(visit: Visit) -> tuple[str, str]:
    chosen = visit.param("tr", DEFAULT_RANGE)
    return (
        (t("search.widen"), visit.here(tr="30d"))
        if chosen != "30d"
        else (t("search.all_streams"), visit.here(stream="metrics,inventory,logs,signals,quarantine"))
    )


@part("search.event", params=ASKED + " sel ev", wears="pane-holder")
async def drawer(visit: Visit) -> Content:
    """The chosen event: its fields, each a way to narrow, and the raw record."""
    chosen = visit.param("sel") or visit.param("ev")
    if not chosen:
        return ""
    event = await visit.ask(visit.rooms.events.get, chosen)
    close = link(
        icon("close"),
        visit.here(sel=None, ev=None),
        className="close",
        title=t("action.close_pane"),
        **{"aria-label": t("action.close_pane")},
    )
    if event is None:
        return html.Aside(
            [
                html.Div([quiet(chosen), close], className="pane-tags pane-scroll"),
                empty(t("search.gone"), t("search.gone_why")),
            ],
            className="pane",
        )
    head = html.Div(
        [
            chip(str(event.get("yaodun.stream") or event.get("data_stream.type") or "")),
            html.Span(chosen, className="chip mono cut"),
            close,
        ],
        className="pane-tags",
    )
    return html.Aside(
        [html.Div([head, *_raw(event), _fields(event, visit)], className="pane-scroll", tabIndex=0)],
        className="pane",
        **{"aria-label": t("search.event")},
    )


def _raw(event: Event) -> list[Component]:
    original = event.get("event.original")
    made = [
        html.Section(
            [
                html.Header([html.H3(t("search.as_json")), _copy(raw_json(event))]),
                html.Pre(raw_json(event), className="raw", tabIndex=0),
            ]
        )
    ]
    if original:
        made.insert(
            0,
            html.Section(
                [
                    html.Header([html.H3(t("search.original")), _copy(str(original))]),
                    html.Pre(str(original), className="raw", tabIndex=0),
                ]
            ),
        )
    return made


def _copy(text: str) -> Component:
    return html.Button(
        [icon("copy"), t("action.copy")],
        className="button small push",
        **{"type": "button", "data-copy": text[:100_000]},
    )


def _fields(event: Event, visit: Visit) -> Component:
    rows = [
        html.Tr(
            [
                html.Td(html.Span(name, className="mono", title=name)),
                html.Td(
                    link(
                        shown,
                        visit.here(q=narrowed(visit.param("q"), name, event[name]), sel=None, ev=None),
                        className="mono",
                        title=shown,
                    )
                    if not isinstance(event[name], list | dict)
                    else html.Span(shown, className="mono", title=shown)
                ),
            ]
        )
        for name, shown in pairs_of(event)
    ]
    body = html.Div(table([(t("column.field"), ""), (t("column.actual"), "")], rows, ("42%", "58%")), className="boxed")
    return html.Section([html.Header(html.H3(t("search.fields"))), body])


async def body(visit: Visit) -> Component:
    """The page."""
    left, top, over, line, right = await asyncio.gather(
        held(fields, visit), held(bar, visit), held(chart, visit), held(count, visit), held(drawer, visit)
    )
    table_box = html.Div([grid("search", _columns(), row=28)], className="grid-box dense")
    return html.Div([left, html.Div([top, over, line, table_box], className="queue"), right], className="triage")


def _columns() -> list[dict[str, Any]]:
    return [
        column("time", t("column.time"), width=150, cell="Mono"),
        column("host", t("column.host"), width=110),
        column("source", t("column.source"), width=130),
        column("action", t("column.action"), width=140),
        column("summary", t("column.summary"), grow=1, cell="Mono"),
    ]


async def rows(visit: Visit, request: dict[str, Any]) -> dict[str, Any]:
    """Rows of the grid for a block; blocks are reached by the cursor of the one before."""
    start, end = int(request.get("startRow", 0)), int(request.get("endRow", 100))

    async def fetch(size: int, after: str | None) -> tuple[Found, str | None]:
        found = await visit.ask(visit.rooms.events.search, query_of(visit, limit=size, after=after))
        return found, found.after

    key = (visit.actor.id, "search", *(visit.param(name) for name in ("q", "tr", "at", "stream")))
    try:
        found = await block(key, start, min(end - start, 500), fetch)
    except AppError:
        return {"rowData": [], "rowCount": 0}
    return {"rowData": [row(event, visit) for event in found.events], "rowCount": min(found.total, MOST_ROWS)}


PAGE = Page("search", "/hunt", body, (bar, chart, fields, count, drawer), action="events.read", grid=True)
