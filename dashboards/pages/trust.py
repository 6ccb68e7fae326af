"""Trust (信任): requests and approvals, the site's own authorities, certificates and when they end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

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
from dashboards.pages.trust_acts import file_dialog
from dashboards.pages.trust_parts import WEEKS, command_line, heat, shorter, signer_says, ways
from dashboards.parts import held_all, part
from dashboards.rooms.pki import Row, Standing
from dashboards.views.figures import amount
from dashboards.visit import Visit
from dashboards.words import chinese, t

STATES = {"waiting": "medium", "approved": "normal", "issued": "normal", "refused": "low"}


@part("trust.signer", topics="trust")
async def signer(visit: Visit) -> Content:
    """The sentence at the top, and the ways."""
    found = await visit.shared(visit.rooms.pki.standing)
    return html.Section([signer_says(found), ways(visit)], className="card trust-bar")


@part("trust.queue", topics="trust", params="sel")
async def queue(visit: Visit) -> Content:
    """Requests that wait, those approved, and the newest others."""
    rows = await visit.ask(visit.rooms.pki.requests)
    standing = await visit.shared(visit.rooms.pki.standing)
    may = visit.may("trust.request") and standing.authorities
    aside = opener([icon("plus"), t("trust.file")], "file", kind="small") if may else ""
    order = {"waiting": 0, "approved": 1}
    shown = sorted(rows, key=lambda row: order.get(row["state"], 2))[:40]
    if not shown:
        return card(
            t("trust.requests"),
            empty(t("trust.no_requests"), t("trust.no_requests_why"), drawing="trust"),
            aside=aside,
            lined=True,
        )
    heads = [
        (t("trust.subject"), ""),
        (t("trust.profile"), ""),
        (t("trust.asker"), ""),
        (t("trust.approvals"), "num"),
        (t("column.state"), ""),
        (t("trust.since"), "num"),
    ]
    waiting = sum(row["state"] == "waiting" for row in rows)
    body = table(
        heads, [_request(row, standing, visit) for row in shown], ("auto", "120px", "90px", "70px", "96px", "110px")
    )
    return card(t("trust.requests"), body, hint=t("trust.waiting", count=waiting), aside=aside, lined=True)


def _request(row: Row, standing: Standing, visit: Visit) -> Component:
    on = visit.param("sel") == row["id"]
    who = link(
        [html.B(shorter(row["subject"], 52)), html.Span(", ".join(row["names"])[:70], className="under mono")],
        visit.here(sel=None if on else row["id"]),
        className="rowlink",
    )
    state = severity(STATES.get(row["state"], "unknown"), t(f"trust.request_{row['state']}"))
    return cells(
        who,
        _title(standing, row["profile"]),
        row["asker"],
        (f"{row['approvals']}/{row['needed']}", "num"),
        state,
        (when(row["created"], visit), "num quiet"),
        on=on,
    )


def _title(standing: Standing, profile: str) -> str:
    found = next((row for row in standing.profiles if row["name"] == profile), None)
    return str(found["title_zh" if chinese() else "title_en"]) if found else profile


@part("trust.request", topics="trust", params="sel")
async def request(visit: Visit) -> Content:
    """The chosen request: what it asks for, what the checks say, the approval bar."""
    rows = await visit.ask(visit.rooms.pki.requests)
    row = next((one for one in rows if one["id"] == visit.param("sel")), None)
    if row is None:
        return card(t("trust.request"), empty(t("trust.choose"), t("trust.choose_why"), drawing="trust"), lined=True)
    found = await visit.ask(visit.rooms.pki.checks, row["id"])
    facts = pairs(
        [
            (t("trust.subject"), row["subject"]),
            (t("trust.names"), ", ".join(row["names"]) or "—"),
            (t("trust.profile"), row["profile"]),
            (t("trust.asker"), row["asker"]),
            (t("trust.replaces"), row["replaces"] or "—"),
            (t("trust.hash"), html.Span(row["sha256"], className="mono", title=row["sha256"])),
        ],
        one=True,
    )
    title = html.H3(t("trust.checks"), className="inner-title")
    close = link(icon("close"), visit.here(sel=None), **{"aria-label": t("action.close_pane")})
    return card(
        t("trust.request"),
        [html.Div(facts, className="facts"), title, _checks(found), _approval(row, visit)],
        hint=row["id"][-6:],
        aside=close,
        lined=True,
    )


def _checks(found: Sequence[Row]) -> Component:
    """Key proof and lint; findings in full, none as a sentence."""
    proof = html.Li(severity("normal", t("trust.proof_good")))
    if not found:
        return html.Ul([proof, html.Li(severity("normal", t("trust.lint_clean")))], className="plain-list facts")
    rows = [
        html.Li(
            [
                severity("high" if one["level"] == "error" else "low", one["rule"]),
                quiet(f" {one['clause']} {one['detail']}"),
            ]
        )
        for one in found
    ]
    return html.Ul([proof, *rows], className="plain-list facts")


def _approval(row: Row, visit: Visit) -> Component:
    """The approval bar: given, needed, what it is bound to, and how to approve."""
    given = [chip(name) for name in row["approved_by"]] or [quiet(t("trust.nobody_yet"))]
    head = html.Div(
        [html.B(t("trust.approved_of", given=row["approvals"], needed=row["needed"])), *given], className="row"
    )
    parts: list[Component] = [head]
    if row["state"] == "waiting" and row["asker"] == visit.actor.name:
        parts.append(html.P(t("trust.own_request"), className="soft"))
    elif row["state"] == "waiting":
        parts += [
            html.P(t("trust.approve_how"), className="soft"),
            command_line(f"yaodun approve {row['id']} --key FILE|pkcs11:URI --as NAME"),
        ]
    if row["state"] == "approved" and visit.may("trust.issue", f"request:{row['id']}"):
        parts.append(
            html.Div(act(t("trust.issue"), "trust.issue", kind="main-act", request=row["id"]), className="acts")
        )
    return html.Div(parts, className="approval-bar")


@part("trust.authorities", topics="trust")
async def authorities(visit: Visit) -> Content:
    """The tree of authorities, each with its key's place, its end, its certificates and its list."""
    found = await visit.shared(visit.rooms.pki.standing)
    if not found.authorities:
        words = t("trust.no_authorities_why") if found.running else t("trust.signer_away")
        return card(t("trust.authorities"), empty(t("trust.no_authorities"), words, drawing="trust"), lined=True)
    heads = [
        (t("trust.authority"), ""),
        (t("trust.key"), ""),
        (t("trust.custody"), ""),
        (t("trust.issued_count"), "num"),
        (t("trust.revoked_count"), "num"),
        (t("trust.ends"), "num"),
    ]
    rows = [_authority(row, depth, visit) for row, depth in tree(found.authorities)]
    return card(
        t("trust.authorities"),
        table(heads, rows, ("auto", "70px", "116px", "64px", "64px", "128px")),
        hint=amount(float(len(rows))),
        lined=True,
    )


def tree(rows: Sequence[Row], parent: str | None = None, depth: int = 0) -> list[tuple[Row, int]]:
    """Authorities below their parents, with their depth."""
    found: list[tuple[Row, int]] = []
    for row in rows:
        if row["parent"] == parent and depth < 12:
            found += [(row, depth), *tree(rows, row["id"], depth + 1)]
    return found


def _authority(row: Row, depth: int, visit: Visit) -> Component:
    name = html.Span(
        [html.B(row["name"]), html.Span(row["subject"], className="under")], className=f"branch b{min(depth, 4)}"
    )
    custody = (
        severity("low", t("trust.software")) if row["custody"] == "software" else severity("normal", t("trust.token"))
    )
    state = "" if row["state"] == "active" else chip(t("trust.superseded"))
    return cells(
        [name, state],
        row["key"].upper(),
        custody,
        (amount(float(row["issued"])), "num"),
        (amount(float(row["revoked"])), "num"),
        (when(row["not_after"], visit), "num quiet"),
    )


@part("trust.heat", topics="trust")
async def heat_map(visit: Visit) -> Content:
    """Which certificates end when, over the next 52 weeks."""
    found = await visit.shared(visit.rooms.pki.standing)
    if not found.authorities:
        return card(
            t("trust.heat"),
            empty(t("trust.no_certificates"), t("trust.no_certificates_why"), drawing="clock"),
            lined=True,
        )
    lists = {str(row["source"]).partition(":")[2].partition("/")[0]: row for row in found.lists}
    rows = [
        (
            row["name"],
            row["key"].upper(),
            found.heat.get(row["id"], [0] * WEEKS),
            _freshness(lists.get(row["id"]), visit),
        )
        for row, _ in tree(found.authorities)
    ]
    soon = sum(sum(list(weeks)[:4]) for _, _, weeks, _ in rows)
    return card(
        t("trust.heat"),
        [heat(visit, rows), html.P(t("trust.heat_legend"), className="quiet facts")],
        hint=t("trust.heat_hint", soon=soon),
        lined=True,
    )


def _freshness(row: Mapping[str, Any] | None, visit: Visit) -> Content:
    if row is None:
        return "—"
    stale = row["next_update"] is not None and row["next_update"] < visit.now
    return severity("high", t("trust.stale")) if stale else ["CRL ", when(row["this_update"], visit)]


@part("trust.certificates", topics="trust", params="q")
async def certificates(visit: Visit) -> Content:
    """Certificates, those that end first in front; with the way to take one back or renew it."""
    total, rows = await visit.ask(visit.rooms.pki.certificates, visit.param("q"), "")
    if not rows:
        return card(
            t("trust.certificates"),
            empty(t("trust.no_certificates"), t("trust.no_certificates_why"), drawing="trust"),
            lined=True,
        )
    heads = [
        (t("trust.subject"), ""),
        (t("trust.serial"), ""),
        (t("trust.profile"), ""),
        (t("trust.ends"), "num"),
        (t("column.state"), ""),
        ("", ""),
    ]
    body = table(
        heads, [_certificate(row, visit) for row in rows], ("auto", "130px", "110px", "140px", "110px", "150px")
    )
    return card(t("trust.certificates"), body, hint=t("trust.shown_of", shown=len(rows), total=total), lined=True)


def _certificate(row: Row, visit: Visit) -> Component:
    if row["revoked"]:
        state, acts = severity("low", t("trust.revoked")), quiet(t(f"trust.reason.{row['reason'] or 'unspecified'}"))
    else:
        left = (row["not_after"] - visit.now).days
        state = severity(
            "high" if left < 14 else "medium" if left < 28 else "normal", t("trust.days_left", days=max(left, 0))
        )
        acts = html.Span(_certificate_acts(row, visit), className="row")
    serial = html.Span(f"{row['serial'][:10]}…", className="mono", title=row["serial"])
    return cells(
        shorter(row["subject"]), serial, row["profile"], (when(row["not_after"], visit), "num quiet"), state, acts
    )


def _certificate_acts(row: Row, visit: Visit) -> list[Component]:
    where = {"authority": row["authority"], "serial": row["serial"]}
    found = []
    if visit.may("trust.request"):
        found.append(act(t("trust.renew"), "trust.renew", kind="small", **where))
    if visit.may("trust.revoke"):
        found.append(act(t("trust.revoke"), "trust.ask_revoke", kind="small danger", **where))
    return found


@part("trust.matters", topics="trust")
async def matters(visit: Visit) -> Content:
    """Everything else that waits for approval."""
    rows = await visit.ask(visit.rooms.pki.matters)
    if not rows:
        return card(
            t("trust.matters"), empty(t("trust.no_matters"), t("trust.no_matters_why"), drawing="check"), lined=True
        )
    return card(t("trust.matters"), [_matter(row, visit) for row in rows], hint=amount(float(len(rows))), lined=True)


def _matter(row: Row, visit: Visit) -> Component:
    given = t("trust.approved_of", given=len(row["approved_by"]), needed=row["needed"])
    head = html.Div(
        [
            html.B(row["title"]),
            chip(row["kind"]),
            quiet(given),
            quiet([t("trust.until"), " ", when(row["expires"], visit)]),
        ],
        className="row",
    )
    if row["signed"]:
        how: Component = command_line(f"yaodun approve {row['id']} --key FILE|pkcs11:URI --as NAME")
    elif row["requester"] == visit.actor.name:
        how = quiet(t("trust.own_request"))
    else:
        how = html.Div(
            [
                act(t("trust.say_yes"), "trust.voice", kind="small main-act", matter=row["id"], approve=True),
                act(t("trust.say_no"), "trust.voice", kind="small", matter=row["id"], approve=False),
            ],
            className="row",
        )
    return html.Div([head, how], className="approval-bar")


@part("trust.filing")
async def filing(visit: Visit) -> Content:
    """The form of a new request, drawn once: what is being typed stays."""
    return file_dialog(await visit.shared(visit.rooms.pki.standing))


async def body(visit: Visit) -> Component:
    """The page."""
    top, form = await held_all(visit, signer, filing)
    work = await held_all(visit, queue, request)
    trees = await held_all(visit, authorities, matters)
    rest = await held_all(visit, heat_map, certificates)
    rows = [html.Div(work, className="users-grid"), html.Div(trees, className="users-grid"), *rest]
    return html.Div([top, *rows, html.Div(form, className="dialogs")], className="page trust")


PAGE = Page(
    "trust",
    "/pki",
    body,
    (signer, filing, queue, request, authorities, heat_map, certificates, matters),
    action="trust.verify",
    ranged=False,
)
