"""Builds the Dash application on its own inner FastAPI: one per process, everything asynchronous."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

from dash import ALL, MATCH, ClientsideFunction, Dash, Input, Output, State, ctx, no_update, set_props
from dash._utils import to_json
from dash.exceptions import PreventUpdate
from fastapi import FastAPI

from dashboards import commands
from dashboards.entrance import entrance_router
from dashboards.frame import crumbs, frame, nav, ranges
from dashboards.live import Watch
from dashboards.manner import Manner, current_theme
from dashboards.opening import Draw, Opened, current_opened, opening_router
from dashboards.packed import Packed
from dashboards.pages import ALL_PAGES, GRIDS, SECTIONS
from dashboards.pages.missing import MISSING_PAGE
from dashboards.pages.page import Page
from dashboards.parts import Part, drawn
from dashboards.rooms import Rooms
from dashboards.visit import HOME, Visit, visit
from dashboards.words import t
from infra.text import language
from infra.web.seams import current_actor

log = logging.getLogger(__name__)
ASSETS = Path(__file__).parent / "assets"
PREFIX = HOME + "/"
NEVER = ("dash_table", "/polyfill@")
"""Scripts of Dash that nothing here needs: its own table, and standard functions that every browser has
(``05-steps.js`` brings the one that they do not)."""
EARLY = "".join(
    f'<link rel="preload" as="fetch" href="{PREFIX}{name}" crossorigin="anonymous">'
    for name in ("_dash-layout", "_dash-dependencies")
)
"""Asked for before any script runs, so that the first page is drawn while the browser still reads Dash."""


def build_dash(rooms: Rooms) -> tuple[FastAPI, Dash]:
    """The inner application that answers ``/ui`` and ``/ui/*`` over HTTP and WebSocket, and its Dash.

    Wrap it with session and security headers, dispatch ``/ui*`` to it without rewriting the path, and enter its
    lifespan. Only one may exist per process (Dash keeps a global).
    """
    inner = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    inner.include_router(entrance_router(HOME))
    rail = nav(SECTIONS)
    # Before Dash adds its own route of the same path: the first one wins.
    inner.include_router(opening_router(PREFIX, drawer(rooms, rail), lambda: str(to_json(app.get_layout()))))
    app = Screens(
        __name__,
        server=inner,
        url_base_pathname=PREFIX,
        assets_folder=str(ASSETS),
        assets_ignore="entrance.*",
        serve_locally=True,
        suppress_callback_exceptions=True,
        update_title="",
        title=t("brand"),
        on_error=_on_error,
    )
    app.layout = lambda: frame(current_actor.get().name or t("frame.nobody"), current_opened.get())
    for register in (_route, _refresh):
        register(app, rooms, rail)
    for simple in (_command, _rows, _push):
        simple(app, rooms)
    _clientside(app)
    inner.add_middleware(Packed, prefixes=(f"{PREFIX}assets/", f"{PREFIX}_dash-component-suites/"))
    inner.add_middleware(Manner)
    # Deep links work from the first request on: assets and catch-all are set up now, not at the first visit of /ui/.
    app._setup_server()
    app.backend._setup_catchall()
    return inner, app


def csp(app: Dash) -> str:
    """The Content-Security-Policy under which the pages work: no eval, no inline script but the one hashed."""
    hashes = " ".join(dict.fromkeys(app.csp_hashes()))
    return (
        f"default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:;"
        " font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


class Screens(Dash):  # type: ignore[misc]
    """Dash whose index speaks the viewer's language and theme, and brings the grid's script only where one is shown."""

    def interpolate_index(self, **parts: Any) -> str:
        theme = current_theme.get()
        scripts, later = _split_scripts(parts["scripts"], grid=_wants_grid(self))
        return (
            f'<!DOCTYPE html>\n<html lang="{language()}" data-theme="{theme}" data-ag-theme-mode="{theme}">\n<head>'
            f'{parts["metas"]}<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{t('brand')}</title>{parts['favicon']}{EARLY}{parts['css']}{later}</head>\n<body>"
            f"{parts['app_entry']}<footer hidden>{parts['config']}{scripts}{parts['renderer']}</footer></body></html>"
        )


def _wants_grid(app: Dash) -> bool:
    path = str(app.backend.request_adapter().path)
    return page_at(path.removeprefix(HOME).rstrip("/") or "/").grid


def _split_scripts(scripts: str, *, grid: bool) -> tuple[str, str]:
    """The scripts a page needs, and hints to fetch the others when idle."""
    lines = [line for line in scripts.splitlines() if not any(name in line for name in NEVER)]
    if grid:
        return "\n".join(lines), ""
    heavy = [line for line in lines if "dash_ag_grid" in line]
    hints = "".join(f'<link rel="prefetch" as="script" href="{line.split(chr(34))[1]}">' for line in heavy)
    return "\n".join(line for line in lines if line not in heavy), hints


def _on_error(error: Exception) -> None:
    log.error("callback_failed", exc_info=error)


def page_at(path: str) -> Page:
    """The page of a path below ``/ui``, or the one that says there is none."""
    return next((page for page in ALL_PAGES if page.matches(path)), MISSING_PAGE)


def drawer(rooms: Rooms, rail: Part) -> Draw:
    """What draws the page of an address."""

    async def draw(pathname: str, search: str) -> Opened:
        look = visit(rooms, pathname, search)
        page = page_at(look.path)
        if page.action and not look.may(page.action):
            page = MISSING_PAGE
        body, links = await asyncio.gather(page.body(look), drawn(rail, look))
        return Opened(
            pathname, search, body, links, crumbs(look, page, SECTIONS), ranges(look, page), _seen(look, pathname)
        )

    return draw


def _route(app: Dash, rooms: Rooms, rail: Part) -> None:
    draw = drawer(rooms, rail)

    async def route(pathname: str, search: str) -> tuple[Any, ...]:
        found = await draw(pathname, search)
        return found.body, found.rail, found.crumbs, found.ranges, found.seen

    app.callback(
        Output("page", "children"),
        Output("nav", "children"),
        Output("crumbs", "children"),
        Output("range", "children"),
        Output("seen", "data", allow_duplicate=True),
        Input("url", "pathname"),
        State("url", "search"),
        prevent_initial_call=True,
    )(route)


def _refresh(app: Dash, rooms: Rooms, rail: Part) -> None:
    async def refresh(
        search: str, pulse: Any, again: Any, ids: list[dict[str, str]], pathname: str, seen: Any, drawn_to: Any
    ) -> tuple[Any, ...]:
        look = visit(rooms, pathname, search)
        page = page_at(look.path)
        if not seen or seen.get("path") != pathname:
            raise PreventUpdate
        changed = _changed(look, seen)
        topics, reached = changed_topics(pulse, again, drawn_to)
        wanted = {each.name: each for each in page.parts if _concerned(each, changed, topics)}
        if not wanted and not changed and "alerts" not in topics:
            raise PreventUpdate
        children = [await drawn(wanted[each["part"]], look) if each["part"] in wanted else no_update for each in ids]
        now = await drawn(rail, look) if "alerts" in topics else no_update
        # What was seen is told only where the address changed: a late answer must not undo a page opened meanwhile.
        moved = (ranges(look, page), _seen(look, pathname)) if changed else (no_update, no_update)
        return children, now, *moved, reached

    app.callback(
        Output({"part": ALL}, "children"),
        Output("nav", "children", allow_duplicate=True),
        Output("range", "children", allow_duplicate=True),
        Output("seen", "data", allow_duplicate=True),
        Output("drawn", "data"),
        Input("url", "search"),
        Input("pulse", "data"),
        Input("again", "data"),
        State({"part": ALL}, "id"),
        State("url", "pathname"),
        State("seen", "data"),
        State("drawn", "data"),
        prevent_initial_call=True,
    )(refresh)


def _command(app: Dash, rooms: Rooms) -> None:
    async def command(asked: Any, pathname: str, search: str) -> tuple[Any, ...]:
        look = visit(rooms, pathname, search)
        outcome, notice = await commands.run(look, str(asked.get("name", "")), asked.get("args") or {})
        again = {"topics": list(outcome.topics), "at": asked.get("at")} if outcome.topics else no_update
        shown = outcome.shown is not None
        return no_update if shown else notice, notice if shown else no_update, again, outcome.go or no_update

    app.callback(
        Output("notices", "children"),
        Output("shown", "children"),
        Output("again", "data"),
        Output("go", "data"),
        Input("command", "data"),
        State("url", "pathname"),
        State("url", "search"),
        prevent_initial_call=True,
    )(command)


def _rows(app: Dash, rooms: Rooms) -> None:
    async def rows(request: Any, pathname: str, search: str) -> Any:
        if not request:
            raise PreventUpdate
        return await GRIDS[ctx.triggered_id["grid"]](visit(rooms, pathname, search), request)

    app.callback(
        Output({"grid": MATCH}, "getRowsResponse"),
        Input({"grid": MATCH}, "getRowsRequest"),
        State("url", "pathname"),
        State("url", "search"),
        prevent_initial_call=True,
    )(rows)


def _push(app: Dash, rooms: Rooms) -> None:
    watch = Watch(rooms.pulse)

    async def push() -> None:
        socket, actor = ctx.websocket, current_actor.get()
        changed: dict[str, float] = {}
        async for topics in watch.beats():
            if socket is None or socket.is_shutdown:
                return
            if not await asyncio.to_thread(rooms.people.alive, actor):
                set_props("go", {"data": HOME + "/sign-in"})
                return
            now = rooms.clock.now()
            changed |= dict.fromkeys(topics, now.timestamp())
            set_props("pulse", {"data": {"topics": changed, "at": now.isoformat()}})

    app.callback(websocket=True, persistent=True)(push)


def _clientside(app: Dash) -> None:
    for name, target, prop, source in (("go", "go", "id", "go"), ("beat", "live", "title", "pulse")):
        app.clientside_callback(
            ClientsideFunction("yaodun", name),
            Output(target, prop),
            Input(source, "data"),
            prevent_initial_call=True,
        )


def _seen(look: Visit, pathname: str) -> dict[str, Any]:
    return {"path": pathname, "params": dict(look.params)}


def _changed(look: Visit, seen: Any) -> set[str]:
    before, now = seen.get("params", {}), look.params
    return {name for name in {*before, *now} if before.get(name) != now.get(name)}


def changed_topics(pulse: Any, again: Any, drawn_to: Any) -> tuple[set[str], dict[str, float]]:
    """What changed since the last answer that arrived, and how far the next one reaches. A newer pulse supersedes an
    unanswered question, so a pulse says when each topic changed last, and not only what is new in it."""
    times: dict[str, float] = (pulse or {}).get("topics") or {}
    pressed = float((again or {}).get("at") or 0)
    before = drawn_to or {"pulse": 0.0, "again": 0.0}
    found = {topic for topic, at in times.items() if at > before["pulse"]}
    if pressed > before["again"]:
        found |= set(again["topics"])
    return found, {"pulse": max([before["pulse"], *times.values()]), "again": max(before["again"], pressed)}


def _concerned(each: Part, changed: set[str], topics: set[str]) -> bool:
    return each.reads(changed) or not each.topics.isdisjoint(topics) or f"part:{each.name}" in topics
