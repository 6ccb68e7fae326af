"""Audit (审计): who did what, and is the record of it whole?"""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from dash import html
from dash.development.base_component import Component

from dashboards.blocks import block
from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import text_field
from dashboards.design.elements import Content, act, chip, glyph, icon, link, pairs, quiet
from dashboards.design.grid import column, grid
from dashboards.design.states import empty
from dashboards.pages.page import Page
from dashboards.parts import held, part
from dashboards.rooms.audit import AuditFilter, AuditPage, AuditRow
from dashboards.views.figures import amount, exact, seconds_stamp, stamp, utc_stamp, zone_name
from dashboards.visit import Visit, address
from dashboards.words import t

ASKED = "q actor action thing tr"
FIELDS = ("q", "actor", "action", "thing")
MOST_ROWS = 20_000


def filter_of(visit: Visit) -> AuditFilter:
    """The filter of the address."""
    return AuditFilter(
        window=visit.window(),
        actor=visit.param("actor"),
        action=visit.param("action"),
        thing=visit.param("thing"),
        text=visit.param("q"),
    )


@part("audit.bar", params=ASKED, wears="audit-bar")
async def bar(visit: Visit) -> Content:
    """Filters, and the button that proves the record whole."""
    fields = [text_field(name, t(f"audit.{name}"), required=False, value=visit.param(name)[:200]) for name in FIELDS]
    form = html.Form(
        [
            *fields,
            html.Button(t("audit.filter"), className="button", type="submit"),
            link(t("audit.clear"), address("/audit"), className="button"),
        ],
        className="form line-form",
        key=visit.here(sel=None),
        **{"data-refine": "1"},
    )
    verify = (
        act([icon("check"), t("audit.verify")], "audit.verify", kind="main-act")
        if visit.may("audit.verify")
        else quiet(t("audit.may_not_verify"))
    )
    return [form, verify]


@part("audit.count", topics="audit", params=ASKED, wears="stackline")
async def count(visit: Visit) -> Content:
    """How many rows; the grid reads from here that it must load anew."""
    page = await visit.ask(visit.rooms.audit.rows, filter_of(visit), 1)
    watched = {
        "data-grid": "audit",
        "data-query": visit.here(sel=None),
        "data-stamp": visit.now.isoformat(),
        "data-total": str(page.total),
    }
    nothing = (
        html.Div(empty(t("audit.none"), t("audit.none_why"), t("audit.clear"), address("/audit")), className="over")
        if not page.total
        else None
    )
    return [
        html.Span(t("audit.total", count=exact(float(page.total))), **watched),
        quiet(t("audit.zone", zone=zone_name(visit.zone))),
        nothing,
    ]


@part("audit.row", params=ASKED + " sel", wears="pane-holder")
async def row_pane(visit: Visit) -> Content:
    """The chosen row with its detail and hash."""
    chosen = visit.param("sel")
    if not chosen.isdigit():
        return ""
    row = await _row_of(visit, int(chosen))
    close = link(icon("close"), visit.here(sel=None), className="close", **{"aria-label": t("action.close_pane")})
    if row is None:
        return html.Aside(
            html.Div(
                [html.Div([quiet(chosen), close], className="pane-tags"), empty(t("audit.gone"), t("audit.gone_why"))],
                className="pane-scroll",
            ),
            className="pane",
        )
    facts = pairs(
        [
            (t("column.time"), html.Span(stamp(row.at, visit.zone), title=utc_stamp(row.at))),
            (t("audit.actor"), link(row.actor, visit.here(actor=row.actor, sel=None))),
            (t("audit.action"), link(html.Span(row.action, className="mono"), visit.here(action=row.action, sel=None))),
            (t("audit.thing"), link(html.Span(row.thing, className="mono"), visit.here(thing=row.thing, sel=None))),
            (t("audit.hash"), html.Span(row.hash, className="mono wraps")),
        ],
        one=True,
    )
    detail = html.Pre(
        orjson.dumps(dict(row.detail), default=str, option=orjson.OPT_INDENT_2).decode(), className="raw", tabIndex=0
    )
    head = html.Div(
        [chip(t("audit.leaf", number=chosen)), glyph("normal" if row.sequence is not None else "unknown"), close],
        className="pane-tags",
    )
    return html.Aside(
        html.Div(
            [head, html.H2(row.words or row.action, className="pane-title"), facts, html.H3(t("audit.detail")), detail],
            className="pane-scroll",
            tabIndex=0,
        ),
        className="pane",
        **{"aria-label": t("audit.detail")},
    )


async def _row_of(visit: Visit, sequence: int) -> AuditRow | None:
    after = None
    for _ in range(40):
        page = await visit.ask(visit.rooms.audit.rows, filter_of(visit), 500, after)
        for row in page.items:
            if row.sequence == sequence:
                return row
        if page.after is None:
            return None
        after = page.after
    return None


async def body(visit: Visit) -> Component:
    """The page."""
    top, line, right = await asyncio.gather(held(bar, visit), held(count, visit), held(row_pane, visit))
    middle = html.Div(
        [top, html.Div(id="proof"), line, html.Div(grid("audit", _columns(), row=30), className="grid-box dense")],
        className="queue",
    )
    return html.Div([middle, right], className="triage wide-triage")


def _columns() -> list[dict[str, Any]]:
    return [
        column("sequence", "#", width=80, right=True),
        column("time", t("column.time"), width=130, cell="Mono"),
        column("actor", t("audit.actor"), width=130),
        column("action", t("audit.action"), width=190, cell="Mono"),
        column("words", t("column.summary"), grow=1),
        column("thing", t("audit.thing"), width=190, cell="Mono"),
        column("hash", t("audit.hash"), width=150, cell="Mono"),
    ]


async def rows(visit: Visit, request: dict[str, Any]) -> dict[str, Any]:
    """Rows of the grid for a block."""
    start, end = int(request.get("startRow", 0)), int(request.get("endRow", 100))
    wanted = filter_of(visit)

    async def fetch(size: int, after: str | None) -> tuple[AuditPage, str | None]:
        page = await visit.ask(visit.rooms.audit.rows, wanted, size, after)
        return page, page.after

    key = (visit.actor.id, "audit", *(visit.param(name) for name in (*FIELDS, "tr")))
    page = await block(key, start, min(end - start, 500), fetch)
    return {"rowData": [_row(row, visit) for row in page.items], "rowCount": min(page.total, MOST_ROWS)}


def _row(row: AuditRow, visit: Visit) -> dict[str, Any]:
    short = f"{row.hash[:8]} … {row.hash[-4:]}" if len(row.hash) > 16 else row.hash
    return {
        "id": str(row.sequence if row.sequence is not None else f"w-{row.hash}"),
        "sequence": amount(float(row.sequence)) if row.sequence is not None else t("audit.waiting"),
        "time": seconds_stamp(row.at, visit.zone),
        "actor": row.actor,
        "action": row.action,
        "words": row.words,
        "thing": row.thing,
        "hash": short,
    }


@command("audit.verify")
async def verify(visit: Visit, args: Args) -> Outcome:
    """Check every leaf against the tree, and say what was altered and where."""
    visit.rooms.authorizer.demand(visit.actor, "audit.verify")
    proof = await visit.ask(visit.rooms.audit.verify)
    words = (
        t("audit.whole", leaves=exact(float(proof.leaves)))
        if proof.whole
        else t("audit.broken", place=proof.broken_at, problem=proof.problem)
    )
    facts = pairs(
        [
            (t("audit.leaves"), exact(float(proof.leaves))),
            (t("audit.head"), html.Span(proof.head, className="mono wraps")),
            (t("column.time"), stamp(proof.at, visit.zone)),
        ],
        one=True,
    )
    close = html.Button(t("users.seen"), className="button", **{"type": "button", "data-close": "1"})
    body_ = html.Div(
        [
            html.P(
                [glyph("normal" if proof.whole else "bad"), " ", html.B(words)],
                className=f"sev {'normal' if proof.whole else 'critical'}",
            ),
            facts,
            html.Div(close, className="acts"),
        ],
        className="once",
    )
    shown = html.Dialog(
        [html.Header(t("audit.proof")), body_],
        className="box",
        key=utc_stamp(proof.at),
        **{"data-show-dialog": "1", "aria-label": t("audit.proof")},
    )
    return Outcome(topics=("audit",), shown=shown)


PAGE = Page("audit", "/audit", body, (bar, count, row_pane), action="audit.read", grid=True)
