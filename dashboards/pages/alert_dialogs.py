"""Dialogs of the alerts page, and the commands they and the keys send."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import choice, dialog, text_area, text_field
from dashboards.rooms.alerts import Action, Change, Stack, Verdict
from dashboards.views.alerts import members, wanted
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.errors import AppError, ErrorKind

MOST = 10_000


def dialogs(visit: Visit) -> Component:
    """Close with classification, assign, comment, reopen; each for what is selected."""
    verdicts = [
        choice("verdict", verdict, t(f"alerts.verdict.{verdict}"), t(f"alerts.verdict_why.{verdict}"), required=True)
        for verdict in Verdict
    ]
    fields: dict[str, list[Component]] = {
        "close": [html.Div(verdicts, className="choices"), text_area("comment", t("alerts.reason"))],
        "assign": [html.Div(_owners(visit), className="choices")],
        "comment": [text_area("comment", t("alerts.comment_label"), rows=4)],
        "reopen": [text_area("comment", t("alerts.reason"))],
    }
    made = [
        dialog(name, t(f"alerts.{name}_title"), inside, t(f"action.{name}"), f"alerts.{name}", {"ids": "selected"})
        for name, inside in fields.items()
    ]
    return html.Div([*made, _incident()], className="dialogs")


def _incident() -> Component:
    anyway = choice("anyway", "yes", t("alerts.anyway"), t("alerts.anyway_why"), many=True)
    fields = [
        text_field("title", t("incidents.title"), hint=t("alerts.incident_title_hint"), required=False),
        html.Div(anyway, className="choices"),
    ]
    return dialog(
        "incident", t("alerts.incident"), fields, t("incidents.open_it"), "alerts.incident", {"ids": "selected"}
    )


@command("alerts.incident")
async def incident(visit: Visit, args: Args) -> Outcome:
    """Make an incident of them and go there."""
    visit.rooms.authorizer.demand(visit.actor, "incidents.work")
    ids, title = await _expanded(visit, args), str(args.get("title", ""))[:200]
    anyway = bool(args.get("anyway"))
    case = await visit.ask(visit.rooms.work.incidents.open, visit.actor, ids, title=title, anyway=anyway)
    return Outcome(topics=("alerts", "incidents", "selection"), go=address(f"/incidents/{case.id}"))


def _owners(visit: Visit) -> list[Component]:
    others = [each for each in visit.rooms.people.people() if each.state == "active" and each.id != visit.actor.id]
    return [
        choice("owner", "me", t("alerts.to_me"), visit.actor.name, checked=True),
        *(choice("owner", person.id, person.display, person.name) for person in others[:20]),
        choice("owner", "", t("alerts.unassigned"), t("alerts.take_back")),
    ]


async def _expanded(visit: Visit, args: Args) -> tuple[str, ...]:
    """Alert ids of what was selected: alerts, and the members of stacks under the current filter."""
    found: list[str] = []
    for name in args.get("ids") or []:
        within = members(str(name), wanted(visit))
        if within is None:
            found.append(str(name))
            continue
        page = await visit.ask(visit.rooms.alerts.find, within, Stack.FLAT, 0, MOST)
        found += [row.id for row in page.items]
    ids = tuple(dict.fromkeys(found))
    if not ids:
        raise AppError(ErrorKind.INVALID, "dashboards.alerts.select_first")
    return ids


async def _change(visit: Visit, args: Args, action: Action, **fields: Any) -> Outcome:
    visit.rooms.authorizer.demand(visit.actor, "alerts.work")
    change = Change(action=action, ids=await _expanded(visit, args), **fields)
    done = await visit.ask(visit.rooms.alerts.change, visit.actor, change)
    words = t(f"alerts.done_{action}", alerts=done.alerts, signals=done.signals)
    return Outcome(words, topics=("alerts", "selection"), undo=("alerts.undo", done.undo) if done.undo else None)


@command("alerts.acknowledge")
async def acknowledge(visit: Visit, args: Args) -> Outcome:
    """Take note; the actor becomes the owner where there is none."""
    return await _change(visit, args, Action.ACKNOWLEDGE)


@command("alerts.assign")
async def assign(visit: Visit, args: Args) -> Outcome:
    """Give to a person, to oneself, or to nobody."""
    owner = str(args.get("owner", ""))
    return await _change(visit, args, Action.ASSIGN, owner=visit.actor.id if owner == "me" else owner)


@command("alerts.comment")
async def comment(visit: Visit, args: Args) -> Outcome:
    """Say something about them."""
    return await _change(visit, args, Action.COMMENT, comment=_words(args))


@command("alerts.reopen")
async def reopen(visit: Visit, args: Args) -> Outcome:
    """Open again what was closed."""
    return await _change(visit, args, Action.REOPEN, comment=_words(args))


@command("alerts.close")
async def close(visit: Visit, args: Args) -> Outcome:
    """Close with a classification and a reason."""
    if args.get("verdict") not in tuple(Verdict):
        raise AppError(ErrorKind.INVALID, "dashboards.alerts.verdict_missing")
    return await _change(visit, args, Action.CLOSE, comment=_words(args), verdict=Verdict(args["verdict"]))


@command("alerts.undo")
async def undo(visit: Visit, args: Args) -> Outcome:
    """Take the last change back."""
    visit.rooms.authorizer.demand(visit.actor, "alerts.work")
    done = await visit.ask(visit.rooms.alerts.undo, visit.actor, str(args.get("token", "")))
    return Outcome(t("alerts.undone", alerts=done.alerts), topics=("alerts",))


def _words(args: Args) -> str:
    words = str(args.get("comment", "")).strip()
    if not words:
        raise AppError(ErrorKind.INVALID, "dashboards.alerts.reason_missing")
    return words[:4000]
