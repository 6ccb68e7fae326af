"""Change requests on the work page: what waits, what runs, who agreed."""

from __future__ import annotations

from datetime import timedelta

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import choice, dialog, text_area, text_field
from dashboards.design.elements import (
    Content,
    act,
    card,
    cells,
    chip,
    icon,
    link,
    opener,
    pairs,
    quiet,
    severity,
    table,
)
from dashboards.design.states import empty
from dashboards.pages.work_forms import history, needed
from dashboards.views.figures import moment
from dashboards.visit import Visit
from dashboards.words import t
from infra.exchange import Level
from ops.work.changes import ChangeRequest, ChangeState, Risk, Scope

HOURS = (1, 2, 4, 8)
REDRAWN = ("work", "work-dialogs")
STATES = {
    ChangeState.ASKED: "high",
    ChangeState.APPROVED: "normal",
    ChangeState.REFUSED: "low",
    ChangeState.DONE: "normal",
    ChangeState.WITHDRAWN: "unknown",
}


async def listing(visit: Visit) -> Content:
    """Requests, newest first."""
    found = await visit.ask(visit.rooms.work.changes.listed)
    words = html.Span([icon("plus"), t("changes.new")], className="row")
    new = opener(words, "change", key="n", kind="small") if visit.may("orders.work") else ""
    if not found:
        body: Component = empty(t("changes.none"), t("changes.none_why"), drawing="orders")
        return card(t("orders.tab.changes"), body, aside=new, lined=True)
    heads = [
        (t("column.state"), ""),
        (t("changes.change"), ""),
        (t("changes.window"), ""),
        (t("changes.risk"), ""),
        (t("changes.approvals"), "num"),
        (t("changes.asked_by"), ""),
    ]
    rows = [_row(change, visit) for change in found]
    return card(
        t("orders.tab.changes"),
        table(heads, rows, ("120px", "auto", "190px", "70px", "70px", "100px")),
        hint=str(len(found)),
        aside=new,
        lined=True,
    )


def _row(change: ChangeRequest, visit: Visit) -> Component:
    on = visit.param("sel") == change.id
    running = change.in_force(visit.now)
    state = (
        chip(t("changes.in_force"), tag=True)
        if running
        else severity(STATES[change.state], t(f"changes.state.{change.state}"))
    )
    name = link(
        [html.B(change.title), html.Span(change.id, className="under mono")],
        visit.here(sel=None if on else change.id),
        className="rowlink",
    )
    return cells(
        state,
        name,
        window_words(change, visit),
        t(f"changes.risk_of.{change.risk}"),
        (f"{len(change.approvals)} / {change.needed}", "num"),
        visit.rooms.work.desk.named(change.asked_by),
        on=on,
    )


def window_words(change: ChangeRequest, visit: Visit) -> str:
    """From when to when."""
    return f"{moment(change.starts, visit.zone, visit.now)} – {moment(change.ends, visit.zone, visit.now)}"


async def chosen(visit: Visit) -> Content:
    """The request that is selected."""
    if not visit.param("sel"):
        return card(
            t("changes.change"), empty(t("orders.choose"), t("changes.choose_why"), drawing="orders"), lined=True
        )
    change = await visit.ask(visit.rooms.work.changes.shelf.get, visit.param("sel"))
    notes = await visit.ask(visit.rooms.work.changes.notes, change.id)
    named = visit.rooms.work.desk.named
    scope = "、".join((*change.scope.systems, *change.scope.assets, *change.scope.entities))
    facts: list[tuple[str, Content]] = [
        (t("column.state"), t(f"changes.state.{change.state}")),
        (t("changes.window"), window_words(change, visit)),
        (t("changes.scope"), html.Span(scope, className="wraps")),
        (t("changes.silence"), t(f"level.{change.silent_up_to}") if change.silences else t("users.off")),
        (t("changes.reason"), html.Span(change.reason, className="wraps")),
        (t("changes.plan"), html.Span(change.plan, className="wraps")),
        (t("changes.rollback"), html.Span(change.rollback, className="wraps")),
        (t("changes.approvals"), "、".join(named(each) for each in change.approvals) or "—"),
    ]
    parts = [html.Div(pairs(facts, one=True), className="facts"), _acts(change, visit), history(notes, visit)]
    return card(change.title, parts, hint=change.id, lined=True)


def _acts(change: ChangeRequest, visit: Visit) -> Component:
    own = change.asked_by == visit.actor.id
    if change.state is ChangeState.ASKED and own:
        return html.Div([quiet(t("changes.own")), opener(t("changes.withdraw"), "change-end")], className="row facts")
    if change.state is ChangeState.ASKED and visit.may("orders.approve", f"change:{change.id}"):
        return html.Div(
            [
                act(t("changes.approve"), "changes.approve", kind="main-act", change=change.id),
                opener(t("changes.refuse"), "change-refuse"),
            ],
            className="row facts approval",
        )
    if change.state is ChangeState.APPROVED and visit.may("orders.work", f"change:{change.id}"):
        return html.Div([opener(t("changes.finish"), "change-done", kind="main-act")], className="row facts")
    return html.Div(quiet(t("orders.may_not")) if change.state is ChangeState.ASKED else "", className="facts")


def boxes(visit: Visit) -> list[Component]:
    """Ask, refuse, finish, withdraw."""
    to = {"change": visit.param("sel")}
    when = html.Label(
        [t("changes.starts"), html.Span(className="datetime", **{"data-datetime": "starts"})], className="line"
    )
    hours = [choice("hours", str(each), t("changes.hours", count=each), checked=each == HOURS[1]) for each in HOURS]
    risks = [
        choice("risk", each, t(f"changes.risk_of.{each}"), t(f"changes.risk_why.{each}"), checked=each is Risk.LOW)
        for each in Risk
    ]
    fields = [
        text_field("title", t("incidents.title")),
        text_area("reason", t("changes.reason"), rows=2),
        text_area("plan", t("changes.plan"), rows=2),
        text_area("rollback", t("changes.rollback"), rows=2),
        text_field("scope", t("changes.scope"), hint=t("changes.scope_hint")),
        when,
        html.Div(hours, className="choices two-up"),
        html.Div(risks, className="choices"),
        html.Div(
            choice("silences", "yes", t("changes.silences"), t("changes.silences_why"), many=True), className="choices"
        ),
    ]
    reason, result = [text_area("reason", t("alerts.reason"))], [text_area("result", t("orders.result"))]
    return [
        dialog("change", t("changes.new"), fields, t("changes.ask"), "changes.ask"),
        dialog("change-refuse", t("changes.refuse"), reason, t("changes.refuse"), "changes.refuse", to, danger=True),
        dialog("change-done", t("changes.finish"), result, t("changes.finish"), "changes.end", {**to, "done": True}),
        dialog("change-end", t("changes.withdraw"), result, t("changes.withdraw"), "changes.end", to),
    ]


@command("changes.ask")
async def ask(visit: Visit, args: Args) -> Outcome:
    """Ask for a change; names of the scope that are registered systems are systems, the others assets or entities."""
    visit.rooms.authorizer.demand(visit.actor, "orders.work")
    starts = needed(visit, args.get("starts"), t("changes.starts"))
    names = [name.strip() for name in str(args.get("scope", "")).replace("、", ",").replace("，", ",").split(",")]
    known = {system.id for system in await visit.ask(visit.rooms.register.systems)}
    things = tuple(name for name in names if name)
    scope = Scope(
        systems=tuple(each for each in things if each in known),
        assets=tuple(each for each in things if each not in known),
    )
    change = await visit.ask(
        visit.rooms.work.changes.ask,
        visit.actor,
        str(args.get("title", "")),
        reason=str(args.get("reason", "")),
        plan=str(args.get("plan", "")),
        rollback=str(args.get("rollback", "")),
        starts=starts,
        ends=starts + timedelta(hours=int(args.get("hours") or HOURS[0])),
        scope=scope,
        risk=Risk(args.get("risk") or Risk.LOW),
        silences=bool(args.get("silences")),
        silent_up_to=Level.MEDIUM,
    )
    return Outcome(t("changes.asked", change=change.id), topics=REDRAWN)


@command("changes.approve")
async def approve(visit: Visit, args: Args) -> Outcome:
    """Agree."""
    change = str(args.get("change", ""))
    visit.rooms.authorizer.demand(visit.actor, "orders.approve", f"change:{change}")
    made = await visit.ask(visit.rooms.work.changes.approve, visit.actor, change)
    return Outcome(t(f"changes.now.{made.state}"), topics=REDRAWN)


@command("changes.refuse")
async def refuse(visit: Visit, args: Args) -> Outcome:
    """Say no."""
    change = str(args.get("change", ""))
    visit.rooms.authorizer.demand(visit.actor, "orders.approve", f"change:{change}")
    await visit.ask(visit.rooms.work.changes.refuse, visit.actor, change, str(args.get("reason", "")))
    return Outcome(t("changes.now.refused"), topics=REDRAWN)


@command("changes.end")
async def end(visit: Visit, args: Args) -> Outcome:
    """Finish or withdraw."""
    change = str(args.get("change", ""))
    visit.rooms.authorizer.demand(visit.actor, "orders.work", f"change:{change}")
    done = bool(args.get("done"))
    await visit.ask(visit.rooms.work.changes.end, visit.actor, change, str(args.get("result", "")), done=done)
    return Outcome(t("incidents.saved"), topics=REDRAWN)


__all__ = ["boxes", "chosen", "listing"]
