"""Overview (总览): are we safe now, what changed, who must act."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from analytics.systems.numbers import ProvinceQuality
from dashboards.design.elements import (
    Content,
    card,
    cells,
    glyph,
    hours,
    link,
    quiet,
    segment,
    severity,
    table,
    when,
)
from dashboards.design.posture import LETTERS, Tile, change, number, score_card, tiles, unmeasured_card
from dashboards.design.states import empty
from dashboards.pages.dimension import PATHS
from dashboards.pages.page import Page
from dashboards.parts import held, held_all, part
from dashboards.rooms.alerts import AlertFilter, AlertRow, Stack
from dashboards.rooms.health import Condition
from dashboards.rooms.posture import Reading, Standing
from dashboards.views.figures import MISSING, ago, amount, duration, local, span, stamp, zone_name
from dashboards.views.overview import (
    GROUPS,
    Family,
    equation,
    families,
    lacking,
    sentence,
    stale_since,
    verdict,
)
from dashboards.visit import RANGES, Visit, address
from dashboards.words import counted, t
from infra.exchange import Dimension
from infra.store.query.tree import Window

OPEN = ("new", "acknowledged")
METRICS = ("on_time", "complete", "valid", "once", "consistent")
DRAWINGS = {"business": "business", "security": "alerts", "systems": "infra"}


@part("overview.headline", topics="posture alerts", params="at", wears="headline")
async def headline(visit: Visit) -> Content:
    """Overall with band and delta, one sentence, the time of the data."""
    shared = visit.shared
    standing, readings, measures, condition = await asyncio.gather(
        shared(visit.rooms.posture.now),
        shared(visit.rooms.posture.readings),
        shared(visit.rooms.alerts.measures),
        shared(visit.rooms.health.now),
    )
    bold, tail = sentence(standing, readings, measures.get("open", {}), measures.get("unowned", 0))
    band = (
        t("overview.band", band=span(standing.low, standing.high))
        if standing.score is not None
        else t("overview.needs_all")
    )
    shown = MISSING if standing.score is None else f"{standing.score:.0f}"
    return [
        html.Span(t("overview.overall"), className="soft"),
        html.Span(shown, className="overall"),
        html.Span([quiet(band), " ", change(standing.score, standing.yesterday)], className="row"),
        html.P([html.B(bold), " ", html.Span(tail, className="soft")], className="says grow"),
        _reservation(condition, standing, visit),
        quiet(f"{stamp(standing.at, visit.zone)} {zone_name(visit.zone)}"),
        link(t("page.wall"), address("/wall"), className="small-link", target="_blank"),
    ]


def _reservation(condition: Condition, standing: Standing, visit: Visit) -> Component | None:
    """What the numbers lack: sources that are silent, or a score that stands still. The numbers stay."""
    late = stale_since(standing.at, visit.now)
    if late:
        words = t("state.stopped_at", time=f"{local(standing.at, visit.zone):%H:%M:%S}")
        return link([glyph("high"), " ", words], address("/health"), className="reserve high")
    silent, known = lacking(condition)
    if not silent:
        return None
    return link(
        [glyph("high"), " ", t("state.partial", missing=silent, all=known)],
        address("/health"),
        className="reserve high",
    )


@part("overview.states", topics="posture alerts health", wears="cols-3")
async def states(visit: Visit) -> Content:
    """Business, security and systems against their normal."""
    readings = await visit.shared(visit.rooms.posture.readings)
    return [_state(group, [reading for reading in readings if reading.group == group]) for group in GROUPS]


def _state(group: str, readings: Sequence[Reading]) -> Component:
    level, words = verdict(group, readings)
    title, aside = t(f"overview.{group}"), severity(level, words)
    if level == "unknown":
        body = empty(t(f"overview.{group}_none"), t(f"overview.{group}_none_why"), drawing=DRAWINGS[group])
        return card(title, body, aside=aside, lined=True)
    body = html.Div([number(reading) for reading in readings[:4]], className="numbers")
    return card(title, body, hint=t("overview.against_normal"), aside=aside)


@part("overview.scores", topics="posture", params="at", wears="cols-3 scores")
async def scores(visit: Visit) -> Content:
    """The three dimensions, each as an explained score or as not measured yet."""
    standing = await visit.shared(visit.rooms.posture.now)
    made: list[Component] = []
    for score in standing.dimensions:
        if score.score is None:
            aside: Content = quiet(t("overview.indicators", measured=score.measured, all=score.indicators))
            body = unmeasured_card(score)
        else:
            aside = link(t("overview.evidence"), _evidence(score.dimension), className="small-link")
            body = score_card(score)
        made.append(card(t(f"dimension.{score.dimension}"), body, aside=aside))
    if stale_since(standing.at, visit.now):
        return [html.Div(each, className="stale grid") for each in made]
    return made


def _evidence(dimension: Dimension) -> str:
    return address(next(path for path, found in PATHS.items() if found is dimension))


@part("overview.shifts", topics="posture")
async def shifts(visit: Visit) -> Content:
    """What changed since yesterday, or since installation."""
    found, standing = await asyncio.gather(visit.ask(visit.rooms.posture.shifts), visit.shared(visit.rooms.posture.now))
    title = t("overview.changed" if standing.yesterday is not None else "overview.since_installation")
    rows = []
    for shift in found[:7]:
        moved = f"{shift.before} → {shift.after}" if shift.before and shift.after else shift.after
        cellset: list[Content] = [
            glyph(shift.level),
            html.Span(shift.text, className="cut grow", title=shift.text),
            html.Span(moved, className="soft"),
            html.Span(when(shift.at, visit), className="quiet"),
        ]
        rows.append(link(cellset, shift.href) if shift.href else html.Div(cellset))
    body = (
        html.Div(rows, className="list")
        if rows
        else empty(t("overview.nothing_changed"), t("overview.nothing_changed_why"))
    )
    return card(title, body, lined=True)


@part("overview.todo", topics="alerts")
async def todo(visit: Visit) -> Content:
    """Who must act: the worst open alerts with owner, age and clock."""
    wanted = AlertFilter(window=Window(visit.now - RANGES["30d"], visit.now), only={"state": OPEN})
    page, measures = await asyncio.gather(
        visit.ask(visit.rooms.alerts.find, wanted, Stack.FLAT, 0, 4), visit.shared(visit.rooms.alerts.measures)
    )
    counts = measures.get("open", {})
    hint = t("overview.open_counts", critical=counts.get("critical", 0), high=counts.get("high", 0))
    aside = link(t("overview.all_open", count=amount(page.alerts)), address("/alerts", stack="flat"))
    heads = [(t("column.level"), ""), (t("column.item"), ""), (t("column.owner"), ""), (t("column.open_for"), "num")]
    body: Content = table(heads, [_todo_row(row, visit) for row in page.items], ("84px", "auto", "92px", "92px"))
    if not page.items:
        body = empty(
            t("overview.no_open"),
            t("overview.no_open_why"),
            t("overview.see_closed"),
            address("/alerts", state="closed"),
        )
    return card(t("overview.who_must_act"), [body, _measures(measures)], hint=hint, aside=aside)


def _todo_row(row: AlertRow, visit: Visit) -> Component:
    href = address("/alerts", stack="flat", sel=row.id)
    item = link(
        [html.Span(row.title, className="cut"), html.Span(f"{row.entity} · {amount(row.signals)}", className="under")],
        href,
        className="rowlink",
    )
    owner = html.Span(row.owner_name or t("alerts.unassigned"), className="" if row.owner else "high")
    return cells(severity(row.level), item, owner, (ago(row.first_seen, visit.now), "num"))


def _measures(measures: dict[str, object]) -> Component:
    def said(key: str) -> str:
        value = measures.get(key)
        return duration(float(value)) if isinstance(value, int | float) else t("overview.no_data")

    return html.Footer(
        html.Div(
            [
                html.Span([t("overview.acknowledge_time"), html.B(said("acknowledge_s"))]),
                html.Span([t("overview.close_time"), html.B(said("close_s"))]),
                html.Span([t("overview.unowned"), html.B(amount(float(str(measures.get("unowned", 0)))))]),
            ],
            className="stats",
        )
    )


@part("overview.provinces", topics="posture", params="metric")
async def provinces(visit: Visit) -> Content:
    """Provincial exchange by one of five shares: dashed until a feed reports. A tile leads to what was sent."""
    found = () if visit.rooms.systems is None else await visit.shared(visit.rooms.systems.provinces)
    metric = visit.param("metric") if visit.param("metric") in METRICS else METRICS[0]
    ways = [
        (t(f"overview.metric.{each}"), visit.here(metric=None if each == METRICS[0] else each), each == metric)
        for each in METRICS
    ]
    values = {code: _tile_of(one, metric) for one in found if (code := LETTERS.get(one.province[:2]))}
    switch = segment(ways, t("overview.metrics")) if values else ""
    return card(t("overview.provinces"), tiles(values), aside=switch)


def _tile_of(one: ProvinceQuality, metric: str) -> Tile:
    share = getattr(one, metric)
    query = f"yaodun.biz.type:(manifest OR receipt) AND yaodun.biz.province:{one.province}"
    words = t("overview.metric_of", metric=t(f"overview.metric.{metric}"), many=amount(share.many), of=amount(share.of))
    return Tile(share.percent, words, address("/hunt", stream="business", q=query, tr="7d"))


@part("overview.ingest", topics="health", wears="strip")
async def ingest(visit: Visit) -> Content:
    """Ingest by family: rate, 24 hours, lag; the loss equation with its check."""
    condition = await visit.shared(visit.rooms.health.now)
    holds, received, stored, held_back, refused = equation(condition)
    check = glyph("normal") if holds else severity("critical", t("health.does_not_add_up"))
    first = html.Div(
        [
            html.Div([html.B(t("overview.ingest")), link(t("overview.details"), address("/health"))], className="head"),
            html.Div(
                [html.Span(amount(condition.rate_s), className="big"), quiet(t("overview.per_second"))], className="row"
            ),
            html.Div(
                [
                    html.Span(
                        t("health.equation_short"),
                        title=t(
                            "health.equation", received=received, stored=stored, quarantined=held_back, refused=refused
                        ),
                    ),
                    check,
                ],
                className="foot",
            ),
        ]
    )
    return [first, *(_family(family) for family in families(condition))]


def _family(family: Family) -> Component:
    name = t(f"family.{family.id}")
    if not family.connected:
        head = html.Div([html.Span(name, className="quiet"), glyph("unknown")], className="head unknown")
        return link(
            [head, hours(family.hours), html.Div(t("overview.connect"), className="foot accent")], address("/health")
        )
    level = "high" if family.silent else ""
    title = html.Span([glyph("high"), " ", name], className="high") if level else name
    foot = t("health.silent_count", count=family.silent) if level else counted("health.source_count", family.sources)
    return link(
        [
            html.Div([title, html.B(amount(family.rate_s))], className="head"),
            hours(family.hours, level),
            html.Div([html.Span(foot, className=level), t("health.lag", lag=duration(family.lag_s))], className="foot"),
        ],
        address("/health", family=family.id),
    )


async def body(visit: Visit) -> Component:
    """The page."""
    top, three, falls, bottom = await asyncio.gather(
        held(headline, visit), held(states, visit), held(scores, visit), held_all(visit, shifts, todo, provinces)
    )
    strip = await held(ingest, visit)
    return html.Div([top, three, falls, html.Div(bottom, className="third"), strip], className="page overview")


PAGE = Page("overview", "/", body, (headline, states, scores, shifts, todo, provinces, ingest), ranged=False)
