"""Cryptography register (密评): uses with algorithms, keys and endpoints; what is not certified is said so."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import choice, dialog, text_field
from dashboards.design.elements import (
    Content,
    card,
    cells,
    chip,
    gauge,
    icon,
    opener,
    quiet,
    segment,
    severity,
    table,
)
from dashboards.design.states import empty
from dashboards.pages.graded_tabs import percent_bar, room, tab_line
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.visit import Visit
from dashboards.words import t
from infra.text import say
from ops.evaluation.cryptography import Assessed, CryptoUse, Layer

SHOWN = 300


@part("filing_crypto.score", topics="graded", params="object", wears="gauges")
async def score(visit: Visit) -> Content:
    """The assessment over all layers, each layer beside it; a layer without a known use is unseen, not empty."""
    found = await visit.ask(room(visit).crypto.assess, visit.param("object"))
    boxes = [
        gauge(t("crypto.score"), f"{found.score:g}", t("crypto.passes" if found.passes else "crypto.fails")),
    ]
    for layer in Layer:
        credit = found.layers.get(layer)
        value = "—" if credit is None else f"{100 * credit:.0f} %"
        boxes.append(
            gauge(t(f"crypto.layers.{layer}"), value, t("crypto.unseen") if credit is None else t("crypto.of_layer"))
        )
    return boxes


@part("filing_crypto.uses", topics="graded", params="object")
async def uses(visit: Visit) -> Content:
    """Every use, the weakest first."""
    graded = room(visit)
    by_object = await visit.ask(graded.crypto.uses)
    owner = {use.id: name for name, listed in by_object.items() for use in listed}
    found = await visit.ask(graded.crypto.assess, visit.param("object"))
    add = (
        opener(html.Span([icon("plus"), t("crypto.enter")], className="row"), "crypto", key="n", kind="small")
        if visit.may("evaluation.crypto")
        else ""
    )
    switch = segment(
        [(t("filing.choices.all"), visit.here(object=None), not visit.param("object"))]
        + [(name, visit.here(object=name), visit.param("object") == name) for name in sorted(by_object)[:12]],
        t("column.system"),
    )
    if not found.uses:
        return card(
            t("crypto.register"), empty(t("crypto.none"), t("crypto.none_why"), drawing="trust"), aside=add, lined=True
        )
    heads = [
        (t("crypto.layer"), ""), (t("crypto.purpose"), ""), (t("column.system"), ""), (t("crypto.algorithms"), ""),
        (t("crypto.key"), ""), (t("crypto.module"), ""), ("D", ""), ("A", ""), ("K", ""), (t("crypto.credit"), ""),
        (t("filing.source"), ""),
    ]  # fmt: skip
    widths = ("110px", "auto", "96px", "17%", "15%", "190px", "54px", "54px", "54px", "112px", "90px")
    rows = [_row(each, owner.get(each.use.id, "")) for each in found.uses[:SHOWN]]
    note = html.P(t("crypto.software_note"), className="quiet facts")
    return card(
        t("crypto.register"),
        [table(heads, rows, widths), note],
        hint=t("crypto.uncertified", count=sum(not each.certified for each in found.uses), total=len(found.uses)),
        aside=html.Span([switch, add], className="row"),
        lined=True,
    )


def _row(each: Assessed, owner: str) -> Component:
    use = each.use
    module = use.module_certificate or say(each.note_key)
    return cells(
        t(f"crypto.layers.{use.layer}"),
        html.Span(use.purpose, title=use.id),
        owner,
        html.Span([chip(name, tag=False) for name in use.algorithms[:5]], className="row"),
        html.Span(use.key or use.endpoint or "—", className="mono", title=use.key or use.endpoint),
        severity("normal" if each.certified else "medium", module),
        _mark(good=each.effective), _mark(good=each.approved), _mark(good=each.certified),
        percent_bar(each.credit),
        quiet(t(f"crypto.source.{use.source}") if use.source in ("wire", "trust", "entered") else use.source or "—"),
    )  # fmt: skip


def _mark(*, good: bool) -> Component:
    return severity("normal", t("filing.yes")) if good else severity("high", t("filing.no"))


@part("filing_crypto.dialogs", wears="dialogs")
async def dialogs(visit: Visit) -> Content:
    """A use entered by hand."""
    objects = [
        choice("object", each.id, each.name, required=True)
        for each in (await visit.ask(room(visit).nouns.systems))[:20]
    ]
    layers = [
        choice("layer", layer, t(f"crypto.layers.{layer}"), checked=layer is Layer.APPLICATION) for layer in Layer
    ]
    fields = [
        html.Div(objects, className="choices two-up"),
        html.Div(layers, className="choices two-up"),
        text_field("purpose", t("crypto.purpose")),
        text_field("algorithms", t("crypto.algorithms"), hint="SM2, SM3, SM4"),
        text_field("key", t("crypto.key"), required=False),
        text_field("endpoint", t("crypto.endpoint"), required=False),
        text_field("certificate", t("crypto.module"), required=False, hint=t("crypto.module_hint")),
    ]
    return dialog("crypto", t("crypto.enter"), fields, t("crypto.enter"), "crypto.enter")


async def body(visit: Visit) -> Component:
    """The page."""
    return html.Div([tab_line(visit), *await held_all(visit, score, uses, dialogs)], className="page")


@command("crypto.enter")
async def enter(visit: Visit, args: Args) -> Outcome:
    """Enter a use."""
    wanted = str(args.get("object", ""))[:64]
    visit.rooms.authorizer.demand(visit.actor, "evaluation.crypto", f"object:{wanted}")
    said = {name: str(args.get(name, "")).strip()[:200] for name in ("purpose", "key", "endpoint", "certificate")}
    names = tuple(str(args.get("algorithms", "")).replace("，", ",").replace(",", " ").upper().split())[:12]
    layer = Layer(str(args.get("layer", Layer.APPLICATION)))
    use = CryptoUse(
        id=f"{layer}/{said['purpose']}/{said['endpoint'] or said['key']}"[:180], layer=layer, purpose=said["purpose"],
        algorithms=names,
        key=said["key"], endpoint=said["endpoint"], module_certificate=said["certificate"], source="entered",
    )  # fmt: skip
    await visit.ask(room(visit).crypto.enter, visit.actor, wanted, use)
    return Outcome(t("filing.saved"), topics=("graded",))


PAGE = Page(
    "filing_crypto",
    "/filing/crypto",
    body,
    (score, uses, dialogs),
    action="evaluation.read",
    ranged=False,
)
