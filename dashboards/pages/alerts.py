"""Alerts (告警): what next? A stacked queue, facets, histogram, and a pane that explains and acts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from dashboards.design.elements import Content, icon, link, opener, quiet, segment
from dashboards.design.grid import column, grid
from dashboards.design.states import empty
from dashboards.pages.alert_dialogs import dialogs
from dashboards.pages.alert_pane import pane
from dashboards.pages.page import Page
from dashboards.parts import held, part
from dashboards.rooms.alerts import AlertRow, Stack
from dashboards.views.alerts import (
    ANY,
    FACETS,
    OPEN_STATES,
    PINNED,
    bubbles,
    chosen,
    columns,
    group_key,
    members,
    stack_of,
    value_words,
    wanted,
)
from dashboards.views.figures import amount, moment, short
from dashboards.visit import Visit
from dashboards.words import t

_FACETED = (*FACETS, *PINNED)
FILTERS = " ".join(("q", "tr", *_FACETED, *(f"not_{facet}" for facet in _FACETED)))
BARS = 60
MOST_STACKS = 1000
MOST_CHILDREN = 200


@part("alerts.facets", topics="alerts", params=FILTERS, wears="facets")
async def facets(visit: Visit) -> Content:
    """Facets with counts under the current filter."""
    found = await visit.ask(visit.rooms.alerts.facets, wanted(visit))
    return [_facet(visit, name, found.get(name, ())) for name in FACETS if found.get(name)]


def _facet(visit: Visit, name: str, values: Sequence[tuple[str, str, int]]) -> Component:
    on = set(chosen(visit, name))
    known = {value: (words, count) for value, words, count in values}
    shown = [*known, *(value for value in on if value not in known)]
    if name == "level":
        shown.sort(key=lambda value: ("critical", "high", "medium", "low", "informational").index(value))
    rows = [_choice(visit, name, value, known.get(value, ("", 0)), on=value in on) for value in shown[:8]]
    return html.Fieldset([html.Legend(t(f"alerts.facet.{name}")), *rows])


def _choice(visit: Visit, facet: str, value: str, known: tuple[str, int], *, on: bool) -> Component:
    words = value_words(facet, value, known[0])
    shown: Content = [html.Span(className=f"glyph {value}"), words] if facet == "level" else words
    default = ",".join(OPEN_STATES) if facet == "state" else ""
    made = {"name": facet, "value": value or "none", "checked": on, "param": facet, "default": default, "any": ANY}
    box = html.Span(key=f"{facet}-{value}-{on}", **{"data-check": _json(made)})
    return html.Label(
        [
            box,
            html.Span(shown, className=f"cut {value if facet == 'level' else ''}".strip()),
            quiet(amount(float(known[1]))),
        ],
        className="facet on" if on else "facet",
    )


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


@part("alerts.bar", topics="", params=FILTERS, wears="query")
async def bar(visit: Visit) -> Content:
    """The filter as removable bubbles, and a box to add words."""
    chips = [
        link(
            [html.Span(bubble.words), html.Span("×", **{"aria-hidden": "true"})],
            bubble.without,
            className="bubble not" if bubble.excludes else "bubble",
            title=t("alerts.remove_condition"),
        )
        for bubble in bubbles(visit)
    ]
    box = dcc.Input(
        id="alerts-q",
        type="search",
        name="q",
        placeholder=t("alerts.add_words"),
        autoComplete="off",
        value=visit.param("q"),
    )
    label = html.Label([html.Span(t("alerts.add_words"), className="hidden"), box], className="grow row")
    return html.Form(
        [icon("search"), *chips, label, html.Kbd("/")],
        className="entry wide",
        role="search",
        **{"data-refine": "1", "data-search": "1"},
    )


@part("alerts.histogram", topics="alerts", params=FILTERS)
async def histogram(visit: Visit) -> Content:
    """Alerts over the time range by level; dragging over it narrows the range."""
    window = visit.window()
    found = await visit.ask(visit.rooms.alerts.histogram, wanted(visit), BARS)
    bars = [
        html.Div(
            [html.I(className=level, style={"height": f"{share:.1f}%"}) for level, share in made.parts],
            className="col",
            title=made.words,
        )
        for made in columns(found, visit)
    ]
    marks = [window.start + (window.end - window.start) * step / 4 for step in range(5)]
    axis = html.Div([html.Span(moment(mark, visit.zone, visit.now)) for mark in marks], className="time-axis")
    data = {"data-histogram": f"{window.start.isoformat()}..{window.end.isoformat()}"}
    return [html.Div(bars, className="bars", role="img", **{"aria-label": t("alerts.histogram")}, **data), axis]


@part("alerts.count", topics="alerts", params=FILTERS + " stack open", wears="stackline")
async def count(visit: Visit) -> Content:
    """How the queue is stacked and what is in it; the grid reads from here that it must load anew."""
    stack = stack_of(visit)
    page = await visit.ask(visit.rooms.alerts.find, wanted(visit), stack, 0, 1)
    choices = [
        (
            t(f"alerts.stack.{each}"),
            visit.here(stack=each if each is not Stack.RULE else None, open=None, sel=None),
            each is stack,
        )
        for each in Stack
    ]
    said = t(
        "alerts.totals_flat" if stack is Stack.FLAT else "alerts.totals",
        rows=amount(page.rows),
        alerts=amount(page.alerts),
        signals=amount(page.signals),
    )
    watched = {
        "data-grid": "alerts",
        "data-query": visit.here(sel=None),
        "data-stamp": visit.now.isoformat(),
        "data-total": str(page.alerts),
    }
    nothing = (
        html.Div(
            empty(
                t("alerts.none"), t("alerts.none_why"), t("alerts.show_all"), visit.here(state=ANY, tr="30d", q=None)
            ),
            className="over",
        )
        if not page.rows
        else None
    )
    return [
        quiet(t("alerts.stack_by")),
        segment(choices, t("alerts.stack_by")),
        html.Span(said, **watched),
        html.Span(t("alerts.sorted"), className="quiet push"),
        nothing,
    ]


@part("alerts.pane", topics="alerts", params=FILTERS + " sel stack ev", wears="pane-holder")
async def side(visit: Visit) -> Content:
    """The alert under the cursor: why, raw event, entity, related, history, actions."""
    return await pane(visit)


async def body(visit: Visit) -> Component:
    """The page."""
    left, top, chart, line, right = await asyncio.gather(
        held(facets, visit), held(bar, visit), held(histogram, visit), held(count, visit), held(side, visit)
    )
    table = html.Div(
        [
            grid("alerts", _columns(), selectable=True),
            html.Button(t("alerts.fresh"), id="fresh", className="button fresh", hidden=True),
        ],
        className="grid-box",
    )
    middle = html.Div([top, chart, line, table, _keys()], className="queue")
    return html.Div([left, middle, right, _bulk(), dialogs(visit)], className="triage")


def _columns() -> list[dict[str, Any]]:
    return [
        column("level", t("column.level"), width=70, cell="Severity"),
        column("title", t("column.alert"), grow=3, cell="TwoLines"),
        column("signals", t("column.count"), width=58, cell="Strong", right=True),
        column("entity", t("column.entity"), width=104),
        column("system", t("column.system"), width=100),
        column("hours", t("column.hours"), width=84, cell="Hours"),
        column("seen", t("column.last_seen"), width=60, right=True),
        column("state", t("column.state"), width=62),
    ]


def _keys() -> Component:
    pairs = (
        ("J K", "move"),
        ("↵", "open"),
        ("X", "select"),
        ("A", "acknowledge"),
        ("S", "assign"),
        ("C", "close"),
        ("M", "comment"),
        ("N", "incident"),
        ("I O", "only"),
        ("/", "search"),
        ("?", "all_keys"),
    )
    return html.Footer(
        [html.Span([*(html.Kbd(key) for key in keys.split()), t(f"key.{name}")]) for keys, name in pairs],
        className="keys",
    )


def _bulk() -> Component:
    return html.Div(
        [
            html.B(id="bulk-words", **{"data-words": t("alerts.bulk", rows="{rows}", signals="{signals}")}),
            html.Button(
                [t("action.acknowledge"), html.Kbd("A")],
                className="button small",
                **{
                    "type": "button",
                    "data-command": "alerts.acknowledge",
                    "data-args": '{"ids": "selected"}',
                    "data-key": "a",
                },
            ),
            opener(t("action.assign"), "assign", key="s", kind="small"),
            opener(t("action.close_classify"), "close", key="c", kind="small"),
            opener(t("action.comment"), "comment", key="m", kind="small"),
            opener(t("alerts.incident"), "incident", key="n", kind="small"),
            quiet(t("alerts.undo_hint")),
        ],
        id="bulk",
        className="bulk",
        hidden=True,
        role="toolbar",
        **{"aria-label": t("alerts.bulk_label")},
    )


async def rows(visit: Visit, request: dict[str, Any]) -> dict[str, Any]:
    """Rows of the grid for a block."""
    start, end = int(request.get("startRow", 0)), int(request.get("endRow", 100))
    stack = stack_of(visit)
    if stack is Stack.FLAT:
        page = await visit.ask(visit.rooms.alerts.find, wanted(visit), stack, start, min(end - start, 500))
        return {"rowData": [_row(row, visit, stack) for row in page.items], "rowCount": page.rows}
    page = await visit.ask(visit.rooms.alerts.find, wanted(visit), stack, 0, MOST_STACKS)
    listed = [_row(row, visit, stack) for row in page.items]
    made = await _with_children(visit, listed)
    return {"rowData": made[start:end], "rowCount": len(made)}


async def _with_children(visit: Visit, listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    opened = visit.param("open")
    within = members(opened, wanted(visit))
    place = next((index for index, row in enumerate(listed) if row["id"] == opened), None)
    if within is None or place is None:
        return listed
    page = await visit.ask(visit.rooms.alerts.find, within, Stack.FLAT, 0, MOST_CHILDREN)
    listed[place]["opened"] = True
    children = [_child(row, visit, stack_of(visit)) for row in page.items]
    return [*listed[: place + 1], *children, *listed[place + 1 :]]


def _child(row: AlertRow, visit: Visit, stack: Stack) -> dict[str, Any]:
    """A member of an opened stack: what the stack has in common is not said again."""
    shown = _row(row, visit, Stack.FLAT) | {"child": True}
    if stack is Stack.RULE:
        shown |= {"title": row.entity, "under": t("alerts.merged", count=amount(float(row.signals))), "entity": ""}
    return shown


def _row(row: AlertRow, visit: Visit, stack: Stack) -> dict[str, Any]:
    grouped = stack is not Stack.FLAT and row.alerts > 1
    techniques = " ".join(row.techniques[:2])
    kind = " · ".join(word for word in (t(f"alerts.origin.{row.origin}"), techniques) if word)
    entity = (
        row.entity
        if not grouped or row.alerts == 1 or row.entity
        else t("alerts.entities", count=amount(float(row.alerts)))
    )
    return {
        "id": group_key(stack, row.id) if grouped else row.id,
        "level": row.level.value,
        "level_words": t(f"level.{row.level}"),
        "title": row.title,
        "under": kind,
        "signals": amount(float(row.signals)),
        "alerts": row.alerts,
        "entity": entity,
        "system": row.system,
        "hours": list(row.hours),
        "seen": short(row.last_seen, visit.zone, visit.now),
        "state": t(f"alerts.state.{row.state}"),
        "rule": row.rule,
        "signal_count": row.signals,
        "group": grouped,
    }


PAGE = Page("alerts", "/alerts", body, (facets, bar, histogram, count, side), action="alerts.read", grid=True)
