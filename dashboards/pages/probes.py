"""Probes (主动探测): does each service answer, how fast, with which certificate, and with the page it should show?"""

from __future__ import annotations

import asyncio

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import Content, card, cells, icon, link, quiet, severity, spark, table, when
from dashboards.design.states import empty
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.views.figures import amount, seconds_stamp
from dashboards.views.probing import (
    CHANGES,
    DAYS_LEFT,
    LEVELS,
    TOOK,
    UP,
    Target,
    by_target,
    history_query,
    metric_query,
    targets_of,
)
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.events.stream import Event

WARN_DAYS = 30
WIDTHS = ("auto", "120px", "80px", "110px", "80px", "110px", "120px", "150px", "90px")


@part("probes.list", topics="tick", params="tr sel")
async def listing(visit: Visit) -> Content:
    """All targets over the time range, those that do not answer first."""
    window = visit.window()
    answers = await asyncio.gather(
        *(
            visit.ask(visit.rooms.events.aggregate, metric_query(window, name), by_target(window))
            for name in (UP, TOOK, DAYS_LEFT)
        )
    )
    up, took, left = (answer["targets"] for answer in answers)
    found = targets_of(up, took, left, window)
    aside = link([icon("plug"), t("probes.add")], address("/connect", kind="probe"), className="button small")
    if not found:
        return card(
            t("page.probes"), empty(t("probes.none"), t("probes.none_why"), drawing="probes"), aside=aside, lined=True
        )
    heads = [
        (t("probes.target"), ""),
        (t("column.state"), ""),
        (t("probes.availability"), "num"),
        ("", ""),
        (t("probes.took"), "num"),
        ("", ""),
        (t("probes.certificate"), "num"),
        (t("probes.from"), ""),
        (t("column.last_seen"), "num"),
    ]
    rows = [_target(each, visit) for each in found]
    down = sum(not each.up for each in found)
    body = html.Div(table(heads, rows, WIDTHS), className="scroll tall")
    return card(t("page.probes"), body, hint=t("probes.count", all=len(found), down=down), aside=aside)


def _target(each: Target, visit: Visit) -> Component:
    chosen = visit.param("sel") == each.label
    name = [html.B(each.label), html.Span(each.address, className="under mono") if each.address != each.label else None]
    state = severity("normal", t("probes.up")) if each.up else severity("high", t("probes.down"))
    took = "—" if each.took is None or not each.up else f"{each.took * 1000:,.0f} ms"
    return cells(
        link(name, visit.here(sel=None if chosen else each.label), className="rowlink"),
        state,
        ("—" if each.availability is None else f"{each.availability * 100:.1f}%", "num"),
        html.Div(spark(each.line), className="" if each.up else "high") if len(each.line) > 1 else "",
        (took, "num"),
        spark(each.took_line) if len(each.took_line) > 1 else "",
        (_certificate(each), "num"),
        quiet(", ".join(each.seen_from)),
        (when(each.at, visit), "num quiet"),
        on=chosen,
    )


def _certificate(each: Target) -> Content:
    if each.days_left is None:
        return "—"
    words = t("probes.days", days=f"{each.days_left:.0f}")
    if each.days_left < 0:
        return severity("critical", t("probes.expired"))
    return severity("medium", words) if each.days_left < WARN_DAYS else words


@part("probes.history", topics="tick", params="tr sel")
async def history(visit: Visit) -> Content:
    """Failures, TLS, page tampering, name answers and host checks as they changed, the newest first."""
    label = visit.param("sel")
    page = await visit.ask(visit.rooms.events.search, history_query(visit.window(), label))
    rows = [_change(event, visit) for event in page.events]
    aside = link(t("probes.all"), visit.here(sel=None), className="small-link") if label else ""
    title = t("probes.history_of", label=label) if label else t("probes.history")
    if not rows:
        return card(title, empty(t("probes.no_changes"), t("probes.no_changes_why")), aside=aside, lined=True)
    heads = [(t("column.time"), ""), (t("probes.change"), ""), (t("probes.target"), ""), (t("column.summary"), "")]
    body = html.Div(table(heads, rows, ("120px", "160px", "180px", "auto")), className="scroll tall")
    return card(title, body, hint=amount(float(page.total)), aside=aside)


def _change(event: Event, visit: Visit) -> Component:
    action = str(event.get("event.action") or "")
    words = t(f"probes.action.{action}") if action in CHANGES else action
    raw = address("/hunt", q=f'event.id:"{event.get("event.id")}"', tr=visit.param("tr") or "24h")
    summary = str(event.get("event.reason") or event.get("message") or "")
    return cells(
        (seconds_stamp(event["@timestamp"], visit.zone), "quiet"),
        severity(LEVELS.get(action, "normal"), words),
        str(event.get("service.name") or "—"),
        link(summary[:240] or "—", raw, className="rowlink", title=summary[:500]),
    )


async def body(visit: Visit) -> Component:
    """The page."""
    return html.Div(await held_all(visit, listing, history), className="page")


PAGE = Page("probes", "/probes", body, (listing, history), action="register.read")
