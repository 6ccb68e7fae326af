"""Records (统一备案): every system with its number, its access conformance, other numbers, and what is missing."""

from __future__ import annotations

import json
from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import dialog, text_area
from dashboards.design.elements import Content, act, card, cells, chip, glyph, link, opener, quiet, severity, table
from dashboards.design.states import empty
from dashboards.pages.graded_sheets import sheet_tools
from dashboards.pages.graded_tabs import room, tab_line, today_of
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.errors import AppError
from ops.portal.sheets.kind import Kind
from ops.recordfiling.application import CONFORMANCE
from ops.recordfiling.service import MOVES, NEEDS_REASON, State, SystemRecord
from ops.recordfiling.watch import Project, gaps

SHOWN = 200
LEVELS = {State.ACTIVE: "normal", State.RETURNED: "high", State.REVOKED: "unknown"}


async def _found(visit: Visit) -> list[SystemRecord]:
    return await visit.ask(room(visit).records.find, visit.param("unit"))


@part("filing_records.listing", topics="graded", params="unit")
async def listing(visit: Visit) -> Content:
    """The register of records."""
    found = await _found(visit)
    aside = html.Span(sheet_tools(visit, Kind.RECORDS), className="row")
    if not found:
        body: Component = empty(t("records.none"), t("records.none_why"), t("filing.tab.systems"), address("/filing"))
        return card(t("filing.tab.records"), body, aside=aside, lined=True)
    heads = [
        (t("column.system"), ""), (t("records.unit"), ""), (t("records.column"), "num"), (t("records.number"), ""),
        (t("records.conformance"), ""), (t("records.external"), ""), (t("records.review"), "num"),
        (t("records.state"), ""), ("", ""),
    ]  # fmt: skip
    widths = ("auto", "130px", "64px", "190px", "110px", "20%", "100px", "120px", "230px")
    body = table(heads, [_row(visit, each) for each in found[:SHOWN]], widths)
    rest = len(found) - SHOWN
    more = html.Div(quiet(t("filing.more", count=rest)), className="facts") if rest > 0 else ""
    hint = t("records.count", count=len(found))
    return card(t("filing.tab.records"), [body, more], hint=hint, aside=aside, lined=True)


def _row(visit: Visit, found: SystemRecord) -> Component:
    given = found.application
    late = found.review_due is not None and found.review_due < today_of(visit)
    numbers = [chip(number) for number in given.external.values()]
    return cells(
        link([html.B(given.name), html.Span(found.system, className="under mono")], address(f"/filing/{found.system}"),
             className="rowlink"),
        found.unit, (str(given.column), "num"), html.Code(found.number or "—"), _conformance(found),
        html.Span(numbers or quiet("—"), className="gap-tags"),
        (html.Span(str(found.review_due or "—"), className="high" if late else ""), "num"),
        severity(LEVELS.get(found.state, "medium"), t(f"records.states.{found.state}")),
        html.Span(_acts(visit, found), className="row"),
    )  # fmt: skip


def _conformance(found: SystemRecord) -> Component:
    given = found.application.conformance
    levels = {rule: "normal" if given.get(rule) else "high" if rule in given else "unknown" for rule in CONFORMANCE}
    marks = [html.Span(glyph(level), title=t(f"records.rule.{rule}")) for rule, level in levels.items()]
    return html.Span(marks, className="row")


def _acts(visit: Visit, found: SystemRecord) -> list[Component]:
    made: list[Component] = []
    for action, (sources, _) in MOVES.items():
        if found.state not in sources or not visit.may(f"records.{action}", f"record:{found.id}"):
            continue
        words = t(f"records.do.{action}")
        if action in NEEDS_REASON:
            name = f"record-{action}-{found.id}"
            args = {"record": found.id, "action": action}
            box = dialog(name, words, [text_area("reason", t("filing.reason"))], words, "records.step", args,
                         danger=action == "revoke")  # fmt: skip
            made += [opener(words, name, kind="small"), box]
        else:
            made.append(act(words, "records.step", kind="small", record=found.id, action=action))
    return made


@part("filing_records.gaps", topics="graded tick")
async def missing(visit: Visit) -> Content:
    """Systems seen in traffic without a record, projects near go-live without grading, late reviews."""
    graded, found = room(visit), await visit.ask(room(visit).records.find)
    seen, gradings = await visit.ask(graded.seen.hosts, visit.now), await visit.ask(graded.gradings.all_latest)
    projects = _projects(found, {name for name, kept in gradings.items() if kept.state == "reviewed"})
    lines = [
        html.Div([severity("high" if each.kind.startswith("un") else "medium", each.text)])
        for each in gaps(found, seen, projects, today_of(visit))
    ]
    body = html.Div(lines[:SHOWN] or severity("normal", t("records.gaps_none")), className="list" if lines else "facts")
    return card(t("records.gaps"), body, hint=str(len(lines)), lined=True)


def _projects(found: Sequence[SystemRecord], graded: set[str]) -> list[Project]:
    return [
        Project(
            id=each.application.external.get("project", each.system), name=each.application.name,
            go_live=each.application.go_live, graded=each.system in graded, on_record=each.state is State.ACTIVE,
        )
        for each in found
        if each.application.go_live and each.state is not State.REVOKED
    ]  # fmt: skip


@part("filing_records.number", params="number")
async def number(visit: Visit) -> Content:
    """What stands behind a number; its check character is tested first."""
    wanted = visit.param("number")[:60]
    made = {"name": "number", "type": "search", "value": wanted, "maxLength": 60, "ariaLabel": t("records.number"),
            "placeholder": t("records.verify_hint")}  # fmt: skip
    form = html.Form(
        [html.Span(**{"data-input": json.dumps(made, ensure_ascii=False)}),
         html.Button(t("records.verify"), className="button small", type="submit")],
        className="row facts", **{"data-refine": "1"},
    )  # fmt: skip
    return card(t("records.verify"), [form, await _verified(visit, wanted)], lined=True)


async def _verified(visit: Visit, wanted: str) -> Component | str:
    if not wanted:
        return ""
    try:
        found = await visit.ask(room(visit).records.verify, wanted)
    except AppError as error:
        return html.Div(severity("high", str(error)), className="facts")
    state = t(f"records.states.{found.state}")
    words = t("records.verified", name=found.name, unit=found.unit, state=state)
    level = "normal" if found.state == State.ACTIVE else "high"
    return html.Div([severity(level, words), html.Code(found.number)], className="row facts")


async def body(visit: Visit) -> Component:
    """The page."""
    rows, *side = await held_all(visit, listing, number, missing)
    return html.Div([tab_line(visit), html.Div(side, className="records-side"), rows], className="page")


@command("records.step")
async def step(visit: Visit, args: Args) -> Outcome:
    """Take a step of a record; the bureau's review gives the number."""
    name, action = str(args.get("record", ""))[:64], str(args.get("action", ""))[:40]
    visit.rooms.authorizer.demand(visit.actor, f"records.{action}", f"record:{name}")
    reason = str(args.get("reason", "")).strip()[:4000]
    made = await visit.ask(room(visit).records.step, visit.actor, name, action, reason)
    words = t("records.stepped", name=made.application.name, state=t(f"records.states.{made.state}"))
    return Outcome(f"{words} {made.number or ''}".strip(), topics=("graded",))


PAGE = Page("filing_records", "/filing/records", body, (listing, missing, number), action="records.read", ranged=False)
