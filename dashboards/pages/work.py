"""Work (工作): what waits for me, most urgent first."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import Content, card, cells, link, quiet, severity, table
from dashboards.design.states import empty
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.views.figures import amount, duration, moment
from dashboards.visit import HOME, Visit, address
from dashboards.words import t
from infra.exchange import Todo


@part("work.mine", topics="incidents work tick people")
async def mine(visit: Visit) -> Content:
    """What waits for the viewer: theirs, and what anybody with their rights may take."""
    found = await visit.ask(visit.rooms.work.portal.todos, visit.actor)
    if not found:
        body: Component = empty(
            t("work.nothing"), t("work.nothing_why"), t("incidents.see_alerts"), address("/alerts"), drawing="check"
        )
        return card(t("work.mine"), body, lined=True)
    heads = [
        (t("column.level"), ""),
        (t("work.what"), ""),
        (t("work.from"), ""),
        (t("column.owner"), ""),
        (t("work.due"), "num"),
        (t("work.left"), "num"),
    ]
    late = sum(todo.due is not None and todo.due < visit.now for todo in found)
    hint = t("work.count", count=amount(float(len(found))), late=late)
    return card(
        t("work.mine"),
        table(heads, [_row(todo, visit) for todo in found], ("84px", "auto", "120px", "110px", "120px", "130px")),
        hint=hint,
        lined=True,
    )


def _row(todo: Todo, visit: Visit) -> Component:
    href = todo.href if todo.href.startswith(HOME) else address(todo.href)
    owner = t("work.me") if todo.assignee == visit.actor.id else t("work.anybody")
    return cells(
        severity(todo.level),
        link(todo.title, href, className="rowlink"),
        quiet(t(f"work.room.{todo.room.replace('/', '_')}")),
        owner,
        (moment(todo.due, visit.zone, visit.now), "num quiet"),
        (_left(todo, visit), "num"),
    )


def _left(todo: Todo, visit: Visit) -> Component:
    if todo.due is None:
        return quiet("—")
    left = (todo.due - visit.now).total_seconds()
    words = duration(abs(left))
    return html.Span(t("incidents.over", time=words), className="critical") if left < 0 else html.Span(words)


async def body(visit: Visit) -> Component:
    """The page."""
    return html.Div(await held_all(visit, mine), className="page")


PAGE = Page("work", "/work", body, (mine,), action="portal.read", ranged=False)
