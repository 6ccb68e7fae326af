"""Filing (备案): my systems, what each still lacks and its next deadline; all units compared. Below an id: the form."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

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
    gauge,
    icon,
    link,
    opener,
    quiet,
    segment,
    severity,
    table,
)
from dashboards.design.states import empty
from dashboards.pages import graded_form
from dashboards.pages.graded_sheets import form_chooser, sheet_tools
from dashboards.pages.graded_tabs import days_words, percent_bar, room, short_words, tab_line
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.views.figures import amount, moment
from dashboards.views.graded import AskRows, SystemRow, UnitRow, system_rows, unit_rows
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.errors import AppError, ErrorKind
from infra.exchange import Level
from infra.text import say
from ops.calendar.deadlines import State as ClockState
from ops.filing.beginning import begin
from ops.portal.sheets.kind import Kind
from ops.recordfiling.application import Application

REMIND_WITHIN = timedelta(days=3)


async def _rows(visit: Visit) -> list[SystemRow]:
    graded = room(visit)
    rows = await visit.shared(AskRows(graded))
    unit = visit.param("unit")
    return [row for row in rows if row.unit == unit] if unit else rows


@part("filing.figures", topics="graded work tick", params="unit", wears="gauges")
async def figures(visit: Visit) -> Content:
    """How many systems stand where."""
    rows = await _rows(visit)
    overdue, risks = sum(row.overdue for row in rows), sum(row.controls.high_risks for row in rows if row.controls)
    graded = sum(row.grading is not None for row in rows)
    certified = sum(row.filing is not None and bool(row.filing.certificate_number) for row in rows)
    ready = sum(row.ready for row in rows) / len(rows) if rows else None
    late = sum(row.late_findings for row in rows)
    return [
        _gauge(
            "ready",
            "—" if ready is None else f"{ready:.0f} %",
            t("filing.figure.ready_note", count=len(rows)),
        ),
        _gauge("graded", f"{graded} / {len(rows)}", t("filing.figure.graded_note")),
        _gauge("certified", f"{certified} / {len(rows)}", t("filing.figure.certified_note")),
        _gauge(
            "overdue",
            amount(float(overdue)),
            t("filing.figure.overdue_note"),
            "critical" if overdue else "",
        ),
        _gauge("risks", amount(float(risks)), t("filing.figure.risks_note"), "high" if risks else ""),
        _gauge("late", amount(float(late)), t("filing.figure.late_note"), "high" if late else ""),
    ]


def _gauge(name: str, value: str, note: str, level: str = "") -> Component:
    return gauge(t(f"filing.figure.{name}"), value, note, level)


@part("filing.systems", topics="graded work tick", params="unit view")
async def listing(visit: Visit) -> Content:
    """The systems with what they lack, or the units side by side."""
    rows = await _rows(visit)
    units = visit.param("view") == "units"
    switch = segment(
        [
            (t("filing.shown.systems"), visit.here(view=None), not units),
            (t("filing.shown.units"), visit.here(view="units"), units),
        ],
        t("filing.view"),
    )
    new = (
        opener(html.Span([icon("plus"), t("filing.register")], className="row"), "register", key="n", kind="small")
        if _writes(visit)
        else ""
    )
    aside = html.Span([switch, *sheet_tools(visit, Kind.GRADINGS), *form_chooser(visit), new], className="row")
    if not rows:
        body = empty(t("filing.none"), t("filing.none_why"), drawing="filing")
        return card(t("filing.tab.systems"), body, aside=aside, lined=True)
    if units:
        compared = unit_rows(rows, await visit.ask(room(visit).nouns.units))
        return card(t("filing.shown.units"), _unit_table(compared, visit), aside=aside, lined=True)
    return card(
        t("filing.tab.systems"), _system_table(rows, visit), hint=t("filing.count", count=len(rows)), aside=aside,
        lined=True,
    )  # fmt: skip


def _writes(visit: Visit) -> bool:
    return visit.may("filing.write")


def _system_table(rows: Sequence[SystemRow], visit: Visit) -> Component:
    heads = [
        (t("column.system"), ""), (t("filing.level"), ""), (t("filing.ready"), ""), (t("filing.lacks"), ""),
        (t("filing.next"), ""), (t("filing.left"), "num"), (t("filing.state"), ""), ("", ""),
    ]  # fmt: skip
    widths = ("auto", "92px", "130px", "25%", "20%", "88px", "100px", "190px")
    return table(heads, [_system(row, visit) for row in rows], widths)


def _system(row: SystemRow, visit: Visit) -> Component:
    timer = row.next_timer
    name = link([html.B(row.name), html.Span(row.id, className="under mono")], _main_href(row), className="rowlink")
    lacks = [html.Span(_lack(row, part_name), className="gap-tag") for part_name in row.lacks[:3]]
    state = say(f"ops.filing.state.{row.filing.state}") if row.filing else t("filing.not_begun")
    return cells(
        name,
        link(row.grading.label, _grade_href(row), className="mono") if row.grading else quiet("—"),
        percent_bar(row.ready / 100),
        html.Span(lacks or quiet(t("filing.whole")), className="gap-tags"),
        html.Span(short_words(timer), title=timer.words) if timer else quiet("—"),
        (days_words(timer, visit) if timer else "—", "num"),
        chip(state, tag=row.filing is not None),
        html.Span(_acts(row, visit), className="row"),
    )


def _lack(row: SystemRow, name: str) -> str:
    if name == "form" and row.filing:
        return t("filing.lack.form_count", count=row.filing.asked - row.filing.filled)
    if name == "grading" and row.grading:
        return t("filing.lack.grading_review")
    if name == "controls" and row.controls:
        missing = row.controls.verdicts.get("not_obtained", 0)
        return t("filing.lack.controls_count", count=missing)
    if name == "filing" and row.filing:
        return t("filing.lack.certificate")
    return t(f"filing.lack.{name}")


def _main_href(row: SystemRow) -> str:
    return address(f"/filing/{row.id}") if row.filing else _grade_href(row)


def _grade_href(row: SystemRow) -> str:
    return address("/filing/grade", object=row.id)


def _acts(row: SystemRow, visit: Visit) -> list[Component]:
    found = []
    if not row.grading:
        found.append(link(t("filing.do_grade"), _grade_href(row), className="button small"))
    elif not row.filing and _writes(visit):
        found.append(act(t("filing.do_file"), "filing.open", kind="small", system=row.id))
    elif row.filing:
        found.append(link(t("filing.do_form"), address(f"/filing/{row.id}"), className="button small"))
    if row.controls:
        found.append(link(t("filing.do_controls"), address(f"/filing/controls/{row.id}"), className="button small"))
    return found


def _unit_table(rows: Sequence[UnitRow], visit: Visit) -> Component:
    heads = [
        (t("filing.unit"), ""), (t("filing.systems"), "num"), (t("filing.figure.graded"), "num"),
        (t("filing.figure.certified"), "num"), (t("filing.ready"), ""), (t("filing.against"), "num"),
        (t("filing.figure.overdue"), "num"), (t("filing.figure.risks"), "num"), (t("filing.figure.late"), "num"),
        (t("filing.oldest"), "num"), ("", ""),
    ]  # fmt: skip
    widths = ("auto", "64px", "74px", "84px", "150px", "92px", "84px", "92px", "92px", "110px", "90px")
    return table(heads, [_unit(row, visit) for row in rows], widths)


def _unit(row: UnitRow, visit: Visit) -> Component:
    against = f"{'+' if row.against >= 0 else '−'}{abs(row.against):.0f}"
    remind = (
        act(t("filing.remind"), "filing.remind", kind="small", unit=row.id)
        if visit.may("orders.work") and (row.overdue or row.late_findings or row.high_risks)
        else ""
    )
    return cells(
        link(row.name or t("filing.no_unit"), visit.here(view=None, unit=row.id), className="rowlink"),
        (amount(float(row.systems)), "num"),
        (f"{row.graded}", "num"),
        (f"{row.certified}", "num"),
        percent_bar(row.ready / 100),
        (html.Span(against, className="high" if row.against < -10 else ""), "num"),
        (_counted(row.overdue, "critical"), "num"),
        (_counted(row.high_risks, "high"), "num"),
        (_counted(row.late_findings, "high"), "num"),
        (moment(row.oldest, visit.zone, visit.now), "num quiet"),
        remind,
    )


def _counted(count: int, level: str) -> Content:
    return severity(level, amount(float(count))) if count else quiet("0")


@part("filing.dialogs", wears="dialogs")
async def dialogs(visit: Visit) -> Content:
    """The form that registers a system."""
    units = await visit.ask(room(visit).nouns.units)
    first = units[0].id if units else ""
    fields = [
        text_field("name", t("filing.register_name")),
        text_field("system", t("filing.register_id"), hint=t("filing.register_id_hint")),
        text_field("unit", t("filing.unit"), value=first),
        text_field("unit_code", t("filing.register_unit_code"), hint=t("filing.register_unit_code_hint")),
        text_field("column", t("filing.register_column"), kind="number", value="7"),
        text_field("hosts", t("filing.register_hosts"), hint=t("filing.register_hosts_hint"), required=False),
    ]
    return dialog("register", t("filing.register"), fields, t("filing.register"), "filing.register")


async def body(visit: Visit) -> Component:
    """The list, or the form of the system the address names."""
    if graded_form.key_of(visit):
        return await graded_form.body(visit)
    gauges, rows, boxes = await held_all(visit, figures, listing, dialogs)
    return html.Div([tab_line(visit), gauges, rows, boxes], className="page")


@command("filing.register")
async def register(visit: Visit, args: Args) -> Outcome:
    """Apply for a record number: the system is known from now on."""
    visit.rooms.authorizer.demand(visit.actor, "records.apply")
    system = str(args.get("system", "")).strip()[:64]
    application = Application(
        system=system, name=str(args.get("name", "")).strip()[:200], unit=str(args.get("unit", "")).strip()[:64],
        unit_code=str(args.get("unit_code", "")).strip()[:20], column=_whole(args.get("column")),
        hosts=tuple(str(args.get("hosts", "")).replace("，", ",").replace(",", " ").split())[:50],
    )  # fmt: skip
    made = await visit.ask(room(visit).records.apply, visit.actor, application)
    where = address("/filing/grade", object=made.system)
    return Outcome(t("filing.registered", name=application.name), topics=("graded",), go=where)


def _whole(given: object) -> int:
    text = str(given or "")
    return int(text) if text.isdecimal() and len(text) < 4 else 0


@command("filing.open")
async def open_filing(visit: Visit, args: Args) -> Outcome:
    """A filing for a graded system: drafted, its levels filled in, and everything the platform knows offered."""
    system = str(args.get("system", ""))
    visit.rooms.authorizer.demand(visit.actor, "filing.write", f"system:{system}")
    graded = room(visit)
    kept = await visit.ask(graded.gradings.latest, system)
    if kept is None:
        raise AppError(ErrorKind.CONFLICT, "dashboards.filing.grade_first", place=system[:64])
    filing = await visit.ask(begin, graded.filings, visit.actor, kept, visit.now.year)
    return Outcome(t("filing.opened", name=filing.id), topics=("graded",), go=address(f"/filing/{system}"))


@command("filing.remind")
async def remind(visit: Visit, args: Args) -> Outcome:
    """A work order that reminds a unit of what is overdue."""
    visit.rooms.authorizer.demand(visit.actor, "orders.work")
    unit = str(args.get("unit", ""))
    rows = [row for row in await visit.ask(system_rows, room(visit)) if row.unit == unit]
    late = [timer.words for row in rows for timer in row.timers if timer.state is ClockState.OVERDUE]
    late += [finding.title for row in rows for finding in row.findings if finding.overdue]
    order = await visit.ask(
        visit.rooms.work.orders.open, visit.actor, t("filing.remind_title", unit=unit), level=Level.HIGH,
        description="\n".join(late)[:4000], due=visit.now + REMIND_WITHIN, key=f"filing-remind/{unit}",
        source="filing", href="/ui/filing",
    )  # fmt: skip
    return Outcome(t("filing.reminded", order=order.id), topics=("work",))


PAGE = Page(
    "filing", "/filing", body, (figures, listing, dialogs, *graded_form.PARTS), action="filing.read", ranged=False
)
