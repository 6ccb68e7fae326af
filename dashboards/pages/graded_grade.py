"""Grading (定级): tick what is harmed and how badly, see both matrices and every rule at once, propose, review."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import dialog, text_area
from dashboards.design.elements import Content, card, chip, icon, link, opener, quiet, severity
from dashboards.pages.graded_tabs import named_system, room, tab_line
from dashboards.pages.graded_ticks import NONE, object_of, switches, thing_of
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.views.figures import moment
from dashboards.visit import Visit, address
from dashboards.words import chinese, t
from ops.controls.board import Profile
from ops.controls.profiles import profile_of
from ops.filing.beginning import take_over
from ops.filing.lifecycle import EDITABLE
from ops.grading.engine import Grading, Result, grade, shipped_matrices
from ops.grading.matrix import Matrix
from ops.grading.objects import Degree, GradedObject, Harmed, Tick
from ops.grading.service import KeptGrading, State
from ops.grading.validators import Severity

PARAMS = "object kind s a flags stands carries layers models"
STATES = {State.PROPOSED: "medium", State.REVIEWED: "normal", State.REFUSED: "high"}


async def _thing(visit: Visit) -> tuple[GradedObject, KeptGrading | None]:
    kept = await visit.ask(room(visit).gradings.latest, object_of(visit))
    return await visit.ask(thing_of, visit, kept), kept


@part("filing_grade.head", topics="graded", params=PARAMS)
async def head(visit: Visit) -> Content:
    """Which object, of which kind, and what is special about it."""
    thing, kept = await _thing(visit)
    name = await visit.ask(named_system, visit, object_of(visit))
    chips = [chip(object_of(visit), tag=True)]
    if kept:
        when = moment(kept.at, visit.zone, visit.now)
        who = visit.rooms.work.desk.named(kept.by)
        chips.append(severity(STATES[kept.state], t(f"grading.state.{kept.state}", label=kept.label)))
        chips.append(quiet(t("grading.kept", name=who, at=when, pack=", ".join(kept.packs))))
    line = html.Div([html.B(name, className="case-title"), *chips], className="row wraps-row")
    return [line, card(t("grading.object"), html.Div(switches(visit, thing), className="switches"), lined=True)]


@part("filing_grade.sides", topics="graded", params=PARAMS)
async def sides(visit: Visit) -> Content:
    """Business information and system service, each by every matrix."""
    thing, _ = await _thing(visit)
    if thing.classified:
        return card(t("grading.out"), html.Div(severity("high", t("grading.out_why")), className="facts"), lined=True)
    return [_side(visit, "s", thing.s), _side(visit, "a", thing.a)]


def _side(visit: Visit, side: str, ticks: Sequence[Tick]) -> Component:
    grids = [_grid(visit, side, matrix, ticks) for matrix in shipped_matrices()]
    return card(
        t(f"grading.side.{side}"), html.Div(grids, className="cols-2 matrices"), hint=t(f"grading.side_hint.{side}"),
        lined=True,
    )  # fmt: skip


def _grid(visit: Visit, side: str, matrix: Matrix, ticks: Sequence[Tick]) -> Component:
    codes = {tick.code for tick in ticks}
    head = html.Thead(
        html.Tr(
            [html.Th(t("grading.harmed"), scope="col")]
            + [html.Th(t(f"grading.degree.{d}"), scope="col") for d in Degree]
        )
    )
    rows = [
        html.Tr(
            [html.Th(_row_name(matrix, harmed), scope="row")]
            + [_cell(visit, side, Tick(harmed, degree), matrix, codes) for degree in Degree]
        )
        for harmed in Harmed
    ]
    level = matrix.highest(ticks)
    result = t("grading.level", level=level) if level else t("grading.level_none")
    caption = html.Div([html.B(t("grading.matrix", version=matrix.ref.version)), html.Span(result, className="push")])
    grid = html.Table(
        [head, html.Tbody(rows)], className="matrix", **{"aria-label": t("grading.matrix", version=matrix.ref.version)}
    )
    return html.Div([caption, grid], className="matrix-box")


def _row_name(matrix: Matrix, harmed: Harmed) -> str:
    row = matrix.rows[harmed]
    return row.zh if chinese() else row.en


def _cell(visit: Visit, side: str, tick: Tick, matrix: Matrix, codes: set[str]) -> Component:
    on = tick.code in codes
    new = codes ^ {tick.code}
    href = visit.here(**{side: ",".join(sorted(new)) or NONE})
    level = matrix.level(tick)
    parts = [icon("check") if on else None, html.B(str(level))]
    words = t(
        "grading.cell", harmed=_row_name(matrix, tick.harmed), degree=t(f"grading.degree.{tick.degree}"), level=level
    )
    data = {"role": "checkbox", "aria-checked": "true" if on else "false", "aria-label": words, "title": words}
    return html.Td(link(parts, href, className="grade-tick on" if on else "grade-tick", **data))


@part("filing_grade.result", topics="graded", params=PARAMS)
async def result(visit: Visit) -> Content:
    """Levels by every matrix, what the grading breaks, and what may be done with it."""
    thing, kept = await _thing(visit)
    graded = grade(thing, visit.now.date())
    boxes = [_result(one, graded) for one in graded.results]
    differs = html.Div(severity("medium", t("grading.differs")), className="facts") if graded.differs else ""
    found = [card(t("grading.result"), [html.Div(boxes, className="cols-2"), differs], lined=True), _rules(graded)]
    return [*found, _acts(visit, thing, kept, graded), _changed(visit, kept)]


def _result(one: Result, graded: Grading) -> Component:
    decides = graded.decisive is not None and graded.decisive.matrix == one.matrix
    words = [
        html.Span(t("grading.matrix", version=one.matrix), className="label"),
        html.Span(one.label if one.g else "—", className="value mono"),
        html.Span(t("grading.decides") if decides else t("grading.compares"), className="norm"),
    ]
    return html.Div(words, className="number plain" + (" decides" if decides else ""))


def _rules(graded: Grading) -> Component:
    broken = graded.violations
    if not broken:
        words = t("grading.out_why") if graded.out_of_scope else t("grading.no_rule_broken")
        return card(t("grading.rules"), html.Div(severity("normal", words), className="facts"), lined=True)
    lines = [
        html.Li(
            [
                severity("high" if v.severity is Severity.ERROR else "medium", t(f"grading.{v.severity}")),
                html.Span(v.text),
            ]
        )
        for v in broken
    ]
    return card(
        t("grading.rules"), html.Ul(lines, className="plain-list facts rules"), hint=str(len(broken)), lined=True
    )


def _acts(visit: Visit, thing: GradedObject, kept: KeptGrading | None, graded: Grading) -> Component:
    buttons: list[Component] = []
    if (
        visit.may("grading.keep", f"object:{thing.id}")
        and graded.decisive
        and min(graded.decisive.s, graded.decisive.a)
    ):
        buttons.append(opener(t("grading.propose"), "propose", kind="main-act", key="p"))
    boxes = [_propose_box(thing)]
    if kept and kept.state is State.PROPOSED and visit.may("grading.review", f"object:{kept.object_id}"):
        if kept.by == visit.actor.id:
            buttons.append(quiet(t("grading.own")))
        else:
            buttons += [opener(t("grading.agree"), "agree", kind="main-act"), opener(t("grading.refuse"), "refuse")]
            boxes += [_review_box(kept, agree=True), _review_box(kept, agree=False)]
    if kept:
        href = f"/api/v1/grading/objects/{kept.object_id}/report"
        buttons.append(
            html.A(
                [icon("file"), t("grading.report")],
                href=href,
                className="button",
                download=f"{kept.object_id}-grading.docx",
            )
        )
        buttons.append(link(t("grading.to_form"), address(f"/filing/{kept.object_id}"), className="button"))
    return card(t("grading.next"), [html.Div(buttons, className="row facts wraps-row"), *boxes], lined=True)


def _propose_box(thing: GradedObject) -> Component:
    fields = [
        _area("description", t("grading.description"), thing.description),
        _area("information", t("grading.information"), thing.information),
        _area("service", t("grading.service"), thing.service),
    ]
    return dialog("propose", t("grading.propose"), fields, t("grading.propose"), "grading.keep")


def _area(name: str, words: str, value: str) -> Component:
    box = html.Textarea(value, name=name, className="field", rows=3, maxLength=4000)
    return html.Label([words, box], className="line")


def _review_box(kept: KeptGrading, *, agree: bool) -> Component:
    name = "agree" if agree else "refuse"
    fields = [
        html.P(t("grading.review_what", label=kept.label, name=kept.thing.name)),
        text_area("note", t("grading.note"), required=not agree),
    ]
    args = {"object": kept.object_id, "agree": agree}
    return dialog(name, t(f"grading.{name}"), fields, t(f"grading.{name}"), "grading.review", args, danger=not agree)


def _changed(visit: Visit, kept: KeptGrading | None) -> Component | str:
    """Where the rules of today give another label than the kept grading had."""
    if kept is None:
        return ""
    now = room(visit).gradings.recomputed(kept).decisive
    if now is None or now.label == kept.label:
        return ""
    words = t("grading.recomputed", before=kept.label, after=now.label, pack=str(now.ref))
    return card(t("grading.recomputed_title"), html.Div(severity("high", words), className="facts"), lined=True)


async def body(visit: Visit) -> Component:
    """The page."""
    top, grids, answer = await held_all(visit, head, sides, result)
    return html.Div(
        [tab_line(visit), top, html.Div([html.Div(grids), html.Div(answer)], className="desk-row grade-row")],
        className="page grade",
    )


@command("grading.keep")
async def keep(visit: Visit, args: Args) -> Outcome:
    """Propose the grading that stands on the page; controls and an open form take its levels over."""
    wanted = object_of(visit)
    visit.rooms.authorizer.demand(visit.actor, "grading.keep", f"object:{wanted}")
    kept = await visit.ask(
        _keep,
        visit,
        wanted,
        {name: str(args.get(name, ""))[:4000] for name in ("description", "information", "service")},
    )
    clean = address("/filing/grade", object=wanted)
    return Outcome(t("grading.proposed", label=kept.label), topics=("graded",), go=clean)


def _keep(visit: Visit, wanted: str, words: dict[str, str]) -> KeptGrading:

    graded = room(visit)
    thing = msgspec.structs.replace(thing_of(visit, graded.gradings.latest(wanted)), **words)
    kept = graded.gradings.keep(visit.actor, thing)
    earlier = next((each for each in graded.controls.profiles() if each.id == wanted), None)
    profile: Profile = profile_of(kept, graded.nouns.assets(wanted), earlier)
    graded.controls.declare(visit.actor, profile)
    filing = next((each for each in graded.filings.find() if wanted in each.document.objects), None)
    if filing and filing.state in EDITABLE:
        take_over(graded.filings, visit.actor, filing.id, kept)
    return kept


@command("grading.review")
async def review(visit: Visit, args: Args) -> Outcome:
    """Another person agrees or refuses."""
    wanted = str(args.get("object", ""))
    visit.rooms.authorizer.demand(visit.actor, "grading.review", f"object:{wanted}")
    agree, note = bool(args.get("agree")), str(args.get("note", ""))
    kept = await visit.ask(room(visit).gradings.review, visit.actor, wanted, agree=agree, note=note)
    return Outcome(t(f"grading.reviewed.{kept.state}", label=kept.label), topics=("graded",))


PAGE = Page("filing_grade", "/filing/grade", body, (head, sides, result), action="grading.read", ranged=False)
