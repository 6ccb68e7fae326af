"""The frame around every page: rail, header, stores, the place for notices."""

from __future__ import annotations

import json
from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from dashboards.design.elements import Content, icon, link, segment
from dashboards.manner import Theme, current_theme
from dashboards.opening import Opened
from dashboards.pages.page import Page, Section
from dashboards.parts import Part, part
from dashboards.views.figures import amount, moment
from dashboards.visit import DEFAULT_RANGE, RANGES, Visit, address
from dashboards.words import chinese, t
from infra.errors import AppError

KEYS = (
    ("/", "search"),
    ("?", "all_keys"),
    ("Esc", "escape"),
    ("G O", "go_overview"),
    ("G A", "go_alerts"),
    ("G I", "go_incidents"),
    ("G W", "go_work"),
    ("G P", "go_inspections"),
    ("G H", "go_hosts"),
    ("G S", "go_search"),
    ("G E", "go_health"),
    ("J K", "move"),
    ("↵", "open"),
    ("X", "select"),
    ("A", "acknowledge"),
    ("S", "assign"),
    ("C", "close"),
    ("M", "comment"),
    ("R", "reopen"),
    ("I O", "only"),
    ("U", "undo"),
)


def frame(actor_name: str, opened: Opened | None = None) -> Component:
    """The whole document body, with a page already in it or grey blocks; later pages are put into ``#page`` as the
    address changes."""
    address_now = {"pathname": opened.pathname, "search": opened.search} if opened else {}
    body = html.Div(opened.body if opened else waiting_page(), id="page")
    return html.Div(
        [
            dcc.Location(id="url", refresh="callback-nav", **address_now),
            *(dcc.Store(id=name) for name in ("pulse", "again", "drawn", "command", "go")),
            dcc.Store(id="seen", data=opened.seen if opened else None),
            html.Div(
                [_rail(opened), _top(actor_name, opened), html.Main(body, className="main")],
                className="frame",
            ),
            html.Div([html.Div(id="notices"), html.Div(id="said")], className="notices"),
            html.Div(id="shown"),
            _keys(),
        ]
    )


def waiting_page() -> Component:
    """Grey blocks where cards will stand, until the first page has come."""
    rows = [html.Div([html.Span(className="skeleton") for _ in range(3)], className="cols-3") for _ in range(3)]
    return html.Div(rows, className="page loading", role="status", **{"aria-label": t("state.loading")})


def _keys() -> Component:
    """All keys of the product, opened by ``?`` and drawn then."""
    rows = json.dumps([[keys.split(), t(f"key.{name}")] for keys, name in KEYS], ensure_ascii=False)
    close = html.Button(
        icon("close"), className="button small", type="button", **{"data-close": "1", "aria-label": t("action.cancel")}
    )
    head = html.Header([t("key.all_keys"), close])
    return html.Dialog(
        [head, html.Div(className="list keys-list", **{"data-keys": rows})], id="dialog-keys", className="box"
    )


def _rail(opened: Opened | None) -> Component:
    brand = link(t("brand"), address("/"), className="brand" if chinese() else "brand word")
    return html.Div(
        [brand, html.Nav(opened.rail if opened else None, id="nav", **{"aria-label": t("frame.pages")})],
        className="rail",
    )


def _top(actor_name: str, opened: Opened | None) -> Component:
    return html.Header(
        [
            html.Div(opened.crumbs if opened else None, id="crumbs", className="crumbs"),
            _find(),
            html.Span(opened.ranges if opened else None, id="range"),
            _live(),
            _languages(),
            html.Button(
                icon("sun" if current_theme.get() is Theme.DARK else "moon"),
                className="control icon-only",
                title=t("frame.theme"),
                **{"type": "button", "data-theme-switch": "1", "aria-label": t("frame.theme")},
            ),
            _me(actor_name),
        ],
        className="top",
    )


def _find() -> Component:
    box = dcc.Input(id="find", type="search", placeholder=t("frame.find"), name="q", autoComplete="off", debounce=False)
    return html.Form(
        [
            icon("search"),
            html.Label([html.Span(t("frame.find"), className="hidden"), box], className="grow row"),
            html.Kbd("/"),
        ],
        className="entry find",
        role="search",
        **{"data-goto": address("/hunt")},
    )


def _live() -> Component:
    return html.Span(
        [html.Span(className="live-dot"), html.Span(t("frame.connecting"), id="live-words")],
        id="live",
        className="control live",
        role="status",
        **{"data-on": t("frame.live"), "data-off": t("frame.disconnected")},
    )


def _languages() -> Component:
    choices = (("zh", t("language.short_zh"), "zh-CN"), ("en", t("language.short_en"), "en"))
    buttons = [
        html.Button(
            words,
            className="on" if (code == "zh") == chinese() else "",
            lang=tag,
            **{"type": "button", "data-language": code, "title": t(f"language.{code}")},
        )
        for code, words, tag in choices
    ]
    return html.Span(buttons, className="seg", role="group", **{"aria-label": t("frame.language")})


def _me(name: str) -> Component:
    sheet = html.Div(
        [
            link([icon("users"), t("page.me")], address("/me")),
            html.Button([icon("logout"), t("frame.sign_out")], **{"type": "button", "data-sign-out": "1"}),
        ],
        className="sheet",
    )
    return html.Details(
        [html.Summary([icon("users"), html.Span(name, className="cut")], className="control"), sheet], className="menu"
    )


def ranges(visit: Visit, page: Page) -> Content:
    """The time-range menu of a page that has one."""
    if not page.ranged:
        return ""
    chosen = visit.param("tr", DEFAULT_RANGE)
    window = visit.window()
    own = f"{moment(window.start, visit.zone, visit.now)} – {moment(window.end, visit.zone, visit.now)}"
    words = t(f"range.{chosen}") if chosen in RANGES else own
    items = [
        link(
            t(f"range.{name}"),
            visit.here(tr=name if name != DEFAULT_RANGE else None),
            className="on" if name == chosen else "",
        )
        for name in RANGES
    ]
    sheet = html.Div([*items, html.Hr(), _own_range()], className="sheet")
    return html.Details(
        [html.Summary([icon("clock"), words, icon("down")], className="control"), sheet], className="menu"
    )


def _own_range() -> Component:
    def field(name: str) -> Component:
        return html.Label(
            [t(f"range.{name}"), html.Span(className="datetime", **{"data-datetime": name})], className="line"
        )

    return html.Form(
        [field("from"), field("to"), html.Button(t("range.apply"), className="button small")],
        className="own-range form",
        **{"data-own-range": "1"},
    )


def crumbs(visit: Visit, page: Page, sections: Sequence[Section]) -> Content:
    """The page's title, below it the thing it is about; and the pages beside it."""
    rest = visit.path.removeprefix(page.path).strip("/") if page.path != "/" else ""
    name = t(f"page.{page.name}")
    title = html.H1([link(name, address(page.path)), " / ", html.B(rest)] if rest else html.B(name))
    beside = next((section.open_to(visit) for section in sections if page in section.pages), ())
    if len(beside) < 2:
        return title
    ways = [(t(f"page.{one.name}"), address(one.path), one == page) for one in beside]
    return [title, segment(ways, t("frame.beside"))]


def nav(sections: Sequence[Section]) -> Part:
    """The rail as a part: counts move with the alerts."""

    @part("frame.nav", topics="alerts")
    async def drawn_nav(visit: Visit) -> Content:
        waiting = await _waiting(visit)
        return [_entry(section, pages, visit, waiting) for section in sections if (pages := section.open_to(visit))]

    return drawn_nav


async def _waiting(visit: Visit) -> int:
    """Open alerts; the rail stands even where they cannot be counted."""
    try:
        counts = await visit.ask(visit.rooms.alerts.measures)
    except AppError:
        return 0
    return sum(counts.get("open", {}).values())


def _entry(section: Section, pages: Sequence[Page], visit: Visit, waiting: int) -> Component:
    on = any(page.matches(visit.path) for page in pages)
    count = html.Span(amount(float(waiting)), className="count") if section.name == "alerts" and waiting else None
    attributes = {"aria-current": "page"} if on else {}
    return link(
        [icon(section.name), html.Span(t(f"section.{section.name}")), count],
        address(pages[0].path),
        className="on" if on else "",
        **attributes,
    )
