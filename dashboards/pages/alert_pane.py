"""The side pane of an alert: why it fired, the raw event, who and what, what was done, what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import (
    Content,
    act,
    cells,
    chip,
    glyph,
    icon,
    link,
    opener,
    pairs,
    quiet,
    severity,
    table,
)
from dashboards.design.states import empty
from dashboards.pages.entities import level as risk_level
from dashboards.pages.entities import stage_list
from dashboards.rooms.alerts import AlertCard, AlertRow, Note, Stack, State, Why
from dashboards.views.alerts import marked, members, raw_json, wanted
from dashboards.views.figures import amount, local, moment
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.events.stream import Event

AROUND_S = 300


async def pane(visit: Visit) -> Content:
    """The pane of the address's selection; without one it says how to select."""
    chosen = await _alert_of(visit)
    if not chosen:
        return html.Aside(empty(t("alerts.nothing_selected"), t("alerts.nothing_selected_why")), className="pane")
    card = await visit.ask(visit.rooms.alerts.card, chosen)
    shown_id = (
        visit.param("ev") if visit.param("ev") in card.event_ids else (card.event_ids[0] if card.event_ids else "")
    )
    event = await visit.ask(visit.rooms.events.get, shown_id) if shown_id else None
    held = (await visit.ask(visit.rooms.work.incidents.holders, [card.row.id])).get(card.row.id, "")
    scroll = html.Div(
        [
            *_head(card, visit),
            _why(card.why, card),
            _raw(card, event, shown_id, visit),
            _entity(card, visit, held),
            *_stages(card, visit),
            *_related(card.related, visit),
            _history(card.history, visit),
        ],
        className="pane-scroll",
        tabIndex=0,
    )
    return html.Aside(
        [scroll, _actions(card.row, visit, held)], className="pane", **{"aria-label": t("alerts.pane_label")}
    )


async def _alert_of(visit: Visit) -> str:
    """The selected alert; of a stack its worst and newest member."""
    selected = visit.param("sel")
    within = members(selected, wanted(visit))
    if within is None:
        return selected
    page = await visit.ask(visit.rooms.alerts.find, within, Stack.FLAT, 0, 1)
    return page.items[0].id if page.items else ""


def _head(card: AlertCard, visit: Visit) -> list[Component]:
    row = card.row
    tags = [chip(t(f"dimension.{row.dimension}"))] if row.dimension else []
    tags += [chip(technique) for technique in row.techniques[:2]]
    verdicts = [t(f"alerts.verdicts.{verdict}", count=count) for verdict, count in card.verdicts.items() if count]
    facts = [
        t("alerts.first_seen", time=moment(row.first_seen, visit.zone, visit.now)),
        t("alerts.last_seen", time=moment(row.last_seen, visit.zone, visit.now)),
        t("alerts.signals", count=amount(float(row.signals))),
        *verdicts,
    ]
    close = link(
        icon("close"),
        visit.here(sel=None, ev=None),
        className="close",
        title=t("action.close_pane"),
        **{"aria-label": t("action.close_pane")},
    )
    return [
        html.Div([severity(row.level), *tags, html.Span(row.id, className="chip mono"), close], className="pane-tags"),
        html.H2(row.title, className="pane-title"),
        html.P(" · ".join(facts), className="soft small"),
        html.P(card.description, className="soft small") if card.description else html.Span(),
    ]


def _section(title: str, hint: Content, body: Content, aside: Content = "") -> Component:
    return html.Section(
        [
            html.Header([html.H3(title), quiet(hint), html.Span(aside, className="push")]),
            *(body if isinstance(body, list) else [body]),
        ]
    )


def _why(why: Sequence[Why], card: AlertCard) -> Component:
    heads = [(t("column.field"), ""), (t("column.condition"), ""), (t("column.actual"), "")]
    rows = [
        cells(
            (html.Span(each.field, className="mono", title=each.field), ""),
            (html.Span(each.condition, className="mono", title=each.condition), ""),
            (html.Span(_marks(each.actual, [each]), className="mono", title=each.actual), ""),
        )
        for each in why
    ]
    hint = t("alerts.why_hint", rule=card.row.rule, author=card.author or "—", count=len(why))
    body = (
        html.Div(table(heads, rows, ("34%", "30%", "36%")), className="boxed") if rows else quiet(t("alerts.why_none"))
    )
    return _section(t("alerts.why"), html.Span(hint, className="cut", title=hint), body)


def _marks(text: str, why: Sequence[Why]) -> list[Component | str]:
    return [html.Mark(piece) if on else piece for piece, on in marked(text, why)]


def _raw(card: AlertCard, event: Event | None, shown: str, visit: Visit) -> Component:
    place = card.event_ids.index(shown) if shown in card.event_ids else 0
    hint = (
        t("alerts.event_place", place=place + 1, all=len(card.event_ids)) if card.event_ids else t("alerts.event_none")
    )
    steps = []
    if place > 0:
        steps.append(link(t("alerts.newer"), visit.here(ev=card.event_ids[place - 1])))
    if place + 1 < len(card.event_ids):
        steps.append(link(t("alerts.older"), visit.here(ev=card.event_ids[place + 1])))
    if event is not None:
        steps.append(link(t("alerts.in_search"), address("/hunt", ev=shown, q=f'event.id:"{shown}"', tr="30d")))
    if event is None:
        return _section(t("alerts.raw"), hint, quiet(t("alerts.event_gone") if shown else t("alerts.event_none_why")))
    return _section(
        t("alerts.raw"),
        hint,
        html.Pre(_marks(raw_json(event), card.why), className="raw", tabIndex=0),
        html.Span(steps, className="row"),
    )


def _entity(card: AlertCard, visit: Visit, held: str) -> Component:
    row = card.row
    same = address("/alerts", entity=row.entity, stack="flat", state="any", tr="30d")
    rows: list[tuple[str, Content]] = [
        (row.entity_kind or t("column.entity"), link(row.entity, same, className="mono", title=row.entity)),
        (t("column.system"), row.system or t("alerts.unknown")),
        (t("column.owner"), row.owner_name or t("alerts.unassigned")),
        (
            t("column.state"),
            t(f"alerts.state.{row.state}") + (f" · {t(f'alerts.verdict.{row.verdict}')}" if row.verdict else ""),
        ),
    ]
    if card.risk is not None and visit.may("analytics.read"):
        words = severity(risk_level(card.risk), f"{100 * card.risk:.0f} / 100")
        rows.append(
            (t("entities.risk"), link(words, address(f"/entities/{row.entity_kind}/{quote(row.entity, safe='')}")))
        )
    if held:
        rows.append((t("page.incidents"), link(held, address(f"/incidents/{held}"), className="mono")))
    return _section(t("alerts.entity"), "", pairs(rows))


def _stages(card: AlertCard, visit: Visit) -> list[Component]:
    """How far an attack on the entity has come, where it has come further than one step."""
    if len(card.stages) < 2:
        return []
    hint = t("entities.stages_hint", count=len(card.stages))
    return [_section(t("entities.stages"), hint, stage_list(card.stages, visit))]


def _related(rows: Sequence[AlertRow], visit: Visit) -> list[Component]:
    if not rows:
        return []
    listed = [
        link(
            [
                glyph(row.level),
                html.Span(row.title, className="cut grow"),
                quiet(moment(row.last_seen, visit.zone, visit.now)),
            ],
            visit.here(sel=row.id, ev=None),
        )
        for row in rows[:5]
    ]
    return [_section(t("alerts.related"), t("alerts.related_hint"), html.Div(listed, className="list tight"))]


def _history(notes: Sequence[Note], visit: Visit) -> Component:
    lines = [
        html.Div(
            [
                html.Span(f"{local(note.at, visit.zone):%m-%d %H:%M}", className="quiet"),
                html.B(note.who) if note.who else None,
                html.Span(note.text, className="grow"),
            ],
            className="note",
        )
        for note in notes[-20:]
    ]
    return _section(t("alerts.history"), "", lines or [quiet(t("alerts.history_none"))])


def _actions(row: AlertRow, visit: Visit, held: str) -> Component:
    if not visit.may("alerts.work"):
        return html.Footer(quiet(t("alerts.may_not")), className="pane-acts")
    ids = [row.id]
    if row.state is State.CLOSED:
        buttons = [opener(t("action.reopen"), "reopen", key="r", kind="main-act")]
    else:
        kind = "main-act" if row.state is State.NEW else ""
        buttons = (
            [act(t("action.acknowledge"), "alerts.acknowledge", key="a", kind=kind, ids=ids)]
            if row.state is State.NEW
            else []
        )
        buttons += [
            opener(t("action.assign"), "assign", key="s"),
            opener(t("action.close"), "close", key="c", kind="" if kind else "main-act"),
        ]
    buttons.append(opener(t("action.comment"), "comment", key="m"))
    if row.origin == "sigma" and visit.may("rules.suppress"):
        named = f"{row.entity_kind}:{row.entity}"
        to = address("/suppressions", rule=row.rule, entity=named)
        buttons.append(link(t("alerts.suppress"), to, className="button"))
    if row.state is not State.CLOSED and not held and visit.may("incidents.work"):
        buttons.append(opener(t("alerts.incident"), "incident", key="n"))
    return html.Footer(buttons, className="pane-acts", **{"data-ids": row.id, "data-rule": row.rule})
