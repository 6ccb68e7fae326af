"""Trust list (信任列表): which authorities are accepted for what; changes are proposed here, signed by two people."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import choice, dialog, text_area, text_field
from dashboards.design.elements import (
    Content,
    act,
    card,
    cells,
    chip,
    icon,
    link,
    opener,
    pairs,
    quiet,
    severity,
    table,
    when,
)
from dashboards.design.states import empty
from dashboards.pages.page import Page
from dashboards.pages.trust import signer
from dashboards.pages.trust_parts import command_line, value_of
from dashboards.parts import held, held_all, part
from dashboards.rooms.pki import ListView, Row
from dashboards.visit import Visit
from dashboards.words import t
from infra.clock import parse_rfc3339, rfc3339

STATES = {"accepted": "normal", "suspended": "medium", "withdrawn": "critical"}
USAGES = ("login", "sign", "seal", "device", "server")


async def _view(visit: Visit) -> ListView:
    version = visit.param("v")
    return await visit.ask(visit.rooms.pki.listed, int(version) if version.isdigit() else None)


@part("trust_list.entries", topics="trust", params="sel v")
async def entries(visit: Visit) -> Content:
    """The entries of a version."""
    found = await _view(visit)
    if found.version is None:
        return card(
            t("page.trust_list"), empty(t("trust_list.none"), t("trust_list.none_why"), drawing="trust"), lined=True
        )
    heads = [
        (t("trust.authority"), ""),
        (t("column.state"), ""),
        (t("trust_list.usages"), ""),
        (t("trust.level"), "num"),
        (t("trust_list.until"), "num"),
    ]
    rows = [_entry(row, visit) for row in found.entries]
    may = visit.may("trust.list") and found.version == found.versions[0]
    aside = opener([icon("plus"), t("trust_list.add")], "add", kind="small") if may else ""
    hint = [
        t("trust_list.version", version=found.version),
        " · ",
        t("trust_list.next_update"),
        " ",
        when(found.next_update, visit),
    ]
    return card(
        t("page.trust_list"),
        [table(heads, rows, ("auto", "110px", "220px", "56px", "120px")), _versions(found, visit)],
        hint=hint,
        aside=aside,
        lined=True,
    )


def _entry(row: Row, visit: Visit) -> Component:
    on = visit.param("sel") == row["id"]
    who = link(
        [html.B(row["name"]), html.Span(row["id"], className="under mono")],
        visit.here(sel=None if on else row["id"]),
        className="rowlink",
    )
    usages = html.Span([chip(t(f"trust.usage_{one}")) for one in row["usages"]], className="row")
    state = severity(STATES[row["state"]], t(f"trust_list.state_{row['state']}"))
    return cells(
        who,
        state,
        usages,
        (str(row["level"]), "num"),
        (when(row["until"], visit) if row["until"] else "—", "num quiet"),
        on=on,
    )


def _versions(found: ListView, visit: Visit) -> Component:
    links = [
        link(
            f"v{one}",
            visit.here(v=None if one == found.versions[0] else str(one)),
            className="chip on" if one == found.version else "chip",
        )
        for one in found.versions[:30]
    ]
    signed = quiet(t("trust_list.publishers", names=", ".join(found.publishers), needed=found.threshold))
    return html.Div([html.Span(t("trust_list.versions"), className="quiet"), *links, signed], className="row facts")


@part("trust_list.entry", topics="trust", params="sel v")
async def chosen(visit: Visit) -> Content:
    """One entry in full, and the form that proposes a change of it."""
    found = await _view(visit)
    row = next((one for one in found.entries if one["id"] == visit.param("sel")), None)
    if row is None:
        return card(
            t("trust_list.entry"),
            empty(t("trust_list.choose"), t("trust_list.choose_why"), drawing="trust"),
            lined=True,
        )
    facts = pairs(
        [
            (t("trust_list.since"), when(row["since"], visit)),
            (t("trust_list.permitted"), ", ".join(row["permitted"]) or "—"),
            (t("trust_list.excluded"), ", ".join(row["excluded"]) or "—"),
            (t("trust_list.revocation"), t(f"trust_list.revocation_{row['revocation']}")),
            (t("trust_list.certificates"), str(row["certificates"])),
        ],
        one=True,
    )
    close = link(icon("close"), visit.here(sel=None), **{"aria-label": t("action.close_pane")})
    parts: list[Component] = [html.Div(facts, className="facts")]
    if visit.may("trust.list") and found.version == found.versions[0]:
        parts.append(_change(row))
    return card(row["name"], parts, hint=row["id"], aside=close, lined=True)


def _change(row: Row) -> Component:
    states = [
        choice("state", one, t(f"trust_list.state_{one}"), checked=row["state"] == one, required=True) for one in STATES
    ]
    usages = [choice("usages", one, t(f"trust.usage_{one}"), checked=one in row["usages"], many=True) for one in USAGES]
    levels = [choice("level", str(one), str(one), checked=row["level"] == one, required=True) for one in range(1, 5)]
    until = rfc3339(row["until"]) if row["until"] else ""
    form = html.Form(
        [
            html.Fieldset([html.Legend(t("column.state")), *states], className="plain choices"),
            html.Fieldset([html.Legend(t("trust_list.usages")), *usages], className="plain choices two-up"),
            html.Fieldset([html.Legend(t("trust.level")), *levels], className="plain choices two-up"),
            text_field("until", t("trust_list.until"), hint=t("trust_list.until_hint"), required=False, value=until),
            html.Div(html.Button(t("trust_list.propose"), className="button main-act"), className="acts"),
        ],
        className="form facts",
        key=f"{row['id']}-{row['state']}-{row['level']}-{'-'.join(row['usages'])}",
        **{"data-command": "trust_list.change", "data-args": f'{{"id": "{row["id"]}"}}', "data-keep": "1"},
    )
    return html.Div([html.H3(t("trust_list.change"), className="inner-title"), form])


@part("trust_list.drafts", topics="trust")
async def drafts(visit: Visit) -> Content:
    """Proposals with what they change, who signed, and how to sign."""
    found = await _view(visit)
    if not found.drafts:
        return card(
            t("trust_list.drafts"),
            empty(t("trust_list.no_drafts"), t("trust_list.no_drafts_why"), drawing="check"),
            lined=True,
        )
    return card(
        t("trust_list.drafts"), [_draft(row, visit) for row in found.drafts], hint=str(len(found.drafts)), lined=True
    )


def _draft(row: Row, visit: Visit) -> Component:
    given = [chip(name) for name in row["signed_by"]] or [quiet(t("trust.nobody_yet"))]
    head = html.Div(
        [
            html.B(t("trust_list.version", version=row["version"])),
            quiet(row["author"]),
            quiet(when(row["created"], visit)),
            html.Span(t("trust_list.signed_of", given=len(row["signed_by"]), needed=row["needed"])),
            *given,
        ],
        className="row",
    )
    parts: list[Component] = [
        head,
        _differences(row["changes"]),
        html.P(t("trust_list.sign_how"), className="soft"),
        command_line(f"yaodun approve {row['id']} --key FILE|pkcs11:URI --as PUBLISHER"),
    ]
    parts.append(html.Div([quiet(f"sha256 {row['sha256']}")], className="mono break"))
    if visit.may("trust.list"):
        parts.append(
            html.Div(act(t("trust_list.drop"), "trust_list.drop", kind="small", draft=row["id"]), className="acts")
        )
    return html.Div(parts, className="approval-bar")


def _differences(rows: Sequence[Row]) -> Component:
    said = [
        html.Li(
            [
                html.B(row["entry"]),
                f" {row['field']}: ",
                html.Del(_shown(row["before"])),
                " → ",
                html.Ins(_shown(row["after"])),
            ]
        )
        for row in rows
    ]
    return html.Ul(said, className="plain-list")


def _shown(value: object) -> str:
    return "—" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)


async def body(visit: Visit) -> Component:
    """The page."""
    top, both, waiting = await asyncio.gather(
        held(signer, visit), held_all(visit, entries, chosen), held(drafts, visit)
    )
    fields = [
        text_field("id", t("trust_list.id"), hint=t("trust_list.id_hint")),
        text_field("name", t("trust_list.name")),
        text_area("pem", t("trust_list.pem"), rows=6),
        *(choice("usages", one, t(f"trust.usage_{one}"), many=True) for one in USAGES),
        text_field("permitted", t("trust_list.permitted"), hint=t("trust_list.permitted_hint"), required=False),
        text_field("level", t("trust.level"), value="2"),
    ]
    add = dialog("add", t("trust_list.add"), fields, t("trust_list.propose"), "trust_list.add")
    return html.Div(
        [top, html.Div(both, className="users-grid"), waiting, html.Div(add, className="dialogs")],
        className="page trust",
    )


@command("trust_list.change")
async def change(visit: Visit, args: Args) -> Outcome:
    """Propose a change of one entry."""
    until = value_of(args, "until")
    fields = {
        "id": value_of(args, "id"),
        "state": value_of(args, "state"),
        "usages": _many(args, "usages"),
        "level": int(value_of(args, "level") or 2),
        "until": rfc3339(parse_rfc3339(until, "until")) if until else None,
    }
    await visit.ask(visit.rooms.pki.propose, visit.actor, [fields], [], [])
    return Outcome(t("trust_list.proposed"), topics=("trust",))


@command("trust_list.add")
async def add(visit: Visit, args: Args) -> Outcome:
    """Propose another authority."""
    level = value_of(args, "level")
    entry = {
        "id": value_of(args, "id"), "name": value_of(args, "name"), "pem": value_of(args, "pem"), "state": "accepted",
        "since": rfc3339(visit.now), "usages": _many(args, "usages"), "level": int(level) if level.isdigit() else 2,
        "permitted": [one.strip() for one in value_of(args, "permitted").split(";") if one.strip()],
    }  # fmt: skip
    await visit.ask(visit.rooms.pki.propose, visit.actor, [], [entry], [])
    return Outcome(t("trust_list.proposed"), topics=("trust",))


def _many(args: Args, name: str) -> list[str]:
    value = args.get(name) or ()
    return [value] if isinstance(value, str) else [str(one) for one in value]


@command("trust_list.drop")
async def drop(visit: Visit, args: Args) -> Outcome:
    """Give a draft up."""
    await visit.ask(visit.rooms.pki.drop, visit.actor, value_of(args, "draft"))
    return Outcome(t("trust_list.dropped"), topics=("trust",))


PAGE = Page("trust_list", "/pki/list", body, (signer, entries, chosen, drafts), action="trust.read", ranged=False)
