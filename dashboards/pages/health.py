"""Health (健康): can I trust these screens?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import Content, card, cells, glyph, hours, link, pairs, quiet, severity, table, when
from dashboards.design.states import empty
from dashboards.pages.page import Page
from dashboards.parts import held, held_all, part
from dashboards.rooms.health import Condition, ServiceState, SourceState
from dashboards.views.figures import MISSING, ago, amount, duration, exact, size
from dashboards.views.overview import equation
from dashboards.views.search import quoted
from dashboards.visit import Visit, address
from dashboards.words import t

STATE_LEVELS = {
    "running": "normal",
    "starting": "unknown",
    "stale": "high",
    "backoff": "high",
    "stopped": "medium",
    "failed": "critical",
}


@part("health.headline", topics="health tick", wears="headline")
async def headline(visit: Visit) -> Content:
    """One sentence about the platform itself, and the loss equation over everything."""
    condition = await visit.ask(visit.rooms.health.now)
    holds, received, stored, quarantined, refused = equation(condition)
    bad = [service for service in condition.services if service.state not in ("running", "starting")]
    silent = sum(1 for source in condition.sources if source.silent)
    level = "critical" if not holds else "high" if bad or silent else "normal"
    words = _said(holds, len(bad), silent)
    said = t(
        "health.equation",
        received=exact(float(received)),
        stored=exact(float(stored)),
        quarantined=exact(float(quarantined)),
        refused=exact(float(refused)),
    )
    return [
        html.P([glyph(level), " ", html.B(words)], className=f"says grow sev {level}"),
        html.Span(
            [said, " ", glyph("normal" if holds else "bad")],
            className=f"soft equation {'normal' if holds else 'critical'}",
        ),
        quiet(t("health.rate_lag", rate=amount(condition.rate_s), lag=duration(condition.lag_s))),
    ]


@part("health.services", topics="health tick")
async def services(visit: Visit) -> Content:
    """Services with state, memory and restarts."""
    condition = await visit.ask(visit.rooms.health.now)
    heads = [
        (t("health.service"), ""),
        (t("column.state"), ""),
        (t("health.memory"), "num"),
        (t("health.restarts"), "num"),
        (t("health.up"), "num"),
        ("PID", "num"),
    ]
    total = sum(service.pss_mib or 0.0 for service in condition.services)
    body: Content = table(
        heads,
        [_service(service, visit) for service in condition.services],
        ("auto", "100px", "130px", "62px", "100px", "64px"),
    )
    if not condition.services:
        body = empty(t("health.no_services"), t("health.no_services_why"))
    return card(t("health.services"), body, hint=t("health.memory_all", mib=f"{total:,.0f}"))


def _said(holds: bool, down: int, silent: int) -> str:
    if not holds:
        return t("health.says_loss")
    parts = [t("health.says_down", count=down)] if down else []
    parts += [t("health.says_silent", count=silent)] if silent else []
    return t("health.says_join").join(parts) or t("health.says_good")


def _service(service: ServiceState, visit: Visit) -> Component:
    level = STATE_LEVELS.get(service.state, "unknown")
    memory = MISSING if service.pss_mib is None else f"{service.pss_mib:,.0f} MiB"
    if service.ceiling_mib and service.pss_mib is not None:
        memory = f"{service.pss_mib:,.0f} / {service.ceiling_mib:,.0f} MiB"
    over = "high" if service.ceiling_mib and (service.pss_mib or 0) > service.ceiling_mib else ""
    name: Content = (
        [html.B(service.name), html.Span(service.note, className="under")] if service.note else html.B(service.name)
    )
    return cells(
        name,
        severity(level, t(f"service_state.{service.state}")),
        (html.Span(memory, className=over), "num"),
        (str(service.restarts), "num"),
        (ago(service.since, visit.now), "num"),
        (str(service.pid or MISSING), "num quiet"),
    )


@part("health.sources", topics="health tick", params="family source")
async def sources(visit: Visit) -> Content:
    """Sources: each with its own loss equation; what is not available here says why and what to do."""
    condition = await visit.ask(visit.rooms.health.now)
    family = visit.param("family")
    live = [source for source in condition.sources if source.available and (not family or source.family == family)]
    heads = [
        (t("health.source"), ""),
        (t("health.received"), "num"),
        ("=", "num quiet"),
        (t("health.stored"), "num"),
        (t("health.quarantined"), "num"),
        (t("health.refused"), "num"),
        (t("health.check"), ""),
        (t("health.rate"), "num"),
        (t("health.lag_word"), "num"),
        (t("column.hours"), ""),
        (t("column.last_seen"), "num"),
    ]
    widths = ("auto", "92px", "24px", "92px", "76px", "76px", "54px", "70px", "76px", "132px", "84px")
    body: Content = table(heads, [_source(source, visit) for source in live], widths)
    if not live:
        body = empty(t("health.no_sources"), t("health.no_sources_why"))
    aside = link(t("health.all_families"), visit.here(family=None)) if family else ""
    return card(t("health.sources"), body, hint=t("health.equation_short"), aside=aside)


def _source(source: SourceState, visit: Visit) -> Component:
    holds = source.received == source.stored + source.quarantined + source.refused
    name = [
        link(
            source.name or source.id,
            address("/hunt", q=f"yaodun.source:{quoted(source.id)}", stream="logs,metrics,inventory,flows,business"),
            className="rowlink",
            title=source.id,
        )
    ]
    seen: Content = severity("high", t("health.silent")) if source.silent else when(source.last_seen, visit)
    held_back = (
        link(
            exact(float(source.quarantined)),
            address("/hunt", q=f"yaodun.source:{quoted(source.id)}", stream="quarantine", tr="30d"),
        )
        if source.quarantined
        else "0"
    )
    refused = link(exact(float(source.refused)), visit.here(source=source.id)) if source.refused else "0"
    return cells(
        name,
        (exact(float(source.received)), "num"),
        ("=", "num quiet"),
        (exact(float(source.stored)), "num"),
        (held_back, "num"),
        (refused, "num"),
        html.Span(
            glyph("normal" if holds else "bad"),
            className="normal" if holds else "critical",
            title=t("health.adds_up" if holds else "health.does_not_add_up"),
        ),
        (f"{amount(source.rate_s)} /s" if source.rate_s is not None else MISSING, "num"),
        (duration(source.lag_s), "num"),
        hours(source.hours or (None,) * 24),
        (seen, "num quiet"),
        on=source.id == visit.param("source"),
    )


@part("health.refusals", topics="health tick", params="source", wears="refusals")
async def refusals(visit: Visit) -> Content:
    """Why records of the chosen source were quarantined or refused."""
    source = visit.param("source")
    if not source:
        return ""
    found = await visit.ask(visit.rooms.health.refusals, source)
    rows = [
        cells(each.reason, (exact(float(each.count)), "num"), (when(each.last, visit), "num quiet")) for each in found
    ]
    body: Content = (
        table(
            [(t("health.reason"), ""), (t("column.count"), "num"), (t("column.last_seen"), "num")],
            rows,
            ("auto", "90px", "110px"),
        )
        if rows
        else empty(t("health.no_refusals"))
    )
    return card(t("health.refusals", source=source), body, aside=link(t("action.close_pane"), visit.here(source=None)))


@part("health.missing", topics="health tick")
async def missing(visit: Visit) -> Content:
    """What this machine lacks: reason and remedy."""
    condition = await visit.ask(visit.rooms.health.now)
    lacking = [source for source in condition.sources if not source.available]
    rows = [
        html.Div(
            [
                glyph("unknown"),
                html.Div(
                    [
                        html.B(source.name or source.id),
                        html.Span(source.reason, className="under soft"),
                        html.Span(t("health.remedy", remedy=source.remedy), className="under"),
                    ],
                    className="grow lack",
                ),
            ]
        )
        for source in lacking
    ]
    body: Content = (
        html.Div(rows, className="list lacks")
        if rows
        else empty(t("health.all_available"), t("health.all_available_why"))
    )
    return card(t("health.missing"), body, hint=amount(float(len(lacking))) if lacking else "", lined=True)


@part("health.store", topics="health tick")
async def store(visit: Visit) -> Content:
    """The event store: size, extent, room left, per stream."""
    condition = await visit.ask(visit.rooms.health.now)
    found = condition.store
    if found is None:
        return card(t("health.store"), empty(t("health.no_store"), t("health.no_store_why")), lined=True)
    per_event = f" · {found.bytes / found.events:.0f} B/{t('health.event')}" if found.events else ""
    facts = pairs(
        [
            (t("health.events"), exact(float(found.events))),
            (t("health.size"), size(float(found.bytes)) + per_event),
            (t("health.oldest"), when(found.oldest, visit)),
            (t("health.newest"), when(found.newest, visit)),
            (t("health.free"), size(float(found.free_bytes)) if found.free_bytes is not None else MISSING),
            (
                t("health.runway"),
                t("figure.days", days=f"{found.runway_days:.0f}")
                if found.runway_days is not None
                else t("health.runway_unknown"),
            ),
        ]
    )
    heads = [
        (t("search.streams"), ""),
        (t("health.events"), "num"),
        (t("health.size"), "num"),
        (t("health.oldest"), "num"),
    ]
    rows = [
        cells(
            link(t(f"stream.{name}"), address("/hunt", stream=name), className="rowlink"),
            (exact(float(events)), "num"),
            (size(float(count)), "num"),
            (when(oldest, visit), "num quiet"),
        )
        for name, events, count, oldest, _ in found.streams
    ]
    return card(
        t("health.store"),
        [html.Div(facts, className="facts"), table(heads, rows, ("auto", "90px", "90px", "100px"))],
        hint=t(f"health.kind.{found.kind}"),
    )


@part("health.rules", topics="health tick")
async def rules(visit: Visit) -> Content:
    """Rules loaded, failed, blind; the doors that listen."""
    condition = await visit.ask(visit.rooms.health.now)
    made: list[tuple[str, Content]] = []
    if condition.rules:
        made = [
            (t("health.loaded"), exact(float(condition.rules.loaded))),
            (
                t("health.failed"),
                html.Span(exact(float(condition.rules.failed)), className="high" if condition.rules.failed else ""),
            ),
            (t("health.blind"), html.Span(exact(float(condition.rules.blind)), title=t("health.blind_why"))),
        ]
    doors = [(kind, html.Span(where, className="mono")) for kind, where in _listeners(condition)]
    parts: list[Content] = [
        html.Div(pairs(made, one=True), className="facts")
        if made
        else empty(t("health.no_rules"), t("health.no_rules_why"))
    ]
    parts += (
        [html.H3(t("health.listeners"), className="inner-title"), html.Div(pairs(doors, one=True), className="facts")]
        if doors
        else []
    )
    return card(t("health.rules"), parts, lined=True)


def _listeners(condition: Condition) -> Sequence[tuple[str, str]]:
    return condition.listeners


async def body(visit: Visit) -> Component:
    """The page."""
    top, table_part, why = await asyncio.gather(held(headline, visit), held(sources, visit), held(refusals, visit))
    first, second = await asyncio.gather(held_all(visit, services, missing), held_all(visit, store, rules))
    return html.Div(
        [top, html.Div(first, className="cols-2"), table_part, why, html.Div(second, className="cols-2")],
        className="page health",
    )


PAGE = Page(
    "health",
    "/health",
    body,
    (headline, services, sources, refusals, missing, store, rules),
    action="health.read",
    ranged=False,
)
