"""Commands: what a button, a key or a form asks for, by name; each page registers its own."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import Content, act, glyph
from dashboards.visit import Visit
from dashboards.words import t
from infra.errors import AppError
from infra.ids import new_id

log = logging.getLogger(__name__)
Args = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to say, which topics to draw anew, where to go, and how to take it back."""

    words: str = ""
    topics: tuple[str, ...] = ()
    go: str = ""
    undo: tuple[str, str] | None = None
    shown: Component | None = None


Command = Callable[[Visit, Args], Awaitable[Outcome]]
COMMANDS: dict[str, Command] = {}


def command(name: str) -> Callable[[Command], Command]:
    """Registers a command under its name."""

    def register(run: Command) -> Command:
        COMMANDS[name] = run
        return run

    return register


async def run(visit: Visit, name: str, args: Args) -> tuple[Outcome, Component | None]:
    """Run a command: its outcome and the notice to show. What goes wrong becomes a notice, never a broken page."""
    wanted = COMMANDS.get(name)
    try:
        if wanted is None:
            return Outcome(), notice(t("error.unknown_command", name=name[:40]), bad=True)
        outcome = await wanted(visit, args)
    except AppError as error:
        return Outcome(), notice(str(error), bad=True)
    except Exception:
        log.exception("command_failed", extra={"command": name})
        return Outcome(), notice(t("error.unexpected"), bad=True)
    if outcome.shown is not None:
        return outcome, outcome.shown
    return outcome, notice(
        outcome.words, undo=outcome.undo, deselect="selection" in outcome.topics
    ) if outcome.words else None


def notice(
    words: Content, *, undo: tuple[str, str] | None = None, bad: bool = False, deselect: bool = False
) -> Component:
    """The bar at the bottom: what happened, and for ten seconds the way back."""
    children: list[Component | str | None] = [glyph("bad") if bad else glyph("ok"), html.Span(words)]
    if undo:
        children += [
            act(t("action.undo"), undo[0], key="u", kind="small", token=undo[1]),
            html.Span(className="count-down"),
        ]
    data = {"data-fades": "10"} | ({"data-deselect": "1"} if deselect else {})
    wears = "notice bad" if bad else "notice"
    return html.Div(children, className=wears, role="alert" if bad else "status", key=new_id(), **data)
