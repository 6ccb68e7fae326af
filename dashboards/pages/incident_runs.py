"""Playbooks of an incident: runs started from here, those that fit; plainly none where no engine is wired."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.elements import Content, act, card, chip, link, quiet, severity
from dashboards.design.states import empty
from dashboards.pages.incident_dry_run import asked_for, dry_run
from dashboards.parts import part
from dashboards.views.figures import duration, moment
from dashboards.visit import Visit
from dashboards.words import t
from infra.errors import AppError, ErrorKind
from ops.incidents import change as c
from ops.incidents.case import Case, Run
from ops.runs import Fit, RunDesk, RunView

STATES = {
    "done": "normal",
    "running": "unknown",
    "waiting": "high",
    "failed": "critical",
    "unknown": "high",
    "undone": "low",
    "pending": "unknown",
    "started": "unknown",
}


@part("incidents.runs", topics="incidents runs tick", params="dry")
async def runs(visit: Visit) -> Content:
    """Runs with their steps, then playbooks that fit."""
    number = visit.path.removeprefix("/incidents").strip("/")
    case = await visit.ask(visit.rooms.work.incidents.get, number)
    desk = visit.rooms.work.runs
    if desk is None:
        body: Component = empty(t("incidents.no_engine"), t("incidents.no_engine_why"), drawing="playbooks")
        return card(t("incidents.runs"), [*(_bare(run, visit) for run in case.runs), body], lined=True)
    shown = [await _run(run, desk, visit) for run in reversed(case.runs)]
    fits = await visit.ask(desk.fitting, case.rules, [(clue.kind, clue.value) for clue in case.clues])
    works = case.open and visit.may("playbooks.run") and visit.may("incidents.work", f"incident:{number}")
    offered = [await _fit(fit, case, works, desk, visit) for fit in fits[:6]]
    if not shown and not offered:
        body = empty(t("incidents.no_fit"), t("incidents.no_fit_why"), drawing="playbooks")
        return card(t("incidents.runs"), body, lined=True)
    parts = [*shown, html.H3(t("incidents.fitting"), className="inner-title") if offered else None, *offered]
    return card(t("incidents.runs"), html.Div(parts), hint=t("incidents.n_runs", count=len(case.runs)), lined=True)


def _bare(run: Run, visit: Visit) -> Component:
    return html.Div(
        [
            severity(STATES.get(run.state, "unknown"), run.state),
            html.Span(run.playbook, className="grow cut"),
            quiet(moment(run.started, visit.zone, visit.now)),
        ],
        className="row facts",
    )


async def _run(run: Run, desk: RunDesk, visit: Visit) -> Component:
    try:
        found = await visit.ask(desk.view, run.id)
    except AppError as error:
        found = RunView(id=run.id, title=run.playbook, state="unknown")
        return html.Div([_title(found, run), html.P(str(error), className="quiet facts")])
    steps = [
        html.Li(
            [
                severity(STATES.get(step.state, "unknown"), t(f"run_state.{step.state}")),
                html.Span(step.title, className="grow cut", title=step.title),
                html.Span(step.result, className="quiet cut run-said", title=step.result),
                quiet(duration(step.seconds)),
            ]
        )
        for step in found.steps
    ]
    return html.Div([_title(found, run), html.Ol(steps, className="list run-steps")])


def _title(found: RunView, run: Run) -> Component:
    name = (
        link(found.title, found.href, className="grow cut")
        if found.href
        else html.Span(found.title, className="grow cut")
    )
    mark = chip(t("incidents.simulated")) if run.simulate else None
    return html.Div(
        [
            html.B(name, className="grow cut"),
            mark,
            severity(STATES.get(found.state, "unknown"), t(f"run_state.{found.state}")),
        ],
        className="row facts",
    )


async def _fit(fit: Fit, case: Case, works: bool, desk: RunDesk, visit: Visit) -> Component:
    to = {"incident": case.id, "playbook": fit.playbook}
    buttons = [
        act(t("incidents.simulate"), "incidents.run", kind="small", simulate="1", **to),
        act(t("incidents.run"), "incidents.run", kind="small", **to),
    ]
    words = html.Div([html.Span(fit.title, className="cut"), html.Span(fit.why, className="under")], className="grow")
    mark = chip(t("incidents.acts")) if fit.acts else None
    row = html.Div([words, mark, asked_for(fit, visit), *(buttons if works else [])], className="row facts")
    shown = await dry_run(fit, desk, visit) if visit.param("dry") == fit.playbook else None
    return html.Div([row, shown])


@command("incidents.run")
async def start(visit: Visit, args: Args) -> Outcome:
    """Start a playbook that fits, with the inputs the case fills in; simulated or in earnest."""
    number, wanted, simulate = str(args.get("incident", "")), str(args.get("playbook", "")), bool(args.get("simulate"))
    visit.rooms.authorizer.demand(visit.actor, "incidents.work", f"incident:{number}")
    visit.rooms.authorizer.demand(visit.actor, "playbooks.run", f"playbook:{wanted}")
    desk = visit.rooms.work.runs
    if desk is None:
        raise AppError(ErrorKind.UNAVAILABLE, "dashboards.incidents.no_engine_error")
    case = await visit.ask(visit.rooms.work.incidents.get, number)
    fits = await visit.ask(desk.fitting, case.rules, [(clue.kind, clue.value) for clue in case.clues])
    fit = next((each for each in fits if each.playbook == wanted), None)
    if fit is None:
        raise AppError(ErrorKind.NOT_FOUND, "dashboards.incidents.fits_no_more")
    run = await visit.ask(desk.start, visit.actor, wanted, fit.inputs, simulate=simulate)
    running = c.Running(run=run, playbook=wanted, simulate=simulate)
    await visit.ask(visit.rooms.work.incidents.note, visit.actor, number, running)
    return Outcome(t("incidents.run_started", run=run), topics=("incidents", "runs"))
