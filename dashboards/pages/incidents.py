"""Incidents (事件): which are open, who has them, how do we keep time? Below an id: its workspace."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import choice, dialog, text_area, text_field
from dashboards.design.elements import (
    Content,
    card,
    cells,
    chip,
    gauge,
    icon,
    link,
    opener,
    quiet,
    severity,
    table,
    when,
)
from dashboards.design.states import empty
from dashboards.pages import incident
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.views.figures import amount, duration
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.exchange import Level
from infra.text import say
from ops.incidents.case import Case
from ops.incidents.service import IncidentQuery
from ops.incidents.state import State

OPEN = tuple(str(state) for state in State if state is not State.CLOSED)
SHOWN = 100
MONTH = timedelta(days=30)


def query_of(visit: Visit) -> IncidentQuery:
    """The incidents the address means; open ones unless it says otherwise."""
    chosen = visit.many("state")
    states = () if chosen == ("any",) else chosen or OPEN
    owner = visit.actor.id if visit.param("owner") == "me" else None
    return IncidentQuery(
        states=states, levels=visit.many("level"), owner=owner, text=visit.param("q")[:200], limit=SHOWN
    )


@part("incidents.figures", topics="incidents tick", wears="gauges")
async def figures(visit: Visit) -> Content:
    """Open incidents and the median durations of the last 30 days."""
    since = visit.now - MONTH
    counts, means = await asyncio.gather(
        visit.ask(visit.rooms.work.incidents.counts),
        visit.ask(visit.rooms.work.desk.averages, IncidentQuery(since=since)),
    )
    still_open = sum(number for state, number in counts.items() if state != State.CLOSED)
    boxes = [gauge(t("incidents.open"), amount(float(still_open)), t("incidents.open_note", new=counts.get("new", 0)))]
    boxes += [
        gauge(say(f"ops.incidents.duration.{name}"), duration(found.median_s), t("incidents.median", count=found.count))
        for name, found in means.items()
    ]
    if not means:
        boxes.append(gauge(t("incidents.durations"), "—", t("incidents.no_durations")))
    return boxes


@part("incidents.list", topics="incidents people", params="state level owner q")
async def listing(visit: Visit) -> Content:
    """The incidents of the address, newest change first."""
    page = await visit.ask(visit.rooms.work.incidents.find, query_of(visit))
    aside = (
        opener(html.Span([icon("plus"), t("incidents.new")], className="row"), "new", key="n", kind="small")
        if _works(visit)
        else ""
    )
    bar = html.Div([_states(visit), _owners(visit)], className="row facts")
    if not page.incidents:
        body: Component = empty(
            t("incidents.none"),
            t("incidents.none_why"),
            t("incidents.see_alerts"),
            address("/alerts"),
            drawing="incidents",
        )
    else:
        heads = [
            (t("column.level"), ""),
            (t("incidents.incident"), ""),
            (t("column.state"), ""),
            (t("column.owner"), ""),
            (t("incidents.alerts"), "num"),
            (t("column.system"), ""),
            (t("incidents.tasks"), "num"),
            (t("incidents.opened"), "num"),
            (t("incidents.changed"), "num"),
        ]
        widths = ("84px", "auto", "110px", "120px", "64px", "150px", "72px", "104px", "104px")
        body = table(heads, [_row(case, visit) for case in page.incidents], widths)
    hint = t("incidents.count", count=page.total) if page.total else ""
    return card(t("page.incidents"), [bar, body], hint=hint, aside=aside, lined=True)


def _states(visit: Visit) -> Component:
    now = visit.param("state")
    choices = [
        ("", t("incidents.still_open")),
        *((state, say(f"ops.incidents.state.{state}")) for state in State),
        ("any", t("incidents.any")),
    ]
    links = [
        link(words, visit.here(state=value or None), className="on" if value == now else "") for value, words in choices
    ]
    return html.Span(links, className="seg", role="group", **{"aria-label": t("column.state")})


def _owners(visit: Visit) -> Component:
    mine = visit.param("owner") == "me"
    links = [
        link(t("incidents.everybody"), visit.here(owner=None), className="" if mine else "on"),
        link(t("incidents.mine"), visit.here(owner="me"), className="on" if mine else ""),
    ]
    return html.Span(links, className="seg push", role="group", **{"aria-label": t("column.owner")})


def _row(case: Case, visit: Visit) -> Component:
    href = address(f"/incidents/{case.id}")
    name = link([html.B(case.title), html.Span(case.id, className="under mono")], href, className="rowlink")
    done = sum(task.state == "done" for task in case.tasks)
    all_tasks = sum(task.state != "dropped" for task in case.tasks)
    owner = visit.rooms.work.desk.named(case.owner) if case.owner else t("alerts.unassigned")
    return cells(
        severity(case.level),
        name,
        chip(say(f"ops.incidents.state.{case.state}"), tag=case.open),
        owner,
        (amount(float(len(case.alerts))), "num"),
        "、".join(case.systems) or quiet("—"),
        (f"{done} / {all_tasks}" if all_tasks else "—", "num"),
        (when(case.opened, visit), "num quiet"),
        (when(case.changed, visit), "num quiet"),
    )


def _works(visit: Visit) -> bool:
    return visit.may("incidents.work")


async def body(visit: Visit) -> Component:
    """The list, or the workspace of the incident the address names."""
    if incident.incident_of(visit):
        return await incident.body(visit)
    levels = html.Div(
        [choice("level", level, t(f"level.{level}"), checked=level is Level.MEDIUM) for level in reversed(Level)],
        className="choices",
    )
    fields = [
        text_field("title", t("incidents.title")),
        text_area("description", t("incidents.about"), required=False),
        levels,
    ]
    new = dialog("new", t("incidents.new"), fields, t("incidents.open_it"), "incidents.new")
    return html.Div([*await held_all(visit, figures, listing), html.Div(new, className="dialogs")], className="page")


@command("incidents.new")
async def open_new(visit: Visit, args: Args) -> Outcome:
    """Open an incident of no alerts."""
    visit.rooms.authorizer.demand(visit.actor, "incidents.work")
    level = Level(str(args.get("level") or Level.MEDIUM))
    title, about = str(args.get("title", ""))[:200], str(args.get("description", ""))[:8000]
    case = await visit.ask(
        visit.rooms.work.incidents.open, visit.actor, (), title=title, level=level, description=about
    )
    return Outcome(topics=("incidents",), go=address(f"/incidents/{case.id}"))


PAGE = Page("incidents", "/incidents", body, (figures, listing, *incident.PARTS), action="incidents.read", ranged=False)
