"""Elements of posture: a number with its normal, a waterfall, an unmeasured dimension, the tile grid of provinces."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import Content, glyph, icon, link, quiet, spark
from dashboards.rooms.posture import Reading, Score
from dashboards.views.figures import exact, percent, points, scaled, span
from dashboards.views.overview import Fall, Step, fall
from dashboards.words import t

# Column, row of each province-level unit and the Corps: an own arrangement, not a map.
PROVINCES = {
    "HL": (9, 1), "JL": (9, 2), "NM": (6, 2), "XJ": (1, 3), "GS": (3, 3), "NX": (4, 3), "SX": (5, 3), "HE": (6, 3),
    "BJ": (7, 3), "TJ": (8, 3), "LN": (9, 3), "BT": (1, 4), "QH": (2, 4), "SN": (4, 4), "HA": (5, 4), "SD": (6, 4),
    "XZ": (1, 5), "SC": (3, 5), "CQ": (4, 5), "HB": (5, 5), "AH": (6, 5), "JS": (7, 5), "SH": (8, 5), "YN": (3, 6),
    "GZ": (4, 6), "HN": (5, 6), "JX": (6, 6), "ZJ": (7, 6), "GX": (4, 7), "GD": (5, 7), "FJ": (6, 7), "TW": (7, 7),
    "HI": (4, 8), "MO": (5, 8), "HK": (6, 8),
}  # fmt: skip


def number(reading: Reading) -> Component:
    """A value with unit, its normal or target, and its last 24 hours over the band."""
    wears = f"number {reading.outside}" if reading.outside else "number"
    label = [reading.name, " ", glyph(reading.outside)] if reading.outside else reading.name
    shown, band, scale = (
        scaled(reading.value, reading.low, reading.high) if reading.value is not None else ("—", [], "")
    )
    value = html.Span([shown, html.Small(f"{scale}{reading.unit}")], className="value", title=exact(reading.value))
    known = [point for point in reading.line if point is not None]
    drawing = spark(reading.line, (reading.low, reading.high)) if len(known) > 1 else html.Div(className="spark")
    children = [
        html.Span(label, className="label"),
        value,
        drawing,
        html.Span(_norm(reading, band), className="norm", title=_norm(reading, band)),
    ]
    return link(children, reading.href, className=wears) if reading.href else html.Div(children, className=wears)


def _norm(reading: Reading, band: list[str]) -> str:
    if reading.low is None or reading.high is None or not band:
        return reading.note
    words = t("overview.normal_range", range="–".join(band))
    return f"{words} · {reading.note}" if reading.note else words


def change(now: float | None, before: float | None) -> Component | None:
    """A delta against yesterday; without a base nothing is said."""
    if now is None or before is None:
        return None
    delta = now - before
    wears = "down" if delta < -0.05 else "soft"
    arrow = html.Span(className="tri-down" if delta < -0.05 else "tri-up") if abs(delta) > 0.05 else None
    return html.Span([arrow, html.Span(f"{abs(delta):.1f}", className=wears), " ", t("overview.vs_yesterday")])


def score_card(score: Score) -> list[Content]:
    """Score, band, coverage, days and waterfall of a measured dimension."""
    value = score.score or 0.0
    base = change(value, score.yesterday) or html.Span(
        [
            html.Span(t("overview.indicative"), className="high") if score.coverage < 0.8 else None,
            t("overview.no_trend"),
        ]
    )
    notes = html.Div(
        [
            base,
            html.Br(),
            quiet(t("overview.band_coverage", band=span(score.low, score.high), coverage=percent(score.coverage))),
        ],
        className="notes",
    )
    line = spark([day[1] for day in score.days], score=True, area=[(day[2], day[3]) for day in score.days])
    days = [line, html.Span(t("overview.days_14"), className="window")] if len(score.days) > 1 else []
    head = html.Div(
        [html.Span(f"{value:.0f}", className="big", title=f"{value:.1f}"), notes, *days], className="score-head"
    )
    return [head, waterfall(fall(score), score)]


def waterfall(drawn: Fall, score: Score) -> Component:
    """Axis, deductions as floating bars joined by hairlines, marker and band."""
    axis = [html.Span(str(mark), className="tick-word", style={"left": f"{left:.2f}%"}) for mark, left in drawn.ticks]
    rows = [_row("axis", t("overview.start_100"), axis, "100.0")]
    rows += [_step(step, drawn) for step in drawn.steps]
    left, right = drawn.band
    marker: list[Component] = [
        *_ticks(drawn),
        html.Span(className="band", style={"left": f"{left:.2f}%", "width": f"{max(right - left, 1):.2f}%"}),
        html.Span(className="mark", style={"left": f"{drawn.mark:.2f}%"}),
    ]
    name = [html.B(t("overview.score")), " ", quiet(t("overview.band", band=span(score.low, score.high)))]
    rows.append(_row("sum", name, marker, f"{score.score or 0.0:.1f}"))
    return html.Div(rows, className="fall")


def _ticks(drawn: Fall) -> list[Component]:
    return [html.Span(className="tick", style={"left": f"{left:.2f}%"}) for mark, left in drawn.ticks if mark < 100]


def _step(step: Step, drawn: Fall) -> Component:
    bar = {"left": f"{step.left:.2f}%", "width": f"{max(step.right - step.left, 0.0):.2f}%"}
    drawing = [
        *_ticks(drawn),
        html.Span(className="join", style={"left": f"{step.right:.2f}%"}) if step.right < 100 else None,
        html.Span(className=f"bar {step.kind}", style=bar) if step.points > 0.0499 else None,
    ]
    return _row("", step.name, drawing, points(step.points), step.href)


def _row(wears: str, name: Content, track: Content, value: str, href: str = "") -> Component:
    children = [
        html.Span(name, className="name", title=name if isinstance(name, str) else None),
        html.Span(track, className="track"),
        html.Span(value, className="points"),
    ]
    classes = f"fall-row {wears}".strip()
    return link(children, href, className=classes) if href else html.Div(children, className=classes)


def unmeasured_card(score: Score) -> list[Component]:
    """A dash, a hatched rail, and up to three sources to connect with what each adds."""
    words = html.Div([html.B(t("overview.not_measured_yet")), html.Span(t("overview.no_needle"), className="soft")])
    head = html.Div([html.Span("—", className="dash-box"), words], className="unmeasured-head")
    needs = [
        html.Div(
            [
                icon("plug"),
                html.Div([html.B(need.name), quiet(need.adds)], className="grow", title=need.name),
                link(t("overview.connect"), need.href, className="button small"),
            ],
            className="need",
        )
        for need in score.needs[:3]
    ]
    return [head, html.Div(className="hatched-rail"), *needs]


LETTERS = {
    "11": "BJ", "12": "TJ", "13": "HE", "14": "SX", "15": "NM", "21": "LN", "22": "JL", "23": "HL", "31": "SH",
    "32": "JS", "33": "ZJ", "34": "AH", "35": "FJ", "36": "JX", "37": "SD", "41": "HA", "42": "HB", "43": "HN",
    "44": "GD", "45": "GX", "46": "HI", "50": "CQ", "51": "SC", "52": "GZ", "53": "YN", "54": "XZ", "61": "SN",
    "62": "GS", "63": "QH", "64": "NX", "65": "XJ", "66": "BT", "71": "TW", "81": "HK", "82": "MO",
}  # fmt: skip
"""First two digits of GB/T 2260 (66 the Corps) to the letters of the tiles."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A province's value (percent; None: nothing to count), what it counts in words, and where its rows are."""

    value: float | None
    words: str
    href: str


def tiles(values: Mapping[str, Tile]) -> Component:
    """Provinces in own positions: abbreviation and value, outlined by level, dashed without a feed."""
    legend = html.Div(t("overview.tiles_legend" if values else "overview.tiles_none"), className="legend")
    made = [_tile(code, place, values.get(code)) for code, place in PROVINCES.items()]
    return html.Div([legend, *made], className="tiles")


def _tile(code: str, place: tuple[int, int], tile: Tile | None) -> Component:
    value = tile.value if tile else None
    level = (
        "none"
        if value is None
        else ""
        if value >= 95
        else "medium"
        if value >= 90
        else "high"
        if value >= 60
        else "critical"
    )
    shown = "–" if value is None else f"{math.floor(value)}"
    inside = [html.Span(t(f"province.{code}")), shown]
    where = {"gridColumn": place[0], "gridRow": place[1]}
    wears = f"tile {level}".strip()
    return (
        link(inside, tile.href, className=wears, style=where, title=tile.words)
        if tile
        else html.Div(inside, className=wears, style=where)
    )
