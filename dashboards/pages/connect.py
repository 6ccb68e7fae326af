"""Connect a source (接入): choose, copy the device's lines with this site's address, see its first event."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import choice, dialog, text_field
from dashboards.design.elements import (
    Content,
    act,
    card,
    cells,
    glyph,
    icon,
    link,
    opener,
    quiet,
    severity,
    table,
    when,
)
from dashboards.design.states import empty
from dashboards.pages.connect_kinds import KINDS, SETTINGS, STREAMS, Kind, lines_of
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.views.figures import amount, seconds_stamp
from dashboards.views.search import quoted
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.errors import AppError, ErrorKind
from infra.store.query.tree import Query, Window

PLACE = "TOKEN"
LOOKED_BACK = timedelta(minutes=10)
LISTS = re.compile(r"[\s,]+")


def kind_of(visit: Visit) -> Kind:
    """The kind the address names."""
    return KINDS.get(visit.param("kind"), KINDS["host"])


@part("connect.kinds", params="kind")
async def kinds(visit: Visit) -> Content:
    """What can be connected."""
    chosen = kind_of(visit).id
    rows = [
        link(
            [html.B(t(f"connect.kind.{name}")), html.Span(t(f"connect.why.{name}"), className="under")],
            address("/connect", kind=name),
            className="pick on" if name == chosen else "pick",
            **({"aria-current": "true"} if name == chosen else {}),
        )
        for name in KINDS
    ]
    return card(t("connect.choose"), html.Div(rows, className="picks"), lined=True)


@part("connect.steps", topics="health", params="kind")
async def steps(visit: Visit) -> Content:
    """What to do, in the order of doing it."""
    kind = kind_of(visit)
    doors = await visit.ask(visit.rooms.connecting.doors)
    where = doors.get(kind.door, "") or doors.get("https" if kind.door == "http" else "", "")
    body: list[Component] = []
    if kind.door:
        body.append(_door(kind, where))
    host, _, port = where.rpartition(":")
    scheme = "https" if "https" in doors else "http"
    shown = lines_of(kind.id, host or "HOST", port or "PORT", PLACE, scheme)
    body += [_lines(which, lines) for which, lines in shown]
    body.append(html.Div(_acts(kind, visit), className="row facts"))
    return card(t(f"connect.kind.{kind.id}"), body, hint=t(f"connect.why.{kind.id}"), lined=True)


def _door(kind: Kind, where: str) -> Component:
    if not where:
        lines = f"[ingest]\n{SETTINGS.get(kind.door, '')}"
        return html.Div([html.P([glyph("high"), " ", t("connect.shut")]), _copied(lines)], className="facts stack")
    local = where.startswith(("127.", "localhost", "[::1]"))
    said = [glyph("medium" if local else "normal"), " ", t("connect.at"), " ", html.B(where, className="mono")]
    rest = [html.P(t("connect.loopback"), className="quiet"), _copied(f"[ingest]\n{SETTINGS.get(kind.door, '')}")]
    return html.Div([html.P(said), *(rest if local else ())], className="facts stack")


def _lines(which: str, lines: str) -> Component:
    title = t(f"connect.lines.{which}")
    return html.Div([html.Div(quiet(title)), _copied(lines)], className="facts stack")


def _copied(lines: str) -> Component:
    copy = html.Button(
        icon("copy"),
        className="button small",
        **{"type": "button", "data-copy": lines, "aria-label": t("connect.copy"), "title": t("connect.copy")},
    )
    return html.Div([html.Pre(lines, className="raw grow"), copy], className="copied")


def _acts(kind: Kind, visit: Visit) -> list[Component]:
    if kind.id == "host":
        return [link([icon("plus"), t("agents.add")], address("/agents"), className="button main-act")]
    if kind.token:
        return [opener(t("connect.make_token"), "token", kind="main-act")]
    return [opener(t("connect.start"), "watch", kind="main-act")] if kind.polled else []


@part("connect.seen", topics="tick health", params="kind since")
async def seen(visit: Visit) -> Content:
    """Whether its first event is here: looked for while the page is open."""
    kind = kind_of(visit)
    since = _since(visit)
    window = Window(since, visit.now + timedelta(minutes=5))
    query = Query(streams=STREAMS, window=window, filter=kind.first(""), limit=5, count_up_to=100_000)
    page, condition = await asyncio.gather(
        visit.ask(visit.rooms.events.search, query), visit.ask(visit.rooms.health.now)
    )
    troubles = [each for each in condition.sources if not each.available and f"/{kind.id}" in each.id]
    body: list[Component] = [
        html.Div(
            [severity("high", each.id), html.Span(each.reason, className="soft"), quiet(each.remedy)],
            className="facts stack",
        )
        for each in troubles
    ]
    if not page.events:
        body.append(
            empty(
                t("connect.waiting"), t("connect.waiting_why", since=seconds_stamp(since, visit.zone)), drawing="plug"
            )
        )
        return card(t("connect.first"), body, lined=True)
    heads = [(t("column.time"), ""), (t("health.source"), ""), (t("column.summary"), "")]
    rows = [
        cells(
            (when(event["@timestamp"], visit), "quiet"),
            link(str(event.get("yaodun.source")), _raw(event), className="rowlink"),
            html.Span(_summary(event), className="quiet"),
        )
        for event in page.events
    ]
    good = html.P(
        [glyph("normal"), " ", html.B(t("connect.seen", count=amount(float(page.total))))], className="facts sev normal"
    )
    return card(t("connect.first"), [*body, good, table(heads, rows, ("90px", "200px", "auto"))], lined=True)


def _since(visit: Visit) -> datetime:
    """The moment of ``since=``; ten minutes ago where there is none."""
    try:
        found = datetime.fromtimestamp(float(visit.param("since")), UTC)
    except (ValueError, OverflowError, OSError):
        return visit.now - LOOKED_BACK
    return max(found, visit.now - timedelta(days=1))


def _raw(event: dict[str, Any]) -> str:
    query = f"yaodun.source:{quoted(event.get('yaodun.source'))}"
    return address(
        "/hunt", stream=str(event.get("yaodun.stream") or "logs"), q=query, sel=str(event.get("event.id")), tr="1h"
    )


def _summary(event: dict[str, Any]) -> str:
    if device := event.get("yaodun.sensor.id"):
        read = (event.get(f"yaodun.sensor.{each}") for each in ("kind", "value", "unit"))
        return f"{device}: {' '.join(str(each) for each in read if each not in (None, ''))}"
    name = event.get("yaodun.metric.name")
    words = f"{name} {event.get('yaodun.metric.value')}" if name else event.get("message") or event.get("event.action")
    return str(words or event.get("yaodun.inventory.kind") or "")[:160]


@part("connect.polled", topics="health")
async def polled(visit: Visit) -> Content:
    """What agents were told here to poll, with the way to take it back."""
    found = await visit.ask(visit.rooms.connecting.pollers)
    if not found:
        return ""
    rows = [
        cells(
            html.B(str(each.get("name"))),
            t(f"connect.kind.{each.get('kind')}") if each.get("kind") in KINDS else str(each.get("kind")),
            html.Span(str(each.get("group") or t("connect.this_host")), className="quiet"),
            html.Span(_told(each), className="mono"),
            (_forget(each), "num"),
        )
        for each in found
    ]
    heads = [
        (t("devices.name"), ""),
        (t("connect.kind_word"), ""),
        (t("connect.by"), ""),
        (t("connect.settings"), ""),
        ("", ""),
    ]
    shown = table(heads, rows, ("140px", "150px", "120px", "auto", "90px"))
    return card(t("connect.polled"), shown, hint=amount(float(len(found))))


def _forget(tree: Mapping[str, Any]) -> Component:
    of = {"name": str(tree.get("name")), "group": str(tree.get("group", ""))}
    return act(t("connect.forget"), "connect.forget", kind="small", **of)


def _told(tree: Any) -> str:
    return " ".join(
        f"{key}={value}"
        for key, value in tree.items()
        if key not in ("name", "kind", "group") and not str(value).startswith("file:")
    )[:200]


async def body(visit: Visit) -> Component:
    """The page."""
    first, *rest = await held_all(visit, kinds, steps, seen, polled)
    kind = kind_of(visit)
    boxes = [_watch_dialog(kind, await visit.ask(_groups, visit))] if kind.polled else []
    if kind.token:
        fields = [text_field("source", t("connect.source"), hint=t("connect.source_hint"))]
        boxes = [
            dialog(
                "token", t("connect.make_token"), fields, t("connect.make_token"), "connect.token", {"kind": kind.id}
            )
        ]
    shown = html.Div([first, html.Div(rest, className="stacked")], className="connect-grid")
    return html.Div([shown, html.Div(boxes, className="dialogs")], className="page")


def _groups(visit: Visit) -> list[str]:
    """Groups that have agents elsewhere."""
    held = {agent.group for agent in visit.rooms.fleet.agents() if agent.state != "revoked"}
    return sorted(group.id for group in visit.rooms.fleet.groups() if group.id in held)


def _watch_dialog(kind: Kind, groups: Sequence[str]) -> Component:
    fields: list[Component] = [text_field("name", t("devices.name"), value=kind.id, hint=t("connect.name_hint"))]
    if groups:
        here = choice("group", "", t("connect.this_host"), checked=True)
        rest = [choice("group", name, t("connect.group", group=name)) for name in groups[:12]]
        fields.append(html.Div([here, *rest], className="choices two-up"))
    if groups and kind.secrets:
        fields.append(html.P(t("connect.secret_elsewhere"), className="quiet"))
    for name, value in kind.fields:
        secret = name in kind.secrets
        hint = t("connect.one_or_more") if name in kind.lists else ""
        words = t(f"connect.field.{name}")
        needed = not secret and name not in ("label", "user", "ca")
        fields.append(
            text_field(name, words, kind="password" if secret else "text", value=value, hint=hint, required=needed)
        )
    return dialog("watch", t("connect.start"), fields, t("connect.begin"), "connect.watch", {"kind": kind.id})


@command("connect.token")
async def token(visit: Visit, args: Args) -> Outcome:
    """A token for a source, in the lines that use it; shown once."""
    kind = KINDS.get(str(args.get("kind", "")), KINDS["push"])
    made = await visit.ask(visit.rooms.connecting.token, visit.actor, str(args.get("source", "")).strip())
    doors = await visit.ask(visit.rooms.connecting.doors)
    scheme = "https" if "https" in doors else "http"
    host, _, port = (doors.get(scheme) or "HOST:PORT").rpartition(":")
    shown = [_lines(which, lines) for which, lines in lines_of(kind.id, host, port, made, scheme)]
    close = html.Button(t("users.seen"), className="button main-act", **{"type": "button", "data-close": "1"})
    body = html.Div([html.P(t("connect.once")), *shown, html.Div(close, className="acts")], className="once")
    box = html.Dialog(
        [html.Header(t("connect.make_token")), body],
        className="box",
        key=str(visit.now.timestamp()),
        **{"data-show-dialog": "1", "aria-label": t("connect.make_token")},
    )
    return Outcome(shown=box)


@command("connect.watch")
async def watch(visit: Visit, args: Args) -> Outcome:
    """Let the chosen agents poll it."""
    kind = KINDS.get(str(args.get("kind", "")))
    if kind is None or not kind.polled:
        raise AppError(ErrorKind.INVALID, "collectors.poller_kind", place="kind", known=", ".join(KINDS))
    values = {name: str(args.get(name, "")).strip() for name, _ in kind.fields}
    secrets = {name: values.pop(name) for name in kind.secrets}
    tree = {"kind": kind.id, "name": str(args.get("name", "")).strip(), **_tree(kind, values)}
    await visit.ask(visit.rooms.connecting.watch, visit.actor, tree, secrets, str(args.get("group", "")))
    go = address("/connect", kind=kind.id, since=f"{visit.now.timestamp():.0f}")
    return Outcome(t("connect.begun"), topics=("health",), go=go)


def _tree(kind: Kind, values: dict[str, str]) -> dict[str, Any]:
    """The settings of a poller as its kind reads them."""
    made: dict[str, Any] = {
        name: [each for each in LISTS.split(value) if each] if name in kind.lists else value
        for name, value in values.items()
        if value
    }
    if kind.id == "probe":
        target = {"type": _looked(made.get("address", "")), **made, "watch": _looked(made.get("address", "")) == "http"}
        return {"target": [target]}
    if kind.id == "modbus":
        where, scale = made.pop("address", "0"), made.pop("scale", "1")
        register = {
            "kind": "temperature",
            "address": where,
            "table": "input",
            "type": "i16",
            "scale": scale,
            "unit": "Cel",
        }
        return {**made, "register": [register]}
    return made


def _looked(where: str) -> str:
    return "http" if where.startswith(("http://", "https://")) else "tls" if where.endswith(":443") else "tcp"


@command("connect.forget")
async def forget(visit: Visit, args: Args) -> Outcome:
    """Poll it no longer."""
    await visit.ask(visit.rooms.connecting.forget, visit.actor, str(args.get("name", "")), str(args.get("group", "")))
    return Outcome(t("connect.forgotten"), topics=("health",))


PAGE = Page("connect", "/connect", body, (kinds, steps, seen, polled), action="sources.edit", ranged=False)
