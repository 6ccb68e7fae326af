"""Users (账户): who may come in, with which roles, and who is in now."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import choice, dialog, text_field
from dashboards.design.elements import Content, act, card, cells, chip, icon, link, opener, quiet, severity, table, when
from dashboards.design.states import empty
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.rooms.people import Link, Person, Role, SessionRow
from dashboards.views.figures import amount, stamp, zone_name
from dashboards.visit import Visit, address
from dashboards.words import t

STATES = {"active": "normal", "invited": "unknown", "disabled": "low"}


@part("users.people", topics="people", params="sel", wears="people")
async def people(visit: Visit) -> Content:
    """All accounts; choosing one opens what can be done with it."""
    found, roles = await asyncio.gather(visit.ask(visit.rooms.people.people), visit.ask(visit.rooms.people.roles))
    names = {role.id: role.name for role in roles}
    heads = [
        (t("users.person"), ""),
        (t("users.roles"), ""),
        (t("column.state"), ""),
        (t("users.second_factor"), ""),
        (t("users.sessions"), "num"),
        (t("users.last_seen"), "num"),
    ]
    rows = [_person(person, names, visit) for person in found]
    aside = opener([icon("plus"), t("users.add")], "create", kind="small") if visit.may("users.create") else ""
    return card(
        t("page.users"),
        table(heads, rows, ("auto", "34%", "96px", "90px", "64px", "110px")),
        hint=amount(float(len(found))),
        aside=aside,
    )


def _person(person: Person, names: dict[str, str], visit: Visit) -> Component:
    chosen = visit.param("sel") == person.id
    who = link(
        [html.B(person.display or person.name), html.Span(person.name, className="under mono")],
        visit.here(sel=None if chosen else person.id),
        className="rowlink",
    )
    tags = html.Span(
        [chip(names.get(role, role)) for role in person.roles] or quiet(t("users.no_role")), className="row"
    )
    factor = severity("normal", t("users.on")) if person.second_factor else quiet(t("users.off"))
    return cells(
        who,
        tags,
        severity(STATES.get(person.state, "unknown"), t(f"users.state.{person.state}")),
        factor,
        (amount(float(person.sessions)), "num"),
        (when(person.last_seen, visit), "num quiet"),
        on=chosen,
    )


@part("users.person", topics="people", params="sel")
async def chosen(visit: Visit) -> Content:
    """One account: link, roles, disable, sessions."""
    found = await visit.ask(visit.rooms.people.people)
    person = next((each for each in found if each.id == visit.param("sel")), None)
    if person is None:
        return card(t("users.account"), empty(t("users.choose"), t("users.choose_why"), drawing="users"), lined=True)
    roles, sessions = await asyncio.gather(
        visit.ask(visit.rooms.people.roles), visit.ask(visit.rooms.people.sessions, person.id)
    )
    history = link(t("users.in_audit"), address("/audit", actor=person.name), className="small-link")
    return card(
        person.display or person.name,
        [
            _acts(person, visit),
            _roles_form(person, roles, visit),
            html.H3(t("users.sessions"), className="inner-title"),
            session_table(sessions, visit),
        ],
        hint=person.name,
        aside=[history, link(icon("close"), visit.here(sel=None), **{"aria-label": t("action.close_pane")})],
        lined=True,
    )


def _acts(person: Person, visit: Visit) -> Component:
    buttons: list[Component] = []
    if visit.may("users.link", f"user:{person.id}") and person.state != "disabled":
        buttons.append(act([icon("link"), t("users.new_link")], "users.link", person=person.id))
    if visit.may("users.disable", f"user:{person.id}") and person.id != visit.actor.id:
        off = person.state != "disabled"
        buttons.append(
            act(
                t("users.disable" if off else "users.enable"),
                "users.disable",
                kind="danger" if off else "",
                person=person.id,
                disabled=off,
            )
        )
    return html.Div(buttons or quiet(t("users.may_not")), className="row facts")


def _roles_form(person: Person, roles: Sequence[Role], visit: Visit) -> Component:
    names = {role.id: role.name for role in roles}
    if not visit.may("users.roles", f"user:{person.id}") or person.id == visit.actor.id:
        return html.Div(
            [
                html.H3(t("users.roles"), className="inner-title"),
                html.Div([chip(names.get(role, role)) for role in person.roles], className="row facts"),
                html.P(t("users.not_own"), className="quiet facts") if person.id == visit.actor.id else None,
            ]
        )
    form = html.Form(
        [
            _role_choices(roles, person.roles),
            html.Div(html.Button(t("users.save_roles"), className="button main-act"), className="acts"),
        ],
        className="form facts",
        key=f"{person.id}-{'-'.join(person.roles)}",
        **{"data-command": "users.roles", "data-args": f'{{"person": "{person.id}"}}', "data-keep": "1"},
    )
    return html.Div([html.H3(t("users.roles"), className="inner-title"), form])


def _role_choices(roles: Sequence[Role], held_roles: Sequence[str] = ()) -> Component:
    names = {role.id: role.name for role in roles}

    def about(role: Role) -> str:
        apart = "、".join(names.get(other, other) for other in role.excludes)
        return role.about + (" " + t("users.not_with", roles=apart) if apart else "")

    return html.Div(
        [choice("roles", role.id, role.name, about(role), checked=role.id in held_roles, many=True) for role in roles],
        className="choices",
    )


def session_table(sessions: Sequence[SessionRow], visit: Visit) -> Component:
    """Open sessions with the way to end them."""
    rows = [_session(each, visit) for each in sessions]
    if not rows:
        return empty(t("users.no_sessions"), t("users.no_sessions_why"))
    heads = [
        (t("hosts.address"), ""),
        (t("users.agent"), ""),
        (t("users.since"), "num"),
        (t("users.last_seen"), "num"),
        ("", ""),
    ]
    return table(heads, rows, ("100px", "auto", "90px", "90px", "64px"))


def _session(each: SessionRow, visit: Visit) -> Component:
    may = each.person == visit.actor.id or visit.may("sessions.end", f"session:{each.id}")
    end = act(t("users.end"), "users.end_session", kind="small", session=each.id) if may else ""
    started, seen = when(each.started, visit), when(each.last_seen, visit)
    agent = html.Span(each.agent, title=each.agent)
    return cells(html.Span(each.address, className="mono"), agent, (started, "num quiet"), (seen, "num quiet"), end)


async def body(visit: Visit) -> Component:
    """The page."""
    both, roles = await asyncio.gather(held_all(visit, people, chosen), visit.ask(visit.rooms.people.roles))
    fields = [
        text_field("name", t("users.name"), hint=t("users.name_hint")),
        text_field("display", t("users.display"), required=False),
        _role_choices(roles),
    ]
    create = dialog("create", t("users.add"), fields, t("users.create"), "users.create")
    return html.Div([html.Div(both, className="users-grid"), html.Div(create, className="dialogs")], className="page")


@command("users.create")
async def create_person(visit: Visit, args: Args) -> Outcome:
    """A new account and its one-time link."""
    roles = tuple(str(role) for role in args.get("roles") or ())
    made = await visit.ask(
        visit.rooms.people.create,
        visit.actor,
        str(args.get("name", "")).strip(),
        str(args.get("display", "")).strip(),
        roles,
    )
    return Outcome(topics=("people",), shown=_shown_once(made, visit))


@command("users.link")
async def new_link(visit: Visit, args: Args) -> Outcome:
    """A fresh one-time link."""
    made = await visit.ask(visit.rooms.people.link, visit.actor, str(args.get("person", "")))
    return Outcome(topics=("people",), shown=_shown_once(made, visit))


def _shown_once(made: Link, visit: Visit) -> Component:
    where = html.Code(made.path, className="raw", **{"data-whole-address": made.path})
    copy = html.Button(
        [icon("copy"), t("action.copy")],
        className="button main-act",
        **{"type": "button", "data-copy-address": made.path},
    )
    close = html.Button(t("users.seen"), className="button", **{"type": "button", "data-close": "1"})
    body = html.Div(
        [
            html.P(t("users.link_once", expires=stamp(made.expires, visit.zone), zone=zone_name(visit.zone))),
            where,
            html.Div([copy, close], className="acts"),
        ],
        className="once",
    )
    return html.Dialog(
        [html.Header(t("users.link_title")), body],
        className="box",
        key=made.path,
        **{"data-show-dialog": "1", "aria-label": t("users.link_title")},
    )


@command("users.roles")
async def set_roles(visit: Visit, args: Args) -> Outcome:
    """Give exactly these roles."""
    roles = tuple(str(role) for role in args.get("roles") or ())
    await visit.ask(visit.rooms.people.set_roles, visit.actor, str(args.get("person", "")), roles)
    return Outcome(t("users.roles_saved"), topics=("people",))


@command("users.disable")
async def disable(visit: Visit, args: Args) -> Outcome:
    """Shut an account out, or let it in again."""
    off = bool(args.get("disabled"))
    await visit.ask(visit.rooms.people.set_disabled, visit.actor, str(args.get("person", "")), off)
    return Outcome(t("users.disabled_done" if off else "users.enabled_done"), topics=("people",))


@command("users.end_session")
async def end_session(visit: Visit, args: Args) -> Outcome:
    """End one session."""
    await visit.ask(visit.rooms.people.end_session, visit.actor, str(args.get("session", "")))
    return Outcome(t("users.session_ended"), topics=("people",))


PAGE = Page("users", "/users", body, (people, chosen), action="users.read", ranged=False)
