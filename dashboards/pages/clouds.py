"""Clouds (云平台): tenants, machines, images, snapshots, volumes, networks; what is running out; what is not right."""

from __future__ import annotations

import asyncio

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import Content, card, cells, link, quiet, segment, severity, table, when
from dashboards.design.states import empty
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.views.clouds import (
    FULL,
    KINDS,
    STRAINED,
    Finding,
    Item,
    capacities_of,
    capacity_query,
    counts_query,
    findings_of,
    findings_query,
    items_of,
    items_query,
)
from dashboards.views.figures import amount, percent
from dashboards.visit import Visit, address
from dashboards.words import t

SHOWN = 300
LEVELS = {
    "machine-unregistered": "high",
    "cross-tenant-path": "critical",
    "snapshot-copied-out": "critical",
    "snapshot-shared": "high",
    "capacity-low": "medium",
    "replica-missing": "medium",
    "machine-moved": "low",
}


@part("clouds.findings", topics="tick", params="tr")
async def findings(visit: Visit) -> Content:
    """What is not right, those that last first."""
    page = await visit.ask(visit.rooms.events.search, findings_query(visit.window()))
    found = findings_of(page.events)
    if not found:
        return card(t("clouds.findings"), empty(t("clouds.no_findings"), t("clouds.no_findings_why")), lined=True)
    heads = [(t("column.state"), ""), (t("clouds.subject"), ""), (t("clouds.what"), ""), (t("clouds.since"), "num")]
    rows = [_finding(each, visit) for each in found[:SHOWN]]
    lasting = sum(not each.over for each in found)
    body = html.Div(table(heads, rows, ("150px", "150px", "auto", "80px")), className="scroll")
    return card(t("clouds.findings"), body, hint=t("clouds.lasting", count=lasting))


def _finding(each: Finding, visit: Visit) -> Component:
    words = t(f"clouds.action.{each.action}") if each.action in LEVELS else each.action
    level = "normal" if each.over else LEVELS.get(each.action, "medium")
    shown = t("clouds.over", what=words) if each.over else words
    raw = address("/hunt", q=f'event.id:"{each.event}"', tr=visit.param("tr") or "24h")
    return cells(
        severity(level, shown),
        link([html.B(each.subject), html.Span(each.cloud, className="under")], raw, className="rowlink"),
        html.Span(each.words, className="quiet", title=each.words),
        (when(each.at, visit), "num quiet"),
    )


@part("clouds.capacity", topics="tick")
async def capacity(visit: Visit) -> Content:
    """Quotas, pools and hosts, the fullest first."""
    answer = await visit.ask(visit.rooms.events.aggregate, *capacity_query(visit.now))
    found = capacities_of(answer["clouds"])
    if not found:
        return card(t("clouds.capacity"), empty(t("clouds.no_capacity"), t("clouds.no_capacity_why")), lined=True)
    rows = [_capacity(*each) for each in found[:SHOWN]]
    heads = [(t("clouds.limit"), ""), (t("clouds.cloud"), ""), ("", ""), (t("clouds.taken"), "num")]
    body = html.Div(table(heads, rows, ("auto", "110px", "110px", "70px")), className="scroll")
    return card(t("clouds.capacity"), body, hint=t("clouds.full_at", share=percent(FULL)))


def _capacity(cloud: str, what: str, share: float) -> Component:
    level = "high" if share >= FULL else "medium" if share >= STRAINED else ""
    bar = html.Div(html.I(className=level, style={"width": f"{min(1.0, share):.0%}"}), className="bar")
    return cells(what, quiet(cloud), bar, (html.Span(percent(share), className=level), "num"))


@part("clouds.items", topics="tick", params="kind q")
async def items(visit: Visit) -> Content:
    """Everything of one kind."""
    kind = visit.param("kind", "machine")
    counts, page = await asyncio.gather(
        visit.ask(visit.rooms.events.aggregate, *counts_query(visit.now)),
        visit.ask(visit.rooms.events.search, items_query(visit.now, kind)),
    )
    number = {str(each.key): int(each.inner["n"].values.get("value") or each.count) for each in counts["kinds"].buckets}
    if not number:
        how = address("/connect", kind="kubernetes")
        return card(
            t("page.clouds"),
            empty(t("clouds.none"), t("clouds.none_why"), t("devices.connect"), how, drawing="clouds"),
            lined=True,
        )
    kinds = [*KINDS, *sorted(set(number) - set(KINDS))]
    choices = [
        (f"{_kind(each)} {number.get(each, 0)}", visit.here(kind=each), each == kind)
        for each in kinds
        if each in KINDS or number[each]
    ]
    found = items_of(page.events, visit.param("q"))
    rows = [_item(each, visit) for each in found[:SHOWN]]
    heads = [
        (_kind(kind), ""),
        (t("clouds.cloud"), ""),
        (t("clouds.tenant"), ""),
        (t("clouds.host"), ""),
        (t("column.state"), ""),
        (t("clouds.visibility"), ""),
        (t("clouds.addresses"), ""),
        (t("clouds.more"), ""),
        (t("clouds.told"), "num"),
    ]
    widths = ("auto", "100px", "120px", "120px", "90px", "90px", "150px", "200px", "90px")
    body: Content = (
        html.Div(table(heads, rows, widths), className="scroll tall")
        if rows
        else empty(t("clouds.no_items"), t("clouds.no_items_why"))
    )
    hint = t("hosts.shown_of", shown=len(rows), all=amount(float(len(found))))
    return card(t("page.clouds"), body, hint=hint, aside=segment(choices, t("clouds.kinds")))


def _kind(kind: str) -> str:
    return t(f"clouds.kind.{kind}") if kind in KINDS else kind


def _item(each: Item, visit: Visit) -> Component:
    raw = address("/hunt", stream="inventory", q=f'event.id:"{each.event}"', tr="24h")
    shared = each.fact("visibility") in ("public", "shared", "community")
    return cells(
        link([html.B(each.name), html.Span(each.id, className="under mono")], raw, className="rowlink"),
        each.cloud,
        each.fact("tenant"),
        each.fact("host"),
        each.fact("state"),
        severity("medium", each.fact("visibility")) if shared else each.fact("visibility"),
        html.Span(", ".join(each.addresses) or "—", className="mono"),
        html.Span(each.more[:160], className="quiet"),
        (when(each.at, visit), "num quiet"),
    )


async def body(visit: Visit) -> Component:
    """The page."""
    top, *lower = await held_all(visit, items, findings, capacity)
    return html.Div([top, html.Div(lower, className="cols-2")], className="page")


PAGE = Page("clouds", "/clouds", body, (items, findings, capacity), action="register.read")
