"""Intelligence (情报): what is known to be bad, from whom, how old, how often it was met, and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboards.design.dialog import text_field
from dashboards.design.elements import Content, card, cells, chip, link, quiet, severity, table, when
from dashboards.design.states import empty
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.rooms.intelligence import Collection, Feed, Indicator, Intelligence
from dashboards.views.figures import amount
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.errors import AppError, ErrorKind

SHOWN = 100


def _room(visit: Visit) -> Intelligence:
    if visit.rooms.intelligence is None:
        raise AppError(ErrorKind.UNAVAILABLE, "dashboards.intelligence.no_room")
    return visit.rooms.intelligence


@part("intelligence.feeds", topics="alerts tick")
async def feeds(visit: Visit) -> Content:
    """Every feed, those with problems first."""
    found = await visit.ask(_room(visit).overview)
    if not found.feeds and not found.collections:
        body = empty(t("intelligence.none"), t("intelligence.none_why", folder=found.folder), drawing="search")
        return card(t("page.intelligence"), body, lined=True)
    heads = [
        (t("intelligence.source"), ""),
        (t("intelligence.counting"), "num"),
        (t("intelligence.expired"), "num"),
        (t("intelligence.age"), ""),
        (t("intelligence.hits"), "num"),
        (t("intelligence.taken"), "num"),
        (t("intelligence.refused"), ""),
    ]
    ranked = sorted(found.feeds, key=lambda feed: (not feed.problem, -feed.signals, feed.source))
    widths = ("auto", "100px", "90px", "190px", "150px", "110px", "34%")
    kinds = [chip(f"{t(f'intelligence.kind.{kind}')} {amount(float(count))}") for kind, count in found.kinds.items()]
    read = html.Span([t("intelligence.read"), " ", when(found.read, visit) if found.read else "—"], className="quiet")
    top = html.Div([*kinds, quiet(found.folder), html.Span(read, className="push")], className="row facts wraps-row")
    parts: list[Component] = [top, table(heads, [_feed(feed, visit) for feed in ranked], widths)]
    if found.collections:
        parts.append(_collections(found.collections, visit))
    return card(t("page.intelligence"), parts, hint=amount(float(len(found.feeds))), lined=True)


def _feed(feed: Feed, visit: Visit) -> Component:
    age = [when(feed.oldest, visit), " – ", when(feed.newest, visit)] if feed.oldest else ["—"]
    met = link(t("intelligence.met", alerts=feed.alerts, signals=amount(float(feed.signals))),
               address("/alerts", origin="intelligence", stack="flat", state="any", tr="30d", q=""))  # fmt: skip
    wrong = severity("high", t("intelligence.n_refused", count=feed.refused)) if feed.refused else severity(
        "normal", t("intelligence.all_good"))  # fmt: skip
    return cells(
        html.Span(feed.source, className="mono wrap"),
        (amount(float(feed.counting)), "num"),
        (amount(float(feed.expired)), "num quiet"),
        html.Span(age, className="quiet"),
        (met if feed.alerts else quiet("0"), "num"),
        (when(feed.taken, visit), "num quiet"),
        html.Div([wrong, html.Span(feed.problem, className="under wrap") if feed.problem else None]),
    )


def _collections(found: Sequence[Collection], visit: Visit) -> Component:
    heads = [
        (t("intelligence.collection"), ""),
        (t("intelligence.asked"), "num"),
        (t("intelligence.after"), ""),
        ("", ""),
    ]
    rows = [
        cells(
            html.Span(one.address, className="mono wrap"),
            (when(one.asked, visit) if one.asked else "—", "num quiet"),
            quiet(one.after or "—"),
            _answered(one),
        )
        for one in found
    ]
    return table(heads, rows, ("auto", "110px", "220px", "34%"))


def _answered(one: Collection) -> Component:
    if one.problem:
        return severity("high", one.problem)
    return severity("normal", t("intelligence.answered")) if one.asked else quiet(t("intelligence.not_asked"))


@part("intelligence.indicators", params="q")
async def indicators(visit: Visit) -> Content:
    """Indicators by the beginning of their value."""
    text = visit.param("q")[:200]
    form = html.Form(
        [
            text_field("q", t("intelligence.begins"), required=False, value=text),
            html.Button(t("intelligence.find"), className="button", type="submit"),
        ],
        className="form line-form",
        key=text,
        **{"data-refine": "1"},
    )
    found = await visit.ask(_room(visit).find, text, SHOWN)
    if not found:
        return card(
            t("intelligence.indicators"),
            [html.Div(form, className="facts"), empty(t("intelligence.nothing"), "")],
            lined=True,
        )
    heads = [
        (t("intelligence.value"), ""),
        (t("intelligence.what"), ""),
        (t("intelligence.source"), ""),
        (t("intelligence.confidence"), "num"),
        (t("intelligence.since"), "num"),
        (t("intelligence.until"), "num"),
    ]
    rows = [_indicator(one, visit) for one in found]
    body = html.Div(table(heads, rows, ("auto", "110px", "24%", "90px", "110px", "170px")), className="scroll tall")
    return card(
        t("intelligence.indicators"),
        [html.Div(form, className="facts"), body],
        hint=t("intelligence.first", count=len(found)),
        lined=True,
    )


def _indicator(one: Indicator, visit: Visit) -> Component:
    over = one.until <= visit.now
    name = html.Span(one.name, className="under wrap") if one.name else None
    return cells(
        html.Div([html.Span(one.value, className="mono wrap"), name]),
        t(f"intelligence.kind.{one.kind}"),
        html.Span(one.source, className="mono wrap quiet"),
        (str(one.confidence), "num"),
        (when(one.since, visit), "num quiet"),
        (html.Span([when(one.until, visit), " ", chip(t("intelligence.over")) if over else ""]), "num quiet"),
    )


async def body(visit: Visit) -> Component:
    """The page."""
    return html.Div(await held_all(visit, feeds, indicators), className="page")


PAGE = Page("intelligence", "/intelligence", body, (feeds, indicators), action="rules.read", ranged=False)
