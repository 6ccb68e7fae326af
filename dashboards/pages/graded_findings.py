"""Rectification (整改): findings from open to closed; the chosen one with its cause, fix, evidence and re-test."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import choice, dialog, text_area, text_field
from dashboards.design.elements import Content, card, chip, icon, link, opener, pairs, quiet, severity
from dashboards.design.states import empty
from dashboards.pages.graded_sheets import sheet_tools
from dashboards.pages.graded_tabs import room, tab_line, today_of
from dashboards.pages.page import Page
from dashboards.pages.work_forms import people_choices
from dashboards.parts import held_all, part
from dashboards.views.figures import amount, moment
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.errors import AppError, ErrorKind
from ops.evaluation.rectification import MOVES, OPEN_STATES, Finding, Risk, State
from ops.portal.sheets.kind import Kind

LANES = (State.OPEN, State.PLANNED, State.MENDED, State.CLOSED)
LEVEL_OF = {Risk.HIGH: "high", Risk.MEDIUM: "medium", Risk.LOW: "low"}
SHOWN = 40
LARGEST_EVIDENCE = 64 << 20
EVERY = frozenset(State)


@part("filing_findings.board", topics="graded tick people", params="sel object")
async def board(visit: Visit) -> Content:
    """Findings by state, those due soonest first; accepted ones stand beside the closed."""
    found = await visit.ask(room(visit).findings.find, visit.param("object"), EVERY)
    late = sum(each.overdue for each in found)
    new = (
        opener(html.Span([icon("plus"), t("findings.new")], className="row"), "finding", key="n", kind="small")
        if visit.may("evaluation.findings")
        else ""
    )
    head = html.Div(
        [
            html.Span(t("findings.late", count=late), className="light red" if late else "light done"),
            quiet(t("findings.open_count", count=sum(each.state in OPEN_STATES for each in found))),
            html.Span([*sheet_tools(visit, Kind.FINDINGS, visit.param("object")), new], className="push row"),
        ],
        className="row board-head",
    )  # fmt: skip
    if not found:
        body = empty(
            t("findings.none"),
            t("findings.none_why"),
            t("filing.tab.controls"),
            address("/filing/controls"),
            drawing="check",
        )
        tools = html.Span([*sheet_tools(visit, Kind.FINDINGS), new], className="row")
        return card(t("filing.tab.findings"), body, aside=tools, lined=True)
    lanes = [_lane(state, [each for each in found if _lane_of(each) is state], visit) for state in LANES]
    return html.Div([head, html.Div(lanes, className="board")])


def _lane_of(finding: Finding) -> State:
    return State.CLOSED if finding.state is State.ACCEPTED else finding.state


def _lane(state: State, findings: Sequence[Finding], visit: Visit) -> Component:
    tickets = [_ticket(finding, visit) for finding in findings[:SHOWN]]
    body = html.Div(tickets) if tickets else html.Div(quiet("—"), className="facts")
    return card(t(f"findings.state.{state}"), body, hint=amount(float(len(findings))), lined=True)


def _ticket(finding: Finding, visit: Visit) -> Component:
    on = visit.param("sel") == finding.id
    owner = visit.rooms.work.desk.named(finding.owner) if finding.owner else t("alerts.unassigned")
    marks: list[Component] = [severity(LEVEL_OF[finding.risk], t(f"findings.risk.{finding.risk}"))]
    if finding.major:
        marks.append(chip(t("findings.major")))
    if finding.state is State.ACCEPTED:
        marks.append(chip(t("findings.state.accepted")))
    return link(
        [
            html.B(finding.title, className="cut"),
            html.Span([*marks, quiet(finding.object_id)], className="row"),
            html.Span([_due(finding, visit), html.Span(owner, className="push cut soft")], className="row"),
        ],
        visit.here(sel=None if on else finding.id),
        className="ticket on" if on else "ticket",
    )


def _due(finding: Finding, visit: Visit) -> Component:
    day = finding.exception_until if finding.state is State.ACCEPTED else finding.due
    if day is None:
        return quiet(t("findings.no_due"))
    left = (day - today_of(visit)).days
    if finding.state is State.CLOSED:
        return quiet(moment(finding.closed, visit.zone, visit.now))
    words = t("filing.days_over", days=-left) if left < 0 else t("filing.days_left", days=left)
    return html.Span(words, className="light red" if finding.overdue else "light yellow" if left < 7 else "light")


@part("filing_findings.chosen", topics="graded people", params="sel")
async def chosen(visit: Visit) -> Content:
    """The chosen finding and what may be done with it."""
    found = await visit.ask(room(visit).findings.find, "", EVERY)
    one = next((each for each in found if each.id == visit.param("sel")), None)
    if one is None:
        return card(t("findings.finding"), empty(t("findings.choose"), drawing="orders"), lined=True)
    rows: list[tuple[str, Content]] = [
        (t("column.system"), link(one.object_id, address(f"/filing/controls/{one.object_id}"))),
        (t("findings.unit"), html.Span(one.unit or "—", className="mono")),
        (t("findings.asset"), one.asset or "—"),
        (t("column.owner"), visit.rooms.work.desk.named(one.owner) if one.owner else "—"),
        (t("findings.due"), str(one.due) if one.due else "—"),
        (t("findings.cause"), one.cause or "—"),
        (t("findings.fix"), one.fix or "—"),
        (t("findings.mitigation"), one.mitigation or "—"),
        (t("findings.before"), _hash(one.before_sha256)),
        (t("findings.after"), _hash(one.after_sha256)),
        (t("findings.closed_by"), visit.rooms.work.desk.named(one.closed_by) if one.closed_by else "—"),
    ]
    aside = severity(LEVEL_OF[one.risk], t(f"findings.risk.{one.risk}"))
    return card(
        one.title,
        [html.Div(pairs(rows, one=True), className="facts"), _acts(visit, one)],
        hint=one.id[-6:],
        aside=aside,
        lined=True,
    )


def _hash(value: str) -> Component:
    return html.Span(f"{value[:8]}…{value[-4:]}", className="mono", title=value) if value else quiet("—")


def _acts(visit: Visit, one: Finding) -> Component:
    if not visit.may("evaluation.findings", f"finding:{one.id}"):
        return html.Div(quiet(t("orders.may_not")), className="facts")
    possible = [action for action, move in MOVES.items() if one.state in move.sources]
    buttons = [
        opener(t(f"findings.do.{action}"), f"finding-{action}", kind="main-act" if not place else "")
        for place, action in enumerate(possible)
    ]
    boxes = [_box(visit, one, action) for action in possible]
    return html.Div([*buttons, *boxes], className="row facts wraps-row")


def _box(visit: Visit, one: Finding, action: str) -> Component:
    words = t(f"findings.do.{action}")
    fields: list[Component] = []
    for need in MOVES[action].needs:
        fields += _field(visit, one, need)
    return dialog(f"finding-{action}", words, fields, words, "findings.step", {"finding": one.id, "action": action})


def _field(visit: Visit, one: Finding, need: str) -> list[Component]:
    if need == "owner":
        return [html.Div(people_choices(visit, "owner", one.owner or visit.actor.id), className="choices two-up")]
    if need in ("due", "exception_until"):
        return [text_field(need, t(f"findings.{need}"), kind="date")]
    if need == "after_sha256":
        return [text_area("proof", t("findings.proof"))]
    return [text_area(need, t(f"findings.{need}"))]


@part("filing_findings.dialogs", wears="dialogs")
async def dialogs(visit: Visit) -> Content:
    """A new finding."""
    systems = await visit.ask(room(visit).controls.profiles)
    objects = [choice("object", each.id, each.name or each.id, required=True) for each in systems[:20]]
    levels = [choice("risk", risk, t(f"findings.risk.{risk}"), checked=risk is Risk.MEDIUM) for risk in Risk]
    fields = [
        text_field("title", t("findings.title")),
        html.Div(objects, className="choices two-up"),
        html.Div(levels, className="choices two-up"),
        text_field("unit", t("findings.unit"), required=False, hint="L3-CES1-01"),
        text_field("asset", t("findings.asset"), required=False),
    ]
    return dialog("finding", t("findings.new"), fields, t("findings.new"), "findings.new")


async def body(visit: Visit) -> Component:
    """The page."""
    left, right, boxes = await held_all(visit, board, chosen, dialogs)
    return html.Div([tab_line(visit), html.Div([left, right], className="desk-row"), boxes], className="page")


@command("findings.new")
async def new(visit: Visit, args: Args) -> Outcome:
    """Open a finding by hand."""
    wanted, title = str(args.get("object", ""))[:64], str(args.get("title", "")).strip()[:200]
    visit.rooms.authorizer.demand(visit.actor, "evaluation.findings", f"object:{wanted}")
    unit, asset = str(args.get("unit", ""))[:60], str(args.get("asset", ""))[:100]
    made = await visit.ask(
        room(visit).findings.open,
        visit.actor,
        wanted,
        title,
        Risk(str(args.get("risk", Risk.MEDIUM))),
        unit=unit,
        asset=asset,
    )
    return Outcome(
        t("filing.finding_opened", id=made.id), topics=("graded",), go=address("/filing/findings", sel=made.id)
    )


@command("findings.step")
async def step(visit: Visit, args: Args) -> Outcome:
    """Take a step; what proves the mending is kept as a file and only its hash goes into the finding."""
    name, action = str(args.get("finding", "")), str(args.get("action", ""))
    visit.rooms.authorizer.demand(visit.actor, "evaluation.findings", f"finding:{name}")
    given = {need: _given(args, need) for need in (MOVES[action].needs if action in MOVES else ())}
    if "after_sha256" in given:
        proof = str(args.get("proof", "")).strip()[:4000]
        given["after_sha256"] = (
            (await visit.ask(room(visit).blobs.put, [proof.encode()], LARGEST_EVIDENCE)).id if proof else ""
        )
    await visit.ask(room(visit).findings.step, visit.actor, name, action, **given)
    return Outcome(t("filing.saved"), topics=("graded",))


def _given(args: Args, need: str) -> Any:
    text = str(args.get(need, "")).strip()[:4000]
    if need not in ("due", "exception_until") or not text:
        return text
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise AppError(ErrorKind.INVALID, "ops.filing.date_expected", place=need) from None


PAGE = Page(
    "filing_findings",
    "/filing/findings",
    body,
    (board, chosen, dialogs),
    action="evaluation.read",
    ranged=False,
)
