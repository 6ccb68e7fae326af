"""Assets (资产): which there are, and of one: every key and attribute with its source, relations, alerts, owner."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import msgspec
from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import dialog, text_field
from dashboards.design.elements import (
    Content,
    card,
    cells,
    chip,
    glyph,
    link,
    opener,
    pairs,
    quiet,
    severity,
    table,
    when,
)
from dashboards.design.states import empty
from dashboards.pages.page import Page
from dashboards.parts import held, held_all, part
from dashboards.rooms.alerts import AlertFilter, Stack
from dashboards.rooms.register import AssetCard, AssetRow
from dashboards.views.figures import amount, percent
from dashboards.views.search import quoted
from dashboards.visit import RANGES, Visit, address
from dashboards.words import t
from infra.errors import AppError, ErrorKind
from infra.register.nouns import Address, AddressKind, Asset
from infra.store.query.tree import And, Not, Or, Query, Term, Terms, TermsCount, Window

SHOWN = 300
KINDS = ("host", "device", "database", "service")
PEERS = 40
OPEN = {"state": ("new", "acknowledged")}
FIELDS = ("name", "kind", "system", "unit", "zone", "importance")


def asset_of(visit: Visit) -> str:
    """The asset of the address, empty for the list."""
    return visit.path.removeprefix("/register").strip("/")


@part("assets.list", topics="health", params="q")
async def listing(visit: Visit) -> Content:
    """All assets; ``q`` narrows them."""
    known = await visit.shared(visit.rooms.register.assets)
    wanted = visit.param("q").casefold()
    found = [row for row in known if row.state != "retired" and (not wanted or wanted in _searched(row))]
    if not found:
        return card(
            t("page.assets"),
            empty(t("assets.none"), t("assets.none_why"), t("devices.connect"), address("/connect"), drawing="assets"),
            lined=True,
        )
    heads = [
        (t("assets.asset"), ""),
        (t("assets.kind"), ""),
        (t("assets.system"), ""),
        (t("assets.unit"), ""),
        (t("assets.zone"), ""),
        (t("assets.addresses"), ""),
        (t("assets.importance"), "num"),
    ]
    rows = [_row(row) for row in sorted(found, key=lambda row: (-row.importance, row.name))[:SHOWN]]
    body = html.Div(
        table(heads, rows, ("auto", "100px", "180px", "180px", "120px", "220px", "90px")), className="scroll tall"
    )
    hint = t("hosts.shown_of", shown=len(rows), all=amount(float(len(found))))
    return card(t("page.assets"), body, hint=hint)


def _searched(row: AssetRow) -> str:
    return " ".join((row.id, row.name, row.kind, row.system, row.unit, row.zone, *row.addresses)).casefold()


def _row(row: AssetRow) -> Component:
    belongs = row.system or html.Span([glyph("medium"), " ", t("assets.nobody")], className="medium")
    name = [html.B(row.name), html.Span(row.id, className="under mono")]
    return cells(
        link(name, address(f"/register/{row.id}"), className="rowlink"),
        _kind(row.kind),
        belongs,
        row.unit or "—",
        row.zone or "—",
        html.Span(", ".join(row.addresses) or "—", className="mono"),
        (percent(row.importance), "num"),
    )


def _kind(kind: str) -> str:
    return t(f"assets.kinds.{kind}") if kind in KINDS else kind


async def _card(visit: Visit) -> AssetCard:
    return await visit.ask(visit.rooms.register.asset, asset_of(visit))


@part("assets.head", topics="health")
async def head(visit: Visit) -> Content:
    """Whose it is and where it belongs."""
    found = await _card(visit)
    asset = found.asset
    told = [
        (t("assets.kind"), _kind(asset.kind)),
        (t("assets.state"), t(f"assets.states.{asset.state}")),
        (t("assets.system"), found.system or t("assets.nobody")),
        (t("assets.unit"), found.unit or t("assets.nobody")),
        (t("assets.contact"), found.contact or "—"),
        (t("assets.zone"), found.zone or "—"),
        (t("assets.dimension"), t(f"dimension.{asset.dimension}")),
        (t("assets.importance"), percent(asset.importance)),
    ]
    body: list[Component] = [html.Div(pairs(told), className="facts")]
    if found.joined:
        body.insert(
            0,
            html.P(
                [
                    glyph("medium"),
                    " ",
                    t("assets.joined"),
                    " ",
                    link(found.joined, address(f"/register/{found.joined}")),
                ],
                className="facts",
            ),
        )
    aside: list[Component] = [
        link(t("assets.events"), address("/hunt", q=f"yaodun.asset:{quoted(asset.id)}"), className="small-link")
    ]
    if asset.kind == "host":
        aside.append(link(t("assets.host"), address(f"/hosts/{asset.name}"), className="small-link"))
    if visit.may("register.edit"):
        aside.append(opener(t("assets.change"), "asset", kind="small"))
    return card(asset.name, body, hint=asset.id, aside=aside, lined=True)


@part("assets.known", topics="health")
async def known(visit: Visit) -> Content:
    """Every key and attribute: who said it, and when last; what holds no longer stands below."""
    found = await _card(visit)
    now = [each for each in found.asset.addresses if each.until is None]
    past = [each for each in found.asset.addresses if each.until is not None]
    rows = [_address(each, visit) for each in sorted(now, key=lambda each: list(AddressKind).index(each.kind))]
    rows += [
        cells(
            fact.name,
            html.Span(fact.value, title=fact.value),
            quiet(fact.told_by),
            "—",
            (when(fact.seen, visit), "num quiet"),
        )
        for fact in found.facts
    ]
    rows += [_address(each, visit) for each in sorted(past, key=lambda each: each.since, reverse=True)[:100]]
    heads = [
        (t("assets.attribute"), ""),
        (t("assets.value"), ""),
        (t("assets.told_by"), ""),
        (t("assets.held"), ""),
        (t("column.last_seen"), "num"),
    ]
    body = html.Div(table(heads, rows, ("130px", "auto", "90px", "220px", "110px")), className="scroll tall")
    return card(t("assets.known"), body, hint=t("assets.known_hint", now=len(now) + len(found.facts), past=len(past)))


def _address(each: Address, visit: Visit) -> Component:
    since = when(each.since, visit)
    until = when(each.until, visit) if each.until else t("assets.still")
    value = html.Span(each.value, className="mono" if each.until is None else "mono quiet", title=each.value)
    seen = (when(each.seen, visit), "num quiet")
    return cells(
        t(f"assets.key.{each.kind}"), value, quiet(each.told_by or "—"), html.Span([since, " – ", until]), seen
    )


@part("assets.alerts", topics="alerts")
async def alerts(visit: Visit) -> Content:
    """Open alerts of a month that name it or one of its addresses."""
    asset = (await _card(visit)).asset
    names = [
        each.value for each in asset.addresses if each.until is None and each.kind in (AddressKind.NAME, AddressKind.IP)
    ]
    wanted = tuple(dict.fromkeys([asset.id, asset.name, *names]))
    window = Window(visit.now - RANGES["30d"], visit.now + timedelta(minutes=5))
    only: dict[str, tuple[str, ...]] = {**OPEN, "entity": wanted}
    page = await visit.ask(visit.rooms.alerts.find, AlertFilter(window=window, only=only), Stack.FLAT, 0, 12)
    rows = [
        link(
            [
                glyph(row.level),
                html.Span(row.title, className="cut grow"),
                quiet(row.entity),
                when(row.last_seen, visit),
            ],
            address("/alerts", stack="flat", sel=row.id, q=row.entity, tr="30d"),
        )
        for row in page.items
    ]
    body: Content = html.Div(rows, className="list") if rows else empty(t("hosts.no_alerts"), t("assets.no_alerts_why"))
    return card(t("hosts.alerts"), body, hint=amount(float(page.alerts)) if page.alerts else "", lined=True)


@part("assets.relations", topics="tick", params="tr")
async def relations(visit: Visit) -> Content:
    """Whom it speaks with, and which of those are assets too."""
    asset = (await _card(visit)).asset
    own = tuple(each.value for each in asset.addresses if each.until is None and each.kind is AddressKind.IP)
    asked = [("to", "source.ip", "destination.ip"), ("from", "destination.ip", "source.ip")]
    answers = await asyncio.gather(*(_peers(visit, own, mine, theirs) for _, mine, theirs in asked)) if own else []
    seen = [
        (way, peer, count)
        for (way, _, _), found in zip(asked, answers, strict=False)
        for peer, count in found
        if peer not in own
    ]
    whose = await visit.ask(visit.rooms.register.whose, [peer for _, peer, _ in seen])
    rows = [
        _peer(way, peer, count, whose.get(peer)) for way, peer, count in sorted(seen, key=lambda each: -each[2])[:PEERS]
    ]
    if not rows:
        return card(t("assets.relations"), empty(t("assets.no_relations"), t("assets.no_relations_why")), lined=True)
    heads = [("", ""), (t("assets.peer"), ""), (t("assets.asset"), ""), (t("assets.seen"), "num")]
    body = html.Div(table(heads, rows, ("70px", "150px", "auto", "80px")), className="scroll")
    return card(t("assets.relations"), body, hint=t("assets.relations_hint"))


async def _peers(visit: Visit, own: Sequence[str], mine: str, theirs: str) -> list[tuple[str, int]]:
    loop = Or((Terms(theirs, tuple(own)), Term(theirs, "127.0.0.1")))
    query = Query(
        streams=("flows", "inventory", "logs"),
        window=visit.window(),
        filter=And((Terms(mine, tuple(own)), Not(loop))),
        limit=0,
    )
    found = await visit.ask(visit.rooms.events.aggregate, query, {"peers": TermsCount(theirs, PEERS)})
    return [(str(bucket.key), bucket.count) for bucket in found["peers"].buckets]


def _peer(way: str, peer: str, count: int, asset: tuple[str, str] | None) -> Component:
    who: Content = (
        link(asset[1], address(f"/register/{asset[0]}"), className="rowlink") if asset else quiet(t("assets.unknown"))
    )
    query = f"source.ip:{quoted(peer)} OR destination.ip:{quoted(peer)}"
    raw = address("/hunt", stream="flows,inventory,logs", q=query)
    return cells(
        chip(t(f"assets.way.{way}")), link(peer, raw, className="rowlink mono"), who, (amount(float(count)), "num")
    )


@part("assets.certificates", topics="tick")
async def certificates(visit: Visit) -> Content:
    """Certificates it was seen with."""
    asset = (await _card(visit)).asset
    own = tuple(each.value for each in asset.addresses if each.kind is AddressKind.IP and each.until is None)
    rows = [
        cells(
            html.Span(each.value[:40], className="mono", title=each.value),
            quiet(t("assets.public_key")),
            (when(each.seen or each.since, visit), "num quiet"),
        )
        for each in asset.addresses
        if each.kind is AddressKind.CERTIFICATE
    ]
    if own:
        window = Window(visit.now - RANGES["30d"], visit.now + timedelta(minutes=5))
        looked = And((Terms("destination.ip", own), Term("event.module", "probe")))
        page = await visit.ask(
            visit.rooms.events.search, Query(streams=("logs",), window=window, filter=looked, limit=20)
        )
        rows += [
            cells(
                html.Span(
                    str(event.get("x509.subject.distinguished_name") or event.get("service.name")), className="mono"
                ),
                severity(
                    "normal" if event.get("yaodun.trust.verdict") == "valid" else "medium",
                    str(event.get("event.reason") or event.get("yaodun.trust.verdict") or "—")[:80],
                ),
                (when(event["@timestamp"], visit), "num quiet"),
            )
            for event in page.events
        ]
    if not rows:
        return card(
            t("assets.certificates"), empty(t("assets.no_certificates"), t("assets.no_certificates_why")), lined=True
        )
    heads = [(t("assets.certificate"), ""), (t("column.state"), ""), (t("column.last_seen"), "num")]
    return card(t("assets.certificates"), html.Div(table(heads, rows, ("auto", "180px", "110px")), className="scroll"))


async def body(visit: Visit) -> Component:
    """The list, or one asset."""
    if not asset_of(visit):
        return html.Div([await held(listing, visit)], className="page")
    (top, listed), left, right = await asyncio.gather(
        held_all(visit, head, known), held_all(visit, alerts, certificates), held(relations, visit)
    )
    boxes: list[Component] = []
    if visit.may("register.edit"):
        try:
            boxes = [_form((await _card(visit)).asset)]
        except AppError:
            boxes = []  # the part says what is wrong
    lower = html.Div([html.Div(left, className="stacked"), right], className="cols-2")
    return html.Div([top, lower, listed, html.Div(boxes, className="dialogs")], className="page")


def _form(asset: Asset) -> Component:
    values = {"name": asset.name, "kind": asset.kind, "system": asset.system, "unit": asset.unit, "zone": asset.zone}
    fields = [
        text_field(name, t(f"assets.{name}"), value=value, required=name == "name") for name, value in values.items()
    ]
    fields.append(
        text_field(
            "importance", t("assets.importance"), value=f"{asset.importance:g}", hint=t("assets.importance_hint")
        )
    )
    return dialog("asset", t("assets.change"), fields, t("devices.save"), "assets.save", {"asset": asset.id})


@command("assets.save")
async def save(visit: Visit, args: Args) -> Outcome:
    """Say whose it is."""
    found = await visit.ask(visit.rooms.register.asset, str(args.get("asset", "")))
    told = {name: str(args.get(name, "")).strip() for name in FIELDS}
    try:
        weight = float(told.pop("importance") or 0.5)
    except ValueError:
        raise AppError(
            ErrorKind.INVALID, "dashboards.devices.wrong", place="importance", problem=str(args.get("importance"))[:40]
        ) from None
    made = msgspec.structs.replace(found.asset, **told, importance=weight)
    await visit.ask(visit.rooms.register.save_asset, visit.actor, made)
    return Outcome(t("devices.saved"), topics=("health",))


PARTS = (listing, head, known, alerts, relations, certificates)
PAGE = Page("assets", "/register", body, PARTS, action="register.read")
