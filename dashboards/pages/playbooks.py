"""Playbooks (剧本): the site's library, its runs, one run with its drawn progress, and what waits for a person."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.elements import Content, act, card, cells, chip, link, quiet, severity, table
from dashboards.design.states import empty
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.views.figures import amount, moment
from dashboards.views.workflow import drawing
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.errors import AppError, ErrorKind
from infra.text import language
from infra.web.seams import Actor
from playbooks.engine.reading import RunView, WaitView
from playbooks.inbox import may_answer
from playbooks.library.wording import step_name, title_of
from playbooks.model.playbook import typed
from playbooks.room import Listed, PlaybookRoom

LEVELS = {
    "done": "normal", "running": "unknown", "waiting": "high", "attention": "high", "paused": "unknown",
    "failed": "critical", "cancelled": "low", "rolled-back": "low", "unknown": "high", "skipped": "low",
    "pending": "unknown",
}  # fmt: skip
MOST = 50


def _room(visit: Visit) -> PlaybookRoom | None:
    return visit.rooms.work.playbooks


def _none(title: str) -> Component:
    return card(title, empty(t("playbooks.no_engine"), t("playbooks.no_engine_why"), drawing="playbooks"), lined=True)


def _state(state: str) -> Component:
    return severity(LEVELS.get(state, "unknown"), t(f"playbooks.state.{state.replace('-', '_')}"))


@part("playbooks.runs", topics="runs tick", params="run playbook")
async def runs(visit: Visit) -> Content:
    """One run where the address names it, else the newest ones."""
    room = _room(visit)
    if room is None:
        return _none(t("playbooks.runs"))
    if chosen := visit.param("run"):
        return await _one(visit, room, chosen)
    found, titles = await visit.ask(room.reading.runs, limit=MOST), await visit.ask(room.titles)
    if not found:
        return card(t("playbooks.runs"), empty(t("playbooks.no_runs"), t("playbooks.no_runs_why")), lined=True)
    heads = [
        (t("playbooks.what"), ""),
        (t("playbooks.how"), ""),
        (t("playbooks.by"), ""),
        (t("playbooks.begun"), "num"),
    ]
    hint = t("playbooks.n_runs", count=amount(float(len(found))))
    return card(t("playbooks.runs"), table(heads, [_row(run, titles, visit) for run in found]), hint=hint, lined=True)


def _row(run: RunView, titles: Mapping[str, str], visit: Visit) -> Component:
    mark = chip(t("incidents.simulated")) if run.simulate else ""
    return cells(
        html.Div(
            [link(titles.get(run.sha256, run.name), visit.here(run=run.run), className="rowlink"), mark],
            className="row",
        ),
        _state(run.state),
        quiet(run.requester),
        (moment(run.created, visit.zone, visit.now), "num quiet"),
    )


async def _one(visit: Visit, room: PlaybookRoom, chosen: str) -> Component:
    run = await visit.ask(room.reading.run, chosen)
    tree = await visit.ask(room.document, run.sha256)
    states = {step.id: step.state for step in run.steps}
    rows = [
        cells(
            step_name(step.name or step.type), _state(step.state), (str(step.attempts), "num"), quiet(_why(step.reason))
        )
        for step in run.steps
        if step.type not in ("start", "end")
    ]
    heads = [(t("playbooks.step"), ""), (t("playbooks.how"), ""), (t("playbooks.attempts"), "num"), ("", "")]
    mark = chip(t("incidents.simulated")) if run.simulate else None
    asked = t("playbooks.asked_by", name=run.requester), moment(run.created, visit.zone, visit.now), *_given(run.inputs)
    said = html.Span(" · ".join((*asked, *filter(None, [run.reason]))), className="quiet grow wraps")
    head = html.Div([_state(run.state), mark, said, *_acts(run, visit)], className="row facts")
    return card(
        title_of(tree), html.Div([head, _graph(tree, states, visit), table(heads, rows)]), hint=run.run, lined=True
    )


def _why(reason: str) -> str:
    people = ("manual", "decision", "question", "approval")
    return t(f"playbooks.kind.{reason}") if reason in people else reason


def _acts(run: RunView, visit: Visit) -> list[Component]:
    if not visit.may("playbooks.run", f"run:{run.run}"):
        return []
    open_ones = ("running", "waiting", "attention", "paused")
    held = "resume" if run.state == "paused" else "pause"
    wanted = [held, "cancel"] if run.state in open_ones else ["rollback"]
    if run.state == "rolled-back":
        return []
    return [act(t(f"playbooks.act.{name}"), "playbooks.act", kind="small", run=run.run, action=name) for name in wanted]


def _graph(tree: dict[str, object], states: dict[str, str], visit: Visit) -> Component:
    data = drawing(tree, states, visit.here())
    said = "；".join(f"{node['words']}: {states.get(str(node['id']), '')}" for node in data["nodes"])
    attributes = {"data-graph": json.dumps(data, ensure_ascii=False), "aria-label": said}
    return html.Div(className="graph", role="group", style={"height": "280px"}, **attributes)


@part("playbooks.waits", topics="runs tick", params="run")
async def waits(visit: Visit) -> Content:
    """Tasks, decisions, questions and approvals."""
    room = _room(visit)
    if room is None:
        return _none(t("playbooks.waits"))
    found, titles = await visit.ask(room.reading.waits, run=visit.param("run")), await visit.ask(room.titles)
    if not found:
        return card(
            t("playbooks.waits"),
            empty(t("playbooks.no_waits"), t("playbooks.no_waits_why"), drawing="check"),
            lined=True,
        )
    return card(
        t("playbooks.waits"),
        html.Div([_wait(each, titles.get(each.sha256, each.playbook), visit) for each in found]),
        lined=True,
    )


def _wait(wait: WaitView, title: str, visit: Visit) -> Component:
    """What is asked, of which run, with what inputs, by whom: what a person agrees to must be in sight."""
    told = [title, *_given(wait.inputs), t("playbooks.asked_by", name=visit.rooms.work.desk.named(wait.requester))]
    if wait.kind == "approval":
        told.append(t("playbooks.of", said=wait.said, needed=wait.needed))
    if wait.due:
        told.append(t("playbooks.until", time=moment(wait.due, visit.zone, visit.now)))
    if wait.apart and wait.kind == "approval" and wait.requester == visit.actor.id:
        told.append(t("playbooks.yours"))
    elif visit.actor.id in wait.spoke:
        told.append(t("playbooks.said_already"))
    asked = html.Span([step_name(wait.question), " ", chip(t("incidents.simulated")) if wait.simulate else None])
    words = html.Div([asked, html.Span(" · ".join(told), className="under wraps")], className="grow")
    kind = chip(t(f"playbooks.kind.{wait.kind}"))
    if not may_answer(wait, visit.actor) or not visit.may("playbooks.run", f"wait:{wait.id}"):
        return html.Div([kind, words], className="row facts")
    buttons = [
        act(_choice(choice), "playbooks.answer", kind="small", wait=wait.id, answer=choice, binding=wait.binding)
        for choice in wait.choices
        if choice != "skip"
    ]
    return html.Div([kind, words, *buttons], className="row facts")


def _given(inputs: Mapping[str, Any]) -> list[str]:
    return [f"{name.strip('_')} = {value}" for name, value in inputs.items()]


def _choice(choice: str) -> str:
    known = ("done", "failed", "retry", "yes", "no")
    return t(f"playbooks.choice.{choice}") if choice in known else choice


@part("playbooks.library", topics="runs", params="playbook")
async def library(visit: Visit) -> Content:
    """Every playbook, or one drawn."""
    room = _room(visit)
    if room is None:
        return _none(t("playbooks.library"))
    if chosen := visit.param("playbook"):
        tree = await visit.ask(room.document, chosen)
        playbook = typed(tree)
        about = playbook.text(language(), "description")
        return card(title_of(tree), _graph(tree, {}, visit), hint=about, lined=True)
    found = await visit.ask(room.library)
    heads = [(t("playbooks.what"), ""), (t("playbooks.about"), ""), (t("playbooks.signed"), "")]
    hint = t("playbooks.n_playbooks", count=amount(float(len(found))))
    listed: list[Component] = [table(heads, [_shelved(each, visit) for each in found])]
    if not all(each.signed for each in found):
        listed.insert(0, html.P(t("playbooks.how_to_sign"), className="under facts"))
    return card(t("playbooks.library"), html.Div(listed), hint=hint, lined=True)


def _shelved(each: Listed, visit: Visit) -> Component:
    return cells(
        link(each.title, visit.here(playbook=each.sha256, run=None), className="rowlink"),
        (each.description, "quiet wrap"),
        quiet(t("playbooks.yes") if each.signed else t("playbooks.no")),
    )


@command("playbooks.answer")
async def answer(visit: Visit, args: Args) -> Outcome:
    """Answer, agree or refuse."""
    room, wait, said = _demanded(visit), str(args.get("wait", "")), str(args.get("answer", ""))
    visit.rooms.authorizer.demand(visit.actor, "playbooks.run", f"wait:{wait}")
    if binding := str(args.get("binding", "")):
        missing = await visit.ask(room.desk.approve, visit.actor, wait, binding, agree=said == "yes")
        last = "agreed_all" if said == "yes" else "refused"
        words = t("playbooks.agreed", missing=missing) if missing else t(f"playbooks.{last}")
    else:
        await visit.ask(room.desk.answer, visit.actor, wait, said)
        words = t("playbooks.answered")
    return Outcome(words, topics=("runs",))


@command("playbooks.act")
async def work(visit: Visit, args: Args) -> Outcome:
    """Pause, go on, cancel, take back."""
    room, run = _demanded(visit), str(args.get("run", ""))
    visit.rooms.authorizer.demand(visit.actor, "playbooks.run", f"run:{run}")
    desk = room.desk
    ways: dict[str, Callable[[Actor, str], Any]] = {
        "pause": desk.pause,
        "resume": desk.resume,
        "cancel": desk.cancel,
        "rollback": desk.roll_back,
    }
    way = ways.get(str(args.get("action", "")))
    if way is None:
        raise AppError(ErrorKind.INVALID, "dashboards.playbooks.no_engine")
    await visit.ask(way, visit.actor, run)
    return Outcome(t("playbooks.done"), topics=("runs",))


def _demanded(visit: Visit) -> PlaybookRoom:
    room = _room(visit)
    if room is None:
        raise AppError(ErrorKind.UNAVAILABLE, "dashboards.playbooks.no_engine")
    return room


async def body(visit: Visit) -> Component:
    """The page."""
    back = link(t("playbooks.all"), address("/playbooks")) if visit.param("run") or visit.param("playbook") else None
    return html.Div([back, *await held_all(visit, waits, runs, library)], className="page")


PAGE = Page("playbooks", "/playbooks", body, (waits, runs, library), action="playbooks.read", ranged=False)
