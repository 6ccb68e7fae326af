"""My account (我的账户): password, second factor, my sessions."""

from __future__ import annotations

import asyncio

import segno
from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import text_field
from dashboards.design.elements import Content, act, card, chip, pairs, severity
from dashboards.pages.page import Page
from dashboards.pages.users import session_table
from dashboards.parts import held_all, part
from dashboards.visit import Visit
from dashboards.words import t


@part("me.account", topics="people")
async def account(visit: Visit) -> Content:
    """Who I am here, and my second factor."""
    people, roles = await asyncio.gather(visit.ask(visit.rooms.people.people), visit.ask(visit.rooms.people.roles))
    names = {role.id: role.name for role in roles}
    person = next((each for each in people if each.id == visit.actor.id), None)
    on = person is not None and person.second_factor
    state = severity("normal", t("users.on")) if on else severity("medium", t("users.off"))
    facts = pairs(
        [
            (t("users.name"), person.name if person else visit.actor.name),
            (t("users.roles"), html.Span([chip(names.get(role, role)) for role in visit.actor.roles], className="row")),
            (t("users.second_factor"), state),
        ],
        one=True,
    )
    begin = act(t("me.set_up_again" if on else "me.set_up"), "me.second_factor", kind="" if on else "main-act")
    why = html.P(t("me.second_factor_why"), className="soft small")
    return card(person.display if person else visit.actor.name, html.Div([facts, why, begin], className="facts stack"))


@part("me.password")
async def password(visit: Visit) -> Content:
    """A new password; every other session ends. The words go straight to the API, not through a page."""
    fields = [
        text_field("old", t("me.old"), kind="password"),
        text_field("new", t("me.new"), kind="password", hint=t("entrance.password_hint")),
        html.Div(html.Button(t("me.change"), className="button main-act"), className="acts"),
    ]
    data = {"data-api": "/api/v1/session/password", "data-done": t("me.changed"), "data-failed": t("entrance.failed")}
    return card(t("me.password"), html.Form(fields, className="form facts", **data), lined=True)


@part("me.sessions", topics="people", wears="wide")
async def sessions(visit: Visit) -> Content:
    """Where I am signed in."""
    found = await visit.ask(visit.rooms.people.sessions, visit.actor.id)
    return card(t("me.sessions"), session_table(found, visit))


async def body(visit: Visit) -> Component:
    """The page."""
    return html.Div(html.Div(await held_all(visit, account, password, sessions), className="cols-2"), className="page")


@command("me.second_factor")
async def second_factor(visit: Visit, args: Args) -> Outcome:
    """A seed to scan, and the code that proves it was."""
    made = await visit.ask(visit.rooms.people.begin_second_factor, visit.actor)
    drawing = segno.make(made.uri, error="m").svg_data_uri(scale=4, border=2)
    form = html.Form(
        [
            text_field("code", t("entrance.code"), hint=t("entrance.code_hint")),
            html.Div(html.Button(t("me.confirm"), className="button main-act"), className="acts"),
        ],
        className="form",
        **{"data-command": "me.confirm"},
    )
    inside = html.Div(
        [
            html.P(t("me.scan")),
            html.Img(src=drawing, alt=t("me.scan"), className="qr"),
            html.Code(made.seed, className="raw"),
            form,
        ],
        className="once",
    )
    head = html.Header(t("me.set_up"))
    return Outcome(shown=html.Dialog([head, inside], className="box", key=made.seed, **{"data-show-dialog": "1"}))


@command("me.confirm")
async def confirm(visit: Visit, args: Args) -> Outcome:
    """From now on signing in asks for a code."""
    code = str(args.get("code", "")).strip().replace(" ", "")[:32]
    await visit.ask(visit.rooms.people.confirm_second_factor, visit.actor, code)
    return Outcome(t("me.confirmed"), topics=("people",))


PAGE = Page("me", "/me", body, (account, password, sessions), ranged=False)
