"""Files in and out of the pages of graded protection: workbooks, filled-in forms, and what became of an import."""

from __future__ import annotations

import asyncio
import json

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.elements import Content, card, cells, icon, quiet, severity, table
from dashboards.design.states import empty
from dashboards.pages.graded_tabs import room, tab_line
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.visit import Visit, address
from dashboards.words import t
from ops.filing.importing import take_in
from ops.portal.sheets.kind import Kind

LARGEST = 64 << 20
SHOWN = 200
WRITES = {
    Kind.RECORDS: "records.apply", Kind.FINDINGS: "evaluation.findings", Kind.GRADINGS: "grading.keep",
    Kind.VERDICTS: "controls.judge",
}  # fmt: skip


def chooser(words: str, then: str, **args: str) -> Component:
    """A button that sends a file and then a command with its hash."""
    data = {
        "data-upload": "/api/v1/filings/files", "data-done": t("sheets.sent"), "data-failed": t("sheets.failed"),
        "data-then": then, "data-args": json.dumps(args),
    }  # fmt: skip
    return html.Label([icon("file"), words, html.Span(**data)], className="button small")


def sheet_tools(visit: Visit, kind: Kind, of: str = "") -> list[Component]:
    """The workbook out, and one in where the visitor may write."""
    query = f"?of={of}" if of else ""
    out = html.A(
        [icon("down"), t("sheets.out")], href=f"/api/v1/sheets/{kind}{query}", className="button small",
        download=f"{kind}.xlsx",
    )  # fmt: skip
    may = visit.may(WRITES[kind]) and visit.may("filing.write")
    return [out, chooser(t("sheets.in"), "sheets.import", sheet=kind)] if may else [out]


def form_chooser(visit: Visit) -> list[Component]:
    """A filled-in form or package in."""
    return [chooser(t("sheets.form_in"), "filing.import")] if visit.may("filing.write") else []


def _file(visit: Visit, name: str) -> bytes:
    with room(visit).blobs.open(name) as file:
        return file.read(LARGEST)


@command("filing.import")
async def bring(visit: Visit, args: Args) -> Outcome:
    """A form in Word, Excel, JSON or a package: a draft of its own, or changes to the one with its number."""
    visit.rooms.authorizer.demand(visit.actor, "filing.write")
    graded, name = room(visit), str(args.get("name", ""))[:255]
    raw = await visit.ask(_file, visit, str(args.get("file", "")))
    units = {system.id: system.unit for system in await visit.ask(graded.nouns.systems)}
    made = await asyncio.to_thread(
        take_in, graded.filings, graded.blobs, visit.actor, lambda system: units.get(system, ""), raw, name,
        graded.papers.sealer,
    )  # fmt: skip
    words = t("sheets.form_taken" if made.created else "sheets.form_changed", name=made.filing, count=made.changed)
    seal = f" {t(f'sheets.seal.{made.sealed}')}" if made.sealed else ""
    return Outcome(words + seal, topics=("graded",), go=address(f"/filing/{made.filing}"))


@command("sheets.import")
async def take(visit: Visit, args: Args) -> Outcome:
    """A workbook in; wrong rows lead to the report that names them."""
    graded, kind = room(visit), Kind(str(args.get("sheet", "")))
    visit.rooms.authorizer.demand(visit.actor, WRITES[kind])
    raw = await visit.ask(_file, visit, str(args.get("file", "")))
    name = str(args.get("name", ""))[:255]
    # Not bounded by the patience of a page: what is being taken in is not to be called failed meanwhile.
    kept, report = await asyncio.to_thread(graded.sheets.take_in, visit.actor, kind, raw, name)
    if report.errors:
        return Outcome(t("sheets.refused", count=len(report.errors)), go=address("/filing/import", report=kept))
    return Outcome(t("sheets.taken", count=report.taken, unchanged=report.unchanged), topics=("graded",))


@part("filing_import.report", params="report")
async def report(visit: Visit) -> Content:
    """What was wrong in a file, row by row."""
    name = visit.param("report")
    if not name:
        return card(t("sheets.report"), empty(t("sheets.no_report"), drawing="orders"), lined=True)
    found = await visit.ask(room(visit).sheets.report, visit.actor, name)
    heads = [(t("sheets.row"), "num"), (t("sheets.column"), ""), (t("sheets.problem"), "")]
    rows = [
        cells((str(each.row), "num"), html.Code(each.field or "—"), (each.text, "wrap"))
        for each in found.errors[:SHOWN]
    ]
    head = severity("high", t("sheets.nothing_taken", count=len(found.errors), rows=found.rows))
    whole = html.A(
        [icon("down"), t("sheets.errors_out")], href=f"/api/v1/sheets/reports/{name}/errors",
        className="button small", download="errors.xlsx",
    )  # fmt: skip
    rest = len(found.errors) - SHOWN
    more = html.Div(quiet(t("filing.more", count=rest)), className="facts") if rest > 0 else ""
    body = table(heads, rows, ("80px", "200px", "auto"))
    aside = html.Span([quiet(found.name), whole], className="row")
    return card(t("sheets.report"), [html.Div(head, className="facts"), body, more], aside=aside, lined=True)


async def body(visit: Visit) -> Component:
    """The page."""
    return html.Div([tab_line(visit), *await held_all(visit, report)], className="page")


PAGE = Page("filing_import", "/filing/import", body, (report,), action="filing.read", ranged=False)
