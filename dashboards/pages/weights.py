"""Weights (权重): how much each indicator counts; a change is previewed, proposed, approved by another, and sealed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from dash import html
from dash.development.base_component import Component

from analytics.posture.weights import WeightState, WeightVersion
from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import text_area, text_field
from dashboards.design.elements import Content, act, card, cells, link, quiet, severity, table, when
from dashboards.design.states import empty
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.rooms.weighting import Effect, Weighed, Weighting
from dashboards.views.figures import MISSING, percent, points
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.errors import AppError, ErrorKind
from infra.exchange import Dimension

STATES = {
    WeightState.PROPOSED: "medium",
    WeightState.ACTIVE: "normal",
    WeightState.RETIRED: "informational",
    WeightState.REFUSED: "unknown",
}
MOST_DRAFT = 4000


def weighting_of(visit: Visit) -> Weighting:
    """The room; ``AppError(UNAVAILABLE)`` where the site has none."""
    if visit.rooms.weighting is None:
        raise AppError(ErrorKind.UNAVAILABLE, "dashboards.weights.absent")
    return visit.rooms.weighting


def draft_of(visit: Visit) -> dict[str, float]:
    """The weights of ``?draft=id:share,...``; what cannot be read is left out."""
    found: dict[str, float] = {}
    for word in visit.param("draft")[:MOST_DRAFT].split(","):
        name, _, value = word.partition(":")
        try:
            found[name] = float(value)
        except ValueError:
            continue
    return found


@part("weights.table", topics="posture", params="draft")
async def weighed(visit: Visit) -> Content:
    """Every indicator with its weight, by dimension; who may propose changes them here."""
    number, rows = await visit.ask(weighting_of(visit).table)
    words = t("weights.shipped") if number == 0 else t("weights.version", number=number)
    draft, may = draft_of(visit), visit.may("posture.propose", "posture:weights")
    groups = [_group(dimension, rows, draft, may=may) for dimension in Dimension]
    if not may:
        return card(t("page.weights"), html.Div(groups, className="weights-cols"), hint=words, lined=True)
    acts = html.Div(html.Button(t("weights.preview"), className="button main-act"), className="acts")
    form = html.Form(
        [html.Div(groups, className="weights-cols"), quiet(t("weights.adds_up")), acts],
        className="form facts",
        key=f"weights-{number}-{visit.param('draft')}",
        **{"data-command": "weights.preview", "data-args": "{}", "data-keep": "1"},
    )
    return card(t("page.weights"), form, hint=words, lined=True)


def _group(dimension: Dimension, rows: Sequence[Weighed], draft: Mapping[str, float], *, may: bool) -> Component:
    shown = sorted((row for row in rows if row.dimension is dimension), key=lambda row: -row.weight)
    lines = [_line(row, draft.get(row.id, row.weight), may=may) for row in shown]
    heads = [(t("dimension.indicator"), ""), (t("dimension.weight"), "num"), (t("dimension.lost"), "num")]
    body = table(heads, lines, ("auto", "104px", "64px"))
    return html.Div([html.H3(t(f"dimension.{dimension}"), className="inner-title"), body])


def _line(row: Weighed, weight: float, *, may: bool) -> Component:
    state = t("weights.unmeasured") if row.health is None else t("weights.health", health=percent(row.health))
    shown: Content | tuple[Content, str] = (percent(weight), "num")
    if may:
        shown = text_field(row.id, html.Span(row.name, className="hidden"), value=f"{100 * weight:g}")
    lost = points(row.lost) if row.lost else "0"
    inside = [html.Span(row.name), html.Span(state, className="under")]
    name = link(inside, row.href, className="rowlink") if row.href else html.Span(inside)
    return cells(name, shown, (lost, "num quiet"))


@part("weights.effect", topics="posture", params="draft")
async def effect(visit: Visit) -> Content:
    """What the draft of the address would do, and the form that proposes it."""
    draft = draft_of(visit)
    if not draft:
        return ""
    found = await visit.ask(weighting_of(visit).effect, draft)
    _, rows = await visit.ask(weighting_of(visit).table)
    changes = _changes({row.id: row.weight for row in rows}, found.weights, {row.id: row.name for row in rows})
    body: list[Component] = [_scores(found), changes]
    if visit.may("posture.propose", "posture:weights"):
        body.append(
            html.Form(
                [
                    text_area("comment", t("weights.comment"), rows=2),
                    html.Div(html.Button(t("weights.propose"), className="button main-act"), className="acts"),
                ],
                className="form facts",
                **{
                    "data-command": "weights.propose",
                    "data-args": json.dumps({"draft": visit.param("draft")[:MOST_DRAFT]}),
                },
            )
        )
    close = link(t("weights.give_up"), address("/weights"), className="button small")
    return card(t("weights.effect"), body, hint=t("weights.effect_hint"), aside=close, lined=True)


def _scores(found: Effect) -> Component:
    rows = []
    for name in ("overall", *Dimension):
        before, after = found.before.get(str(name)), found.after.get(str(name))
        moved = None if before is None or after is None else after - before
        shown = MISSING if moved is None else f"{moved:+.1f}".replace("-", "−")
        level = "unknown" if moved is None else "normal" if moved >= 0 else "medium"
        rows.append(
            cells(
                t("weights.overall") if name == "overall" else t(f"dimension.{name}"),
                (_number(before), "num"),
                (html.B(_number(after)), "num"),
                (severity(level, shown), "num"),
            )
        )
    heads = [
        (t("weights.score"), ""),
        (t("weights.before"), "num"),
        (t("weights.after"), "num"),
        (t("weights.moved"), "num"),
    ]
    return table(heads, rows, ("auto", "110px", "110px", "110px"))


def _number(score: float | None) -> str:
    return MISSING if score is None else f"{score:.1f}"


def _changes(before: Mapping[str, float], after: Mapping[str, float], names: Mapping[str, str]) -> Component:
    moved = [name for name, value in after.items() if abs(value - before.get(name, 0.0)) >= 0.0005]
    rows = [
        html.Li([html.B(names.get(name, name)), " ", html.Del(percent(before.get(name, 0.0))), " → ",
                 html.Ins(percent(after[name]))])
        for name in moved
    ]  # fmt: skip
    return html.Ul(rows or [html.Li(t("weights.no_change"))], className="plain-list facts")


@part("weights.versions", topics="posture")
async def versions(visit: Visit) -> Content:
    """Proposals that wait, and every version before, with who, when and whether its seal holds."""
    found = await visit.ask(weighting_of(visit).versions)
    if not found:
        return card(t("weights.versions"), empty(t("weights.no_versions"), t("weights.no_versions_why")), lined=True)
    heads = [
        (t("weights.number"), "num"),
        (t("column.state"), ""),
        (t("weights.why"), ""),
        (t("weights.proposer"), ""),
        (t("weights.decider"), ""),
        (t("weights.seal"), ""),
        ("", ""),
    ]
    rows = [_version(each, visit) for each in found]
    body = table(heads, rows, ("50px", "110px", "auto", "170px", "170px", "150px", "190px"))
    history = link(t("weights.ledger"), address("/audit", action="analytics.weights", tr="30d"), className="small-link")
    aside = history if visit.may("audit.read") else ""
    return card(t("weights.versions"), html.Div(body, className="scroll"), hint=t("weights.two_people"), aside=aside)


def _version(one: WeightVersion, visit: Visit) -> Component:
    who = html.Span([one.proposer, html.Span(when(one.proposed, visit), className="under")])
    by: Content = (
        html.Span([one.decider, html.Span(when(one.decided, visit), className="under")]) if one.decided else MISSING
    )
    return cells(
        (str(one.number), "num"),
        severity(STATES[one.state], t(f"weights.state.{one.state}")),
        html.Span(one.comment, className="cut", title=one.comment),
        who,
        by,
        _seal(one),
        _acts(one, visit),
    )


def _seal(one: WeightVersion) -> Content:
    if one.sealed is None:
        return quiet(MISSING)
    if not one.sealed:
        return severity("critical", t("weights.broken"))
    digest = hashlib.sha256(one.signature).hexdigest()[:16]
    return html.Span([severity("normal", t("weights.sealed")), html.Span(digest, className="under mono")])


def _acts(one: WeightVersion, visit: Visit) -> Content:
    draft = ",".join(f"{name}:{value:g}" for name, value in one.weights.items())
    look = link(t("weights.look"), address("/weights", draft=draft), className="button small")
    if one.state is not WeightState.PROPOSED:
        return look
    shown: list[Component] = [look]
    if visit.may("posture.approve", "posture:weights"):
        shown.append(act(t("weights.approve"), "weights.approve", kind="small main-act", number=one.number))
        shown.append(act(t("weights.refuse"), "weights.refuse", kind="small", number=one.number))
    return html.Div(shown, className="row")


@command("weights.preview")
async def preview(visit: Visit, args: Args) -> Outcome:
    """Go to the draft that the form tells (shares in percent)."""
    _, rows = await visit.ask(weighting_of(visit).table)
    wanted = {}
    for row in rows:
        text = str(args.get(row.id, "")).strip().rstrip("%")
        try:
            wanted[row.id] = float(text) / 100 if text else row.weight
        except ValueError:
            raise AppError(ErrorKind.INVALID, "dashboards.devices.wrong", place=row.name, problem=text[:40]) from None
    await visit.ask(weighting_of(visit).effect, wanted)
    draft = ",".join(f"{name}:{value:.6g}" for name, value in wanted.items())
    return Outcome(go=address("/weights", draft=draft), topics=("posture",))


@command("weights.propose")
async def propose(visit: Visit, args: Args) -> Outcome:
    """Propose the draft; another person approves it."""
    pairs = (word.partition(":") for word in str(args.get("draft", "")).split(",") if word)
    try:
        wanted = {name: float(value) for name, _, value in pairs}
    except ValueError:
        raise AppError(ErrorKind.INVALID, "dashboards.devices.wrong", place="draft", problem="number") from None
    room = weighting_of(visit)
    number = await visit.ask(room.propose, visit.actor, wanted, str(args.get("comment", "")))
    return Outcome(t("weights.proposed", number=number), topics=("posture", "audit"), go=address("/weights"))


@command("weights.approve")
async def approve(visit: Visit, args: Args) -> Outcome:
    """Put a proposal in force."""
    await visit.ask(weighting_of(visit).approve, visit.actor, _asked(args))
    return Outcome(t("weights.approved", number=_asked(args)), topics=("posture", "audit"))


@command("weights.refuse")
async def refuse(visit: Visit, args: Args) -> Outcome:
    """Give a proposal up."""
    await visit.ask(weighting_of(visit).refuse, visit.actor, _asked(args))
    return Outcome(t("weights.refused", number=_asked(args)), topics=("posture", "audit"))


def _asked(args: Args) -> int:
    text = str(args.get("number", ""))
    if not text.isdigit():
        raise AppError(ErrorKind.INVALID, "dashboards.devices.wrong", place="number", problem=text[:20])
    return int(text)


async def body(visit: Visit) -> Component:
    """The page."""
    return html.Div(await held_all(visit, effect, weighed, versions), className="page")


PAGE = Page("weights", "/weights", body, (effect, weighed, versions), action="posture.read", ranged=False)
