"""Hosts (主机): what is on this machine, how is it, what has changed?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import (
    Content,
    card,
    cells,
    glyph,
    link,
    quiet,
    segment,
    severity,
    spark,
    table,
    when,
)
from dashboards.design.states import empty
from dashboards.pages.page import Page
from dashboards.parts import held, held_all, part
from dashboards.rooms.alerts import AlertFilter, Stack
from dashboards.views.figures import amount, seconds_stamp
from dashboards.views.hosts import (
    CPU,
    DISK,
    GAUGE_LIMITS,
    LISTED,
    LOAD,
    MEMORY,
    NET_IN,
    NET_OUT,
    Gauge,
    HostRow,
    by_host,
    by_instance,
    changes_query,
    gauges_of,
    host_rows,
    inventory_query,
    item,
    metric_query,
    reachable,
    shown,
    standing,
)
from dashboards.views.search import quoted
from dashboards.visit import RANGES, Visit, address
from dashboards.words import t
from infra.events.stream import Event
from infra.store.query.tree import Window

METRICS = (CPU, MEMORY, LOAD, DISK, NET_IN, NET_OUT)
MOST_GAUGES = 12
PORTS = ("server.port", "destination.port", "source.port")
ADDRESSES = ("server.ip", "destination.ip", "source.ip")
INVENTORY_WINDOW = timedelta(hours=24)
SHOWN_ITEMS = 100


def host_of(visit: Visit) -> str:
    """The host of the address, empty for the list."""
    return visit.path.removeprefix("/hosts").strip("/")


@part("hosts.list", topics="tick", params="tr")
async def listing(visit: Visit) -> Content:
    """All hosts that sent metrics in the time range."""
    window = visit.window()
    asked = [
        visit.ask(visit.rooms.events.aggregate, metric_query(metric, window), by_host(window)) for metric in LISTED
    ]
    answers = dict(zip(LISTED, [found["hosts"] for found in await asyncio.gather(*asked)], strict=True))
    rows = host_rows(answers, window)
    if not rows:
        return card(
            t("page.hosts"),
            empty(t("hosts.none"), t("hosts.none_why"), t("hosts.see_health"), address("/health"), drawing="hosts"),
            lined=True,
        )
    heads = [
        (t("column.host"), ""),
        (t("column.state"), ""),
        (t("metric.cpu.usage"), "num"),
        ("", ""),
        (t("metric.memory.used"), "num"),
        ("", ""),
        (t("metric.disk.used"), "num"),
        ("", ""),
        (t("column.last_seen"), "num"),
    ]
    body = table(
        heads,
        [_host(row, visit) for row in rows],
        ("auto", "110px", "90px", "110px", "90px", "110px", "90px", "110px", "110px"),
    )
    return card(t("hosts.title", count=amount(float(len(rows)))), body, hint=t("hosts.hint"))


def _host(row: HostRow, visit: Visit) -> Component:
    made: list[Content | tuple[Content, str]] = [
        link(html.B(row.name), address(f"/hosts/{row.name}"), className="rowlink")
    ]
    levels = [gauge.level for gauge in row.gauges.values() if gauge.level]
    worst = "high" if row.silent(visit.now) or "high" in levels else "medium" if levels else "normal"
    words = t("hosts.silent") if row.silent(visit.now) else t("hosts.strained") if levels else t("level.normal")
    made.append(severity(worst, words))
    for metric in LISTED:
        gauge = row.gauges.get(metric)
        number = " ".join(shown(gauge.value, gauge.unit)) if gauge else "—"
        made.append((html.Span(number, className=(gauge.level or "") if gauge else ""), "num"))
        made.append(html.Div(spark(gauge.line), className=gauge.level or "") if gauge and len(gauge.line) > 1 else "")
    made.append((when(row.last_seen, visit), "num quiet"))
    return cells(*made)


@part("hosts.gauges", topics="tick", params="tr", wears="gauges")
async def gauges(visit: Visit) -> Content:
    """Processor, memory, load and each disk over the time range."""
    host, window = host_of(visit), visit.window()
    asked = [
        visit.ask(visit.rooms.events.aggregate, metric_query(metric, window, host), by_instance(window))
        for metric in METRICS
    ]
    answers = await asyncio.gather(*asked)
    found = [
        gauge
        for metric, answer in zip(METRICS, answers, strict=True)
        for gauge in gauges_of(metric, answer["instances"], window)
        if gauge.instance != "lo" and any(gauge.line)
    ]
    made = [_gauge(gauge, host) for gauge in found[:MOST_GAUGES]]
    return made or card(
        host, empty(t("hosts.no_metrics", host=host), t("hosts.no_metrics_why"), t("range.30d"), visit.here(tr="30d"))
    )


def _gauge(gauge: Gauge, host: str) -> Component:
    value, unit = shown(gauge.value, gauge.unit)
    name = " ".join(word for word in (t(f"metric.{gauge.metric}"), gauge.instance) if word)
    query = f'yaodun.metric.name:"{gauge.metric}" AND host.name:{quoted(host)}'
    children = [
        html.Span([name, " ", glyph(gauge.level)] if gauge.level else name, className="label"),
        html.Span([value, html.Small(unit)], className="value"),
        spark(gauge.line),
        html.Span(_norm(gauge), className="norm"),
    ]
    return link(
        children, address("/hunt", stream="metrics", q=query), className=f"card number {gauge.level or ''}".strip()
    )


def _norm(gauge: Gauge) -> str:
    if gauge.metric not in GAUGE_LIMITS:
        return t("hosts.no_limit")
    limit = f"{GAUGE_LIMITS[gauge.metric][0]:.0%}"
    return t("hosts.limits" if gauge.level else "hosts.within", limit=limit)


def _window(visit: Visit) -> Window:
    return Window(visit.now - INVENTORY_WINDOW, visit.now + timedelta(minutes=1))


async def _now(visit: Visit, *kinds: str) -> list[Event]:
    found = await asyncio.gather(
        *(visit.ask(visit.rooms.events.search, inventory_query(host_of(visit), kind, _window(visit))) for kind in kinds)
    )
    return standing(event for page in found for event in page.events)


def _inventory(
    visit: Visit,
    kind: str,
    title: str,
    heads: Sequence[tuple[str, str]],
    rows: Sequence[Component],
    widths: Sequence[str],
    total: int,
) -> Component:
    query = f'yaodun.inventory.kind:"{kind}" AND host.name:{quoted(host_of(visit))}'
    aside = link(t("hosts.all_events"), address("/hunt", stream="inventory", q=query), className="small-link")
    body: Content = (
        html.Div(table(heads, rows, widths), className="scroll")
        if rows
        else empty(t("hosts.no_items"), t("hosts.no_items_why"))
    )
    hint = (
        t("hosts.shown_of", shown=len(rows), all=total) if total > len(rows) else amount(float(total)) if total else ""
    )
    return card(title, body, hint=hint, aside=aside)


def _raw(event: Event, words: str) -> Component:
    return link(
        words,
        address(
            "/hunt",
            stream="inventory",
            q=f'event.id:"{event.get("event.id")}"',
            sel=str(event.get("event.id")),
            tr="24h",
        ),
        className="rowlink",
        title=t("hosts.raw"),
    )


@part("hosts.processes", topics="tick")
async def processes(visit: Visit) -> Content:
    """Processes with parents and command lines, the newest first."""
    found = sorted(await _now(visit, "process"), key=lambda event: str(event.get("process.start") or ""), reverse=True)
    rows = [
        cells(
            (item(event, "process.pid"), "num"),
            _raw(event, item(event, "process.name")),
            item(event, "user.name", "process.user.name"),
            (item(event, "process.parent.pid"), "num"),
            html.Span(
                item(event, "process.command_line", "process.executable"),
                className="mono",
                title=item(event, "process.command_line", "process.executable"),
            ),
        )
        for event in found[:SHOWN_ITEMS]
    ]
    heads = [
        (t("hosts.pid"), "num"),
        (t("hosts.process"), ""),
        (t("hosts.user"), ""),
        (t("hosts.parent"), "num"),
        (t("hosts.command"), ""),
    ]
    return _inventory(
        visit, "process", t("hosts.processes"), heads, rows, ("64px", "130px", "90px", "64px", "auto"), len(found)
    )


@part("hosts.listeners", topics="tick")
async def listeners(visit: Visit) -> Content:
    """Listening sockets; those other machines can reach are said to be so."""
    found = sorted(
        await _now(visit, "listener"),
        key=lambda event: (int(item(event, *PORTS).replace("—", "0")), item(event, "source.ip")),
    )
    rows = []
    for event in found[:SHOWN_ITEMS]:
        where = item(event, *ADDRESSES)
        outside = severity("medium", t("hosts.reachable")) if reachable(where) else quiet(t("hosts.local_only"))
        rows.append(
            cells(
                (_raw(event, item(event, *PORTS)), "num"),
                item(event, "network.transport"),
                html.Span(where, className="mono"),
                outside,
                item(event, "process.name"),
            )
        )
    heads = [
        (t("hosts.port"), "num"),
        (t("hosts.transport"), ""),
        (t("hosts.address"), ""),
        (t("hosts.reach"), ""),
        (t("hosts.process"), ""),
    ]
    return _inventory(
        visit, "listener", t("hosts.listeners"), heads, rows, ("60px", "56px", "auto", "92px", "110px"), len(found)
    )


@part("hosts.connections", topics="tick")
async def connections(visit: Visit) -> Content:
    """Open connections."""
    found = await _now(visit, "connection")
    rows = [
        cells(
            html.Span(f"{item(event, 'source.ip')}:{item(event, 'source.port')}", className="mono"),
            _raw(event, f"{item(event, 'destination.ip')}:{item(event, 'destination.port')}"),
            item(event, "network.transport"),
            item(event, "process.name"),
        )
        for event in found[:SHOWN_ITEMS]
    ]
    heads = [(t("hosts.local"), ""), (t("hosts.remote"), ""), (t("hosts.transport"), ""), (t("hosts.process"), "")]
    return _inventory(
        visit, "connection", t("hosts.connections"), heads, rows, ("auto", "auto", "56px", "110px"), len(found)
    )


@part("hosts.changes", topics="tick events", params="tr ck")
async def changes(visit: Visit) -> Content:
    """What came and went: ports, accounts and peers, or processes, of which there are many."""
    processes_only = visit.param("ck") == "process"
    found = await visit.ask(visit.rooms.events.search, changes_query(host_of(visit), visit.window(), processes_only))
    rows = [_change(event, visit) for event in found.events]
    heads = [(t("column.time"), ""), (t("hosts.change"), ""), (t("hosts.kind"), ""), (t("column.summary"), "")]
    body: Content = html.Div(table(heads, rows, ("110px", "70px", "80px", "auto")), className="scroll")
    if not rows:
        body = empty(t("hosts.no_changes"), t("hosts.no_changes_why"))
    choices = [
        (t("hosts.ports_and_accounts"), visit.here(ck=None), not processes_only),
        (t("hosts.processes"), visit.here(ck="process"), processes_only),
    ]
    aside = [segment(choices, t("hosts.changes")), _all_events(f"host.name:{quoted(host_of(visit))}")]
    hint = t("hosts.shown_of", shown=len(rows), all=amount(float(found.total))) if found.total else ""
    return card(t("hosts.changes"), body, hint=hint, aside=aside)


def _change(event: Event, visit: Visit) -> Component:
    return cells(
        (seconds_stamp(event["@timestamp"], visit.zone), "quiet"),
        t(f"change.{event.get('yaodun.inventory.change')}"),
        t(f"kind.{event.get('yaodun.inventory.kind')}"),
        _raw(event, _what(event)[:200]),
    )


def _all_events(query: str) -> Component:
    return link(t("hosts.all_events"), address("/hunt", stream="inventory", q=query), className="small-link")


def _what(event: Event) -> str:
    """What came, went or changed, without the identity by which the agent knows it."""
    kind = event.get("yaodun.inventory.kind")
    if kind == "process":
        return item(event, "process.command_line", "process.executable", "process.name")
    if kind == "listener":
        owner = item(event, "process.name")
        return f"{item(event, 'network.transport')} {item(event, *ADDRESSES)} {item(event, *PORTS)} {owner}"
    return item(event, "user.name", "yaodun.inventory.key")


@part("hosts.alerts", topics="alerts")
async def alerts(visit: Visit) -> Content:
    """Open alerts that name this host."""
    host = host_of(visit)
    wanted = AlertFilter(
        window=Window(visit.now - RANGES["30d"], visit.now), text=host, only={"state": ("new", "acknowledged")}
    )
    page = await visit.ask(visit.rooms.alerts.find, wanted, Stack.FLAT, 0, 8)
    rows = [
        link(
            [
                glyph(row.level),
                html.Span(row.title, className="cut grow"),
                quiet(amount(float(row.signals))),
                when(row.last_seen, visit),
            ],
            address("/alerts", stack="flat", sel=row.id, q=host, tr="30d"),
        )
        for row in page.items
    ]
    body: Content = html.Div(rows, className="list") if rows else empty(t("hosts.no_alerts"), t("hosts.no_alerts_why"))
    return card(
        t("hosts.alerts"),
        body,
        hint=amount(float(page.alerts)) if page.alerts else "",
        aside=link(t("hosts.in_queue"), address("/alerts", q=host, tr="30d"), className="small-link"),
        lined=True,
    )


async def body(visit: Visit) -> Component:
    """The list, or one host."""
    if not host_of(visit):
        return html.Div([await held(listing, visit)], className="page")
    top, first, second, third = await asyncio.gather(
        held(gauges, visit),
        held_all(visit, alerts, changes),
        held_all(visit, listeners, connections),
        held(processes, visit),
    )
    return html.Div(
        [top, html.Div(first, className="cols-2"), html.Div(second, className="cols-2"), third], className="page host"
    )


PAGE = Page(
    "hosts",
    "/hosts",
    body,
    (listing, gauges, processes, listeners, connections, changes, alerts),
    action="register.read",
)
