"""Inspections (巡检): what was looked at, what was found, what comes next."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import choice, dialog, text_field
from dashboards.design.elements import Content, card, cells, icon, link, opener, quiet, severity, table, when
from dashboards.design.states import empty
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.views.figures import amount, local
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.errors import AppError, ErrorKind
from infra.exchange import Level
from infra.text import say
from ops.inspection.plans import Plan
from ops.inspection.result import Result, Verdict
from ops.inspection.service import Run

DAYS = 14
BEFORE = 7
STATES = {"clean": "normal", "anomalies": "high", "unknown": "unknown"}
VERDICTS = {Verdict.OK: "normal", Verdict.ANOMALY: "high", Verdict.UNKNOWN: "unknown"}
ORDER = (Verdict.ANOMALY, Verdict.UNKNOWN, Verdict.OK)
HOURS = ("06:30", "08:30", "12:00", "18:00", "22:00")


@part("inspections.calendar", topics="work tick", params="sel")
async def calendar(visit: Visit) -> Content:
    """A week back and a week ahead: runs with what they found, missed due times, due times to come."""
    here = local(visit.now, visit.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    start = here - timedelta(days=BEFORE)
    runs, due, missed = await asyncio.gather(
        visit.ask(visit.rooms.work.inspections.runs, "", start),
        visit.ask(visit.rooms.work.plans.due, visit.now, start + timedelta(days=DAYS)),
        visit.ask(visit.rooms.work.plans.missed),
    )
    days = [_day(start + timedelta(days=number), runs, due, missed, visit) for number in range(DAYS)]
    buttons = []
    if visit.may("inspections.run"):
        words = html.Span([icon("plus"), t("inspections.run")], className="row")
        buttons.append(opener(words, "inspect", key="n", kind="small"))
    if visit.may("inspections.plan"):
        buttons.append(opener(t("inspections.plan"), "plan", kind="small"))
    hint = t("inspections.missed", count=len(missed)) if missed else t("inspections.none_missed")
    return card(t("inspections.calendar"), html.Div(days, className="week"), hint=hint, aside=buttons, lined=True)


def _day(
    day: datetime,
    runs: Sequence[Run],
    due: Sequence[tuple[datetime, Plan]],
    missed: Sequence[tuple[datetime, Plan]],
    visit: Visit,
) -> Component:
    def on(moment_: datetime) -> bool:
        return day <= local(moment_, visit.zone) < day + timedelta(days=1)

    made: list[Component] = [html.Span(f"{day:%m-%d} {t('figure.weekdays').split()[day.weekday()]}", className="day")]
    made += [_ran(run, visit) for run in reversed(runs) if on(run.started)]
    made += [
        html.Span(
            [
                severity("high", f"{local(at, visit.zone):%H:%M}"),
                f" {_called(plan.list, plan.id, visit)} {t('inspections.was_missed')}",
            ],
            className="cut",
        )
        for at, plan in missed
        if on(at)
    ]
    made += [
        html.Span(f"{local(at, visit.zone):%H:%M} {_called(plan.list, plan.id, visit)}", className="quiet cut")
        for at, plan in due
        if on(at)
    ]
    today = day.date() == local(visit.now, visit.zone).date()
    return html.Div(made, className="today" if today else "")


def _called(name: str, plan: str, visit: Visit) -> str:
    """A look as people call it: the title of its list, and the plan where that bears another name."""
    known = visit.rooms.work.inspections.lists.get(name)
    title = known.name if known else name
    return title if plan in ("", name) else f"{title} · {plan}"


def _ran(run: Run, visit: Visit) -> Component:
    words = f"{local(run.started, visit.zone):%H:%M} {_called(run.list, run.plan, visit)}"
    return link(
        [severity(STATES[run.state], words)],
        visit.here(sel=run.id),
        className="cut",
        title=t(f"inspections.state.{run.state}"),
    )


@part("inspections.runs", topics="work", params="sel")
async def runs(visit: Visit) -> Content:
    """Runs, newest first."""
    found = await visit.ask(visit.rooms.work.inspections.runs)
    if not found:
        return card(
            t("inspections.runs"),
            empty(t("inspections.none"), t("inspections.none_why"), drawing="inspections"),
            lined=True,
        )
    heads = [
        (t("column.state"), ""),
        (t("inspections.one"), ""),
        (t("inspections.looks"), "num"),
        (t("inspections.anomalies"), "num"),
        (t("inspections.started"), "num"),
    ]
    rows = [_run(run, visit) for run in found[:60]]
    return card(
        t("inspections.runs"),
        table(heads, rows, ("110px", "auto", "64px", "64px", "110px")),
        hint=amount(float(len(found))),
        lined=True,
    )


def _run(run: Run, visit: Visit) -> Component:
    chosen_list = visit.rooms.work.inspections.lists.get(run.list)
    on = visit.param("sel") == run.id
    name = link(
        [html.B(chosen_list.name if chosen_list else run.list), html.Span(run.id, className="under mono")],
        visit.here(sel=None if on else run.id),
        className="rowlink",
    )
    return cells(
        severity(STATES[run.state], t(f"inspections.state.{run.state}")),
        name,
        (amount(float(len(run.results))), "num"),
        (amount(float(run.count(Verdict.ANOMALY))), "num"),
        (when(run.started, visit), "num quiet"),
        on=on,
    )


@part("inspections.chosen", topics="work", params="sel")
async def chosen(visit: Visit) -> Content:
    """One run: every look, anomalies first, with its order; the newest where none is selected."""
    sel = visit.param("sel")
    if not sel:
        newest = await visit.ask(visit.rooms.work.inspections.runs, limit=1)
        sel = newest[0].id if newest else ""
    if not sel:
        return card(
            t("inspections.one"),
            empty(t("inspections.choose"), t("inspections.choose_why"), drawing="inspections"),
            lined=True,
        )
    run = await visit.ask(visit.rooms.work.inspections.get, sel)
    whole = visit.rooms.work.inspections.whole(run)
    found = visit.rooms.work.inspections.lists.get(run.list)
    titles = {item.id: item.name for item in found.items} if found else {}
    heads = [
        (t("inspections.verdict"), ""),
        (t("inspections.look"), ""),
        (t("inspections.value"), ""),
        (t("inspections.order"), ""),
    ]
    ranked = sorted(run.results, key=lambda result: (ORDER.index(result.found.verdict), -result.level.rank))
    rows = [_result(result, titles) for result in ranked]
    base = f"/api/v1/inspections/{run.id}/report"
    files = [
        html.A(t("incidents.report_html"), href=f"{base}?kind=html", target="_blank"),
        html.A(t("incidents.report_docx"), href=f"{base}?kind=docx", download=f"{run.id}.docx"),
    ]
    seal = severity("normal" if whole else "critical", t("inspections.whole" if whole else "inspections.altered"))
    foot = html.Div(
        [seal, html.Span(f"SHA-256 {run.hash[:12]}…{run.hash[-4:]}", className="mono quiet", title=run.hash)],
        className="row facts",
    )
    body = html.Div(table(heads, rows, ("100px", "auto", "130px", "130px")), className="scroll tall", tabIndex=0)
    return card(
        f"{found.name if found else run.list}", [body, foot], hint=f"{run.id} · {run.actor}", aside=files, lined=True
    )


def _result(result: Result, titles: dict[str, str]) -> Component:
    order = result.order or result.closed
    words = [
        html.Span(f"{titles.get(result.item, result.item)} · {result.found.target}"),
        html.Span(result.words, className="under wraps") if result.words else None,
    ]
    label = t("inspections.closed", order=order) if result.closed else order
    level = VERDICTS[result.found.verdict]
    level = "critical" if level == "high" and result.level is Level.CRITICAL else level
    return cells(
        severity(level, say(f"ops.inspection.verdict.{result.found.verdict}")),
        (words, "wrap"),
        html.Span([result.found.value or "—", quiet(f" / {result.found.limit}") if result.found.limit else None]),
        link(label, address("/orders", sel=order), className="mono") if order else quiet("—"),
    )


@part("inspections.dialogs", topics="work-dialogs", wears="dialogs")
async def dialogs(visit: Visit) -> Content:
    """Run now; plan."""
    lists = visit.rooms.work.inspections.lists
    choices = [
        choice(
            "list",
            name,
            found.name,
            t("inspections.items", count=len(found.items), version=found.version),
            checked=place == 0,
            required=True,
        )
        for place, (name, found) in enumerate(sorted(lists.items()))
    ]
    scope = text_field("scope", t("inspections.scope"), hint=t("inspections.scope_hint"), required=False)
    hours = [choice("at", each, each, checked=each == HOURS[1]) for each in HOURS]
    days = [
        choice("days", value, t(f"inspections.days.{name}"), checked=name == "daily")
        for name, value in (("daily", "*"), ("workdays", "1-5"), ("monday", "1"))
    ]
    plan = [
        text_field("plan", t("inspections.plan_name")),
        html.Div(choices, className="choices"),
        html.Div(hours, className="choices two-up"),
        html.Div(days, className="choices two-up"),
        scope,
    ]
    return [
        dialog(
            "inspect",
            t("inspections.run"),
            [html.Div(choices, className="choices"), scope],
            t("inspections.run"),
            "inspections.run",
        ),
        dialog("plan", t("inspections.plan"), plan, t("inspections.plan"), "inspections.plan"),
    ]


async def body(visit: Visit) -> Component:
    """The page."""
    top, left, right, boxes = await held_all(visit, calendar, runs, chosen, dialogs)
    return html.Div([top, html.Div([left, right], className="desk-row even"), boxes], className="page")


def _scope(args: Args) -> list[str]:
    text = str(args.get("scope", "")).replace("，", ",").replace("、", ",")
    return [each.strip() for each in text.split(",") if each.strip()]


@command("inspections.run")
async def run_now(visit: Visit, args: Args) -> Outcome:
    """Run a list."""
    visit.rooms.authorizer.demand(visit.actor, "inspections.run")
    run = await visit.ask(visit.rooms.work.inspections.run, visit.actor, str(args.get("list", "")), scope=_scope(args))
    words = t("inspections.ran", run=run.id, anomalies=run.count(Verdict.ANOMALY))
    return Outcome(words, topics=("work",), go=address("/inspections", sel=run.id))


@command("inspections.plan")
async def plan_it(visit: Visit, args: Args) -> Outcome:
    """Make or change a plan."""
    from infra.schedule import Cron

    name = str(args.get("plan", "")).strip()
    visit.rooms.authorizer.demand(visit.actor, "inspections.plan", f"plan:{name}")
    at, days = str(args.get("at", "")), str(args.get("days", "*"))
    if not name or at not in HOURS or days not in ("*", "1-5", "1"):
        raise AppError(ErrorKind.INVALID, "dashboards.inspections.plan_wrong")
    hour, minute = at.split(":")
    timing = Cron(f"{int(minute)} {int(hour)} * * {days}")
    plan = Plan(id=name[:60], list=str(args.get("list", "")), timing=timing, scope=tuple(_scope(args)))
    await visit.ask(visit.rooms.work.plans.save, visit.actor, plan)
    return Outcome(t("inspections.planned", plan=name), topics=("work", "work-dialogs"))


PAGE = Page(
    "inspections", "/inspections", body, (calendar, runs, chosen, dialogs), action="inspections.read", ranged=False
)
