"""Agents (采集代理): which hosts deliver, how each is, what its group is told to collect, and how to add one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import dialog, text_field
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
    when,
)
from dashboards.design.states import empty
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.rooms.fleet import AgentLine, Group, Invitation
from dashboards.views.figures import amount, size, stamp, zone_name
from dashboards.visit import Visit, address
from dashboards.words import t

LEVELS = {"connected": "normal", "away": "medium", "revoked": "low"}
SKEW_SHOWN_MS = 250


@part("agents.list", topics="health", params="sel")
async def listing(visit: Visit) -> Content:
    """All agents; choosing one opens what is known of it."""
    found = await visit.ask(visit.rooms.fleet.agents)
    aside = opener([icon("plus"), t("agents.add")], "invite", kind="small") if visit.may("sources.edit") else ""
    if not found:
        step = t("agents.none_why") if visit.rooms.fleet.door else t("agents.door_shut")
        return card(t("page.agents"), empty(t("agents.none"), step, drawing="hosts"), aside=aside, lined=True)
    heads = [
        (t("column.host"), ""),
        (t("column.state"), ""),
        (t("agents.group"), ""),
        (t("agents.version"), ""),
        (t("agents.waiting"), "num"),
        (t("agents.skew"), "num"),
        (t("agents.account"), "num"),
        (t("column.last_seen"), "num"),
    ]
    rows = [_row(agent, visit) for agent in found]
    body = table(heads, rows, ("auto", "90px", "100px", "70px", "90px", "80px", "110px", "110px"))
    return card(t("page.agents"), body, hint=amount(float(len(found))), aside=aside)


def _row(agent: AgentLine, visit: Visit) -> Component:
    chosen = visit.param("sel") == agent.id
    who = link(
        [html.B(agent.name), html.Span(agent.host, className="under mono")],
        visit.here(sel=None if chosen else agent.id),
        className="rowlink",
    )
    return cells(
        who,
        severity(LEVELS[agent.state], t(f"agents.state.{agent.state}")),
        chip(agent.group),
        agent.version or "—",
        (size(agent.lag_bytes) if agent.lag_bytes else "0", "num"),
        (_skew(agent), "num"),
        (_account(agent), "num"),
        (when(agent.last_seen, visit), "num quiet"),
        on=chosen,
    )


def _skew(agent: AgentLine) -> Content:
    words = f"{agent.skew_ms / 1000:+.1f} s".replace("-", "−")
    return severity("medium", words) if abs(agent.skew_ms) >= SKEW_SHOWN_MS else quiet(t("agents.in_step"))


def _account(agent: AgentLine) -> Content:
    if agent.differs is None:
        return "—"
    return severity("high", amount(float(agent.differs))) if agent.differs else severity("normal", t("agents.agrees"))


@part("agents.agent", topics="health", params="sel")
async def chosen(visit: Visit) -> Content:
    """One agent: its sources, its certificate, and the ways to move and to end it."""
    found, groups = await asyncio.gather(visit.ask(visit.rooms.fleet.agents), visit.ask(visit.rooms.fleet.groups))
    agent = next((each for each in found if each.id == visit.param("sel")), None)
    if agent is None:
        return card(t("agents.groups"), [_group(group, found, visit) for group in groups], lined=True)
    facts = pairs(
        [
            (t("agents.certificate"), f"{stamp(agent.expires, visit.zone)} {zone_name(visit.zone)}"),
            (t("agents.told"), t("agents.follows") if agent.current else t("agents.not_yet")),
            (t("agents.handed"), amount(float(agent.handed))),
        ],
        one=True,
    )
    sources = [
        cells(
            html.Span(str(each.get("id", "")).partition("/")[2], className="mono"),
            t(f"agents.source.{each.get('state')}"),
            (amount(float(each.get("records", 0))), "num"),
        )
        for each in agent.sources
    ]
    heads = [(t("agents.source_name"), ""), (t("column.state"), ""), (t("agents.records"), "num")]
    events = link(t("hosts.all_events"), address("/hunt", q=f"yaodun.source:{agent.name}*"), className="small-link")
    close = link(icon("close"), visit.here(sel=None), **{"aria-label": t("action.close_pane")})
    body: list[Component] = [html.Div(facts, className="facts"), table(heads, sources, ("auto", "90px", "80px"))]
    if visit.may("sources.edit") and agent.state != "revoked":
        body.append(
            html.Div(act(t("agents.revoke"), "agents.revoke", kind="danger", agent=agent.id), className="row facts")
        )
    return card(agent.name, body, hint=t(f"agents.state.{agent.state}"), aside=[events, close], lined=True)


def _group(group: Group, agents: Sequence[AgentLine], visit: Visit) -> Component:
    told = group.configuration
    members = sum(agent.group == group.id and agent.state != "revoked" for agent in agents)
    facts = pairs(
        [
            (t("agents.members"), amount(float(members))),
            (t("agents.log_files"), ", ".join(told.log_files) or t("agents.usual")),
            (t("agents.off"), ", ".join(told.off) or "—"),
            (t("agents.bandwidth"), f"{told.bandwidth_kib_s} KiB/s" if told.bandwidth_kib_s else t("agents.no_cap")),
        ],
        one=True,
    )
    edit = opener(t("agents.change"), f"group-{group.id}", kind="small") if visit.may("sources.edit") else ""
    return html.Div([html.H3([group.id, " ", edit], className="inner-title"), html.Div(facts, className="facts")])


async def body(visit: Visit) -> Component:
    """The page."""
    both, groups = await asyncio.gather(held_all(visit, listing, chosen), visit.ask(visit.rooms.fleet.groups))
    fields = [
        html.P(t("agents.guide"), className="quiet"),
        text_field("name", t("agents.name"), hint=t("agents.name_hint"), required=False),
        text_field("group", t("agents.group"), value="default"),
    ]
    dialogs = [dialog("invite", t("agents.add"), fields, t("agents.get_command"), "agents.invite")]
    dialogs += [_group_dialog(group) for group in groups]
    return html.Div([html.Div(both, className="users-grid"), html.Div(dialogs, className="dialogs")], className="page")


def _group_dialog(group: Group) -> Component:
    told = group.configuration
    fields = [
        _lines("log_files", t("agents.log_files"), told.log_files),
        _lines("watched_files", t("agents.watched_files"), told.watched_files),
        _lines("off", t("agents.off"), told.off),
        text_field("interval_s", t("agents.interval"), value=f"{told.interval_s:g}"),
        text_field(
            "bandwidth_kib_s", t("agents.bandwidth"), hint=t("agents.no_cap_hint"), value=str(told.bandwidth_kib_s)
        ),
    ]
    title = t("agents.change_group", group=group.id)
    return dialog(f"group-{group.id}", title, fields, t("agents.sign"), "agents.configure", {"group": group.id})


def _lines(name: str, words: str, values: tuple[str, ...]) -> Component:
    box = html.Textarea("\n".join(values), name=name, className="field", rows=3, maxLength=4000)
    return html.Label([words, box, quiet(t("agents.one_a_line"))], className="line")


@command("agents.invite")
async def invite(visit: Visit, args: Args) -> Outcome:
    """A one-time token, in the words to run on the new host."""
    group, name = str(args.get("group", "")).strip(), str(args.get("name", "")).strip()
    made = await visit.ask(visit.rooms.fleet.invite, visit.actor, group, name)
    return Outcome(topics=("health",), shown=_shown_once(made, visit))


def _shown_once(made: Invitation, visit: Visit) -> Component:
    words = t("agents.run_this", expires=stamp(made.expires, visit.zone), zone=zone_name(visit.zone))
    close = html.Button(t("users.seen"), className="button main-act", **{"type": "button", "data-close": "1"})
    body = html.Div(
        [
            html.P(words),
            html.Code(made.command, className="raw"),
            html.P(t("agents.then"), className="quiet"),
            html.Div(close, className="acts"),
        ],
        className="once",
    )
    return html.Dialog(
        [html.Header(t("agents.add")), body],
        className="box",
        key=made.command,
        **{"data-show-dialog": "1", "aria-label": t("agents.add")},
    )


@command("agents.revoke")
async def revoke(visit: Visit, args: Args) -> Outcome:
    """End an agent."""
    await visit.ask(visit.rooms.fleet.revoke, visit.actor, str(args.get("agent", "")))
    return Outcome(t("agents.revoked"), topics=("health",))


@command("agents.configure")
async def configure(visit: Visit, args: Args) -> Outcome:
    """Tell a group what to collect."""
    values = {name: str(value) for name, value in args.items() if name != "group"}
    await visit.ask(visit.rooms.fleet.configure, visit.actor, str(args.get("group", "")), values)
    return Outcome(t("agents.signed"), topics=("health",))


PAGE = Page("agents", "/agents", body, (listing, chosen), action="sources.read", ranged=False)
