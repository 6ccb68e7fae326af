"""Verify (证书验证): may this certificate, chain or signed message be believed, and why (not)?"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import choice, text_area, text_field
from dashboards.design.elements import Content, card, chip, glyph, pairs, quiet, severity
from dashboards.pages.page import Page
from dashboards.pages.trust import signer
from dashboards.pages.trust_parts import value_of
from dashboards.parts import held, part
from dashboards.rooms.pki import Asked, Row
from dashboards.views.figures import stamp
from dashboards.visit import Visit
from dashboards.words import chinese, t
from infra.clock import parse_rfc3339

LEVELS = {"valid": "normal", "invalid": "critical", "indeterminate": "medium"}
PURPOSES = ("login", "sign", "seal", "device", "server")
CHECKS = {
    "signature": ("signature", "content", "digest", "message"),
    "path": ("path", "anchor", "not_yet", "expired", "basic", "issuer", "depth", "no_", "key_cert"),
    "revocation": ("revo", "crl", "ocsp", "status"),
    "usage": ("usage", "purpose", "eku"),
    "names": ("name",),
    "algorithm": ("algorithm", "weak", "key_", "sm2", "hash"),
    "list": ("authority", "list", "level"),
}
"""Which of the seven checks a reason's code belongs to; the first that fits."""


@part("trust_verify.form")
async def form(visit: Visit) -> Content:
    """What to judge; nothing of it is kept."""
    fields = [
        _area("object", t("trust_verify.object"), 9),
        html.P(t("trust_verify.object_hint"), className="quiet"),
        text_area("content", t("trust_verify.content"), rows=3, required=False),
        text_field("at", t("trust_verify.at"), hint=t("trust_verify.at_hint"), required=False),
        text_field("name", t("trust_verify.name"), hint=t("trust_verify.name_hint"), required=False),
        html.Fieldset(
            [
                html.Legend(t("trust_verify.purpose")),
                *(choice("purpose", one, t(f"trust.usage_{one}")) for one in PURPOSES),
            ],
            className="plain choices two-up",
        ),
        html.Div(html.Button(t("trust_verify.verify"), className="button main-act", type="submit"), className="acts"),
    ]
    box = html.Form(
        fields, className="form facts", **{"data-command": "trust.verify", "data-args": "{}", "data-keep": "1"}
    )
    return card(t("page.trust_verify"), box, hint=t("trust_verify.by_list"), lined=True)


def _area(name: str, words: str, rows: int) -> Component:
    box = html.Textarea(name=name, className="field raw", rows=rows, maxLength=400_000, required=True)
    return html.Label([words, box], className="line")


@part("trust_verify.about")
async def about(visit: Visit) -> Content:
    """What is judged, and where else it can be asked."""
    rows = [(t(f"trust_verify.check_{name}"), t(f"trust_verify.check_{name}_why")) for name in CHECKS]
    commands = html.Code(
        "yaodun trust verify report.p7s --content report.pdf\nyaodun trust replay evidence.json", className="raw"
    )
    return card(
        t("trust_verify.what"),
        [
            html.Div(pairs(rows, one=True), className="facts"),
            html.P(t("trust_verify.elsewhere"), className="quiet facts"),
            html.Div(commands, className="facts"),
        ],
        lined=True,
    )


async def body(visit: Visit) -> Component:
    """The page."""
    parts = [await held(one, visit) for one in (signer, form, about)]
    return html.Div([parts[0], html.Div(parts[1:], className="users-grid")], className="page trust")


@command("trust.verify")
async def verify(visit: Visit, args: Args) -> Outcome:
    """Judge, and show the verdict with its reasons."""
    at = value_of(args, "at")
    asked = Asked(
        object=str(args.get("object") or ""), content=str(args.get("content") or ""),
        at=parse_rfc3339(at, "at") if at else None, name=value_of(args, "name"), purpose=value_of(args, "purpose"),
    )  # fmt: skip
    found = await visit.ask(visit.rooms.pki.verify, visit.actor, asked)
    return Outcome(shown=verdict_box(found, asked.at or visit.now, visit))


def verdict_box(found: Row, at: datetime, visit: Visit) -> Component:
    """The verdict: banner, seven checks, chain on a time axis, reasons, evidence to take along."""
    outcome = str(found["verdict"])
    banner = html.Div(
        [
            severity(LEVELS[outcome], t(f"trust_verify.{outcome}")),
            html.Span(t(f"trust_verify.{outcome}_says"), className="soft"),
            quiet(stamp(at, visit.zone)),
        ],
        className="row verdict",
    )
    reasons = [row for row in found["reasons"] if not row["advice"]]
    parts: list[Component] = [
        banner,
        _matrix(reasons, outcome),
        html.H3(t("trust_verify.chain"), className="inner-title"),
        _chain(found["chain"], reasons, at, visit),
    ]
    parts += [html.H3(t("trust_verify.reasons"), className="inner-title"), _reasons(found["reasons"])]
    parts += [_entry(found), _evidence(found)]
    close = html.Button(t("trust_verify.again"), className="button", **{"type": "button", "data-close": "1"})
    return html.Dialog(
        [html.Header([t("page.trust_verify"), close]), html.Div(parts, className="verdict-body")],
        className="box wide",
        key=str(found.get("evidence", {}).get("digest", at.isoformat())),
        **{"data-show-dialog": "1", "aria-label": t("page.trust_verify")},
    )


def check_of(code: str) -> str:
    """Which of the seven checks a reason belongs to."""
    return next((name for name, parts in CHECKS.items() if any(part in code for part in parts)), "path")


def _matrix(reasons: Sequence[Row], outcome: str) -> Component:
    bad = {check_of(row["code"]) for row in reasons}
    mark = "unknown" if outcome == "indeterminate" else "critical"
    cells = [
        html.Div(
            [glyph(mark if name in bad else "normal"), html.Span(t(f"trust_verify.check_{name}"))],
            className="seven bad" if name in bad else "seven",
        )
        for name in CHECKS
    ]
    return html.Div(cells, className="sevens")


def _chain(chain: Sequence[Row], reasons: Sequence[Row], at: datetime, visit: Visit) -> Component:
    """From the anchor down to the leaf; each with its validity as a bar on one axis, the moment judged as a line."""
    if not chain:
        return html.P(t("trust_verify.no_chain"), className="soft")
    spans = [(_moment(row["not_before"]), _moment(row["not_after"])) for row in chain]
    start, end = min(one for one, _ in spans), max(other for _, other in spans)
    length = max((end - start).total_seconds(), 1.0)

    def place(moment: datetime) -> str:
        return f"{max(0.0, min(100.0, 100 * (moment - start).total_seconds() / length)):.2f}%"

    named = {row["subject"] for row in reasons}
    rows = []
    for row, (first, last) in zip(reversed(chain), reversed(spans), strict=True):
        wears = "link-row bad" if row["subject"] in named else "link-row"
        width = f"{max(0.4, 100 * (last - first).total_seconds() / length):.2f}%"
        bar = html.Div(
            [html.I(style={"left": place(first), "width": width}), html.B(style={"left": place(at)})],
            className="span", title=f"{stamp(first, visit.zone)} - {stamp(last, visit.zone)}",
        )  # fmt: skip
        rows.append(
            html.Div(
                [
                    html.Span(
                        [
                            html.B(row["subject"], className="cut"),
                            html.Span(f"{row['key']} · {row['serial'][:16]}", className="under mono"),
                        ]
                    ),
                    bar,
                ],
                className=wears,
            )
        )
    axis = html.Div([html.Span(f"{start:%Y}"), html.Span(f"{end:%Y}")], className="chain-axis")
    return html.Div([*rows, axis], className="chain")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _reasons(rows: Sequence[Row]) -> Component:
    if not rows:
        return html.P(severity("normal", t("trust_verify.no_reason")), className="facts")
    language = "text_zh" if chinese() else "text_en"
    said = [
        html.Li(
            [
                severity("informational" if row["advice"] else "critical", row[language]),
                html.Code(row["code"], className="quiet mono"),
            ],
            className="" if row["advice"] else "bad",
        )
        for row in sorted(rows, key=lambda row: bool(row["advice"]))
    ]
    return html.Ul(said, className="plain-list reasons")


def _entry(found: Row) -> Component:
    subjects = [chip(f"{row['scheme']}: {row['value'][:24]}") for row in found.get("subjects", ())]
    rows = [
        (t("trust_verify.version"), str(found["list_version"] or "—")),
        (t("trust.authority"), str(found.get("authority", "—"))),
        (t("trust.level"), str(found["level"] or "—")),
        (t("trust_verify.behind"), html.Span(subjects, className="row") if subjects else "—"),
    ]
    return pairs(rows)


def _evidence(found: Row) -> Component:
    """The bundle that a verifier replays offline."""
    packed: Any = base64.b64encode(orjson.dumps(found["evidence"])).decode()
    save = html.A(
        t("trust_verify.evidence"),
        href=f"data:application/json;base64,{packed}",
        download="evidence.json",
        className="button",
    )
    return html.Div([save, quiet(t("trust_verify.evidence_why"))], className="row facts")


PAGE = Page("trust_verify", "/pki/verify", body, (signer, form, about), action="trust.verify", ranged=False)
