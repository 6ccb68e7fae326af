"""Calendar (法定时限): every legal clock of every system over the next year, and what has to be stated by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import choice, dialog, text_field
from dashboards.design.elements import Content, card, cells, chip, link, opener, quiet, severity, table
from dashboards.design.states import empty
from dashboards.pages.graded_tabs import LEVELS, days_words, room, tab_line, today_of
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.errors import AppError, ErrorKind
from ops.calendar.clocks import ANSWERABLE
from ops.calendar.deadlines import State, Timer

WEEKS = 53
SHOWN = 200
ANSWERS = {
    "self_check_l3": "last_self_check", "self_check_l4": "last_self_check", "drill": "last_drill",
    "crypto_result": "crypto_filed", "data_risk": "last_data_risk_assessment", "refiling_2025": "refiled_2025",
}  # fmt: skip


async def _timers(visit: Visit) -> list[Timer]:
    found = await visit.ask(room(visit).clocks.timers)
    wanted, state = visit.param("object"), visit.param("state")
    return [each for each in found if (not wanted or each.object_id == wanted) and (not state or each.state == state)]


def _systems(visit: Visit) -> dict[str, str]:
    """Names of systems by id."""
    return {system.id: system.name for system in room(visit).nouns.systems()}


@part("filing_calendar.year", topics="graded tick", params="object state")
async def year(visit: Visit) -> Content:
    """A row per system, a column per week; what ends in a week stands in its cell."""
    timers = [each for each in await _timers(visit) if each.due]
    names = _systems(visit)
    objects = list(dict.fromkeys(each.object_id for each in timers))
    rows = [
        _strip(visit, names.get(name, name), [each for each in timers if each.object_id == name]) for name in objects
    ]
    body: Component = (
        html.Div(rows, className="heat")
        if rows
        else empty(
            t("calendar.none"), t("calendar.none_why"), t("filing.tab.systems"), address("/filing"), drawing="clock"
        )
    )
    return card(t("calendar.year"), body, hint=t("calendar.year_hint"), lined=True)


def _strip(visit: Visit, name: str, timers: Sequence[Timer]) -> Component:
    today = today_of(visit)
    weeks: list[list[Timer]] = [[] for _ in range(WEEKS)]
    late = [each for each in timers if each.state is State.OVERDUE]
    for each in timers:
        place = (each.due - today).days // 7 if each.due else -1
        if 0 <= place < WEEKS:
            weeks[place].append(each)
    marks = [
        html.I(
            str(len(week)) if week else "", className=_week(week), title="\n".join(each.words for each in week) or None
        )
        for week in weeks
    ]
    missed = severity("critical", t("calendar.missed", count=len(late))) if late else quiet(t("calendar.none_missed"))
    return html.Div(
        [html.Span(name, className="cut", title=name), html.Span(), html.Div(marks, className="weeks w53"), missed],
        className="heat-row",
    )


def _week(week: Sequence[Timer]) -> str:
    if not week:
        return ""
    return (
        "near"
        if any(each.state is State.OVERDUE for each in week)
        else "soon"
        if any(each.state is State.WARNING for each in week)
        else "d2"
    )


@part("filing_calendar.list", topics="graded tick", params="object state timer")
async def listing(visit: Visit) -> Content:
    """Every clock, the nearest end first."""
    timers = await _timers(visit)
    late = sum(each.state is State.OVERDUE for each in timers)
    heads = [
        (t("column.state"), ""), (t("calendar.clock"), ""), (t("column.system"), ""), (t("calendar.due"), "num"),
        (t("filing.left"), "num"), (t("column.owner"), ""), (t("calendar.escalates"), ""),
        (t("calendar.ground"), ""), ("", ""),
    ]  # fmt: skip
    if not timers:
        return ""
    systems = _systems(visit)
    widths = ("96px", "auto", "190px", "96px", "96px", "110px", "110px", "190px", "96px")
    body = table(heads, [_row(each, visit, systems) for each in timers[:SHOWN]], widths)
    return card(t("calendar.clocks"), body, hint=t("calendar.count", count=len(timers), late=late), lined=True)


def _row(timer: Timer, visit: Visit, systems: dict[str, str]) -> Component:
    named = visit.rooms.work.desk.named
    answer = (
        opener(t("calendar.answer"), f"answer-{ANSWERS[timer.kind]}", kind="small")
        if timer.kind in ANSWERS and visit.may("filing.write")
        else ""
    )
    ground = [quiet(timer.source), chip(t("calendar.provisional")) if timer.provisional else None]
    return cells(
        severity(LEVELS[timer.state], t(f"calendar.state.{timer.state}")),
        html.Span(t(f"calendar.what.{timer.kind}"), title=timer.words),
        link(
            systems.get(timer.object_id, timer.object_id),
            address("/filing/calendar", object=timer.object_id),
            title=timer.object_id,
        ),
        (str(timer.due) if timer.due else "—", "num"),
        (days_words(timer, visit), "num"),
        named(timer.owner) if timer.owner else quiet("—"),
        named(timer.escalate_to) if timer.escalate_to else quiet("—"),
        html.Span(ground, className="row"),
        answer,
        on=visit.param("timer") == timer.id,
    )


@part("filing_calendar.dialogs", topics="graded", params="object", wears="dialogs")
async def dialogs(visit: Visit) -> Content:
    """When something happened that no record shows."""
    objects = list(dict.fromkeys(each.object_id for each in await visit.ask(room(visit).clocks.timers)))
    today = today_of(visit).isoformat()
    boxes = []
    for kind in ANSWERABLE:
        chosen = visit.param("object")
        fields = [
            html.Div(
                [choice("object", name, name, checked=name == chosen, required=True) for name in objects[:30]],
                className="choices two-up",
            ),
            text_field("day", t("calendar.day"), kind="date", value=today),
            text_field("note", t("calendar.note"), required=False),
        ]
        words = t(f"calendar.kind.{kind}")
        boxes.append(dialog(f"answer-{kind}", words, fields, t("calendar.answer"), "calendar.answer", {"kind": kind}))
    return boxes


async def body(visit: Visit) -> Component:
    """The page."""
    return html.Div([tab_line(visit), *await held_all(visit, year, listing, dialogs)], className="page")


@command("calendar.answer")
async def answer(visit: Visit, args: Args) -> Outcome:
    """State when it happened."""
    wanted = str(args.get("object", ""))[:64]
    visit.rooms.authorizer.demand(visit.actor, "filing.write", f"object:{wanted}")
    try:
        day = date.fromisoformat(str(args.get("day", "")))
    except ValueError:
        raise AppError(ErrorKind.INVALID, "ops.filing.date_expected", place="day") from None
    await visit.ask(
        room(visit).clocks.answer, visit.actor, wanted, str(args.get("kind", "")), day, str(args.get("note", ""))
    )
    return Outcome(t("filing.saved"), topics=("graded",))


PAGE = Page(
    "filing_calendar",
    "/filing/calendar",
    body,
    (year, listing, dialogs),
    action="filing.read",
    ranged=False,
)
