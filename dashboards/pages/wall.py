"""Wallboard (大屏): how do we stand, readable at five metres. No controls, no names of people, no addresses."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import Content, glyph, link, severity, spark
from dashboards.design.posture import change
from dashboards.pages.dimension import PATHS
from dashboards.pages.page import Page
from dashboards.pages.systems import told
from dashboards.parts import held, part
from dashboards.rooms.alerts import AlertFilter, AlertRow, Stack
from dashboards.rooms.posture import Reading, Score
from dashboards.rooms.systems import SystemView
from dashboards.views.figures import MISSING, ago, amount, local, percent, points, scaled, span
from dashboards.views.overview import GROUPS, fall, lacking, shown_losses, stale_since
from dashboards.visit import RANGES, Visit, address
from dashboards.words import t
from infra.exchange import Dimension
from infra.store.query.tree import Window

SHOWN_LOSSES, SHOWN_ALERTS, SHOWN_READINGS = 3, 3, 2
SHOWN_SYSTEMS = 5
ROTATE_S = 30
GRADES = (60, 75, 85)


@part("wall.top", topics="posture tick", wears="wall-top")
async def top(visit: Visit) -> Content:
    """The overall score, the time of the data beside the clock, and what is late."""
    standing, condition = await asyncio.gather(visit.ask(visit.rooms.posture.now), visit.ask(visit.rooms.health.now))
    shown = MISSING if standing.score is None else f"{standing.score:.0f}"
    line = html.Div(
        [
            html.B(t("wall.title")),
            html.Span([t("overview.overall"), " ", html.B(shown)]),
            html.Span(t("overview.band", band=span(standing.low, standing.high)), className="soft"),
            change(standing.score, standing.yesterday),
            html.Span(t("wall.data_at", time=f"{local(standing.at, visit.zone):%H:%M:%S}"), className="soft push"),
            html.B(f"{local(visit.now, visit.zone):%H:%M}", className="clock-big"),
        ],
        className="wall-line",
    )
    silent, known = lacking(condition)
    late = stale_since(standing.at, visit.now)
    words = (
        t("wall.stopped", time=f"{local(standing.at, visit.zone):%H:%M:%S}", age=ago(standing.at, visit.now))
        if late
        else t("state.partial", missing=silent, all=known)
    )
    return [line, html.Div([glyph("high"), " ", words], className="wall-late") if late or silent else None]


@part("wall.scores", topics="posture", wears="wall-3")
async def scores(visit: Visit) -> Content:
    """Three dimensions: score, band, coverage, the three largest deductions."""
    standing = await visit.ask(visit.rooms.posture.now)
    return [_score(score) for score in standing.dimensions]


def _score(score: Score) -> Component:
    page = next(path for path, dimension in PATHS.items() if dimension is score.dimension)
    name = link(html.B(t(f"dimension.{score.dimension}")), address(page))
    if score.score is None:
        words = severity("unknown", t("level.unknown"))
        notes = html.Div(
            [t("overview.indicators", measured=score.measured, all=score.indicators)], className="wall-notes"
        )
        big = html.Span(MISSING, className="wall-big unknown")
        row, rail = html.Div([big, notes], className="wall-row"), html.Div(className="hatched-rail")
        return html.Section([html.Div([name, words], className="wall-head"), row, rail])
    drawn = fall(score)
    left, right = drawn.band
    grades = [(mark, at) for mark, at in drawn.ticks if mark in GRADES]
    marks = [html.Span(className="tick", style={"left": f"{at:.1f}%"}) for _, at in grades]
    marks += [html.Span(str(mark), className="tick-word", style={"left": f"{at:.1f}%"}) for mark, at in grades]
    rail = [
        *marks,
        html.Span(className="band", style={"left": f"{left:.1f}%", "width": f"{max(1.0, right - left):.1f}%"}),
        html.Span(className="mark", style={"left": f"{drawn.mark:.1f}%"}),
    ]
    band = t("overview.band", band=span(score.low, score.high))
    notes = [change(score.score, score.yesterday), band, t("wall.coverage", coverage=percent(score.coverage))]
    losses = sorted(shown_losses(score, 99), key=lambda loss: -loss.points)[:SHOWN_LOSSES]
    rows = [
        html.Div([html.Span(loss.name, className="cut grow"), html.B(points(loss.points))], className="wall-loss")
        for loss in losses
    ]
    big = html.Span(f"{score.score:.0f}", className="wall-big")
    lines = html.Div([html.Div(note) for note in notes if note is not None], className="wall-notes")
    head = html.Div([name, _grade(score.score)], className="wall-head")
    middle = html.Div([big, lines], className="wall-row")
    return html.Section([head, middle, html.Div(rail, className="track wall-rail"), *rows])


def _grade(score: float) -> Component:
    below = [level for level, mark in zip(("critical", "high", "medium"), GRADES, strict=True) if score < mark]
    level = below[0] if below else "normal"
    return severity(level, t(f"wall.grade_{level}"))


@part("wall.readings", topics="posture alerts tick", wears="wall-3")
async def readings(visit: Visit) -> Content:
    """Two numbers for each of the three states, worst first; while nothing critical is open, in turn with the weakest
    systems of each dimension."""
    found, measures = await asyncio.gather(
        visit.ask(visit.rooms.posture.readings), visit.ask(visit.rooms.alerts.measures)
    )
    second = int(visit.now.timestamp()) // ROTATE_S % 2 == 1
    if second and not measures.get("open", {}).get("critical") and visit.rooms.systems is not None:
        known = await visit.ask(visit.rooms.systems.all)
        if any(system.dimensions for system in known):
            return [_weakest(dimension, known) for dimension in Dimension]
    return [_group(group, [reading for reading in found if reading.group == group]) for group in GROUPS]


def _group(group: str, found: Sequence[Reading]) -> Component:
    chosen = sorted(
        (reading for reading in found if reading.value is not None), key=lambda reading: reading.outside is None
    )
    head = html.Div(
        [html.B(t(f"overview.{group}")), html.Span(t("wall.lines"), className="soft")], className="wall-head"
    )
    if not chosen:
        return html.Section([head, html.Div(severity("unknown", t(f"overview.{group}_none")), className="wall-row")])
    return html.Section(
        [head, html.Div([_reading(reading) for reading in chosen[:SHOWN_READINGS]], className="wall-pair")]
    )


def _weakest(dimension: Dimension, known: Sequence[SystemView]) -> Component:
    """The systems that stand worst in a dimension, with their health of 100."""
    words = html.Span(t("wall.weakest"), className="soft")
    head = html.Div([html.B(t(f"dimension.{dimension}")), words], className="wall-head")
    measured = sorted((system.dimensions[dimension], system.name, system.id) for system in known
                      if dimension in system.dimensions)  # fmt: skip
    rows = [
        link([html.Span(name, className="cut grow"), told(health)], address(f"/systems/{id_}"), className="wall-loss")
        for health, name, id_ in measured[:SHOWN_SYSTEMS]
    ]
    none = html.Div(severity("unknown", t("level.unknown")), className="wall-row")
    return html.Section([head, *(rows or [none])])


def _reading(reading: Reading) -> Component:
    shown, _, scale = scaled(reading.value or 0.0)
    known = [point for point in reading.line if point is not None]
    norm = (
        t("overview.normal_range", range=span(reading.low, reading.high)) if reading.low is not None else reading.note
    )
    return link(
        [
            html.Div([reading.name, " ", html.Small(f"{scale}{reading.unit}")], className="cut wall-name"),
            html.Div(shown, className="wall-value"),
            html.Div([glyph(reading.outside or "normal"), " ", norm], className="soft cut"),
            spark(reading.line, (reading.low, reading.high)) if len(known) > 1 else None,
        ],
        reading.href,
        className=f"wall-reading {reading.outside or ''}".strip(),
    )


@part("wall.alerts", topics="alerts", wears="wall-alerts")
async def alerts(visit: Visit) -> Content:
    """The worst open alerts: what, owned or not, for how long."""
    wanted = AlertFilter(window=Window(visit.now - RANGES["30d"], visit.now), only={"state": ("new", "acknowledged")})
    page, measures = await asyncio.gather(
        visit.ask(visit.rooms.alerts.find, wanted, Stack.FLAT, 0, SHOWN_ALERTS), visit.ask(visit.rooms.alerts.measures)
    )
    counts = measures.get("open", {})
    hint = t("overview.open_counts", critical=counts.get("critical", 0), high=counts.get("high", 0))
    head = html.Div([html.B(t("overview.who_must_act")), html.Span(hint, className="soft")], className="wall-head")
    rows = [_alert(row, visit) for row in page.items]
    none = html.Div([glyph("normal"), " ", t("overview.no_open")], className="wall-loss normal")
    return html.Section(
        [head, *(rows or [none]), html.Div(t("wall.legend", count=amount(float(page.alerts))), className="quiet")]
    )


def _alert(row: AlertRow, visit: Visit) -> Component:
    owner = html.Span(t("wall.owned" if row.owner else "alerts.unassigned"), className="soft" if row.owner else "high")
    inside = [
        html.Span(glyph(row.level), className=row.level),
        html.Span(row.title, className="cut grow"),
        owner,
        html.B(ago(row.first_seen, visit.now)),
    ]
    return link(inside, address("/alerts", stack="flat", sel=row.id), className="wall-loss")


async def body(visit: Visit) -> Component:
    """The page."""
    made = await asyncio.gather(*(held(each, visit) for each in (top, scores, readings, alerts)))
    return html.Div(list(made), className="wall")


PAGE = Page("wall", "/wall", body, (top, scores, readings, alerts), action="overview.read", ranged=False)
