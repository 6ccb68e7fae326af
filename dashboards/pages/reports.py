"""Reports (报告): situation reports of days, weeks and months."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.elements import Content, act, card, cells, chip, link, quiet, table, when
from dashboards.design.states import empty
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.views.figures import amount
from dashboards.visit import Visit
from dashboards.words import t
from infra.text import language, say
from infra.text.catalogue import Language
from ops.reports import Kind, period_of
from ops.reports.figures import Situation
from ops.reports.paper import said
from ops.reports.service import Written


def kind_of(visit: Visit) -> Kind:
    """The kind of the address; daily without one."""
    try:
        return Kind(visit.param("period", Kind.DAILY))
    except ValueError:
        return Kind.DAILY


@part("reports.now", topics="work incidents", params="period")
async def now(visit: Visit) -> Content:
    """The figures of the period so far."""
    kind = kind_of(visit)
    found = await visit.ask(visit.rooms.work.reports.figures, period_of(kind, visit.now, current=True))
    links = [
        link(
            t(f"reports.kind.{each}"),
            visit.here(period=each if each is not Kind.DAILY else None),
            className="on" if each is kind else "",
        )
        for each in Kind
    ]
    switch = html.Span(links, className="seg", role="group", **{"aria-label": t("page.reports")})
    return card(
        t("reports.so_far", name=found.period.name),
        html.Div(_blocks(found), className="figure-blocks"),
        aside=switch,
        lined=True,
    )


def _blocks(found: Situation) -> list[Component]:
    blocks = (
        ("posture", found.posture),
        ("alerts", found.alerts),
        ("incidents", (*found.incidents, *found.durations)),
        ("work", found.work),
        ("inspections", found.inspections),
    )
    return [
        html.Div(
            [
                html.H3(say(f"ops.reports.{name}"), className="inner-title"),
                html.Div(
                    [_line(say(f"ops.reports.figure.{figure.name}"), said(figure), figure.href) for figure in figures],
                    className="list",
                ),
            ]
        )
        for name, figures in blocks
    ]


def _line(words: str, value: str, href: str) -> Component:
    inside = [html.Span(words, className="grow cut"), html.B(value)]
    return link(inside, href) if href else html.Div(inside)


@part("reports.list", topics="work", params="period")
async def listing(visit: Visit) -> Content:
    """Reports that were written."""
    kind = kind_of(visit)
    found = await visit.ask(visit.rooms.work.reports.listed, kind)
    aside = (
        act(t("reports.write"), "reports.write", key="n", kind="small main-act", period=kind)
        if visit.may("reports.write")
        else ""
    )
    if not found:
        return card(
            t("reports.written"),
            empty(t("reports.none"), t("reports.none_why"), drawing="reports"),
            aside=aside,
            lined=True,
        )
    heads = [
        (t("reports.report"), ""),
        (t("frame.language"), ""),
        (t("reports.when"), "num"),
        ("SHA-256", ""),
        ("", ""),
    ]
    rows = [_row(report, visit) for report in found]
    return card(
        t("reports.written"),
        table(heads, rows, ("auto", "80px", "110px", "110px", "130px")),
        hint=amount(float(len(found))),
        aside=aside,
        lined=True,
    )


def _row(report: Written, visit: Visit) -> Component:
    base = f"/api/v1/reports/{report.id}"
    files = html.Span(
        [
            html.A("HTML", href=f"{base}?kind=html", target="_blank"),
            html.A("Word", href=f"{base}?kind=docx", download=f"{report.id}.docx"),
        ],
        className="row",
    )
    name = [html.B(report.name), html.Span(report.id, className="under mono")]
    return cells(
        name,
        chip(t(f"language.{'zh' if report.language == Language.ZH else 'en'}")),
        (when(report.written, visit), "num quiet"),
        (quiet(report.hash[:12]), "mono"),
        files,
    )


async def body(visit: Visit) -> Component:
    """The page."""
    return html.Div(html.Div(await held_all(visit, now, listing), className="desk-row even"), className="page")


@command("reports.write")
async def write(visit: Visit, args: Args) -> Outcome:
    """Write the last whole period in the viewer's language."""
    visit.rooms.authorizer.demand(visit.actor, "reports.write")
    period = period_of(Kind(str(args.get("period", Kind.DAILY))), visit.now)
    made = await visit.ask(visit.rooms.work.reports.write, visit.actor, period, language())
    return Outcome(t("reports.done", name=made.name), topics=("work",))


PAGE = Page("reports", "/reports", body, (now, listing), action="reports.read", ranged=False)
