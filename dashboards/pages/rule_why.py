"""One rule (规则): why a stored event meets it or not, part by part, and what it would have raised while on trial."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from dashboards.design.elements import Content, card, chip, link, pairs, quiet, severity, spark, when
from dashboards.design.states import empty, flag
from dashboards.pages.rule import NEW, TEST, chosen, desk_of, texts_of, viewed
from dashboards.parts import part
from dashboards.views.figures import amount
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.errors import AppError, ErrorKind

MOST_LEAVES = 12
MOST_DEPTH = 12
WORDS = ("and", "or", "not")


@part("rules.canary", topics="rules tick")
async def canary(visit: Visit) -> Content:
    """What the rule would have raised since it is on trial; nothing where it is not."""
    if chosen(visit) == NEW:
        return ""
    view = await viewed(visit)
    if view.line.state != "canary":
        return ""
    would = view.would
    if would is None or not would.total:
        body = empty(t("rules.would_none"), t("rules.would_none_why"))
        return card(t("rules.would"), body, lined=True)
    days = would.days(visit.now)
    day, hour = would.since(visit.now - timedelta(hours=23)), would.since(visit.now)
    week = t("rules.hits_of", count=amount(float(would.total)), days="–".join(map(str, days)))
    rows: list[tuple[str, Content]] = [
        (t("rules.would_hour"), amount(float(hour))),
        (t("rules.would_day"), amount(float(day))),
        (t("rules.would_week"), html.Div([week, spark([float(one) for one in days])], className="rules-hits")),
    ]
    if would.last_event:
        at = when(would.last_at, visit) if would.last_at else ""
        rows.append(
            (t("rules.would_last"), html.Span([_why_link(view.line.id, would.last_event), at], className="row"))
        )
    return card(t("rules.would"), html.Div(pairs(rows), className="facts"), hint=t("rules.would_why"), lined=True)


def _why_link(rule: str, event: str) -> Component:
    return link(html.Span(event, className="mono cut"), address(f"/rules/{rule}", why=event))


@part("rules.why", topics="rule-text", params="why")
async def why(visit: Visit) -> Content:
    """The verdict of every part on the event that was asked for."""
    rule = chosen(visit)
    if not visit.may(TEST, f"rule:{rule}"):
        return ""
    asked = visit.param("why").strip()[:200]
    box = dcc.Input(type="search", name="why", value=asked, placeholder=t("rules.event_id"), autoComplete="off")
    form = html.Form(
        [
            html.Label([html.Span(t("rules.event_id"), className="hidden"), box], className="grow row"),
            html.Button(t("rules.explain"), className="button small", type="submit"),
        ],
        className="entry row rules-ask",
        **{"data-refine": "1"},
    )
    if not asked:
        return card(t("rules.explain"), [form, empty(t("rules.explain_none"), t("rules.explain_why"))], lined=True)
    source, _, note = await texts_of(visit)
    try:
        found = await visit.ask(lambda: desk_of(visit)().explain_stored(source, asked))
    except AppError as error:
        if error.kind not in (ErrorKind.NOT_FOUND, ErrorKind.INVALID):
            raise
        return card(t("rules.explain"), [form, html.Div(flag(str(error)), className="facts")], lined=True)
    verdict = severity("critical", t("rules.meets")) if found["matched"] else severity("normal", t("rules.meets_not"))
    hint = html.Span([verdict, " ", quiet(t("rules.backtest_of_draft" if note else "rules.backtest_in_force"))])
    event = link(t("rules.event"), address("/hunt", ev=asked, q=f'event.id:"{asked}"', tr="30d"))
    return card(t("rules.explain"), [form, *explained(found["routes"])], hint=hint, aside=event, lined=True)


def explained(routes: Sequence[dict[str, Any]]) -> list[Component]:
    """The log sources of a rule, those that apply first; of the others only where they turn away."""
    if not routes:
        return [html.P(t("rules.no_route"), className="facts soft")]
    chosen_first = sorted(routes, key=lambda route: (not route["matched"], not route["applies"]))
    return [_route(route) for route in chosen_first]


def _route(route: dict[str, Any]) -> Component:
    where = [_asked(one) for one in route["where"]]
    head = t("rules.route_applies") if route["applies"] else t("rules.route_not")
    shown: list[Content] = [html.B(head), html.Ul(where, className="rules-parts")]
    if route["applies"]:
        shown += [html.B(t("rules.condition")), html.Ul(_node(route["condition"], 0), className="rules-parts")]
    return html.Div(shown, className="facts stacked rules-route")


def _asked(one: dict[str, Any]) -> Component:
    wanted = " / ".join(map(str, one["wanted"][:6])) + (" …" if len(one["wanted"]) > 6 else "")
    return html.Li(_line(one["holds"], one["field"], wanted, one["found"]))


def _node(part_: dict[str, Any], depth: int) -> Component:
    if part_["is"] in WORDS and depth < MOST_DEPTH:
        head = html.Span([_mark(part_["holds"]), chip(t(f"rules.of_word.{part_['is']}"))])
        return html.Li([head, html.Ul(list(_children(part_, depth)), className="rules-parts")])
    if part_["is"] in WORDS or part_["is"] == "constant":
        return html.Li([_mark(part_["holds"]), quiet(t("rules.constant"))])
    return html.Li(_line(part_["holds"], part_["field"], f"{part_['pattern']}", part_["found"]))


def _children(part_: dict[str, Any], depth: int) -> Iterator[Component]:
    """The parts that decide come first; of many alternatives that do not hold only some are shown."""
    parts = sorted(part_["parts"], key=lambda one: one["holds"] == (part_["is"] == "and"))
    shown = parts if len(parts) <= MOST_LEAVES else parts[:MOST_LEAVES]
    yield from (_node(one, depth + 1) for one in shown)
    if len(parts) > len(shown):
        rest = parts[len(shown) :]
        held = sum(bool(one["holds"]) for one in rest)
        yield html.Li(quiet(t("rules.more_parts", count=len(rest), held=held)))


def _line(holds: bool, field: str, wanted: str, found: object) -> list[Content]:
    name = t("rules.anywhere") if field == "*" else field
    said: list[Content] = [_mark(holds), html.Span(name, className="mono"), " "]
    said.append(html.Span(wanted, className="mono soft wrap"))
    if field == "*":
        return said
    return [*said, html.Span([quiet(t("rules.found")), " ", _found(found)], className="under wrap")]


def _found(found: object) -> Component:
    if found is None:
        return quiet(t("rules.nothing_there"))
    return html.Span("、".join(map(str, found)) if isinstance(found, list) else str(found), className="mono wrap")


def _mark(holds: bool) -> Component:
    kind, word = ("yes", t("rules.holds")) if holds else ("no", t("rules.holds_not"))
    sign = "✓ " if holds else "✗ "
    return html.Span(sign, className=f"rules-mark {kind}", title=word, role="img", **{"aria-label": word})


PARTS = (canary, why)
