"""The form of a filing: fields with the values the platform offers, each with its source and date, to accept."""

from __future__ import annotations

import asyncio
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import Content, act, card, cells, chip, icon, link, quiet, segment, severity
from dashboards.design.elements import table as drawn_table
from dashboards.design.states import empty
from dashboards.pages.graded_input import inline_form
from dashboards.pages.graded_steps import steps_card
from dashboards.pages.graded_tabs import days_words, named_system, percent_bar, room, short_words, tab_line
from dashboards.parts import held_all, part
from dashboards.rooms.graded import Graded
from dashboards.views.figures import amount, moment
from dashboards.views.filing import FormRow, RowState, TableProgress, label_of, progress, rows_of, value_words
from dashboards.visit import Visit, address
from dashboards.words import chinese, t
from infra.errors import AppError, ErrorKind
from infra.text import say
from ops.filing.document import BY_HAND, Origin, Sheet
from ops.filing.service import Filing
from ops.filing.validate import Problem, problems

SHOWN_PROBLEMS = 12
KINDS = ("docx", "xlsx", "json", "package")
ONLY = ("all", "proposed", "missing")


def key_of(visit: Visit) -> str:
    """The filing or the system of the address; empty on the list."""
    return visit.path.removeprefix("/filing").strip("/")


def filing_at(graded: Graded, key: str) -> Filing:
    """The filing by its id, or the newest one of a system."""
    filings = graded.filings.find()
    found = next((each for each in filings if each.id == key), None)
    found = found or next((each for each in filings if key in each.document.objects), None)
    if found is None:
        raise AppError(ErrorKind.NOT_FOUND, "dashboards.filing.no_filing", place=key[:60])
    return found


async def filing_of(visit: Visit) -> Filing:
    """The filing of the address."""
    return await visit.ask(filing_at, room(visit), key_of(visit))


def object_of(visit: Visit, filing: Filing) -> str:
    """The object of the filing the address means; the first otherwise."""
    wanted = visit.param("object") or key_of(visit)
    return wanted if wanted in filing.document.objects else filing.document.objects[0]


def sheet_of(visit: Visit, filing: Filing) -> Sheet:
    """The sheet of the address; table 2 of the object otherwise."""
    table, key = visit.param("table", "T2"), object_of(visit, filing)
    if table == "T1":
        return filing.document.sheet("T1")
    mine = [sheet for sheet in filing.document.of_table(table) if sheet.object == key]
    wanted = visit.param("key")
    found = next((sheet for sheet in mine if sheet.key == wanted), mine[0] if mine else None)
    return found or filing.document.sheet("T2", key)


@part("filing_form.left", topics="graded", params="table object")
async def left(visit: Visit) -> Content:
    """How far the form is, per table; the process; the rule packs; other objects of the unit."""
    graded, filing = room(visit), await filing_of(visit)
    made = await asyncio.to_thread(progress, filing.document, graded.filings.form)
    filled, asked = sum(each.filled for each in made), sum(each.asked for each in made)
    waiting = sum(each.proposed for each in made)
    head = html.Div(
        [
            html.B(f"{100 * filled / max(asked, 1):.0f} %", className="big"),
            quiet(t("filing.fields", filled=filled, asked=asked)),
            quiet(t("filing.waiting", proposed=waiting, missing=asked - filled - waiting)),
        ],
        className="form-progress",
    )
    steps = await visit.ask(graded.filings.history, filing.id)
    packs = html.Div([html.Code(pack) for pack in filing.packs], className="facts mono wraps")
    return [
        card(t("filing.progress"), [head, *_table_links(visit, filing, made)], lined=True),
        steps_card(visit, filing, steps),
        card(t("filing.packs"), packs, lined=True),
    ]


def _table_links(visit: Visit, filing: Filing, made: list[TableProgress]) -> list[Component]:
    form, now = room(visit).filings.form, sheet_of(visit, filing).table
    names = {table.id: table.zh if chinese() else table.en for table in form.tables}
    return [
        link(
            [
                html.B(each.table, className="mono"),
                html.Span(
                    [names[each.table], html.I(" ×" + str(each.sheets)) if each.sheets > 1 else None],
                    className="grow cut",
                ),
                percent_bar(each.filled / max(each.asked, 1)),
                quiet(f"{each.filled}/{each.asked}"),
            ],
            visit.here(table=each.table, key=None, edit=None),
            className="table-link on" if each.table == now else "table-link",
        )
        for each in made
        if each.sheets
    ]


@part("filing_form.sheet", topics="graded", params="table key only edit object")
async def middle(visit: Visit) -> Content:
    """The fields of one sheet."""
    graded, filing = room(visit), await filing_of(visit)
    sheet = sheet_of(visit, filing)
    rows = rows_of(filing.document, sheet, graded.filings.form)
    only = visit.param("only", "all")
    shown = [row for row in rows if only == "all" or row.state == only or (only == "proposed" and row.proposal)]
    heads = [
        (t("filing.field"), ""), (t("filing.value"), ""), (t("filing.source"), ""), (t("filing.taken"), "num"),
        (t("filing.handled"), ""),
    ]  # fmt: skip
    body = drawn_table(
        heads, [_row(visit, filing, sheet, row) for row in shown], ("24%", "auto", "150px", "92px", "160px")
    )
    title = next(table for table in graded.filings.form.tables if table.id == sheet.table)
    proposed = sum(row.proposal is not None for row in rows)
    everything = (
        act(t("filing.accept_sheet", count=proposed), "filing.accept", kind="small main-act", filing=filing.id,
            table=sheet.table, sheet=sheet.key, fields=[row.field.id for row in rows if row.proposal])
        if proposed and _editable(visit, filing)
        else ""
    )  # fmt: skip
    filled = sum(row.entry is not None for row in rows)
    switch = segment(
        [
            (t(f"filing.choices.{name}"), visit.here(only=name if name != "all" else None), name == only)
            for name in ONLY
        ],
        t("filing.only"),
    )
    none = empty(t("filing.nothing_here"), t("filing.nothing_here_why"), drawing="check")
    return card(
        title.zh if chinese() else f"{sheet.table} {title.en}",
        [_categories(visit, filing, sheet), body if shown else none],
        hint=t("filing.filled_of", filled=filled, asked=len(rows)),
        aside=html.Span([switch, everything], className="row"), lined=True,
    )  # fmt: skip


def _categories(visit: Visit, filing: Filing, sheet: Sheet) -> Component | str:
    if sheet.table != "T6":
        return ""
    sheets = [each for each in filing.document.of_table("T6") if each.object == sheet.object]
    choices = [
        (each.key.partition("/")[2], visit.here(key=each.key, edit=None), each.key == sheet.key) for each in sheets
    ]
    return html.Div(segment(choices, t("filing.category")), className="row facts")


def _editable(visit: Visit, filing: Filing) -> bool:
    return filing.state in ("draft", "returned", "changed") and visit.may("filing.write", f"filing:{filing.id}")


def _row(visit: Visit, filing: Filing, sheet: Sheet, row: FormRow) -> Component:
    editing = visit.param("edit") == row.field.id and _editable(visit, filing)
    value: Content = inline_form(visit, filing, sheet, row) if editing else _value(row)
    made = cells(
        html.Span(row.label, title=row.label), (value, "wrap"), _source(row, visit),
        (moment(_origin(row).observed, visit.zone, visit.now) if _origin(row) else "—", "num quiet"),
        html.Span([] if editing else _handled(visit, filing, sheet, row), className="row"),
    )  # fmt: skip
    made.className = f"form-row {row.state}"
    return made


def _origin(row: FormRow) -> Any:
    return row.proposal.origin if row.proposal else row.entry.origin if row.entry else None


def _value(row: FormRow) -> list[Component]:
    if row.state is RowState.MISSING:
        return [html.Span(t("filing.not_filled"), className="high")]
    shown = [html.Span(value_words(row.field, row.entry.value))] if row.entry else []
    if row.proposal:
        words = value_words(row.field, row.proposal.value)
        shown.append(html.Span(t("filing.newer", value=words) if row.entry else words, className="offered"))
    return shown or [quiet("—")]


def _source(row: FormRow, visit: Visit) -> Component:
    origin = _origin(row)
    if origin is None:
        return html.Span([html.Span(className="dot none"), t("filing.source_none")], className="source")
    kind = "person" if _by_hand(origin) else "telemetry"
    words = t(f"filing.origin.{origin.source}") if origin.source in SOURCES else origin.source
    return html.Span([html.Span(className=f"dot {kind}"), words], className="source", title=origin.evidence)


SOURCES = (
    "typed", "register", "flows", "exposed_services", "store_sizes", "data_register", "docx", "xlsx", "json", "package",
    "sensitive_scan", "grading", "visits",
    "business_events", "deployment",
)  # fmt: skip


def _by_hand(origin: Origin) -> bool:
    return origin.source in BY_HAND


def _handled(visit: Visit, filing: Filing, sheet: Sheet, row: FormRow) -> list[Component]:
    place = {"filing": filing.id, "table": sheet.table, "sheet": sheet.key}
    found: list[Component] = []
    if row.proposal and _editable(visit, filing):
        yes = act([icon("check"), t("filing.accept")], "filing.accept", kind="small", fields=[row.field.id], **place)
        no = act(t("filing.refuse"), "filing.refuse", kind="small", fields=[row.field.id], **place)
        found += [yes, no]
    elif row.entry:
        name = visit.rooms.work.desk.named(row.entry.by) if row.entry.by else "—"
        when = moment(row.entry.at, visit.zone, visit.now)
        found.append(
            html.Span([icon("check"), name], className="by cut", title=t("filing.accepted_by", name=name, at=when))
        )
    if _editable(visit, filing) and not row.proposal:
        words = t("filing.fill") if row.entry is None else t("filing.alter")
        found.append(link(words, visit.here(edit=row.field.id), className="button small"))
    return found


@part("filing_form.right", topics="graded tick", params="object")
async def right(visit: Visit) -> Content:
    """The next deadline, what is missing, exports."""
    graded, filing = room(visit), await filing_of(visit)
    key = object_of(visit, filing)
    timers = [timer for timer in await visit.ask(graded.clocks.timers) if timer.object_id == key and timer.due]
    lines = [
        html.Div([quiet(str(timer.due)), html.Span(short_words(timer), className="grow cut", title=timer.words),
                  days_words(timer, visit)])
        for timer in timers[:5]
    ]  # fmt: skip
    clocks: Component = (
        html.Div(lines, className="list") if lines else html.Div(quiet(t("filing.no_clocks")), className="facts")
    )
    found = await asyncio.to_thread(problems, filing.document, graded.filings.form, visit.now.date())
    return [
        card(t("filing.deadlines"), clocks, lined=True),
        card(t("filing.missing_and_wrong"), _problems(visit, found), hint=amount(float(len(found))), lined=True),
        card(t("filing.export"), _exports(filing), lined=True),
    ]


def _problems(visit: Visit, found: list[Problem]) -> Component:
    if not found:
        return html.Div(severity("normal", t("filing.no_problem")), className="facts")
    lines = [
        link(
            [
                severity("high" if each.kind == "wrong" else "medium", t(f"filing.problem.{each.kind}")),
                html.Span(_problem_words(visit, each), className="grow cut", title=each.text), quiet(each.table),
            ],
            visit.here(table=each.table, key=each.key if each.table == "T6" else None, edit=each.field),
        )
        for each in found[:SHOWN_PROBLEMS]
    ]  # fmt: skip
    rest = len(found) - SHOWN_PROBLEMS
    more = [html.Div(quiet(t("filing.more", count=rest)))] if rest > 0 else []
    return html.Div([*lines, *more], className="list")


def _problem_words(visit: Visit, each: Problem) -> str:
    form = room(visit).filings.form
    field = form.inputs.get(f"{each.table}.{each.field}")
    return label_of(form, field) if field and each.kind == "missing" else each.text


def _exports(filing: Filing) -> Component:
    base = f"/api/v1/filings/{filing.id}/export?kind="
    links = [
        html.A(
            [icon("file"), t(f"filing.kind.{kind}")], href=base + kind, className="button small",
            download=f"{filing.id}.{'zip' if kind == 'package' else kind}",
        )
        for kind in KINDS
    ]  # fmt: skip
    return html.Div(links, className="row facts wraps-row")


@part("filing_form.head", topics="graded", params="object")
async def head(visit: Visit) -> Content:
    """Which object and filing this is."""
    filing = await filing_of(visit)
    key = object_of(visit, filing)
    name = await visit.ask(named_system, visit, key)
    facts = [chip(say(f"ops.filing.state.{filing.state}"), tag=True), html.Span(filing.id, className="mono quiet")]
    kept = await visit.ask(room(visit).gradings.latest, key)
    if kept:
        facts.insert(
            0,
            link(
                t("filing.level_label", level=kept.level, label=kept.label),
                address("/filing/grade", object=key),
                className="chip tag",
            ),
        )
    if filing.certificate_number:
        facts.append(chip(filing.certificate_number))
    refresh = (
        act(t("filing.ask_platform"), "filing.prefill", kind="small", filing=filing.id)
        if _editable(visit, filing)
        else ""
    )
    return html.Div(
        [html.B(name, className="case-title"), *facts, html.Span(refresh, className="push")], className="row wraps-row"
    )


PARTS = (head, left, middle, right)


async def body(visit: Visit) -> Component:
    """The page."""
    top, *columns = await held_all(visit, head, left, middle, right)
    return html.Div([tab_line(visit), top, html.Div(columns, className="form-columns")], className="page")
