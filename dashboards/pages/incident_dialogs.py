"""Dialogs of the workspace of an incident, and the commands they send."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import choice, dialog, text_area, text_field
from dashboards.design.elements import Content, quiet
from dashboards.pages.incident_of import incident_of
from dashboards.parts import part
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.errors import AppError, ErrorKind
from infra.exchange import Level
from infra.text import say
from ops.alerts.naming import titled
from ops.incidents import change as c
from ops.incidents.case import Case
from ops.incidents.state import MOVES, State, Verdict
from ops.rulepacks import shipped_packs

ROLES = ("owner", "lead", "duty", "scribe", "liaison")
DUE = {"1h": timedelta(hours=1), "4h": timedelta(hours=4), "24h": timedelta(days=1), "3d": timedelta(days=3)}
MOST_PEOPLE = 12
CATEGORIES = ("malware", "intrusion", "data", "web", "denial", "business", "other")


REDRAWN = ("incidents", "alerts", "incident-dialogs")
"""Dialogs are drawn anew only after a change of the viewer's own: never under somebody's hands."""


@part("incidents.dialogs", topics="incident-dialogs", wears="dialogs")
async def dialogs(visit: Visit) -> Content:
    """Everything that needs words or a choice."""
    case = await visit.ask(visit.rooms.work.incidents.get, incident_of(visit))
    return await visit.ask(_drawn, visit, case)


def _drawn(visit: Visit, case: Case) -> list[Component]:
    to = {"incident": case.id}
    return [
        dialog(
            "move",
            t("incidents.move"),
            _moves(case),
            t("incidents.move"),
            "incidents.move",
            {**to, "was": case.state},
        ),
        dialog(
            "pause",
            t("incidents.pause"),
            [text_area("reason", t("alerts.reason"))],
            t("incidents.pause"),
            "incidents.pause",
            to,
        ),
        dialog("edit", t("incidents.edit"), _edit(visit, case), t("incidents.save"), "incidents.edit", to),
        dialog("task", t("incidents.add_task"), _task(visit), t("incidents.add_task"), "incidents.task", to),
        dialog(
            "say",
            t("action.comment"),
            [text_area("text", t("alerts.comment_label"), rows=4)],
            t("action.comment"),
            "incidents.say",
            to,
        ),
        dialog("review", t("incidents.review"), _review(case), t("incidents.save"), "incidents.review", to),
        dialog("clue", t("incidents.add_clue"), _clue(), t("incidents.add_clue"), "incidents.clue", to),
        dialog("measure", t("incidents.measure"), _measures(case), t("incidents.save"), "incidents.measure", to),
        dialog("split", t("incidents.split"), _split(visit, case), t("incidents.split"), "incidents.split", to),
    ]


def _moves(case: Case) -> list[Component]:
    states = [
        choice(
            "to",
            state,
            say(f"ops.incidents.state.{state}"),
            t(f"incidents.state_why.{state}"),
            checked=place == 0,
            required=True,
        )
        for place, state in enumerate(MOVES[case.state])
    ]
    fields: list[Component] = [html.Div(states, className="choices")]
    if State.CLOSED in MOVES[case.state]:
        verdicts = [choice("verdict", verdict, say(f"ops.incidents.verdict.{verdict}")) for verdict in Verdict]
        fields += [quiet(t("incidents.when_closing")), html.Div(verdicts, className="choices two-up")]
    return [*fields, text_area("reason", t("incidents.reason_if"), required=False)]


def _people(visit: Visit, name: str, chosen: str) -> list[Component]:
    people = [each for each in visit.rooms.people.people() if each.state == "active"]
    people.sort(key=lambda each: each.id != visit.actor.id)
    return [
        choice(name, "", t("alerts.unassigned"), checked=not chosen),
        *(choice(name, each.id, each.display or each.name, checked=each.id == chosen) for each in people[:MOST_PEOPLE]),
    ]


def _edit(visit: Visit, case: Case) -> list[Component]:
    levels = [choice("level", level, t(f"level.{level}"), checked=level is case.level) for level in reversed(Level)]
    return [
        text_field("title", t("incidents.title"), value=case.title),
        text_field("category", t("incidents.category"), value=case.category, required=False),
        html.Fieldset(
            [html.Legend(t("column.level")), html.Div(levels, className="choices two-up")], className="plain"
        ),
        html.Fieldset(
            [html.Legend(t("column.owner")), html.Div(_people(visit, "owner", case.owner), className="choices two-up")],
            className="plain",
        ),
        html.Fieldset(
            [
                html.Legend(say("ops.incidents.role.lead")),
                html.Div(_people(visit, "lead", case.roles.get("lead", "")), className="choices two-up"),
            ],
            className="plain",
        ),
    ]


def _task(visit: Visit) -> list[Component]:
    due = [
        choice("due", "", t("incidents.no_due"), checked=True),
        *(choice("due", name, t(f"incidents.due.{name}")) for name in DUE),
    ]
    return [
        text_field("title", t("incidents.task_title")),
        html.Fieldset(
            [
                html.Legend(t("column.owner")),
                html.Div(_people(visit, "person", visit.actor.id), className="choices two-up"),
            ],
            className="plain",
        ),
        html.Fieldset(
            [html.Legend(t("incidents.due_title")), html.Div(due, className="choices two-up")], className="plain"
        ),
    ]


def _review(case: Case) -> list[Component]:
    found = case.review
    return [
        html.Label(
            [
                t(f"incidents.review_{name}"),
                html.Textarea(
                    getattr(found, name) if found else "",
                    name=name,
                    className="field",
                    rows=2,
                    maxLength=4000,
                    required=name == "summary",
                ),
            ],
            className="line",
        )
        for name in ("summary", "cause", "good", "bad", "measures")
    ]


def _clue() -> list[Component]:
    kinds = [
        choice("kind", kind, t(f"incidents.node.{kind}"), checked=kind == "ip")
        for kind in ("ip", "domain", "user", "host", "file", "process")
    ]
    return [html.Div(kinds, className="choices two-up"), text_field("value", t("incidents.clue_value"))]


def _measures(case: Case) -> list[Component]:
    thresholds = shipped_packs().at("incident", case.opened.date()).content["thresholds"]
    reporters = [
        choice("reporter", name, t(f"incidents.reporter.{name}"), checked=name == case.reporter)
        for name in ("other", "central_organ", "cii_operator")
    ]
    shown = (
        "personal_records",
        "direct_loss_cny",
        "people_affected",
        "cii_outage_main_minutes",
        "tampered_home_minutes",
    )
    fields = [
        text_field(
            f"m_{name}",
            t(f"incidents.measures.{name}"),
            required=False,
            value=f"{case.measures[name]:g}" if name in case.measures else "",
        )
        for name in shown
        if name in thresholds
    ]
    return [html.Div(reporters, className="choices"), *fields]


def _split(visit: Visit, case: Case) -> list[Component]:
    alerts = visit.rooms.work.desk.view(case.id).alerts
    boxes = [choice("alerts", alert.id, titled(alert), alert.entity["value"], many=True) for alert in alerts[:50]]
    return [
        html.Div(boxes, className="choices"),
        text_field("title", t("incidents.title")),
        text_area("reason", t("alerts.reason")),
    ]


def _number(visit: Visit, args: Args) -> str:
    number = str(args.get("incident", ""))[:40]
    visit.rooms.authorizer.demand(visit.actor, "incidents.work", f"incident:{number}")
    return number


async def _change(visit: Visit, args: Args, made: Any, words: str) -> Outcome:
    number = _number(visit, args)
    await visit.ask(visit.rooms.work.incidents.change, visit.actor, number, made)
    return Outcome(words, topics=("incidents", "alerts"))


def _made(kind: Any, **fields: Any) -> Any:
    """A change from what a form sent; ``AppError(INVALID)`` says what is wrong with it."""
    try:
        return msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError as error:
        raise AppError(ErrorKind.INVALID, "ops.incidents.change_malformed", place="form", problem=str(error)) from None


@command("incidents.move")
async def move(visit: Visit, args: Args) -> Outcome:
    """Go on to another state; not where somebody else moved it since the dialog was drawn."""
    case = await visit.ask(visit.rooms.work.incidents.get, _number(visit, args))
    if args.get("was") != case.state:
        return Outcome(t("incidents.moved_since", state=say(f"ops.incidents.state.{case.state}")), topics=REDRAWN)
    made = _made(c.Moved, to=args.get("to"), verdict=args.get("verdict") or "", reason=args.get("reason") or "")
    await visit.ask(visit.rooms.work.incidents.change, visit.actor, case.id, made)
    return Outcome(t("incidents.moved", state=say(f"ops.incidents.state.{made.to}")), topics=REDRAWN)


@command("incidents.pause")
async def pause(visit: Visit, args: Args) -> Outcome:
    """Stop the clocks."""
    return await _change(visit, args, _made(c.Paused, reason=args.get("reason")), t("incidents.pause_done"))


@command("incidents.resume")
async def resume(visit: Visit, args: Args) -> Outcome:
    """Let them run."""
    return await _change(visit, args, c.Resumed(), t("incidents.resume_done"))


@command("incidents.edit")
async def edit(visit: Visit, args: Args) -> Outcome:
    """Title, category, level, owner, lead: one case event per thing that changed."""
    number = _number(visit, args)
    incidents = visit.rooms.work.incidents
    case = await visit.ask(incidents.get, number)
    changes: list[Any] = []
    title, category = str(args.get("title", "")).strip(), str(args.get("category", "")).strip()
    if (title and title != case.title) or category != case.category:
        changes.append(_made(c.Described, title=title, category=category))
    if args.get("level") and args["level"] != case.level:
        changes.append(_made(c.Graded, level=args["level"]))
    changes += [
        _made(c.Appointed, role=role, person=args[role])
        for role in ("owner", "lead")
        if role in args and args[role] != case.roles.get(role, "")
    ]
    for change in changes:
        await visit.ask(incidents.change, visit.actor, number, change)
    return Outcome(t("incidents.saved"), topics=REDRAWN)


@command("incidents.task")
async def task(visit: Visit, args: Args) -> Outcome:
    """Set a task."""
    due = DUE.get(str(args.get("due", "")))
    made = _made(c.Task, title=args.get("title"), person=args.get("person") or "", due=visit.now + due if due else None)
    return await _change(visit, args, made, t("incidents.task_set"))


@command("incidents.task_state")
async def task_state(visit: Visit, args: Args) -> Outcome:
    """Tick a task off, or open it again."""
    case = await visit.ask(visit.rooms.work.incidents.get, str(args.get("incident", "")))
    found = next((each for each in case.tasks if each.id == args.get("task")), None)
    if found is None:
        raise AppError(ErrorKind.NOT_FOUND, "ops.incidents.no_task", place=str(args.get("task"))[:40])
    made = _made(c.Task, id=found.id, title=found.title, person=found.person, due=found.due, state=args.get("state"))
    return await _change(visit, args, made, t("incidents.saved"))


@command("incidents.say")
async def say_it(visit: Visit, args: Args) -> Outcome:
    """Comment."""
    return await _change(visit, args, _made(c.Said, text=args.get("text")), t("incidents.said"))


@command("incidents.review")
async def review(visit: Visit, args: Args) -> Outcome:
    """Write the review."""
    fields = {name: str(args.get(name, "")) for name in ("summary", "cause", "good", "bad", "measures")}
    return await _change(visit, args, _made(c.Reviewed, **fields), t("incidents.saved"))


@command("incidents.clue")
async def clue(visit: Visit, args: Args) -> Outcome:
    """Add an observable."""
    made = _made(c.Noticed, clue={"kind": args.get("kind"), "value": args.get("value")})
    return await _change(visit, args, made, t("incidents.saved"))


@command("incidents.measure")
async def measure(visit: Visit, args: Args) -> Outcome:
    """Record the harm the legal clock is set by."""
    values = {str(name)[2:]: value for name, value in args.items() if str(name).startswith("m_") and str(value).strip()}
    return await _change(
        visit, args, _made(c.Measured, values=values, reporter=args.get("reporter") or "other"), t("incidents.saved")
    )


@command("incidents.detach")
async def detach(visit: Visit, args: Args) -> Outcome:
    """Take one alert out."""
    number, alert = _number(visit, args), str(args.get("alert", ""))
    await visit.ask(visit.rooms.work.incidents.detach, visit.actor, number, [alert], "")
    return Outcome(t("incidents.detached"), topics=("incidents",))


@command("incidents.split")
async def split(visit: Visit, args: Args) -> Outcome:
    """A new incident of the ticked alerts."""
    number = _number(visit, args)
    alerts = [str(each) for each in args.get("alerts") or []]
    made = await visit.ask(
        visit.rooms.work.incidents.split,
        visit.actor,
        number,
        alerts,
        str(args.get("title", ""))[:200],
        str(args.get("reason", ""))[:8000],
    )
    return Outcome(topics=("incidents",), go=address(f"/incidents/{made.id}"))


@command("incidents.merge")
async def merge(visit: Visit, args: Args) -> Outcome:
    """Merge another one into this."""
    number, other = _number(visit, args), str(args.get("other", ""))[:40]
    visit.rooms.authorizer.demand(visit.actor, "incidents.work", f"incident:{other}")
    await visit.ask(visit.rooms.work.incidents.merge, visit.actor, number, [other], t("incidents.merge_why"))
    return Outcome(t("incidents.merged", other=other), topics=("incidents",))


@command("incidents.take_events")
async def take_events(visit: Visit, args: Args) -> Outcome:
    """Keep the alerts and their events as evidence."""
    await visit.ask(visit.rooms.work.desk.take_events, visit.actor, _number(visit, args))
    return Outcome(t("incidents.uploaded"), topics=("incidents",))


@command("incidents.verify")
async def verify(visit: Visit, args: Args) -> Outcome:
    """Look whether a piece of evidence is still what its hash says."""
    whole = await visit.ask(
        visit.rooms.work.incidents.verify, visit.actor, _number(visit, args), str(args.get("blob", ""))
    )
    return Outcome(t("incidents.whole" if whole else "incidents.altered"), topics=("incidents",))
