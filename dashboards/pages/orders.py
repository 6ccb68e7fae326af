"""Work orders (工单): the board with its lights; changes with their windows, the duty rota, drills."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import choice, dialog, text_area, text_field
from dashboards.design.elements import Content, act, card, icon, link, opener, pairs, quiet, segment, severity
from dashboards.design.states import empty
from dashboards.pages import changes, drills, duty
from dashboards.pages.page import Page
from dashboards.pages.work_forms import history, moment_of, people_choices
from dashboards.parts import held_all, part
from dashboards.views.figures import amount, duration, moment
from dashboards.visit import Visit
from dashboards.words import t
from infra.exchange import Level
from ops.work.orders import MOVES, Light, Order, OrderState

TABS = ("board", "changes", "duty", "drills")
SHOWN = 40


def tab_of(visit: Visit) -> str:
    """The tab of the address."""
    return visit.param("tab") if visit.param("tab") in TABS else TABS[0]


@part("orders.tabs", params="tab", wears="wide")
async def tabs(visit: Visit) -> Content:
    """The four parts of the page."""
    choices = [
        (t(f"orders.tab.{name}"), visit.here(tab=None if name == TABS[0] else name, sel=None), name == tab_of(visit))
        for name in TABS
    ]
    return html.Div(segment(choices, t("page.orders")), className="row")


@part("orders.board", topics="work tick people", params="tab sel")
async def board(visit: Visit) -> Content:
    """Orders by state, the most urgent first; or the tab that was chosen."""
    if tab_of(visit) != "board":
        return await {"changes": changes.listing, "duty": duty.week, "drills": drills.listing}[tab_of(visit)](visit)
    found = await visit.ask(visit.rooms.work.orders.listed)
    lanes = (OrderState.OPEN, OrderState.DOING, OrderState.DONE, OrderState.CLOSED)
    columns = [_lane(state, [order for order in found if order.state is state], visit) for state in lanes]
    late = sum(order.light(visit.now) is Light.RED for order in found)
    soon = sum(order.light(visit.now) is Light.YELLOW for order in found)
    words = html.Span([icon("plus"), t("orders.new")], className="row")
    new = opener(words, "order", key="n", kind="small") if visit.may("orders.work") else ""
    head = html.Div(
        [
            html.Span(t("orders.red", count=late), className="light red"),
            html.Span(t("orders.yellow", count=soon), className="light yellow"),
            html.Span(new, className="push"),
        ],
        className="row board-head",
    )
    if not found:
        return card(t("orders.tab.board"), empty(t("orders.none"), t("orders.none_why"), drawing="orders"), aside=new)
    return html.Div([head, html.Div(columns, className="board")])


def _lane(state: OrderState, orders: Sequence[Order], visit: Visit) -> Component:
    ranked = sorted(orders, key=lambda order: (order.due, order.id))
    if state is OrderState.CLOSED:
        ranked = sorted(orders, key=lambda order: order.ended or order.opened, reverse=True)
    tickets = [_ticket(order, visit) for order in ranked[:SHOWN]]
    body = html.Div(tickets) if tickets else html.Div(quiet("—"), className="facts")
    return card(t(f"orders.state.{state}"), body, hint=amount(float(len(orders))), lined=True)


def _ticket(order: Order, visit: Visit) -> Component:
    on = visit.param("sel") == order.id
    light = order.light(visit.now)
    who = visit.rooms.work.desk.named(order.assignee) if order.assignee else t("alerts.unassigned")
    return link(
        [
            html.B(order.title, className="cut"),
            html.Span([severity(order.level), quiet(order.id)], className="row"),
            html.Span(
                [
                    html.Span(
                        due_words(order, visit), className=f"light {light}" if light is not Light.NONE else "quiet"
                    ),
                    html.Span(who, className="push cut soft"),
                ],
                className="row",
            ),
        ],
        visit.here(sel=None if on else order.id),
        className="ticket on" if on else "ticket",
    )


def due_words(order: Order, visit: Visit) -> str:
    """How long is left, by how much it is late, or when it ended."""
    if order.ended is not None:
        return t("orders.ended", time=moment(order.ended, visit.zone, visit.now))
    left = (order.due - visit.now).total_seconds()
    return t("incidents.over", time=duration(-left)) if left < 0 else t("orders.left", time=duration(left))


@part("orders.chosen", topics="work people", params="tab sel")
async def chosen(visit: Visit) -> Content:
    """The one that is selected, what was done with it, and what can be done."""
    sel = visit.param("sel")
    others = {"changes": changes.chosen, "duty": duty.chosen, "drills": drills.chosen}
    if tab_of(visit) in others:
        return await others[tab_of(visit)](visit)
    if not sel:
        return card(t("orders.one"), empty(t("orders.choose"), t("orders.choose_why"), drawing="orders"), lined=True)
    order = await visit.ask(visit.rooms.work.orders.shelf.get, sel)
    notes = await visit.ask(visit.rooms.work.orders.notes, sel)
    named = visit.rooms.work.desk.named
    facts: list[tuple[str, Content]] = [
        (t("column.state"), t(f"orders.state.{order.state}")),
        (t("column.owner"), named(order.assignee) if order.assignee else t("alerts.unassigned")),
        (t("work.due"), f"{moment(order.due, visit.zone, visit.now)} · {due_words(order, visit)}"),
    ]
    if order.href and order.source:
        facts.append((t("work.from"), link(t(f"orders.source.{order.source}"), order.href)))
    if order.result:
        facts.append((t("orders.result"), html.Span(order.result, className="wraps")))
    parts = [
        html.P(order.description, className="facts soft wraps") if order.description else None,
        html.Div(pairs(facts, one=True), className="facts"),
        _acts(order, visit),
        history(notes, visit),
    ]
    return card(order.title, parts, hint=order.id, aside=severity(order.level), lined=True)


def _acts(order: Order, visit: Visit) -> Component:
    if not visit.may("orders.work", f"order:{order.id}"):
        return html.Div(quiet(t("orders.may_not")), className="facts")
    buttons: list[Component] = []
    for to in MOVES[order.state]:
        words = t(f"orders.to.{to}")
        if to in (OrderState.DOING, OrderState.OPEN):
            buttons.append(act(words, "orders.move", order=order.id, to=to, kind="main-act" if not buttons else ""))
        else:
            buttons.append(opener(words, f"order-{to}", kind="main-act" if not buttons else ""))
    buttons += [opener(t("action.assign"), "order-assign", key="s"), opener(t("action.comment"), "order-say", key="m")]
    return html.Div(buttons, className="row facts wraps-row")


@part("orders.dialogs", topics="work-dialogs people", params="tab sel", wears="dialogs")
async def dialogs(visit: Visit) -> Content:
    """Everything that needs words."""
    makers = {"board": _boxes, "changes": changes.boxes, "duty": duty.boxes, "drills": drills.boxes}
    return await visit.ask(makers[tab_of(visit)], visit)


def _boxes(visit: Visit) -> list[Component]:
    levels = [choice("level", level, t(f"level.{level}"), checked=level is Level.MEDIUM) for level in reversed(Level)]
    when = html.Label(
        [t("orders.due_by"), html.Span(className="datetime", **{"data-datetime": "due", "data-optional": "1"})],
        className="line",
    )
    fields = [
        text_field("title", t("incidents.title")),
        text_area("description", t("orders.about"), required=False),
        html.Div(levels, className="choices two-up"),
        when,
        html.Div(people_choices(visit, "assignee", ""), className="choices two-up"),
    ]
    to = {"order": visit.param("sel")}
    boxes = [dialog("order", t("orders.new"), fields, t("orders.open_it"), "orders.new")]
    for state in (OrderState.DONE, OrderState.CLOSED, OrderState.DROPPED):
        words = t(f"orders.to.{state}")
        result = [text_area("result", t("orders.result"))]
        boxes.append(dialog(f"order-{state}", words, result, words, "orders.move", {**to, "to": state}))
    who = [html.Div(people_choices(visit, "person", visit.actor.id), className="choices two-up")]
    boxes.append(dialog("order-assign", t("action.assign"), who, t("action.assign"), "orders.assign", to))
    text = [text_area("text", t("alerts.comment_label"))]
    boxes.append(dialog("order-say", t("action.comment"), text, t("action.comment"), "orders.say", to))
    return boxes


async def body(visit: Visit) -> Component:
    """The page."""
    line, (left, right), boxes = await asyncio.gather(
        held_all(visit, tabs), held_all(visit, board, chosen), held_all(visit, dialogs)
    )
    return html.Div([*line, html.Div([left, right], className="desk-row"), *boxes], className="page")


REDRAWN = ("work", "work-dialogs")


@command("orders.new")
async def open_new(visit: Visit, args: Args) -> Outcome:
    """Open an order."""
    visit.rooms.authorizer.demand(visit.actor, "orders.work")
    due = moment_of(visit, args.get("due"))
    order = await visit.ask(
        visit.rooms.work.orders.open,
        visit.actor,
        str(args.get("title", "")),
        level=Level(args.get("level") or "medium"),
        description=str(args.get("description", ""))[:4000],
        assignee=str(args.get("assignee", "")),
        due=due,
    )
    return Outcome(t("orders.opened", order=order.id), topics=REDRAWN)


@command("orders.move")
async def move(visit: Visit, args: Args) -> Outcome:
    """Another state."""
    order, to = str(args.get("order", "")), OrderState(str(args.get("to")))
    visit.rooms.authorizer.demand(visit.actor, "orders.work", f"order:{order}")
    await visit.ask(visit.rooms.work.orders.move, visit.actor, order, to, str(args.get("result", "")))
    return Outcome(t("orders.moved", state=t(f"orders.state.{to}")), topics=REDRAWN)


@command("orders.assign")
async def assign(visit: Visit, args: Args) -> Outcome:
    """Give it to somebody."""
    order = str(args.get("order", ""))
    visit.rooms.authorizer.demand(visit.actor, "orders.work", f"order:{order}")
    await visit.ask(visit.rooms.work.orders.assign, visit.actor, order, str(args.get("person", "")))
    return Outcome(t("incidents.saved"), topics=REDRAWN)


@command("orders.say")
async def say_it(visit: Visit, args: Args) -> Outcome:
    """Comment."""
    order = str(args.get("order", ""))
    visit.rooms.authorizer.demand(visit.actor, "orders.work", f"order:{order}")
    await visit.ask(visit.rooms.work.orders.comment, visit.actor, order, str(args.get("text", "")))
    return Outcome(t("incidents.said"), topics=REDRAWN)


PAGE = Page("orders", "/orders", body, (tabs, board, chosen, dialogs), action="orders.read", ranged=False)
