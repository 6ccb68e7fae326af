"""Small elements: icon, severity, card, button, chip, table cells, spark line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

from dash import html
from dash.development.base_component import Component

from dashboards.views.figures import moment, utc_stamp
from dashboards.visit import Visit
from dashboards.words import t

Content: TypeAlias = "Component | str | Sequence[Component | str]"
GLYPHS = ("critical", "high", "medium", "low", "normal", "unknown", "informational")


def icon(name: str) -> Component:
    """A drawing of the sprite; decoration only, its words stand beside it."""
    return html.Span(className=f"icon i-{name}", **{"aria-hidden": "true"})


def glyph(level: str) -> Component:
    """The shape of a severity alone."""
    return html.Span(className=f"glyph {level}", **{"aria-hidden": "true"})


def severity(level: str, words: str | None = None) -> Component:
    """Shape, word and colour of a severity."""
    return html.Span([glyph(level), words or t(f"level.{level}")], className=f"sev {level}")


def quiet(words: Content) -> Component:
    """Units, times, hints."""
    return html.Span(words, className="quiet")


def card(title: str, body: Content, *, hint: Content = "", aside: Content = "", lined: bool = False) -> Component:
    """A card with its header; ``hint`` stands beside the title, ``aside`` at the right end."""
    head = html.Header([html.H2(title), quiet(hint) if hint else None, html.Span(aside, className="aside")])
    parts: list[Any] = list(body) if isinstance(body, list | tuple) else [body]
    return html.Section([head, *parts], className="card lined" if lined else "card", **{"aria-label": title})


def link(words: Content, href: str, **attributes: Any) -> Component:
    """A link inside the product; the script turns it into a change of address without reload."""
    return html.A(words, href=href, **attributes)


def act(words: Content, command: str, *, key: str = "", kind: str = "", **args: Any) -> Component:
    """A button that sends a command with ``args``; its keyboard key is printed on it."""
    shown = [words, html.Kbd(key.upper())] if key else words
    data: dict[str, Any] = {"data-command": command, "data-args": json.dumps(args, ensure_ascii=False)}
    if key:
        data["data-key"] = key
    return html.Button(shown, className=f"button {kind}".strip(), type="button", **data)


def gauge(label: str, value: str, note: str, level: str = "") -> Component:
    """A number as a small card: what it is, how much, and what it is measured by; coloured where ``level`` is given."""
    parts = [
        html.Span(label, className="label"),
        html.Span(value, className="value"),
        html.Span(note, className="norm"),
    ]
    return html.Div(parts, className=f"card number plain {level}".strip())


def opener(words: Content, dialog: str, *, key: str = "", kind: str = "") -> Component:
    """A button that opens a dialog of the page."""
    shown = [words, html.Kbd(key.upper())] if key else words
    data = {"data-open": dialog} | ({"data-key": key} if key else {})
    return html.Button(shown, className=f"button {kind}".strip(), type="button", **data)


def chip(words: Content, *, tag: bool = False) -> Component:
    """A small label."""
    return html.Span(words, className="chip tag" if tag else "chip")


def when(value: datetime | None, visit: Visit) -> Component:
    """A moment in the page's zone, exact UTC in the tooltip."""
    return html.Span(moment(value, visit.zone, visit.now), title=utc_stamp(value))


def spark(
    values: Sequence[float | None],
    band: tuple[float | None, float | None] = (None, None),
    *,
    score: bool = False,
    area: Sequence[tuple[float, float]] = (),
) -> Component:
    """A small line over its normal band; the script draws it from the data."""
    data = {"v": [None if value is None else round(value, 3) for value in values], "b": list(band), "a": list(area)}
    return html.Div(
        className="spark score" if score else "spark", **{"data-spark": json.dumps(data), "aria-hidden": "true"}
    )


def hours(counts: Sequence[int | None], level: str = "") -> Component:
    """24 hourly cells, dashed where there is no data; the script draws them."""
    data = json.dumps(list(counts))
    return html.Div(className=f"hours {level}".strip(), **{"data-hours": data, "aria-hidden": "true"})


def segment(choices: Sequence[tuple[str, str, bool]], name: str) -> Component:
    """A switch of addresses: words, address, whether it is the current one."""
    links = [
        link(words, href, className="on" if on else "", **({"aria-current": "true"} if on else {}))
        for words, href, on in choices
    ]
    return html.Span(links, className="seg", role="group", **{"aria-label": name})


def pairs(rows: Sequence[tuple[str, Content]], *, one: bool = False) -> Component:
    """Terms and values in two columns of pairs, or one."""
    cells = [cell for name, value in rows for cell in (html.Dt(name), html.Dd(value))]
    return html.Dl(cells, className="pairs one" if one else "pairs")


def table(heads: Sequence[tuple[str, str]], rows: Sequence[Component], widths: Sequence[str] = ()) -> Component:
    """A plain table: (words, class) per column, ready rows."""
    columns = html.Colgroup([html.Col(style={"width": width}) for width in widths]) if widths else None
    head = html.Thead(html.Tr([html.Th(words, className=name, scope="col") for words, name in heads]))
    return html.Table([columns, head, html.Tbody(list(rows))], className="table")


def cells(*values: Content | tuple[Content, str], on: bool = False) -> Component:
    """A row: each value, or (value, class)."""
    made = [
        html.Td(value[0], className=value[1])
        if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], str)
        else html.Td(value)
        for value in values
    ]
    return html.Tr(made, className="on" if on else "")
