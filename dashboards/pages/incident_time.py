"""The timeline of an incident as swimlanes or as a list, and the graph of its entities."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import Content, card, cells, glyph, link, quiet, segment, table
from dashboards.design.states import empty
from dashboards.parts import part
from dashboards.views.figures import moment, seconds_stamp
from dashboards.views.incidents import Chip, Timeline, graph, timeline
from dashboards.visit import Visit
from dashboards.words import t
from ops.incidents.saying import sentence

MOST_LINES = 200


@part("incidents.time", topics="incidents alerts", params="view")
async def time(visit: Visit) -> Content:
    """What happened when: alerts, work, evidence."""
    number = visit.path.removeprefix("/incidents").strip("/")
    view = await visit.ask(visit.rooms.work.desk.view, number)
    events = await visit.ask(visit.rooms.work.desk.timeline, number)
    named = await visit.ask(visit.rooms.work.desk.naming, view.case)
    listed = visit.param("view") == "list"
    switch = segment(
        [
            (t("incidents.lanes"), visit.here(view=None), not listed),
            (t("incidents.as_list"), visit.here(view="list"), listed),
        ],
        t("incidents.time"),
    )
    hint = t("incidents.n_events", count=len(events))
    if listed:
        rows = [
            cells(
                (seconds_stamp(event.time, visit.zone), "quiet"),
                named(event.actor),
                (sentence(event, named), "wrap"),
            )
            for event in reversed(events[-MOST_LINES:])
        ]
        heads = [(t("incidents.when"), ""), (t("incidents.who"), ""), (t("incidents.what"), "")]
        body: Component = html.Div(table(heads, rows, ("120px", "110px", "auto")), className="scroll", tabIndex=0)
    else:
        body = lanes(timeline(view, events, visit, named), visit)
    return card(t("incidents.time"), body, hint=hint, aside=switch, lined=True)


def lanes(drawn: Timeline, visit: Visit) -> Component:
    """Swimlanes in percent of the span."""
    axis = html.Div(
        [html.Span(_mark(at, drawn, visit), style={"left": f"{place:.2f}%"}) for place, at in drawn.marks],
        className="lane-axis",
    )
    rows = [
        html.Div(
            [
                html.Span(lane.name, className="lane-name"),
                html.Div([_chip(chip) for chip in lane.chips], className="lane-track"),
            ],
            className="lane",
        )
        for lane in drawn.lanes
    ]
    ground = [html.I(style={"left": f"{place:.2f}%"}) for place, _ in drawn.marks]
    if drawn.law:
        left, right = drawn.law
        ground.append(
            html.B(
                className="law",
                title=t("incidents.law_window"),
                style={"left": f"{left:.2f}%", "width": f"{right - left:.2f}%"},
            )
        )
    if drawn.now is not None:
        ground.append(html.B(className="now", title=t("incidents.now"), style={"left": f"{drawn.now:.2f}%"}))
    return html.Div(
        [
            axis,
            html.Div(
                [html.Div(ground, className="lane-ground", **{"aria-hidden": "true"}), *rows], className="lane-rows"
            ),
        ],
        className="lanes",
        role="group",
        **{"aria-label": t("incidents.time")},
    )


def _mark(at: datetime, drawn: Timeline, visit: Visit) -> str:
    """To the second where a minute would stand at several marks."""
    if (drawn.end - drawn.start) < timedelta(minutes=len(drawn.marks) + 1):
        return seconds_stamp(at, visit.zone).partition(" ")[2]
    return moment(at, visit.zone, visit.now)


def _chip(chip: Chip) -> Component:
    words: list[Component | str | None] = [
        glyph(chip.level) if chip.level != "step" else None,
        html.Span(chip.words, className="cut"),
        html.Small(f"+{chip.more}") if chip.more else None,
    ]
    bar = (
        html.I(style={"left": f"{chip.left:.2f}%", "width": f"{chip.width:.2f}%"}, className=chip.level)
        if chip.width > 0.5
        else None
    )
    place = {"left": f"{min(chip.left, 84.0):.2f}%"}
    made = (
        link(words, chip.href, className=f"lane-chip {chip.level}", title=chip.tip, style=place)
        if chip.href
        else html.Span(words, className=f"lane-chip {chip.level}", title=chip.tip, style=place)
    )
    return html.Span([made, bar])


@part("incidents.entities", topics="incidents alerts")
async def entities(visit: Visit) -> Content:
    """Clues, assets and systems, and what ties them."""
    view = await visit.ask(visit.rooms.work.desk.view, visit.path.removeprefix("/incidents").strip("/"))
    drawn = graph(view)
    if not drawn.nodes:
        return card(
            t("incidents.entities"), empty(t("incidents.no_entities"), t("incidents.no_entities_why")), lined=True
        )
    data = {
        "nodes": [
            {"id": n.id, "kind": n.kind, "words": n.words, "x": n.x, "y": n.y, "level": n.level, "href": n.href}
            for n in drawn.nodes
        ],
        "edges": [{"from": a, "to": b, "words": words, "level": level} for a, b, words, level in drawn.edges],
    }
    said = "；".join(f"{a} → {b}: {words}" for a, b, words, _ in drawn.edges)
    box = html.Div(
        className="graph",
        role="group",
        **{"data-graph": json.dumps(data, ensure_ascii=False), "aria-label": said or t("incidents.entities")},
    )
    hint = t("incidents.n_entities", count=len(drawn.nodes))
    aside = quiet(t("incidents.left_out", count=drawn.left_out)) if drawn.left_out else quiet(t("incidents.red_path"))
    return card(t("incidents.entities"), box, hint=hint, aside=aside, lined=True)
