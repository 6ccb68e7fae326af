"""Anomalies (异常): what stands out though no rule looks for it, drawn, with the reason and what is usual."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import Content, card, cells, link, quiet, severity, spark, table, when
from dashboards.design.states import empty
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.rooms.insight import Anomaly, Insight, Reasoned
from dashboards.views.features import feature, named
from dashboards.views.figures import amount
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.errors import AppError, ErrorKind
from infra.text import known, say

MOST = 100
LEVELS = ("critical", "high", "medium", "low")


def insight_of(visit: Visit) -> Insight:
    """The room; ``AppError(UNAVAILABLE)`` where this process runs without it."""
    if visit.rooms.insight is None:
        raise AppError(ErrorKind.UNAVAILABLE, "dashboards.anomalies.no_room")
    return visit.rooms.insight


@part("anomalies.found", topics="alerts", params="kind level")
async def found(visit: Visit) -> Content:
    """The newest, with the hours of the feature that stands out."""
    rows = await visit.ask(insight_of(visit).anomalies, MOST)
    wanted = [one for one in rows if visit.param("kind") in ("", one.kind) and visit.param("level") in ("", one.level)]
    if not wanted:
        body = empty(t("anomalies.none"), t("anomalies.none_why"), t("anomalies.see_models"), address("/models"),
                     drawing="anomalies")  # fmt: skip
        return card(t("page.anomalies"), body, lined=True)
    hint = t("anomalies.n_found", count=amount(float(len(wanted))))
    return card(t("page.anomalies"), listed(wanted, visit), hint=hint, lined=True)


def listed(rows: list[Anomaly], visit: Visit) -> Component:
    """Findings as a table."""
    heads = [
        (t("column.level"), ""),
        (t("anomalies.what"), ""),
        (t("anomalies.entity"), ""),
        (t("anomalies.why"), ""),
        (t("anomalies.hours"), ""),
        (t("anomalies.chance"), "num"),
        (t("column.last_seen"), "num"),
    ]
    widths = ("90px", "auto", "170px", "auto", "150px", "90px", "110px")
    return table(heads, [_row(one, visit) for one in rows], widths)


def _row(one: Anomaly, visit: Visit) -> Component:
    times = quiet(t("anomalies.times", count=amount(float(one.count)))) if one.count > 1 else None
    return cells(
        severity(one.level),
        html.Div(
            [link(title_of(one), address("/alerts", sel=one.alert), className="rowlink"), " ", times], className="wrap"
        ),
        entity_link(one.kind, one.entity),
        html.Div([_reason(reason) for reason in one.reasons[:3]], className="wrap"),
        _drawn(one),
        (one.p, "num mono"),
        (when(one.at, visit), "num quiet"),
    )


def title_of(one: Anomaly) -> str:
    """What was found, in the reader's language: alerts keep the words of the site's."""
    kind = one.rule.removeprefix("analytics.")
    first = one.reasons[0] if one.reasons else None
    if kind == one.rule or not known(f"analytics.scheduled.{kind}"):
        return one.title
    if kind == "drift" or first is None:
        subject = one.entity
    else:
        subject = first.value if kind == "lateral" else feature(first.feature)
    return say(f"analytics.scheduled.{kind}", subject=subject)


def entity_link(kind: str, entity: str) -> Component:
    """An entity, with its kind below, leading to its page."""
    words = [link(entity, address(f"/entities/{kind}/{quoted(entity)}"), className="rowlink mono"),
             html.Span(named("entity_kind", kind), className="under")]  # fmt: skip
    return html.Span(words)


def quoted(entity: str) -> str:
    """An entity as one step of an address."""
    from urllib.parse import quote

    return quote(entity, safe="")


def _reason(reason: Reasoned) -> Component:
    """Feature, value, usual value, percentile, in one line."""
    parts: list[Content] = [html.B(feature(reason.feature)), " ", html.Span(reason.value, className="mono")]
    if reason.usual:
        parts.append(quiet(" · " + t("anomalies.usual", value=reason.usual)))
    if reason.percentile is not None:
        parts.append(quiet(" · " + t("anomalies.percentile", value=f"{reason.percentile:.1f}")))
    return html.Div(parts, className="wraps")


def _drawn(one: Anomaly) -> Content:
    if len([value for value in one.series if value is not None]) < 2:
        return quiet("—")
    return html.Div([spark(one.series, one.band), html.Span(feature(one.feature), className="under")])


async def body(visit: Visit) -> Component:
    """The page."""
    return html.Div(await held_all(visit, found), className="page")


PAGE = Page("anomalies", "/anomalies", body, (found,), action="analytics.read", ranged=False)
