"""The dry run of a playbook that fits an incident: everything it would change, before anything is done."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import Content, cells, link, quiet, severity, table
from dashboards.visit import Visit
from dashboards.words import t
from infra.errors import AppError
from ops.runs import Fit, RunDesk

EFFECTS = frozenset(
    {"block-address", "collect-evidence", "command", "end-sessions", "http-request", "isolate-host",
     "lock-account", "notify", "quarantine-file", "restart-service", "slow-address",
     "snapshot-configuration", "stop-process"}
)  # fmt: skip
"""Kinds of effects that have words of their own; any other is shown as it is called."""


def asked_for(fit: Fit, visit: Visit) -> Component:
    """The link that opens or closes the dry run of a playbook."""
    shown = visit.param("dry") == fit.playbook
    words = t("incidents.dry_run_close") if shown else t("incidents.dry_run")
    return link(words, visit.here(dry=None if shown else fit.playbook), className="button small")


async def dry_run(fit: Fit, desk: RunDesk, visit: Visit) -> Content:
    """The list of effects, or why there is none."""
    try:
        effects = await visit.ask(desk.rehearse, fit.playbook, fit.inputs)
    except AppError as error:
        return html.P(str(error), className="quiet facts")
    heads = [(t("incidents.effect"), ""), (t("incidents.effect_on"), ""), (t("incidents.effect_back"), "")]
    rows = {_key(each): _row(each) for each in effects}
    listed = table(heads, list(rows.values()), ("34%", "auto", "120px"))
    return html.Div([listed, html.P(t("incidents.dry_run_why"), className="quiet facts")], role="group")


def _key(effect: dict[str, Any]) -> tuple[str, str, str]:
    return str(effect["kind"]), str(effect["target"]), str(effect.get("refused") or effect.get("note") or "")


def _row(effect: dict[str, Any]) -> Component:
    kind = str(effect["kind"])
    words = t(f"incidents.effects.{kind.replace('-', '_')}") if kind in EFFECTS else kind
    target = [html.Span(str(effect["target"]), className="mono cut"), quiet(effect.get("note", ""))]
    return cells(words, (target, "wrap"), _back(effect))


def _back(effect: dict[str, Any]) -> Content:
    if effect.get("refused"):
        return severity("high", t("incidents.effect_refused"))
    if effect["reversible"]:
        return severity("normal", t("incidents.effect_reversible"))
    return quiet(t("incidents.effect_stays"))
