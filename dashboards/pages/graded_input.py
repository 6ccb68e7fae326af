"""Filling one field of the form in its place, and taking or refusing what the platform offers."""

from __future__ import annotations

import json
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import choice
from dashboards.design.elements import link, quiet
from dashboards.pages.graded_tabs import room
from dashboards.views.filing import FormRow, option_words, value_words
from dashboards.visit import Visit
from dashboards.words import t
from ops.filing.document import Sheet
from ops.filing.form import Field, FieldType
from ops.filing.service import Filing

KINDS = {FieldType.DATE: "date", FieldType.NUMBER: "text", FieldType.TEXT: "text"}
MOST_FIELDS = 200


def inline_form(visit: Visit, filing: Filing, sheet: Sheet, row: FormRow) -> Component:
    """The input of a field with its buttons; files go straight to the API."""
    back = link(t("action.cancel"), visit.here(edit=None), className="button small")
    if row.field.type is FieldType.FILE:
        now = html.Span(value_words(row.field, row.entry.value)) if row.entry else None
        return html.Div([now, _upload(filing, sheet, row.field), back], className="row wraps-row")
    args = {"filing": filing.id, "table": sheet.table, "sheet": sheet.key, "field": row.field.id}
    data = {"data-command": "filing.put", "data-args": json.dumps(args, ensure_ascii=False), "data-keep": "1"}
    save = html.Button(t("filing.save"), className="button small main-act", type="submit")
    note = quiet(row.field.note) if row.field.note else None
    return html.Form([_input(row), note, html.Div([save, back], className="row")], className="form inline", **data)


def _input(row: FormRow) -> Component:
    field, now = row.field, row.entry.value if row.entry else row.proposal.value if row.proposal else None
    if field.type is FieldType.BOOL:
        options = [("yes", t("filing.yes"), now is True), ("no", t("filing.no"), now is False)]
    elif field.options:
        ticked = [str(each) for each in now] if isinstance(now, list | tuple) else [str(now)]
        options = [(code, option_words(field, code), code in ticked) for code in field.options]
    else:
        return _text(row.label, field, now)
    many = field.type is FieldType.MULTI
    boxes = [choice("value", code, words, checked=on, many=many) for code, words, on in options]
    return html.Fieldset([html.Legend(row.label, className="hidden"), *boxes], className="plain choices tight")


def _text(label: str, field: Field, now: Any) -> Component:
    made = {
        "name": "value", "type": KINDS[field.type], "value": "" if now is None else str(now), "autocomplete": "off",
        "maxLength": 4000, "ariaLabel": label,
    }  # fmt: skip
    return html.Span(**{"data-input": json.dumps(made, ensure_ascii=False)})


def _upload(filing: Filing, sheet: Sheet, field: Field) -> Component:
    place = f"/api/v1/filings/{filing.id}/attachments/{sheet.table}/{sheet.key}/{field.id}"
    data = {
        "data-upload": place, "data-done": t("filing.attached"), "data-failed": t("filing.attach_failed"),
        "data-topic": "graded",
    }  # fmt: skip
    return html.Label([t("filing.choose_file"), html.Span(**data)], className="button small")


def _demand(visit: Visit, args: Args) -> str:
    name = str(args.get("filing", ""))
    visit.rooms.authorizer.demand(visit.actor, "filing.write", f"filing:{name}")
    return name


@command("filing.put")
async def put(visit: Visit, args: Args) -> Outcome:
    """Write one field."""
    name, field = _demand(visit, args), str(args.get("field", ""))
    values = {field: args.get("value")}
    await visit.ask(
        room(visit).filings.put, visit.actor, name, str(args.get("table", "")), str(args.get("sheet", "")), values
    )
    return Outcome(t("filing.saved"), topics=("graded",), go=visit.here(edit=None))


def _fields(args: Args) -> list[str]:
    given = args.get("fields")
    return [str(each) for each in given[:MOST_FIELDS]] if isinstance(given, list) else []


@command("filing.accept")
async def accept(visit: Visit, args: Args) -> Outcome:
    """Take what the platform offers for some fields of a sheet."""
    return await _decide(visit, args, accepted=_fields(args), refused=[])


@command("filing.refuse")
async def refuse(visit: Visit, args: Args) -> Outcome:
    """Turn an offer down: the same value is not offered again."""
    return await _decide(visit, args, accepted=[], refused=_fields(args))


async def _decide(visit: Visit, args: Args, accepted: list[str], refused: list[str]) -> Outcome:
    name = _demand(visit, args)
    table, key = str(args.get("table", "")), str(args.get("sheet", ""))
    await visit.ask(room(visit).filings.decide, visit.actor, name, table, key, accepted, refused)
    words = t("filing.took", count=len(accepted)) if accepted else t("filing.refused", count=len(refused))
    return Outcome(words, topics=("graded",))


@command("filing.prefill")
async def prefill(visit: Visit, args: Args) -> Outcome:
    """Ask the platform again."""
    name = _demand(visit, args)
    await visit.ask(room(visit).filings.prefill, visit.actor, name)
    found = await visit.ask(room(visit).filings.coverage, name)
    return Outcome(t("filing.prefilled", percent=f"{found.percent:.0f}"), topics=("graded",))
