"""Drills on the work page: planned, running, scored."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import dialog, text_area, text_field
from dashboards.design.elements import Content, act, card, cells, icon, link, opener, pairs, severity, table
from dashboards.design.states import empty
from dashboards.pages.work_forms import history, needed
from dashboards.views.figures import MISSING, moment
from dashboards.visit import Visit
from dashboards.words import t
from infra.errors import AppError, ErrorKind
from ops.work.drills import Criterion, Drill, DrillState

REDRAWN = ("work", "work-dialogs")
STATES = {
    DrillState.PLANNED: "unknown",
    DrillState.RUNNING: "high",
    DrillState.SCORED: "normal",
    DrillState.CANCELLED: "low",
}


async def listing(visit: Visit) -> Content:
    """Drills, newest first."""
    found = await visit.ask(visit.rooms.work.drills.listed)
    words = html.Span([icon("plus"), t("drills.new")], className="row")
    new = opener(words, "drill", key="n", kind="small") if visit.may("orders.work") else ""
    if not found:
        return card(
            t("orders.tab.drills"),
            empty(t("drills.none"), t("drills.none_why"), drawing="playbooks"),
            aside=new,
            lined=True,
        )
    heads = [(t("column.state"), ""), (t("drills.drill"), ""), (t("drills.planned"), "num"), (t("drills.score"), "num")]
    return card(
        t("orders.tab.drills"),
        table(heads, [_row(each, visit) for each in found], ("120px", "auto", "130px", "90px")),
        aside=new,
        lined=True,
    )


def _row(drill: Drill, visit: Visit) -> Component:
    on = visit.param("sel") == drill.id
    name = link(
        [html.B(drill.title), html.Span(drill.id, className="under mono")],
        visit.here(sel=None if on else drill.id),
        className="rowlink",
    )
    score = MISSING if drill.score is None else f"{drill.score:.1f}"
    return cells(
        severity(STATES[drill.state], t(f"drills.state.{drill.state}")),
        name,
        (moment(drill.planned, visit.zone, visit.now), "num quiet"),
        (html.B(score), "num"),
        on=on,
    )


async def chosen(visit: Visit) -> Content:
    """The drill that is selected, with its criteria."""
    if not visit.param("sel"):
        return card(
            t("drills.drill"), empty(t("orders.choose"), t("drills.choose_why"), drawing="playbooks"), lined=True
        )
    drill = await visit.ask(visit.rooms.work.drills.shelf.get, visit.param("sel"))
    notes = await visit.ask(visit.rooms.work.drills.notes, drill.id)
    facts: list[tuple[str, Content]] = [
        (t("column.state"), t(f"drills.state.{drill.state}")),
        (t("drills.led_by"), visit.rooms.work.desk.named(drill.led_by)),
        (t("drills.scenario"), html.Span(drill.scenario, className="wraps")),
        (t("drills.playbook"), drill.playbook or t("drills.no_playbook")),
        (t("drills.runs"), "、".join(drill.runs) or MISSING),
        (t("drills.lessons"), html.Span(drill.lessons or MISSING, className="wraps")),
    ]
    rows = [
        cells(each.name, (f"{each.weight:g}", "num"), (MISSING if each.points is None else f"{each.points:g}", "num"))
        for each in drill.criteria
    ]
    scores = table(
        [(t("drills.criterion"), ""), (t("drills.weight"), "num"), (t("drills.points"), "num")],
        rows,
        ("auto", "60px", "60px"),
    )
    buttons: list[Component] = []
    if visit.may("orders.work", f"drill:{drill.id}"):
        if drill.state is DrillState.PLANNED:
            buttons.append(act(t("drills.start"), "drills.start", kind="main-act", drill=drill.id))
        if drill.state is DrillState.RUNNING:
            buttons.append(opener(t("drills.judge"), "drill-score", kind="main-act"))
    parts = [
        html.Div(pairs(facts, one=True), className="facts"),
        scores,
        html.Div(buttons, className="row facts"),
        history(notes, visit),
    ]
    return card(drill.title, parts, hint=drill.id, lined=True)


def boxes(visit: Visit) -> list[Component]:
    """Plan, judge."""
    when = html.Label(
        [t("drills.planned"), html.Span(className="datetime", **{"data-datetime": "planned"})], className="line"
    )
    fields = [
        text_field("title", t("incidents.title")),
        text_area("scenario", t("drills.scenario")),
        when,
        text_area("criteria", t("drills.criteria_hint"), rows=4),
        text_field("playbook", t("drills.playbook"), required=False),
    ]
    made = [dialog("drill", t("drills.new"), fields, t("drills.new"), "drills.plan")]
    sel = visit.param("sel")
    if sel.startswith("DR-"):
        drill = visit.rooms.work.drills.shelf.get(sel)
        points = [text_field(f"p_{place}", each.name, kind="number") for place, each in enumerate(drill.criteria)]
        made.append(
            dialog(
                "drill-score",
                t("drills.judge"),
                [*points, text_area("lessons", t("drills.lessons"))],
                t("drills.judge"),
                "drills.score",
                {"drill": sel},
            )
        )
    return made


def criteria_of(text: str) -> list[Criterion]:
    """One per line: its name, and its weight after the last blank where one stands there."""
    found = []
    for line in (line.strip() for line in text.splitlines()):
        name, _, weight = line.rpartition(" ")
        weighed = bool(name) and weight.replace(".", "", 1).isdigit()
        if line:
            found.append(Criterion(name=name.strip(), weight=float(weight)) if weighed else Criterion(name=line))
    return found


@command("drills.plan")
async def plan(visit: Visit, args: Args) -> Outcome:
    """A drill to come."""
    visit.rooms.authorizer.demand(visit.actor, "orders.work")
    made = await visit.ask(
        visit.rooms.work.drills.plan,
        visit.actor,
        str(args.get("title", "")),
        str(args.get("scenario", "")),
        needed(visit, args.get("planned"), t("drills.planned")),
        criteria_of(str(args.get("criteria", ""))),
        playbook=str(args.get("playbook", "")),
    )
    return Outcome(t("drills.made", drill=made.id), topics=REDRAWN)


@command("drills.start")
async def start(visit: Visit, args: Args) -> Outcome:
    """Begin."""
    drill = str(args.get("drill", ""))
    visit.rooms.authorizer.demand(visit.actor, "orders.work", f"drill:{drill}")
    await visit.ask(visit.rooms.work.drills.start, visit.actor, drill)
    return Outcome(t("drills.started"), topics=REDRAWN)


@command("drills.score")
async def score(visit: Visit, args: Args) -> Outcome:
    """Judge every criterion."""
    name = str(args.get("drill", ""))
    visit.rooms.authorizer.demand(visit.actor, "orders.work", f"drill:{name}")
    drill = await visit.ask(visit.rooms.work.drills.shelf.get, name)
    try:
        points = {each.name: float(args.get(f"p_{place}") or "nan") for place, each in enumerate(drill.criteria)}
    except ValueError:
        raise AppError(ErrorKind.INVALID, "ops.work.points", place="points") from None
    made = await visit.ask(visit.rooms.work.drills.score, visit.actor, name, points, str(args.get("lessons", "")))
    return Outcome(t("drills.scored", score=f"{made.score:.1f}"), topics=REDRAWN)
