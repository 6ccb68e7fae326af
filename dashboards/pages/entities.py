"""Entities (实体): who is at risk, since when, and every contribution that makes it so."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import Content, card, cells, link, pairs, quiet, severity, spark, table, when
from dashboards.design.states import empty
from dashboards.pages.anomalies import entity_link, insight_of, listed
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.rooms.insight import Number, Part, Risky, Stage
from dashboards.views.features import feature, named
from dashboards.views.figures import amount
from dashboards.visit import Visit, address
from dashboards.words import t
from ops.alerts.naming import rule_words

HIGH, MEDIUM = 0.6, 0.3


def level(score: float) -> str:
    """The severity of a risk."""
    return "high" if score >= HIGH else "medium" if score >= MEDIUM else "low" if score > 0.01 else "normal"


@part("entities.risks", topics="alerts")
async def risks(visit: Visit) -> Content:
    """The riskiest now."""
    rows = await visit.ask(insight_of(visit).risks)
    if not rows:
        body = empty(t("entities.none"), t("entities.none_why"), drawing="users")
        return card(t("page.entities"), body, lined=True)
    heads = [(t("entities.risk"), ""), (t("anomalies.entity"), ""), (t("entities.most"), ""), ("", ""),
             (t("entities.when"), "num")]  # fmt: skip
    body = table(heads, [_row(one, visit) for one in rows], ("130px", "220px", "auto", "220px", "110px"))
    return card(t("page.entities"), body, hint=t("entities.hint"), lined=True)


def _row(one: Risky, visit: Visit) -> Component:
    top = one.parts[0]
    return cells(
        _score(one.score),
        entity_link(one.kind, one.entity),
        html.Div([html.B(named("facet_of_risk", top.facet)), " ", feature(top.subject)], className="wrap"),
        html.Div(_worth(top), className="wrap"),
        (when(top.at, visit), "num quiet"),
    )


def _worth(top: Part) -> list[Component]:
    if top.facet == "alert":
        return [severity(top.value)]
    return [html.Span(top.value, className="mono"), quiet(" · " + t("anomalies.usual", value=top.usual))]


def _score(score: float) -> Component:
    return severity(level(score), f"{100 * score:.0f} / 100")


@part("entities.one", topics="alerts")
async def one(visit: Visit) -> Content:
    """One entity: the sentence, the history, the parts, its numbers, its findings."""
    kind, entity = chosen(visit)
    found = await visit.ask(insight_of(visit).entity, kind, entity)
    facts = [
        (t("anomalies.entity"), html.Span(entity, className="mono")),
        (t("entities.kind"), named("entity_kind", kind)),
        (t("entities.risk"), _score(found.score)),
    ]
    if found.node:
        facts.append((t("page.graph"), link(t("entities.in_graph"), address("/graph", node=found.node))))
    line = spark([100 * score for score in found.history], (0.0, 100 * MEDIUM))
    history = html.Div([quiet(t("entities.history")), line], className="facts history-line")
    head = card(entity, [html.Div(pairs(facts), className="facts"), history], lined=True)
    cards = [head, *_stages(found.stages, visit), _parts(found.parts, found.older, visit), _numbers(found.numbers)]
    if found.anomalies:
        title = t("page.anomalies")
        cards.append(card(title, listed(list(found.anomalies), visit), lined=True))
    return html.Div(cards, className="stacked")


def _stages(stages: Sequence[Stage], visit: Visit) -> list[Component]:
    if not stages:
        return []
    hint = t("entities.stages_hint", count=len(stages))
    return [card(t("entities.stages"), html.Div(stage_list(stages, visit), className="facts"), hint=hint, lined=True)]


def stage_list(stages: Sequence[Stage], visit: Visit) -> Component:
    """Tactics in the order they were reached, each with the alert that says so."""
    rows = [
        link(
            [
                html.B(named("tactic", stage.tactic.replace("-", "_"))),
                html.Span(rule_words(stage.rule, stage.title), className="cut grow"),
                when(stage.at, visit),
            ],
            address("/alerts", sel=stage.alert, stack="flat", state="any", tr="30d"),
        )
        for stage in stages
    ]
    return html.Div(rows, className="list tight")


def _parts(parts: Sequence[Part], older: Sequence[Part], visit: Visit) -> Component:
    if not parts and not older:
        body: Content = empty(t("entities.no_parts"), t("entities.no_parts_why"), drawing="check")
        return card(t("entities.parts"), body, lined=True)
    heads = [
        (t("entities.share"), "num"),
        (t("entities.facet"), ""),
        (t("entities.subject"), ""),
        (t("entities.value"), ""),
        (t("entities.usual"), ""),
        (t("anomalies.chance"), "num"),
        (t("entities.when"), "num"),
    ]
    rows = [_part(each, visit) for each in (*parts, *older)]
    widths = ("90px", "150px", "170px", "auto", "auto", "90px", "110px")
    hint = t("entities.parts_hint", count=amount(float(len(parts))))
    return card(t("entities.parts"), table(heads, rows, widths), hint=hint, lined=True)


def _part(each: Part, visit: Visit) -> Component:
    return cells(
        (f"{100 * each.share:.1f}" if each.share else "—", "num"),
        named("facet_of_risk", each.facet),
        feature(each.subject),
        severity(each.value) if each.facet == "alert" else html.Span(each.value, className="mono wrap"),
        html.Span(each.usual, className="mono wrap quiet"),
        ("—" if each.facet == "alert" else f"{each.p:.2g}", "num mono"),
        (when(each.at, visit), "num quiet"),
    )


def _numbers(numbers: Sequence[Number]) -> Component:
    if not numbers:
        return card(t("entities.numbers"), empty(t("entities.no_numbers"), t("entities.no_numbers_why")), lined=True)
    heads = [
        (t("entities.subject"), ""),
        (t("entities.last_hour"), "num"),
        (t("entities.normal"), "num"),
        (t("entities.percentile"), "num"),
        (t("anomalies.hours"), ""),
    ]
    rows = [
        cells(
            feature(each.name),
            (amount(each.value), "num"),
            (f"{amount(each.low)} – {amount(each.high)}", "num quiet"),
            ("—" if each.percentile is None else f"{each.percentile:.1f}", "num"),
            spark(each.series, (each.low, each.high)),
        )
        for each in numbers
    ]
    widths = ("auto", "100px", "140px", "100px", "240px")
    return card(t("entities.numbers"), table(heads, rows, widths), hint=t("entities.numbers_hint"), lined=True)


def chosen(visit: Visit) -> tuple[str, str]:
    """Kind and name of the entity the address names; empty where it names none."""
    kind, _, entity = visit.path.removeprefix("/entities").strip("/").partition("/")
    return kind, unquote(entity)


async def body(visit: Visit) -> Component:
    """The list, or one entity."""
    wanted = one if chosen(visit)[1] else risks
    return html.Div(await held_all(visit, wanted), className="page")


PAGE = Page("entities", "/entities", body, (risks, one), action="analytics.read", ranged=False)
