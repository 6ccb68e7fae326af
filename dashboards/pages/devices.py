"""Devices (感知与网络设备): which speak, what they read, what is wrong, and what the register says of each."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import (
    Content,
    act,
    card,
    cells,
    glyph,
    icon,
    link,
    opener,
    pairs,
    quiet,
    severity,
    spark,
    table,
    when,
)
from dashboards.design.states import empty
from dashboards.pages.device_forms import KEY_FORM, dialogs
from dashboards.pages.page import Page
from dashboards.parts import held, part
from dashboards.rooms.alerts import AlertFilter, AlertRow, Stack
from dashboards.rooms.devices import Device, Limit
from dashboards.views.devices import (
    NetworkDevice,
    Reading,
    by_name,
    calibration_level,
    lines,
    network_devices,
    network_queries,
    newest,
    outside,
    range_of,
    range_words,
    reading_of,
    readings_of,
    readings_query,
    troubles,
)
from dashboards.views.figures import ago, amount, duration, local
from dashboards.views.hosts import line_of
from dashboards.views.search import quoted
from dashboards.visit import RANGES, Visit, address
from dashboards.words import t
from infra.store.query.tree import Window

OPEN = {"state": ("new", "acknowledged")}
SHOWN, SHOWN_READINGS = 300, 3
HEADS = (
    ("devices.device", ""),
    ("column.state", ""),
    ("devices.reading", ""),
    ("devices.heard", "num"),
    ("devices.place", ""),
    ("devices.owner", ""),
    ("devices.calibration", "num"),
)
WIDTHS = ("auto", "140px", "210px", "80px", "100px", "80px", "112px")


def week(visit: Visit) -> Window:
    """Where the newest reading is looked for."""
    return Window(visit.now - RANGES["7d"], visit.now + RANGES["15m"])


async def _troubles(visit: Visit) -> Mapping[str, list[AlertRow]]:
    wanted = AlertFilter(window=Window(visit.now - RANGES["30d"], visit.now + RANGES["15m"]), text="sensing", only=OPEN)
    page = await visit.ask(visit.rooms.alerts.find, wanted, Stack.FLAT, 0, 500)
    return troubles(page.items)


@part("devices.list", topics="tick alerts", params="sel q")
async def listing(visit: Visit) -> Content:
    """All sensing devices, those that need a person first; those nobody registered are among them."""
    known, answer, bad = await asyncio.gather(
        visit.ask(visit.rooms.devices.devices),
        visit.ask(visit.rooms.events.aggregate, readings_query(week(visit)), newest()),
        _troubles(visit),
    )
    read = readings_of(answer["devices"])
    registered = {device.id: device for device in known}
    names = sorted({*registered, *read}, key=lambda name: (_rank(bad.get(name)), name))
    wanted = visit.param("q").casefold()
    if wanted:
        names = [name for name in names if wanted in _searched(name, registered.get(name))]
    aside = [link([icon("plug"), t("devices.connect")], address("/connect"), className="button small")]
    if visit.may("register.edit"):
        aside.insert(0, opener([icon("plus"), t("devices.add")], "device", kind="small"))
    if not names:
        body = empty(
            t("devices.none"), t("devices.none_why"), t("devices.connect"), address("/connect"), drawing="devices"
        )
        return card(t("devices.sensing"), body, aside=aside, lined=True)
    rows = [_row(visit, name, registered.get(name), read.get(name, []), bad.get(name, [])) for name in names[:SHOWN]]
    heads = [(t(words), kind) for words, kind in HEADS]
    hint = t("hosts.shown_of", shown=len(rows), all=amount(float(len(names))))
    return card(
        t("devices.sensing"), html.Div(table(heads, rows, WIDTHS), className="scroll tall"), hint=hint, aside=aside
    )


def _rank(alerts: Sequence[AlertRow] | None) -> int:
    return -alerts[0].level.rank if alerts else 1


def _searched(name: str, device: Device | None) -> str:
    words = (name, device.name, device.place, device.owner, device.kind) if device else (name,)
    return " ".join(words).casefold()


def _row(visit: Visit, name: str, device: Device | None, read: Sequence[Reading], bad: Sequence[AlertRow]) -> Component:
    chosen = visit.param("sel") == name
    who = link(
        [html.B(device.name or name if device else name), html.Span(name, className="under mono")],
        visit.here(sel=None if chosen else name),
        className="rowlink",
    )
    heard = max((each.at for each in read), default=None)
    return cells(
        who,
        _state(device, read, bad),
        [_reading(each, device) for each in read[:SHOWN_READINGS]] or "—",
        (when(heard, visit), "num quiet"),
        device.place or "—" if device else "—",
        device.owner or "—" if device else "—",
        (_calibration(visit, device), "num"),
        on=chosen,
    )


def _state(device: Device | None, read: Sequence[Reading], bad: Sequence[AlertRow]) -> Component:
    if device is not None and device.revoked:
        return severity("low", t("devices.state.revoked"))
    if device is not None and device.retired:
        return severity("low", t("devices.state.retired"))
    if bad:
        more = quiet(f" +{len(bad) - 1}") if len(bad) > 1 else ""
        return html.Span([severity(bad[0].level, t(f"devices.trouble.{bad[0].rule}")), more])
    if not read:
        return severity("unknown", t("devices.state.never"))
    if device and any(outside(each, device.limits.get(each.kind)) for each in read):
        return severity("medium", t("devices.state.outside"))
    return severity("normal", t("devices.state.good")) if device else severity("low", t("devices.state.unregistered"))


def _reading(each: Reading, device: Device | None) -> Component:
    limit = device.limits.get(each.kind) if device else None
    value = html.Span(value_words(each), className="high" if outside(each, limit) else "")
    keeps = quiet(f" ({range_words(limit)})") if range_words(limit) else ""
    return html.Span([quiet(kind_words(each.kind)), " ", value, keeps], className="reading")


def kind_words(kind: str) -> str:
    """The kind of a reading in words, where we have some."""
    known = ("temperature", "humidity", "door", "pressure", "battery", "power")
    return t(f"devices.kind.{kind}") if kind in known else kind


def value_words(each: Reading) -> str:
    """A reading as people say it."""
    if each.kind == "door":
        return t("devices.door_open") if each.value >= 0.5 else t("devices.door_shut")
    return each.words


def _calibration(visit: Visit, device: Device | None) -> Content:
    if device is None or device.calibration_due is None:
        return "—"
    level = calibration_level(device, local(visit.now, visit.zone).date())
    words = device.calibration_due.isoformat()
    return html.Span([glyph(level), " ", words], className=level) if level in ("high", "medium") else words


@part("devices.device", topics="tick alerts", params="sel tr")
async def chosen(visit: Visit) -> Content:
    """One device: its lines over the time range, what is wrong, what the register says, and the way to cut it off."""
    name = visit.param("sel")
    if not name:
        return ""
    known, answer, bad = await asyncio.gather(
        visit.ask(visit.rooms.devices.devices),
        visit.ask(visit.rooms.events.aggregate, readings_query(visit.window(), name), lines(visit.window())),
        _troubles(visit),
    )
    device = next((each for each in known if each.id == name), None)
    query = f"yaodun.sensor.id:{quoted(name)}"
    aside = [
        link(
            t("devices.raw"),
            address("/hunt", stream="metrics", q=query, tr=visit.param("tr") or "24h"),
            className="small-link",
        ),
        link(icon("close"), visit.here(sel=None), **{"aria-label": t("action.close_pane")}),
    ]
    drawn = [_line(visit, str(bucket.key), bucket.inner, device, name) for bucket in answer["kinds"].buckets]
    body: list[Component] = [html.Div(drawn, className="gauges facts")] if drawn else []
    if not drawn:
        body.append(empty(t("devices.no_readings"), t("devices.no_readings_why")))
    body.append(html.Div([_alert(visit, row) for row in bad.get(name, [])], className="list"))
    body += _register(visit, name, device)
    return card(device.name or name if device else name, body, hint=name, aside=aside, lined=True)


def _line(visit: Visit, kind: str, inner: Mapping[str, object], device: Device | None, name: str) -> Component:
    limit = device.limits.get(kind) if device else None
    last = reading_of(kind, inner["last"].hits)  # type: ignore[attr-defined]
    values, _ = line_of(inner["line"].buckets, visit.window())  # type: ignore[attr-defined]
    words = value_words(last) if last else "—"
    wrong = "high" if last and outside(last, limit) else ""
    norm = t("devices.keeps", range=range_words(limit)) if range_words(limit) else t("hosts.no_limit")
    query = f"yaodun.sensor.id:{quoted(name)} AND yaodun.sensor.kind:{quoted(kind)}"
    children = [
        html.Span([kind_words(kind), " ", glyph(wrong)] if wrong else kind_words(kind), className="label"),
        html.Span(words, className="value"),
        spark(values, range_of(limit)),
        html.Span(norm, className="norm"),
    ]
    href = address("/hunt", stream="metrics", q=query, tr=visit.param("tr") or "24h")
    return link(children, href, className=f"card number {wrong}".strip())


def _alert(visit: Visit, row: AlertRow) -> Component:
    return link(
        [
            glyph(row.level),
            html.Span(row.title, className="cut grow"),
            quiet(amount(float(row.signals))),
            when(row.last_seen, visit),
        ],
        address("/alerts", stack="flat", sel=row.id, q=row.entity, tr="30d"),
    )


def _register(visit: Visit, name: str, device: Device | None) -> list[Component]:
    if device is None:
        enter = opener([icon("plus"), t("devices.register_it")], "device", kind="main-act")
        return [html.P(t("devices.unregistered_why"), className="facts quiet"), html.Div(enter, className="row facts")]
    told = [
        (t("devices.place"), device.place or "—"),
        (t("devices.owner"), device.owner or "—"),
        (t("devices.system"), device.system or "—"),
        (t("devices.zone"), device.zone or "—"),
        (t("devices.interval"), duration(device.interval_s) if device.interval_s else t("devices.any_time")),
        (t("devices.calibrated"), device.calibrated.isoformat() if device.calibrated else "—"),
        (t("devices.calibration"), _calibration(visit, device)),
        (t("devices.firmware"), device.firmware or "—"),
        (t("devices.key"), severity("normal", t("devices.keyed")) if device.keyed else quiet(t("devices.no_key"))),
        (t("devices.gateways"), ", ".join(device.gateways) or t("devices.any_gateway")),
        *((t("devices.rule", kind=kind_words(kind)), _rule(limit)) for kind, limit in device.limits.items()),
    ]
    acts: list[Component] = []
    if visit.may("register.edit"):
        acts = [
            opener(t("devices.change"), "device", kind="small"),
            opener(t("devices.set_key"), KEY_FORM, kind="small"),
        ]
        turn, words = (
            ("devices.admit", t("devices.admit")) if device.revoked else ("devices.revoke", t("devices.revoke"))
        )
        acts.append(act(words, turn, kind="small" if device.revoked else "small danger", device=name))
    return [html.Div(pairs(told, one=True), className="facts"), html.Div(acts, className="row facts")]


def _rule(limit: Limit) -> str:
    words = [range_words(limit)] if range_words(limit) else []
    if limit.storage:
        words.append(t("devices.rule_minutes", minutes=f"{limit.storage.minutes:g}"))
        if limit.storage.mkt_high is not None:
            words.append(
                t("devices.rule_mkt", high=f"{limit.storage.mkt_high:g}", hours=f"{limit.storage.mkt_hours:g}")
            )
    return " · ".join(words) or "—"


@part("devices.network", topics="tick")
async def network(visit: Visit) -> Content:
    """Switches, routers and others that SNMP polls."""
    inventory, metrics, failed = network_queries(week(visit))
    items, heard, bad = await asyncio.gather(
        visit.ask(visit.rooms.events.search, inventory),
        visit.ask(visit.rooms.events.aggregate, metrics, by_name()),
        visit.ask(visit.rooms.events.aggregate, failed, by_name()),
    )
    found = network_devices(items.events, heard["devices"], bad["devices"])
    if not found:
        body = empty(
            t("devices.no_network"), t("devices.no_network_why"), t("devices.connect"), address("/connect", kind="snmp")
        )
        return card(t("devices.network"), body, lined=True)
    heads = [(t("devices.device"), ""), (t("column.state"), ""), (t("devices.about"), ""), (t("devices.heard"), "num")]
    rows = [_network(each, visit) for each in found[:SHOWN]]
    body = html.Div(table(heads, rows, ("220px", "190px", "auto", "110px")), className="scroll")
    return card(t("devices.network"), body, hint=amount(float(len(found))))


def _network(each: NetworkDevice, visit: Visit) -> Component:
    silent = each.seen is not None and visit.now - each.seen > RANGES["15m"]
    words = (
        t("devices.no_answer", since=ago(each.seen, visit.now))
        if each.seen
        else each.reason or t("devices.state.never")
    )
    state = severity("high", words) if each.away or silent else severity("normal", t("devices.state.good"))
    query = f"host.name:{quoted(each.name)}"
    href = address("/hunt", stream="metrics,inventory,logs", q=query)
    return cells(
        link([html.B(each.name), html.Span(each.address, className="under mono")], href, className="rowlink"),
        state,
        html.Span(each.about[:160], className="quiet"),
        (when(each.seen, visit), "num quiet"),
    )


async def body(visit: Visit) -> Component:
    """The page; a chosen device stands beside the list."""
    registered, *both = await asyncio.gather(
        visit.ask(visit.rooms.devices.devices), held(chosen, visit), *(held(each, visit) for each in (listing, network))
    )
    pane, first, second = both
    device = next((each for each in registered if each.id == visit.param("sel")), None)
    shown = [html.Div([first, second], className="stacked"), pane]
    wears = "users-grid" if visit.param("sel") else ""
    boxes = dialogs(device, visit.param("sel")) if visit.may("register.edit") else []
    return html.Div([html.Div(shown, className=wears), html.Div(boxes, className="dialogs")], className="page")


PAGE = Page("devices", "/devices", body, (listing, chosen, network), action="register.read")
