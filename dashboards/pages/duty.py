"""The duty rota on the work page: two weeks of shifts, who is on, hand-over."""

from __future__ import annotations

from datetime import datetime, timedelta

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import choice, dialog, text_area
from dashboards.design.elements import Content, act, card, icon, opener, quiet
from dashboards.design.states import empty
from dashboards.pages.work_forms import needed, people_choices
from dashboards.views.figures import local, moment
from dashboards.visit import Visit
from dashboards.words import t
from infra.errors import AppError, ErrorKind
from ops.calendar.workdays import work_calendar
from ops.rulepacks import shipped_packs
from ops.work.duty import ROLES, Rota, Shift, ShiftState

DAYS = 14
LENGTHS = (8, 12, 24)
COUNTS = (7, 14, 28, 56)
REDRAWN = ("work", "work-dialogs")


def first_day(visit: Visit) -> datetime:
    """Monday of this week, 00:00 in the zone pages show."""
    here = local(visit.now, visit.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return here - timedelta(days=here.weekday())


async def week(visit: Visit) -> Content:
    """Two weeks from Monday on."""
    start = first_day(visit)
    shifts = await visit.ask(visit.rooms.work.duty.between, start, start + timedelta(days=DAYS))
    words = html.Span([icon("plus"), t("duty.plan")], className="row")
    aside = opener(words, "rota", key="n", kind="small") if visit.may("orders.plan") else ""
    if not shifts:
        body: Component = empty(t("duty.none"), t("duty.none_why"), drawing="clock")
        return card(t("orders.tab.duty"), body, aside=aside, lined=True)
    calendar = work_calendar(shipped_packs().at("calendar", start.date()))
    days = []
    for number in range(DAYS):
        day = start + timedelta(days=number)
        own = [shift for shift in shifts if day <= local(shift.starts, visit.zone) < day + timedelta(days=1)]
        today = "today" if day.date() == local(visit.now, visit.zone).date() else ""
        rest = "" if calendar.is_working(day.date()) else "rest"
        name = f"{day:%m-%d} {t('figure.weekdays').split()[day.weekday()]}"
        made = [html.Span(name, className="day"), *(_shift(shift, visit) for shift in own)]
        days.append(html.Div(made, className=f"{today} {rest}".strip()))
    return card(t("orders.tab.duty"), html.Div(days, className="week"), hint=t("duty.hint"), aside=aside, lined=True)


def _shift(shift: Shift, visit: Visit) -> Component:
    who = visit.rooms.work.desk.named(shift.person)
    words = f"{local(shift.starts, visit.zone):%H:%M} {who}"
    mark = "on" if shift.covers(visit.now) else ""
    role = "" if shift.role == ROLES[0] else f" ({t(f'duty.role.{shift.role}')})"
    return html.Span(
        words + role, className=f"shift cut {mark}".strip(), title=f"{shift.id} {t(f'duty.state.{shift.state}')}"
    )


async def chosen(visit: Visit) -> Content:
    """Who is on duty now, and the hand-over between shifts."""
    duty = visit.rooms.work.duty
    now = await visit.ask(duty.on_call)
    recent = await visit.ask(duty.between, visit.now - timedelta(days=2), visit.now + timedelta(minutes=1))
    named = visit.rooms.work.desk.named
    names = "、".join(named(person) for person in now) or t("duty.nobody")
    waiting = [shift for shift in recent if shift.state in (ShiftState.PLANNED, ShiftState.OFFERED)]
    own = [shift.id for shift in waiting if shift.person == visit.actor.id and shift.state is ShiftState.PLANNED]
    rows = [_waiting(shift, visit, last=shift.id in own[-1:]) for shift in waiting]
    over = [
        html.Div(
            [
                quiet(moment(shift.handed, visit.zone, visit.now)),
                html.B(f"{named(shift.person)} → {named(shift.taken_by)}"),
                html.Span(shift.notes, className="grow wraps"),
            ],
            className="note",
        )
        for shift in recent
        if shift.state is ShiftState.OVER
    ]
    parts = [
        html.P([t("duty.now"), " ", html.B(names)], className="facts"),
        html.Div(rows, className="list"),
        html.Div(over, className="case-talk") if over else None,
    ]
    return card(t("duty.handover"), parts, lined=True)


def _waiting(shift: Shift, visit: Visit, *, last: bool) -> Component:
    mine = shift.person == visit.actor.id
    buttons: list[Component] = []
    if last and shift.starts <= visit.now:
        buttons.append(opener(t("duty.offer"), "shift-offer", kind="small main-act"))
    if shift.state is ShiftState.OFFERED and not mine and visit.may("orders.work"):
        buttons.append(act(t("duty.take"), "duty.take", kind="small main-act", shift=shift.id))
    span = f"{moment(shift.starts, visit.zone, visit.now)} – {moment(shift.ends, visit.zone, visit.now)}"
    state = t(f"duty.state.{shift.state}")
    return html.Div(
        [
            html.Span([visit.rooms.work.desk.named(shift.person), quiet(f" {span}")], className="grow cut"),
            quiet(state),
            *buttons,
        ]
    )


def boxes(visit: Visit) -> list[Component]:
    """Make a rota, hand over."""
    when = html.Label(
        [t("duty.starts"), html.Span(className="datetime", **{"data-datetime": "starts"})], className="line"
    )
    fields = [
        html.Div(people_choices(visit, "people", visit.actor.id, many=True), className="choices two-up"),
        when,
        html.Div(
            [choice("hours", str(each), t("duty.hours", count=each), checked=each == LENGTHS[1]) for each in LENGTHS],
            className="choices two-up",
        ),
        html.Div(
            [choice("count", str(each), t("duty.count", count=each), checked=each == COUNTS[1]) for each in COUNTS],
            className="choices two-up",
        ),
        html.Div(
            [choice("role", each, t(f"duty.role.{each}"), checked=each == ROLES[0]) for each in ROLES],
            className="choices two-up",
        ),
    ]
    return [
        dialog("rota", t("duty.plan"), fields, t("duty.plan"), "duty.plan"),
        dialog(
            "shift-offer", t("duty.offer"), [text_area("notes", t("duty.notes"), rows=5)], t("duty.offer"), "duty.offer"
        ),
    ]


@command("duty.plan")
async def plan(visit: Visit, args: Args) -> Outcome:
    """Shifts by turns."""
    visit.rooms.authorizer.demand(visit.actor, "orders.plan")
    people = tuple(str(each) for each in args.get("people") or ())
    rota = Rota(
        people=people,
        starts=needed(visit, args.get("starts"), t("duty.starts")),
        hours=float(args.get("hours") or 12),
        count=int(args.get("count") or 14),
        role=str(args.get("role") or ROLES[0]),
    )
    made = await visit.ask(visit.rooms.work.duty.plan, visit.actor, rota)
    return Outcome(t("duty.planned", count=len(made)), topics=REDRAWN)


@command("duty.offer")
async def offer(visit: Visit, args: Args) -> Outcome:
    """Hand one's own newest running shift over."""
    visit.rooms.authorizer.demand(visit.actor, "orders.work")
    shifts = await visit.ask(
        visit.rooms.work.duty.between, visit.now - timedelta(days=2), visit.now + timedelta(minutes=1)
    )
    own = [each for each in shifts if each.person == visit.actor.id and each.state is ShiftState.PLANNED]
    if not own:
        raise AppError(ErrorKind.NOT_FOUND, "dashboards.duty.no_shift")
    await visit.ask(visit.rooms.work.duty.offer, visit.actor, own[-1].id, str(args.get("notes", "")))
    return Outcome(t("duty.offered"), topics=REDRAWN)


@command("duty.take")
async def take(visit: Visit, args: Args) -> Outcome:
    """Take over."""
    visit.rooms.authorizer.demand(visit.actor, "orders.work")
    await visit.ask(visit.rooms.work.duty.take, visit.actor, str(args.get("shift", "")))
    return Outcome(t("duty.taken"), topics=REDRAWN)
