"""Business (业务), data (数据) and infrastructure (设施): what one dimension's score is made of, down to its rows."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime

import msgspec
from dash import html
from dash.development.base_component import Component

from analytics.posture.trend import DAY_H, GRADES, WEEK_H, Ahead, Trend
from dashboards.design.elements import Content, card, cells, glyph, link, quiet, severity, spark, table
from dashboards.design.posture import score_card, unmeasured_card
from dashboards.design.states import empty
from dashboards.pages.page import Page
from dashboards.parts import held, held_all, part
from dashboards.rooms.alerts import AlertFilter, AlertRow, Stack
from dashboards.rooms.posture import Measure, Score
from dashboards.views.figures import MISSING, ago, amount, duration, exact, percent, points, span, stamp, zone_name
from dashboards.visit import RANGES, Visit, address
from dashboards.words import t
from infra.exchange import Dimension
from infra.store.query.tree import Window

PATHS = {
    "/business": Dimension.BUSINESS,
    "/data": Dimension.DATA,
    "/infra": Dimension.INFRASTRUCTURE,
}
OPEN = ("new", "acknowledged")
LISTED = 8


def dimension_of(visit: Visit) -> Dimension:
    """The dimension the address names."""
    return next(found for path, found in PATHS.items() if visit.path == path or visit.path.startswith(path + "/"))


def moment_of(visit: Visit) -> datetime | None:
    """The moment of ``?at=``; None is now, also where it cannot be read."""
    try:
        found = datetime.fromisoformat(visit.param("at"))
    except ValueError:
        return None
    return found if found.tzinfo else None


@part("dimension.score", topics="posture", params="at")
async def score(visit: Visit) -> Content:
    """The score with every deduction, or what to connect until it can be told."""
    standing = await visit.ask(visit.rooms.posture.now, moment_of(visit))
    found = next(each for each in standing.dimensions if each.dimension is dimension_of(visit))
    title = t(f"dimension.{found.dimension}")
    taken = quiet(f"{stamp(standing.at, visit.zone)} {zone_name(visit.zone)}")
    if found.score is None:
        return card(title, unmeasured_card(found), hint=_covered(found), aside=taken)
    return card(title, score_card(found), hint=_covered(found), aside=taken)


def _covered(found: Score) -> str:
    return t("overview.indicators", measured=found.measured, all=found.indicators)


@part("dimension.trend", topics="posture", params="at")
async def trend(visit: Visit) -> Content:
    """A week of hourly scores, the day and week to come with their bands, and what the forecast is worth."""
    if moment_of(visit) is not None:
        return ""
    found = await visit.ask(visit.rooms.posture.trend, dimension_of(visit))
    title, ahead = t("dimension.trend"), found.ahead
    if ahead is None:
        why = t("dimension.trend_none_why", known=found.known, wanted=found.wanted)
        return card(title, empty(t("dimension.trend_none"), why), lined=True)
    drawing = {"v": found.past, **msgspec.to_builtins(ahead), "marks": GRADES}
    chart = html.Div(className="trend", role="img", **{"data-trend": json.dumps(drawing), "aria-label": _said(ahead)})
    ends = html.Div(
        [
            html.Span(t("dimension.trend_past", hours=len(found.past))),
            html.Span(t("dimension.trend_now"), style={"left": f"{_now_at(found):.1f}%"}),
            html.Span(t("dimension.trend_ahead", hours=len(ahead.mean))),
        ],
        className="trend-ends",
    )
    return card(title, [chart, ends, html.Footer(_worth(found))], hint=_said(ahead), lined=True)


def _now_at(found: Trend) -> float:
    ahead = len(found.ahead.mean) if found.ahead else 0
    return 100 * len(found.past) / (len(found.past) + ahead)


def _said(ahead: Ahead) -> str:
    """The bands in words: after a day, and after a week where it is known."""
    day = min(DAY_H, len(ahead.mean)) - 1
    words = t("dimension.trend_day", band=span(ahead.low95[day], ahead.high95[day]))
    if len(ahead.mean) < WEEK_H:
        return words
    return f"{words} · {t('dimension.trend_week', band=span(ahead.low95[-1], ahead.high95[-1]))}"


def _worth(found: Trend) -> Component:
    """What the forecast was worth in the past, and whether a grade is in danger."""
    facts = [t("dimension.trend_season" if found.season_h > 1 else "dimension.trend_plain")]
    if found.mase is not None:
        facts.append(t("dimension.trend_mase", mase=f"{found.mase:.2f}"))
    if found.held is not None:
        facts.append(t("dimension.trend_held", share=percent(found.held)))
    danger = t("dimension.trend_safe")
    if found.crosses is not None:
        grade, hours = found.crosses
        danger = t("dimension.trend_crosses", grade=f"{grade:g}", hours=hours)
    level = "normal" if found.crosses is None else "medium"
    return html.Div([severity(level, danger), quiet(" · ".join(facts))], className="trend-worth")


@part("dimension.measures", topics="posture", params="at")
async def measures(visit: Visit) -> Content:
    """Every indicator: value, target, a day's line, what it costs, where it comes from."""
    found = await visit.ask(visit.rooms.posture.measures, dimension_of(visit), moment_of(visit))
    heads = [
        ("", ""),
        (t("dimension.indicator"), ""),
        (t("dimension.value"), "num"),
        (t("dimension.target"), ""),
        (t("dimension.window"), ""),
        (t("dimension.day"), ""),
        (t("dimension.weight"), "num"),
        (t("dimension.lost"), "num"),
        (t("dimension.source"), ""),
    ]
    widths = ("40px", "auto", "110px", "110px", "80px", "120px", "70px", "80px", "170px")
    rows = [_measure(each) for each in sorted(found, key=lambda each: -(each.lost or 0.0))]
    aside = link(t("dimension.weights"), address("/weights"), className="small-link")
    return card(t("dimension.measures"), table(heads, rows, widths), hint=t("dimension.measures_why"), aside=aside)


def _measure(item: Measure) -> Component:
    if item.value is None:
        return _missing(item)
    said = f"{amount(item.value)} {item.unit}".strip()
    return cells(
        glyph(item.outside or "normal"),
        link(item.name, item.href, className="rowlink") if item.href else item.name,
        (html.Span(said, className=item.outside or "", title=exact(item.value)), "num"),
        html.Span(item.target, className="quiet"),
        html.Span(duration(item.window_s), className="quiet"),
        html.Div(spark(item.line), className=item.outside or "") if _drawable(item) else "",
        (percent(item.weight), "num quiet"),
        (points(item.lost) if item.lost else "0", "num"),
        html.Span(item.source, className="quiet cut", title=item.source),
    )


def _missing(item: Measure) -> Component:
    name = [html.Span(item.name, className="soft"), html.Span(item.remedy, className="under")]
    cost = html.Span(points(item.lost or 0.0), title=t("dimension.prior"))
    return cells(
        glyph("unknown"),
        html.Span(name, className="two"),
        (MISSING, "num quiet"),
        html.Span(item.target, className="quiet"),
        html.Span(duration(item.window_s), className="quiet"),
        "",
        (percent(item.weight), "num quiet"),
        (cost, "num quiet"),
        link(t("overview.connect"), address("/health"), className="small-link"),
    )


def _drawable(item: Measure) -> bool:
    return sum(point is not None for point in item.line) > 1


@part("dimension.alerts", topics="alerts")
async def alerts(visit: Visit) -> Content:
    """The worst open alerts of the dimension."""
    chosen = dimension_of(visit)
    wanted = AlertFilter(
        window=Window(visit.now - RANGES["30d"], visit.now), only={"state": OPEN, "dimension": (chosen.value,)}
    )
    page = await visit.ask(visit.rooms.alerts.find, wanted, Stack.FLAT, 0, LISTED)
    aside = link(
        t("overview.all_open", count=amount(page.alerts)), address("/alerts", stack="flat", dimension=chosen.value)
    )
    if not page.items:
        return card(t("dimension.alerts"), empty(t("overview.no_open"), t("overview.no_open_why")), aside=aside)
    heads = [(t("column.level"), ""), (t("column.item"), ""), (t("column.owner"), ""), (t("column.open_for"), "num")]
    rows = [_alert(row, visit) for row in page.items]
    return card(t("dimension.alerts"), table(heads, rows, ("84px", "auto", "92px", "92px")), aside=aside)


@part("dimension.devices", topics="alerts")
async def devices(visit: Visit) -> Content:
    """On the page of infrastructure: what sensing devices tell of another dimension, such as a cold store too warm."""
    chosen = dimension_of(visit)
    if chosen is not Dimension.INFRASTRUCTURE:
        return ""
    only: dict[str, tuple[str, ...]] = {"state": OPEN, "origin": ("sensing",)}
    wanted = AlertFilter(
        window=Window(visit.now - RANGES["30d"], visit.now), only=only, without={"dimension": (chosen.value,)}
    )
    page = await visit.ask(visit.rooms.alerts.find, wanted, Stack.FLAT, 0, LISTED)
    if not page.items:
        return ""
    heads = [(t("column.level"), ""), (t("column.item"), ""), (t("column.owner"), ""), (t("column.open_for"), "num")]
    rows = [_alert(row, visit) for row in page.items]
    aside = link(t("dimension.see_devices"), address("/devices"))
    return card(t("dimension.devices"), table(heads, rows, ("84px", "auto", "92px", "92px")), aside=aside)


def _alert(row: AlertRow, visit: Visit) -> Component:
    item = link(
        [html.Span(row.title, className="cut"), html.Span(f"{row.entity} · {amount(row.signals)}", className="under")],
        address("/alerts", stack="flat", sel=row.id),
        className="rowlink",
    )
    owner = html.Span(row.owner_name or t("alerts.unassigned"), className="" if row.owner else "high")
    return cells(severity(row.level), item, owner, (ago(row.first_seen, visit.now), "num"))


@part("dimension.systems", topics="alerts")
async def systems(visit: Visit) -> Content:
    """The business systems, the most troubled first, with their open alerts in this dimension."""
    chosen = dimension_of(visit)
    wanted = AlertFilter(
        window=Window(visit.now - RANGES["30d"], visit.now), only={"state": OPEN, "dimension": (chosen.value,)}
    )
    known, facets = await asyncio.gather(
        visit.ask(visit.rooms.register.systems), visit.ask(visit.rooms.alerts.facets, wanted)
    )
    counts = {value: number for value, _, number in facets.get("system", ())}
    rows = [
        cells(
            glyph("high" if counts.get(system.id) else "unknown"),
            link(system.name, address("/alerts", system=system.id, dimension=chosen.value), className="rowlink"),
            (amount(counts[system.id]) if counts.get(system.id) else MISSING, "num"),
        )
        for system in sorted(known, key=lambda system: -counts.get(system.id, 0))
    ]
    heads = [("", ""), (t("dimension.system"), ""), (t("dimension.open_alerts"), "num")]
    return card(t("dimension.systems"), table(heads, rows, ("40px", "auto", "90px")), hint=t("dimension.systems_why"))


async def body(visit: Visit) -> Component:
    """The page."""
    top, sensed, going, listed, known = await asyncio.gather(
        held_all(visit, score, alerts), held(devices, visit), held(trend, visit), held(measures, visit),
        held(systems, visit),
    )  # fmt: skip
    return html.Div([html.Div(top, className="cols-2"), sensed, going, listed, known], className="page")


PARTS = (score, trend, measures, alerts, devices, systems)
PAGES = tuple(Page(path.removeprefix("/"), path, body, PARTS, action="overview.read", ranged=False) for path in PATHS)
