"""Models (模型): which versions there are, how each does, who let it judge; the next step, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.elements import Content, act, card, cells, link, pairs, quiet, severity, table, when
from dashboards.design.states import empty
from dashboards.pages.anomalies import insight_of
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.views.features import feature, named
from dashboards.views.figures import amount
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.errors import AppError, ErrorKind
from infra.text import say

if TYPE_CHECKING:
    from analytics.models.desk import ModelView
    from analytics.models.lessons import Lesson

MOST_LESSONS = 100
LEVELS = {"active": "normal", "candidate": "medium", "shadow": "unknown", "retired": "informational"}
NEXT = {"shadow": ("retired",), "candidate": ("active", "retired"), "active": (), "retired": ()}
"""Steps offered to a person; a shadow becomes a candidate by its trial."""


@part("models.list", topics="models", params="model")
async def listing(visit: Visit) -> Content:
    """Every version, or one with its card."""
    views = await visit.ask(insight_of(visit).models)
    if not views:
        body = empty(t("models.none"), t("models.none_why"), drawing="models")
        return card(t("page.models"), body, lined=True)
    chosen = next((view for view in views if view.id == visit.param("model")), None)
    heads = [
        (t("models.name"), ""),
        (t("models.state"), ""),
        (t("models.seal"), ""),
        (t("models.rows"), "num"),
        (t("models.trial"), ""),
        (t("models.drift"), ""),
        (t("models.approver"), ""),
        (t("models.made"), "num"),
        ("", ""),
    ]
    active = {view.name for view in views if view.state == "active"}
    back = {view.name for view in views if view.state == "retired" and view.approver}
    rows = [_row(view, visit, can_go_back=view.name in back and view.name in active) for view in views]
    widths = ("auto", "110px", "100px", "80px", "170px", "150px", "90px", "110px", "200px")
    hint = t("models.hint")
    body = card(t("page.models"), table(heads, rows, widths), hint=hint, lined=True)
    return html.Div([body, _card(chosen, visit)], className="stacked") if chosen else body


@part("models.lessons", topics="models alerts")
async def lessons(visit: Visit) -> Content:
    """What answers to findings have taught, with the way back."""
    found = await visit.ask(insight_of(visit).lessons)
    if not found:
        return card(
            t("models.lessons"), empty(t("models.no_lesson"), t("models.lesson_rule"), drawing="models"), lined=True
        )
    heads = [
        (t("models.lesson.finding"), ""),
        (t("models.lesson.entity"), ""),
        (t("models.lesson.answers"), ""),
        (t("models.lesson.effect"), ""),
        (t("models.lesson.by"), ""),
        (t("models.lesson.until"), "num"),
        ("", ""),
    ]
    rows = [_lesson(one, visit) for one in found[:MOST_LESSONS]]
    widths = ("auto", "190px", "150px", "170px", "120px", "110px", "90px")
    return card(t("models.lessons"), table(heads, rows, widths), hint=t("models.lesson_rule"), lined=True)


def _lesson(one: Lesson, visit: Visit) -> Component:
    title = say(f"analytics.scheduled.{one.rule.partition('.')[2]}", subject=feature(one.feature))
    effect = t("models.lesson.eased", factor=f"{one.factor:,.0f}") if one.factor > 1 else t("models.lesson.as_before")
    act_ = act(t("models.lesson.undo"), "models.unlearn", kind="small", rule=one.rule, entity=one.entity,
               feature=one.feature)  # fmt: skip
    return cells(
        html.Span([title, html.Span(feature(one.feature), className="under")]),
        html.Span(one.entity, className="mono wrap"),
        t("models.lesson.counted", harmless=amount(float(one.harmless)), true=amount(float(one.true))),
        severity("medium" if one.factor > 1 else "normal", effect),
        "，".join(name for name in one.by if name) or quiet("—"),
        (when(one.until, visit), "num quiet"),
        act_ if visit.may("analytics.approve", "finding") else "",
    )


def _row(view: ModelView, visit: Visit, *, can_go_back: bool) -> Component:
    name = link(f"{named('model_name', view.name.replace('.', '_'))} · {view.number}", visit.here(model=view.id),
                className="rowlink")  # fmt: skip
    return cells(
        html.Span([name, html.Span(view.name, className="under mono")]),
        severity(LEVELS[view.state], t(f"models.of_state.{view.state}")),
        severity("normal", t("models.sealed")) if view.sealed else severity("critical", t("models.unsealed")),
        (amount(float(view.card.rows)), "num"),
        _trial(view),
        _drift(view),
        view.approver or quiet("—"),
        (when(view.created, visit), "num quiet"),
        _acts(view, visit, can_go_back=can_go_back),
    )


def _trial(view: ModelView) -> Content:
    if not view.hours:
        return severity("unknown", t("models.not_tried"))
    share = view.told / view.rows if view.rows else 0.0
    return html.Span([t("models.tried", hours=view.hours), html.Span(
        t("models.told", count=amount(float(view.told)), share=f"{share:.3%}"), className="under")])  # fmt: skip


def _drift(view: ModelView) -> Content:
    if view.tested is None:
        return severity("unknown", t("models.not_tested"))
    if not view.drifted:
        return severity("normal", t("models.fits"))
    words = "，".join(feature(one.feature) for one in view.moved[:3]) or t("models.probabilities")
    return severity("high", t("models.moved", what=words))


def _acts(view: ModelView, visit: Visit, *, can_go_back: bool) -> Component | str:
    if not visit.may("analytics.approve", f"model:{view.id}"):
        return ""
    buttons = [
        act(t(f"models.act.{state}"), "models.move", kind="small", model=view.id, state=state)
        for state in NEXT[view.state]
        if view.sealed or state == "retired"
    ]
    if view.state == "active" and can_go_back:
        buttons.append(act(t("models.act.rollback"), "models.rollback", kind="small", name=view.name))
    return html.Div(buttons, className="row")


def _card(view: ModelView, visit: Visit) -> Component:
    one = view.card
    rows: list[tuple[str, Content]] = [
        (t("models.id"), html.Span(view.id, className="mono")),
        (t("models.query"), one.query),
        (t("models.span"), html.Span([when(one.start, visit), " – ", when(one.end, visit)])),
        (t("models.features"), "，".join(feature(name) for name in one.features)),
        (t("models.fingerprint"), html.Span(f"{one.fingerprint[:16]}…", className="mono", title=one.fingerprint)),
        (t("models.seed"), str(one.seed)),
        (t("models.versions"), html.Span(" ".join(f"{k} {v}" for k, v in one.versions.items()), className="mono")),
        (t("models.calibration"), html.Span(_shares(one.calibration), className="mono wrap")),
        (
            t("models.metrics"),
            html.Span(" ".join(f"{k}={v:.3g}" for k, v in one.metrics.items()), className="mono wrap"),
        ),
        (t("models.parent"), html.Span(one.parent or "—", className="mono")),
    ]
    close = link(t("models.close"), address("/models"), className="button small")
    return card(t("models.card"), html.Div(pairs(rows, one=True), className="facts"), aside=close, lined=True)


def _shares(calibration: dict[str, float]) -> str:
    """What share of the rows held back fell below each probability: it should be that probability."""
    return " · ".join(f"p<{key.removeprefix('below_')}: {share:.3%}" for key, share in calibration.items())


@command("models.move")
async def move(visit: Visit, args: Args) -> Outcome:
    """Approve or retire."""
    model, state = str(args.get("model", "")), str(args.get("state", ""))
    visit.rooms.authorizer.demand(visit.actor, "analytics.approve", f"model:{model}")
    if state not in LEVELS:
        raise AppError(ErrorKind.INVALID, "dashboards.models.no_state")
    await visit.ask(insight_of(visit).move, visit.actor, model, state)
    return Outcome(t("models.done", state=t(f"models.of_state.{state}")), topics=("models",))


@command("models.rollback")
async def rollback(visit: Visit, args: Args) -> Outcome:
    """Back to the version before."""
    name = str(args.get("name", ""))
    visit.rooms.authorizer.demand(visit.actor, "analytics.approve", f"model:{name}")
    await visit.ask(insight_of(visit).rollback, visit.actor, name)
    return Outcome(t("models.went_back"), topics=("models",))


@command("models.unlearn")
async def unlearn(visit: Visit, args: Args) -> Outcome:
    """The answers to one finding count no longer."""
    rule, entity, about = (str(args.get(name, ""))[:500] for name in ("rule", "entity", "feature"))
    visit.rooms.authorizer.demand(visit.actor, "analytics.approve", "finding")
    await visit.ask(insight_of(visit).unlearn, visit.actor, rule, entity, about)
    return Outcome(t("models.lesson.undone"), topics=("models",))


async def body(visit: Visit) -> Component:
    """The page."""
    return html.Div(await held_all(visit, listing, lessons), className="page")


PAGE = Page("models", "/models", body, (listing, lessons), action="analytics.read", ranged=False)
