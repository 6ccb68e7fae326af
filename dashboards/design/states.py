"""The five states in one frame of the same size: loading, empty, partial, error, stale."""

from __future__ import annotations

from datetime import datetime, timedelta

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import Content, glyph, icon, link
from dashboards.views.figures import local
from dashboards.words import t


def skeleton(*heights: int) -> Component:
    """Grey blocks in the final geometry; visible after 200 ms."""
    blocks = [html.Span(className="skeleton", style={"height": f"{height}px"}) for height in heights]
    return html.Div(blocks, className="state", role="status", **{"aria-label": t("state.loading")})


def empty(what: str, step: str = "", next_words: str = "", href: str = "", *, drawing: str = "") -> Component:
    """What is missing and the one next step."""
    words = [html.B(what), html.Span(step, className="soft") if step else None]
    acts = html.Div(link(next_words, href, className="button small"), className="acts") if href else None
    if drawing:
        box = html.Span(icon(drawing), className="dash-box")
        return html.Div([box, html.Div([*words, acts])], className="state side")
    return html.Div([*words, acts], className="state")


def failed(reason: str, request: str, part: str, advice: str = "") -> Component:
    """Place, reason, request id, retry."""
    retry = html.Button(t("state.retry"), className="button small", **{"data-again": part})
    return html.Div(
        [
            html.B([glyph("bad"), " ", reason], className="critical"),
            html.Span([t("state.request"), " ", html.Span(request, className="mono")], className="quiet"),
            html.Div([retry, html.Span(advice, className="soft") if advice else None], className="acts"),
        ],
        className="state",
        role="alert",
    )


def flag(words: Content) -> Component:
    """One line under a number that is partial or stale; the number stays."""
    return html.Div([glyph("high"), words], className="flagline", role="status")


def stale(body: Content, at: datetime, zone: timedelta, below: Content = "") -> Component:
    """The last good value, dimmed and stamped."""
    stamp = t("state.stopped_at", time=f"{local(at, zone):%H:%M:%S}")
    return html.Div([html.Div(body, className="stale"), flag(stamp), below or None])
