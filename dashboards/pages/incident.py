"""The workspace of one incident: state and clocks, timeline, entities, tasks, playbooks, evidence."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import (
    Content,
    act,
    card,
    chip,
    glyph,
    link,
    opener,
    quiet,
    severity,
)
from dashboards.design.states import empty
from dashboards.pages.incident_cards import alerts, evidence, facts, like
from dashboards.pages.incident_dialogs import dialogs
from dashboards.pages.incident_of import incident_of, view_of, works_on
from dashboards.pages.incident_runs import runs
from dashboards.pages.incident_time import entities, time
from dashboards.parts import held, held_all, part
from dashboards.views.figures import duration, moment
from dashboards.visit import Visit, address
from dashboards.words import chinese, t
from infra.text import say
from ops.incidents.case import Case, Todo
from ops.incidents.change import Said
from ops.incidents.desk import CaseView
from ops.incidents.state import STEPS, State
from ops.incidents.timers import Light, Timer

LIGHTS = {
    Light.GREEN: "",
    Light.YELLOW: "high",
    Light.RED: "critical",
    Light.PAUSED: "",
    Light.DONE: "",
    Light.LATE: "high",
}


@part("incidents.head", topics="incidents people alerts tick", wears="wide")
async def head(visit: Visit) -> Content:
    """What it is, how far it is, what is due, and the next step."""
    view = await view_of(visit)
    case, named = view.case, visit.rooms.work.desk.named
    tags = [chip(case.id), chip(f"TLP:{case.tlp.upper()}")]
    tags += [chip(case.category)] if case.category else []
    tags += [chip(t(f"dimension.{name}")) for name in case.dimensions]
    people = [
        html.Span([t(f"incidents.role.{role}"), " ", html.B(named(person))]) for role, person in case.roles.items()
    ] or [html.Span(t("alerts.unassigned"))]
    facts = [
        t("incidents.n_alerts", count=len(view.alerts)),
        t("incidents.n_clues", count=len(case.clues)),
        t("incidents.n_systems", count=len(case.systems)),
        t("incidents.seen", first=moment(case.first_seen, visit.zone, visit.now)),
    ]
    left = html.Div(
        [
            html.Div([severity(case.level), html.H2(case.title, className="case-title cut"), *tags], className="row"),
            html.P([*_joined(people), " · ", " · ".join(facts)], className="soft small"),
            _steps(case, visit),
            *_banner(case),
        ],
        className="case-what",
    )
    return html.Section([left, *_clocks(view, visit), _acts(view, visit)], className="card case-head")


def _joined(parts: list[Component]) -> list[Component | str]:
    made: list[Component | str] = []
    for piece in parts:
        made += [" · ", piece] if made else [piece]
    return made


def _banner(case: Case) -> list[Component]:
    if case.merged_into:
        return [
            html.P([t("incidents.merged_into"), " ", link(case.merged_into, address(f"/incidents/{case.merged_into}"))])
        ]
    if case.paused:
        return [
            html.P([glyph("high"), " ", t("incidents.paused", reason=case.pauses[-1].reason)], className="high small")
        ]
    if case.state is State.CLOSED:
        said = t("incidents.closed_as", verdict=say(f"ops.incidents.verdict.{case.verdict}"), reason=case.reason)
        return [html.P(said, className="soft small")]
    return []


def _steps(case: Case, visit: Visit) -> Component:
    at = STEPS.index(case.state) if case.state in STEPS else 0
    steps = []
    for place, state in enumerate(STEPS):
        name = "done" if place < at else "on" if place == at else ""
        words = say(f"ops.incidents.state.{state}")
        if place == at:
            words = say(f"ops.incidents.state.{case.state}") + (f" · {t('incidents.in_progress')}" if case.open else "")
        current = {"aria-current": "step"} if place == at else {}
        steps.append(html.Li(html.Span(words), className=name, **current))
    return html.Ol(steps, className="steps", **{"aria-label": t("incidents.steps")})


def _clocks(view: CaseView, visit: Visit) -> list[Component]:
    boxes = []
    if view.law and view.law.steps:
        step = next((each for each in view.law.steps if each.kind not in view.case.reported), view.law.steps[-1])
        grade = say(f"ops.calendar.grade.{view.law.grade}")
        who = step.to["zh" if chinese() else "en"]
        allowed = (step.due - view.case.opened).total_seconds()
        boxes.append(_clock(t("incidents.law", grade=grade), step.due, allowed, visit, f"{who}", 0.5))
    running = [timer for timer in view.timers if timer.light in (Light.GREEN, Light.YELLOW, Light.RED, Light.PAUSED)]
    if running and view.case.open:
        boxes.append(_timer(min(running, key=lambda timer: timer.due), visit))
    return boxes


def _timer(timer: Timer, visit: Visit) -> Component:
    name = t("incidents.internal", name=say(f"ops.incidents.timer.{timer.name}"))
    note = t("incidents.until", time=moment(timer.due, visit.zone, visit.now))
    if timer.light is Light.PAUSED:
        return _face(name, t("incidents.stands"), note, timer.used_s / timer.allowed_s, "")
    left = timer.allowed_s - timer.used_s
    return _face(name, _left(left), note, timer.used_s / timer.allowed_s, LIGHTS[timer.light])


def _clock(name: str, due: datetime, allowed_s: float, visit: Visit, note: str, warn: float) -> Component:
    left = (due - visit.now).total_seconds()
    share = 1 - left / allowed_s if allowed_s > 0 else 1.0
    level = "critical" if share >= 1 else "high" if share >= warn else ""
    return _face(
        name, _left(left), f"{note} · {t('incidents.until', time=moment(due, visit.zone, visit.now))}", share, level
    )


def _left(seconds: float) -> str:
    words = duration(abs(seconds))
    return t("incidents.over", time=words) if seconds < 0 else words


def _face(name: str, words: str, note: str, share: float, level: str) -> Component:
    bar = html.Span(html.I(style={"width": f"{max(0.0, min(1.0, share)) * 100:.0f}%"}), className="bar")
    parts = [
        html.Span(name, className="soft small cut"),
        html.B(words, className=f"face {level}".strip()),
        html.Span(bar, className=f"clock {level}".strip()),
        html.Span(note, className="quiet cut", title=note),
    ]
    return html.Div(parts, className="case-clock")


def _acts(view: CaseView, visit: Visit) -> Component:
    case = view.case
    base = f"/api/v1/incidents/{case.id}"
    files = html.Details(
        [
            html.Summary(t("incidents.report"), className="button"),
            html.Div(
                [
                    html.A(t("incidents.report_html"), href=f"{base}/report?kind=html", target="_blank"),
                    html.A(t("incidents.report_docx"), href=f"{base}/report?kind=docx", download=f"{case.id}.docx"),
                    html.A("STIX 2.1", href=f"{base}/export?kind=stix", download=f"{case.id}.stix.json"),
                    html.A("OCSF", href=f"{base}/export?kind=ocsf", download=f"{case.id}.ocsf.json"),
                ],
                className="sheet",
            ),
        ],
        className="menu",
    )
    if not visit.may("incidents.work", f"incident:{case.id}"):
        return html.Div([files, quiet(t("incidents.may_not"))], className="case-acts")
    if case.merged_into:
        return html.Div(files, className="case-acts")
    buttons: list[Component] = [opener(t("incidents.move"), "move", key="n", kind="main-act")]
    if case.open:
        pause = (
            act(t("incidents.resume"), "incidents.resume", key="p", incident=case.id)
            if case.paused
            else opener(t("incidents.pause"), "pause", key="p")
        )
        buttons += [pause, opener(t("incidents.edit"), "edit", key="d")]
    return html.Div([*buttons, opener(t("incidents.review"), "review", key="v"), files], className="case-acts")


@part("incidents.tasks", topics="incidents people")
async def tasks(visit: Visit) -> Content:
    """Tasks with owner and due time; comments below."""
    case = (await view_of(visit)).case
    events = await visit.ask(visit.rooms.work.desk.timeline, case.id)
    works = works_on(visit, case)
    shown = [task for task in case.tasks if task.state != "dropped"]
    done = sum(task.state == "done" for task in shown)
    rows = [_task(task, case, visit, works) for task in shown]
    listed = html.Div(rows, className="list") if rows else empty(t("incidents.no_tasks"), t("incidents.no_tasks_why"))
    said = [event for event in events if isinstance(event.change, Said)][-4:]
    notes = [
        html.Div(
            [
                html.Span(moment(event.time, visit.zone, visit.now), className="quiet"),
                html.B(event.actor),
                html.Span(event.change.text if isinstance(event.change, Said) else "", className="grow wraps"),
            ],
            className="note",
        )
        for event in said
    ]
    talk = html.Div(notes or quiet(t("incidents.no_words")), className="case-talk")
    aside = (
        [
            opener(t("incidents.add_task"), "task", key="t", kind="small"),
            opener(t("action.comment"), "say", key="m", kind="small"),
        ]
        if works
        else ""
    )
    return card(
        t("incidents.tasks"), [listed, talk], hint=f"{done} / {len(shown)}" if shown else "", aside=aside, lined=True
    )


def _task(task: Todo, case: Case, visit: Visit, works: bool) -> Component:
    done = task.state == "done"
    late = not done and task.due is not None and task.due < visit.now
    box: Component = html.Span(className="check on" if done else "check", **{"aria-hidden": "true"})
    if works:
        to = "open" if done else "done"
        box = html.Button(
            box,
            className="bare",
            type="button",
            **{
                "data-command": "incidents.task_state",
                "aria-label": t(f"incidents.task_{to}", title=task.title),
                "data-args": json.dumps({"incident": case.id, "task": task.id, "state": to}),
            },
        )
    who = visit.rooms.work.desk.named(task.person) if task.person else t("alerts.unassigned")
    due = html.Span(moment(task.due, visit.zone, visit.now), className="high" if late else "quiet")
    return html.Div([box, html.Span(task.title, className="grow cut soft" if done else "grow cut"), quiet(who), due])


async def body(visit: Visit) -> Component:
    """The page of one incident."""
    top, line, net, rest, boxes = await asyncio.gather(
        held(head, visit),
        held(time, visit),
        held(entities, visit),
        held_all(visit, tasks, runs, evidence, alerts, like, facts),
        held(dialogs, visit),
    )
    first = html.Div([line, net], className="case-row")
    second = html.Div(rest, className="cols-3 case-cols")
    return html.Div([top, first, second, boxes], className="page case")


PARTS = (head, time, entities, tasks, runs, evidence, alerts, like, facts, dialogs)
__all__ = ["PARTS", "body", "incident_of"]
