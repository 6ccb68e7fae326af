"""Dialogs: a native ``<dialog>`` with one form that sends one command."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import icon, quiet
from dashboards.words import t


def dialog(
    name: str,
    title: str,
    fields: Sequence[Component],
    submit: str,
    command: str,
    args: Mapping[str, Any] | None = None,
    *,
    danger: bool = False,
) -> Component:
    """A dialog opened by ``data-open=name``; its form's values join ``args``."""
    close = html.Button(
        icon("close"),
        className="button small",
        **{"type": "button", "data-close": "1", "aria-label": t("action.cancel")},
    )
    acts = html.Div(
        [
            html.Button(t("action.cancel"), className="button", **{"type": "button", "data-close": "1"}),
            html.Button(submit, className="button danger" if danger else "button main-act", type="submit"),
        ],
        className="acts",
    )
    data = {"data-command": command, "data-args": json.dumps(dict(args or {}), ensure_ascii=False)}
    form = html.Form([*fields, acts], className="form", **data)
    return html.Dialog(
        [html.Header([title, close]), form], id=f"dialog-{name}", className="box", **{"aria-label": title}
    )


def choice(
    name: str,
    value: str,
    words: str,
    why: str = "",
    *,
    checked: bool = False,
    required: bool = False,
    many: bool = False,
) -> Component:
    """A radio button (or check box) with its words and what it means."""
    made = {"name": name, "value": value, "checked": checked, "required": required}
    box = html.Span(**{"data-check" if many else "data-radio": json.dumps(made, ensure_ascii=False)})
    return html.Label([box, html.Span([words, quiet(why) if why else None])])


def text_field(
    name: str, words: Component | str, *, kind: str = "text", hint: str = "", required: bool = True, value: str = ""
) -> Component:
    """A labelled input of a plain form."""
    made = {"name": name, "type": kind, "required": required, "value": value, "autocomplete": "off", "maxLength": 200}
    return html.Label(
        [words, html.Span(**{"data-input": json.dumps(made, ensure_ascii=False)}), quiet(hint) if hint else None],
        className="line",
    )


def text_area(name: str, words: str, *, rows: int = 3, required: bool = True) -> Component:
    """A labelled text of several lines, at most 4,000 characters."""
    box = html.Textarea(name=name, className="field", rows=rows, maxLength=4000, required=required)
    return html.Label([words, box], className="line")
