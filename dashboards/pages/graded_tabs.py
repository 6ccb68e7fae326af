"""What the pages of graded protection share: their line of tabs, percent bars, days left, names of systems."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import Content, quiet, segment
from dashboards.rooms.graded import Graded
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.errors import AppError, ErrorKind
from ops.calendar.deadlines import State, Timer

BEIJING = ZoneInfo("Asia/Shanghai")
TABS = (
    ("systems", "/filing"), ("records", "/filing/records"), ("controls", "/filing/controls"),
    ("evaluation", "/filing/evaluation"), ("findings", "/filing/findings"), ("calendar", "/filing/calendar"),
    ("crypto", "/filing/crypto"),
)  # fmt: skip
LEVELS = {State.OVERDUE: "critical", State.WARNING: "high", State.RUNNING: "normal", State.NOT_STARTED: "unknown"}


def room(visit: Visit) -> Graded:
    """The services of graded protection."""
    if visit.rooms.graded is None:
        raise AppError(ErrorKind.UNAVAILABLE, "dashboards.filing.no_room", place="graded")
    return visit.rooms.graded


def tab_line(visit: Visit, extra: Content = "") -> Component:
    """The tabs; ``extra`` stands at the right end."""
    here = max((path for _, path in TABS if visit.path == path or visit.path.startswith(path + "/")), default="")
    choices = [(t(f"filing.tab.{name}"), address(path), path == here) for name, path in TABS]
    return html.Div([segment(choices, t("page.filing")), html.Span(extra, className="push row")], className="row")


def percent_bar(share: float, words: Content = "") -> Component:
    """A share of 0 to 1 as a thin bar with its percent."""
    shown = f"{100 * share:.0f} %"
    bar = html.Span(html.I(style={"width": f"{100 * min(max(share, 0), 1):.1f}%"}), className="percent-bar")
    return html.Span([html.B(shown), bar, quiet(words) if words else None], className="percent")


def short_words(timer: Timer) -> str:
    """What a clock asks for, without the object's name before it."""
    words = timer.words
    return words.partition("：")[2] or words.partition(": ")[2] or words


def today_of(visit: Visit) -> date:
    """The day in Beijing: statutory clocks run on it."""
    return visit.now.astimezone(BEIJING).date()


def days_words(timer: Timer, visit: Visit) -> Component:
    """How many days a clock has left, or by how many it was missed."""
    if timer.due is None:
        return quiet(t("filing.no_date"))
    left = (timer.due - today_of(visit)).days
    words = t("filing.days_over", days=-left) if left < 0 else t("filing.days_left", days=left)
    level = LEVELS[timer.state]
    return html.Span(words, className=level if level in ("critical", "high") else "")


def named_system(visit: Visit, object_id: str) -> str:
    """A system's name in the viewer's language."""
    graded = room(visit)
    found = next((system.name for system in graded.nouns.systems() if system.id == object_id), "")
    if found:
        return found
    kept = graded.gradings.latest(object_id)
    record = next((each for each in graded.records.find() if each.system == object_id), None)
    return kept.thing.name if kept else record.application.name if record else object_id
