"""Rules (检测规则): which there are, what came of each, which are blind, on trial or off, and which do not work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dash import html
from dash.development.base_component import Component

from dashboards.design.dialog import text_field
from dashboards.design.elements import Content, card, cells, chip, icon, link, quiet, severity, spark, table
from dashboards.design.states import empty
from dashboards.pages import rule_acts as one
from dashboards.pages.page import Page
from dashboards.pages.rule import chosen, desk_of, sight_words, state_words
from dashboards.parts import held_all, part
from dashboards.views.figures import amount
from dashboards.visit import Visit, address
from dashboards.words import t
from ops.alerts.naming import rule_words

if TYPE_CHECKING:
    from analytics.rules.listing import RuleFilter, RuleLine, RulePage
    from analytics.rules.rule import Failure

SHOWN = 100
ANY = "*/*/*"
"""The log source of a correlation: it has none of its own."""
FACETS = {
    "state": ("enabled", "canary", "disabled"),
    "level": ("critical", "high", "medium", "low", "informational"),
    "origin": ("shipped", "imported", "site"),
    "sight": ("fed", "blind", "unknown"),
}
ASKED = "q state level origin sight most"
WIDTHS = ("auto", "100px", "190px", "150px", "110px", "150px", "120px")


@part("rules.list", topics="rules alerts", params=ASKED)
async def listing(visit: Visit) -> Content:
    """Every rule that loads, those with signals first."""
    desk, most = (
        desk_of(visit),
        min(2000, int(visit.param("most") or SHOWN) if visit.param("most").isdigit() else SHOWN),
    )
    page = await visit.ask(lambda: desk().find(_filter(visit), 0, most))
    new = link(t("rules.new"), address("/rules/new"), className="button small") if visit.may("rules.test") else ""
    head = html.Div([_search(visit), html.Div(_facets(page, visit), className="rules-facets")], className="facts")
    if not page.lines:
        nothing = empty(t("rules.none"), t("rules.none_why"), t("rules.clear"), address("/rules"))
        return card(t("page.rules"), [head, nothing], aside=new, lined=True)
    heads = [
        (t("rules.rule"), ""),
        (t("column.level"), ""),
        (t("rules.source"), ""),
        (t("rules.hits"), ""),
        (t("rules.precision"), "num"),
        (t("rules.sight"), ""),
        (t("column.state"), ""),
    ]
    body: list[Component] = [head, table(heads, [_row(line, visit) for line in page.lines], WIDTHS)]
    if page.total > len(page.lines):
        more = link(t("rules.more", count=page.total - len(page.lines)), visit.here(most=str(most + 400)))
        body.append(html.Div(more, className="facts"))
    return card(t("page.rules"), body, hint=t("rules.count", count=amount(float(page.total))), aside=new)


def _filter(visit: Visit) -> RuleFilter:
    from analytics.rules.listing import RuleFilter

    sight = visit.param("sight")
    return RuleFilter(
        text=visit.param("q")[:200],
        state=visit.param("state"),
        level=visit.param("level"),
        origin=visit.param("origin"),
        blind={"blind": True, "fed": False}.get(sight),
    )


def _search(visit: Visit) -> Component:
    return html.Form(
        [
            text_field("q", t("rules.search"), required=False, value=visit.param("q")[:200]),
            html.Button(t("rules.filter"), className="button", type="submit"),
        ],
        className="form line-form",
        key=visit.param("q"),
        **{"data-refine": "1"},
    )


def _facets(page: RulePage, visit: Visit) -> list[Component]:
    """Every value there is with its count; the chosen one takes itself back."""
    rows = []
    for name, order in FACETS.items():
        counts = page.facets[name]
        links = [
            link(
                [f"{_facet_words(name, value)} ", quiet(amount(float(counts[value])))],
                visit.here(**{name: None if visit.param(name) == value else value, "most": None}),
                className="chip on" if visit.param(name) == value else "chip",
            )
            for value in order
            if counts.get(value)
        ]
        rows.append(html.Div([quiet(t(f"rules.by.{name}")), *links], className="row"))
    return rows


def _facet_words(name: str, value: str) -> str:
    return t(f"level.{value}") if name == "level" else t(f"rules.of_{name}.{value}")


def _row(line: RuleLine, visit: Visit) -> Component:
    marks = [chip(technique) for technique in line.techniques[:2]]
    if line.feeds:
        marks.append(chip(t("rules.feeds_only"), tag=True))
    name = [
        link(rule_words(line.id, line.title), address(f"/rules/{line.id}"), className="rowlink"),
        html.Span([*marks, quiet(line.author)], className="under row"),
    ]
    return cells(
        html.Div(name),
        severity(line.level),
        _source(line),
        _hits(line),
        (_precision(line), "num"),
        sight_words(line),
        state_words(line),
    )


def _source(line: RuleLine) -> Component:
    if line.logsource == ANY:
        return quiet(t("rules.correlation"))
    return html.Span(line.logsource, className="mono cut", title=line.logsource)


def _hits(line: RuleLine) -> Component:
    total = sum(line.outcome.days)
    words = html.Span(amount(float(total)), title=" ".join(map(str, line.outcome.days)))
    return html.Div([words, spark([float(day) for day in line.outcome.days])] if total else [quiet("0")],
                    className="rules-hits")  # fmt: skip


def _precision(line: RuleLine) -> Content:
    precision = line.outcome.precision
    if precision is None:
        return quiet("—")
    of = quiet(t("rules.of_judged", count=line.outcome.judged))
    return html.Span([f"{precision:.0%} ", of])


@part("rules.failures", topics="rules")
async def failures(visit: Visit) -> Content:
    """Rules that do not work, with the place and what to do; nothing where all do."""
    found: Sequence[Failure] = await visit.ask(lambda: desk_of(visit)().failures())
    if not found:
        return ""
    heads = [(t("rules.place"), ""), (t("rules.problem"), ""), (t("rules.remedy"), "")]
    rows = [
        cells(html.Span(one.place, className="mono wrap"), (one.problem, "wrap"), (one.remedy, "wrap quiet"))
        for one in found[:SHOWN]
    ]
    body = table(heads, rows, ("34%", "36%", "30%"))
    return card(t("rules.broken"), body, hint=t("rules.count", count=amount(float(len(found)))), lined=True)


async def body(visit: Visit) -> Component:
    """The list, one rule, or a new one."""
    if chosen(visit):
        return await one.body(visit)
    legend = html.P([icon("help"), " ", t("rules.legend")], className="quiet")
    return html.Div([*await held_all(visit, listing, failures), legend], className="page rules")


PAGE = Page("rules", "/rules", body, (listing, failures, *one.PARTS), action="rules.read", ranged=False)
