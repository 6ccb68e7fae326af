"""Graph (关系图): what can be reached from outside, where to cut, and any node's surroundings, step by step."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from dash import dcc, html
from dash.development.base_component import Component

from analytics.graph.credentials import short
from dashboards.design.elements import Content, card, cells, chip, link, pairs, quiet, severity, table, when
from dashboards.design.states import empty
from dashboards.pages.anomalies import insight_of
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.views.features import named
from dashboards.views.figures import amount, percent
from dashboards.views.surroundings import surroundings
from dashboards.visit import Visit, address
from dashboards.words import t

if TYPE_CHECKING:
    from analytics.graph.desk import Near, NodeView
    from analytics.graph.digest import Digest, Exposed, Repair, Share

STEP, MOST = 40, 300
"""Nodes first shown, and shown at most."""
LIKELY, POSSIBLE = 0.05, 0.005


def level(probability: float) -> str:
    """The severity of being reached with this probability."""
    return "high" if probability >= LIKELY else "medium" if probability >= POSSIBLE else "low"


def spoken(node: str) -> str:
    """A node id for a reader: without the words that say its kind."""
    if node == "outside":
        return t("graph.outside")
    kind, _, rest = node.partition(":")
    if kind == "credential":
        return f"{named('credential_kind', rest.partition(':')[0])} {short(rest)}"
    return spoken(rest) if kind == "service" else rest or node


def place(node: str) -> Component:
    """A node that leads to its surroundings."""
    return link(spoken(node), address("/graph", node=node), className="rowlink mono", title=node)


@part("graph.find", params="q")
async def find(visit: Visit) -> Content:
    """The search box, and what it found."""
    label = t("graph.find")
    box = dcc.Input(
        type="search", placeholder=label, name="q", value=visit.param("q"), autoComplete="off", debounce=False
    )
    form = html.Form(
        html.Label([html.Span(label, className="hidden"), box], className="grow row"),
        className="entry",
        role="search",
        **{"data-goto": address("/graph")},
    )
    if not visit.param("q"):
        return form
    nodes = await visit.ask(insight_of(visit).find, visit.param("q"))
    hits: Content = [html.Span([place(node.id), quiet(node.label), chip(named("node_kind", str(node.kind)))],
                               className="row") for node in nodes] or quiet(t("graph.not_found"))  # fmt: skip
    return html.Div([form, card(t("graph.hits"), html.Div(hits, className="list"), lined=True)], className="stacked")


@part("graph.node", params="node most hops")
async def one(visit: Visit) -> Content:
    """A node: the drawing and the facts; nothing where the address names none."""
    wanted = visit.param("node")
    if not wanted:
        return ""
    room, hops = insight_of(visit), min(3, max(1, _number(visit, "hops", 1)))
    near = await visit.ask(room.near, wanted, hops, min(MOST, _number(visit, "most", STEP)))
    view = await visit.ask(room.node, wanted)
    return html.Div([_drawing(wanted, near, visit, hops), _facts(view, visit)], className="stacked")


def _number(visit: Visit, name: str, usual: int) -> int:
    text = visit.param(name)
    return int(text) if text.isdecimal() and len(text) < 6 else usual


def _drawing(wanted: str, near: Near, visit: Visit, hops: int) -> Component:
    shown = _shown(wanted, near, visit)
    said = "；".join(f"{node['kind']} {node['words']}" for node in shown["nodes"])
    attributes = {"data-graph": json.dumps(shown, ensure_ascii=False), "aria-label": said}
    rows = max(3, _tallest(shown))
    box = html.Div(className="graph", role="group", style={"minHeight": f"{90 + 56 * rows}px"}, **attributes)
    most = min(MOST, _number(visit, "most", STEP))
    acts: list[Content] = [link(t("graph.back"), address("/graph"), className="button small")]
    if near.cut and most < MOST:
        acts.append(link(t("graph.more"), visit.here(most=str(most + 2 * STEP)), className="button small"))
    if hops < 3:
        acts.append(link(t("graph.further"), visit.here(hops=str(hops + 1)), className="button small"))
    hint = t("graph.shown_cut" if near.cut else "graph.shown", count=amount(float(len(near.nodes))))
    return card(spoken(wanted), box, hint=hint, aside=html.Span(acts, className="row"), lined=True)


def _tallest(shown: dict[str, Any]) -> int:
    """Nodes in the highest column of the drawing."""
    return max(Counter(node["x"] for node in shown["nodes"]).values(), default=1)


def _shown(wanted: str, near: Near, visit: Visit) -> dict[str, Any]:
    nodes = [
        {
            "id": node.id,
            "kind": named("node_kind", str(node.kind)),
            "words": node.label or spoken(node.id),
            "level": "critical" if node.jewel else "low" if node.id == wanted else "",
        }
        for node in near.nodes
    ]
    edges = {
        (edge.source, edge.target): {
            "from": edge.source,
            "to": edge.target,
            "words": named("edge_kind", edge.kind.partition(":")[0].replace("-", "_")),
            "level": "",
        }
        for edge in near.edges
        if edge.source != edge.target
    }
    return surroundings(wanted, nodes, list(edges.values()), lambda node: address("/graph", node=node))


def _facts(view: NodeView, visit: Visit) -> Component:
    way: list[Content] = []
    for step in view.way:
        way += [" → ", place(step)] if way else [place(step)]
    reached = "，".join(f"{named('node_kind', kind)} {amount(float(count))}" for kind, count in view.reached.items())
    harms = [html.Span([place(node), quiet(percent(chance))], className="row")
             for node, chance in list(view.harms.items())[:8]]  # fmt: skip
    rows: list[tuple[str, Content]] = [
        (t("graph.kind"), named("node_kind", str(view.kind))),
        (t("graph.id"), html.Span(view.id, className="mono")),
        (t("graph.jewel"), severity("critical", t("graph.yes")) if view.jewel else t("graph.no")),
        (
            t("graph.exposure"),
            severity(level(view.exposure), f"{view.exposure:.2%}") if way else t("graph.not_reached"),
        ),
        (t("graph.way"), html.Div(way or "—", className="wrap")),
        (t("graph.blast"), f"{view.blast:.2f}"),
        (t("graph.reached"), reached or "—"),
        (t("graph.harms"), html.Div(harms or "—", className="list")),
    ]
    return card(t("graph.facts"), html.Div(pairs(rows, one=True), className="facts"), lined=True)


@part("graph.whole", topics="health")
async def whole(visit: Visit) -> Content:
    """The digest: exposed jewels, choke points, repairs, reach, odd logins."""
    if visit.param("node"):
        return ""
    found = await visit.ask(insight_of(visit).digest)
    if found is None:
        return card(t("page.graph"), empty(t("graph.none"), t("graph.none_why"), drawing="graph"), lined=True)
    return html.Div([_exposed(found, visit), _cuts(found), _reach(found, visit)], className="stacked")


def _exposed(found: Digest, visit: Visit) -> Component:
    counts = "，".join(f"{named('node_kind', kind)} {amount(float(count))}" for kind, count in found.nodes.items())
    hint = [t("graph.taken"), " ", when(found.taken, visit), " · ", counts]
    if not found.exposed:
        body: Content = empty(t("graph.nothing_exposed", count=found.unreached), t("graph.nothing_exposed_why"))
        return card(t("graph.exposed"), body, hint=hint, lined=True)
    heads = [(t("graph.jewel"), ""), (t("graph.probability"), ""), (t("graph.way"), ""), (t("graph.value"), "num")]
    rows = [_jewel(one) for one in found.exposed]
    body = table(heads, rows, ("220px", "120px", "auto", "80px"))
    return card(t("graph.exposed"), body, hint=hint, lined=True)


def _jewel(one: Exposed) -> Component:
    way: list[Content] = []
    for step in one.ways[0].nodes if one.ways else ():
        way += [" → ", place(step)] if way else [place(step)]
    return cells(
        place(one.jewel),
        severity(level(one.probability), f"{one.probability:.2%}"),
        html.Div(way, className="wrap"),
        (f"{one.value:.2f}", "num"),
    )


def _cuts(found: Digest) -> Component:
    repairs = [_repair(one, found.total) for one in found.repairs if one.gain > 0]
    heads = [(t("graph.edge"), ""), (t("graph.gain"), "num"), (t("graph.protects"), "")]
    body: Content = table(heads, repairs, ("auto", "110px", "auto")) if repairs else empty(t("graph.no_repair"))
    chokes = [_share(one, percent(one.amount)) for one in found.chokes]
    side: Content = table([(t("graph.node"), ""), (t("graph.through"), "num")], chokes) if chokes else empty(
        t("graph.no_choke"))  # fmt: skip
    return html.Div(
        [card(t("graph.repairs"), body, hint=t("graph.repairs_hint"), lined=True),
         card(t("graph.chokes"), side, hint=t("graph.chokes_hint"), lined=True)],
        className="cols-2",
    )  # fmt: skip


def _repair(one: Repair, total: float) -> Component:
    jewels = html.Div([html.Span(place(jewel), className="row") for jewel in one.jewels[:4]])
    edge = html.Span([place(one.source), " → ", place(one.target)], className="wrap")
    return cells(edge, (percent(one.gain / total if total else 0.0), "num"), jewels)


def _share(one: Share, words: str) -> Component:
    return cells(place(one.node), (words, "num"))


def _reach(found: Digest, visit: Visit) -> Component:
    radii = [_share(one, f"{one.amount:.2f}") for one in found.radii[:10]]
    body: Content = (
        table([(t("graph.node"), ""), (t("graph.blast"), "num")], radii) if radii else empty(t("graph.no_reach"))
    )
    odd = [
        cells(place(one.source), place(one.target), (percent(one.company), "num"), (when(one.at, visit), "num quiet"))
        for one in found.odd
    ]
    heads = [(t("graph.account"), ""), (t("graph.host"), ""), (t("graph.company"), "num"), (t("entities.when"), "num")]
    side: Content = table(heads, odd) if odd else empty(t("graph.no_odd"), t("graph.no_odd_why"), drawing="check")
    return html.Div(
        [card(t("graph.radii"), body, hint=t("graph.radii_hint"), lined=True),
         card(t("graph.odd"), side, hint=t("graph.odd_hint"), lined=True)],
        className="cols-2",
    )  # fmt: skip


async def body(visit: Visit) -> Component:
    """The page."""
    return html.Div(await held_all(visit, find, one, whole), className="page")


PAGE = Page("graph", "/graph", body, (find, one, whole), action="graph.read", ranged=False)
