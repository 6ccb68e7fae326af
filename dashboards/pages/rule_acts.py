"""What people do with one rule (规则操作): check a draft, put it in force, switch, go back; each with a reason."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import choice, dialog, text_area
from dashboards.design.elements import Content, link
from dashboards.pages.rule import (
    EDIT,
    NEW,
    STATES,
    TEST,
    backtest,
    chosen,
    desk_of,
    head,
    history,
    text,
    trial,
    viewed,
)
from dashboards.pages.rule_why import canary, why
from dashboards.parts import held, held_all, part
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.errors import AppError, ErrorKind


@part("rules.dialogs", topics="rules", wears="dialogs")
async def dialogs(visit: Visit) -> Content:
    """Everything that needs a reason."""
    rule = chosen(visit)
    if not visit.may(EDIT, f"rule:{rule}"):
        return ""
    ask = [text_area("note", t("rules.note"), rows=2)]
    states = [
        choice("state", one, t(f"rules.of_state.{one}"), t(f"rules.state_why.{one}"), checked=one == "enabled")
        for one in STATES
    ]
    boxes = [
        dialog("rule-publish", t("rules.publish"), [html.Div(states, className="choices"), *ask], t("rules.publish"),
               "rules.publish", {"rule": rule})
    ]  # fmt: skip
    if rule == NEW:
        return boxes
    view = await viewed(visit)
    boxes += [
        dialog(f"rule-{state}", t(f"rules.to.{state}"), [html.P(t(f"rules.state_why.{state}"), className="soft"), *ask],
               t(f"rules.to.{state}"), "rules.switch", {"rule": rule, "state": state}, danger=state == "disabled")
        for state in STATES
    ]  # fmt: skip
    numbers = {one.number for one in view.history if one.act == "write"} | {0}
    boxes += [
        dialog(f"rule-back-{number}", t("rules.back_to", number=number), ask, t("rules.back"), "rules.restore",
               {"rule": rule, "version": number})
        for number in sorted(numbers)
    ]  # fmt: skip
    return boxes


@command("rules.check")
async def check(visit: Visit, args: Args) -> Outcome:
    """Keep what was written as a draft, and have it linted and tested."""
    rule, source, tests = str(args.get("rule", "")), str(args.get("source", "")), str(args.get("tests", ""))
    visit.rooms.authorizer.demand(visit.actor, TEST, f"rule:{rule}")
    desk = desk_of(visit)
    found = await visit.ask(lambda: desk().check(source, tests))
    await visit.ask(lambda: desk().book.keep_draft(visit.actor, "" if rule == NEW else rule, source, tests))
    words = t("rules.checked_ready") if found.ready else t("rules.checked_not")
    return Outcome(words, topics=("rule-text",))


@command("rules.discard")
async def discard(visit: Visit, args: Args) -> Outcome:
    """Forget the draft."""
    rule = str(args.get("rule", ""))
    visit.rooms.authorizer.demand(visit.actor, TEST, f"rule:{rule}")
    await visit.ask(lambda: desk_of(visit)().book.drop_draft(visit.actor, "" if rule == NEW else rule))
    return Outcome(t("rules.discarded"), topics=("rule-text",))


@command("rules.publish")
async def publish(visit: Visit, args: Args) -> Outcome:
    """Put the draft in force."""
    from analytics.rules.state import RuleState

    rule, desk = str(args.get("rule", "")), desk_of(visit)
    visit.rooms.authorizer.demand(visit.actor, EDIT, f"rule:{rule}")
    old = "" if rule == NEW else rule
    drafted = await visit.ask(lambda: desk().book.draft(visit.actor, old))
    if drafted is None:
        raise AppError(ErrorKind.CONFLICT, "dashboards.rules.nothing_checked")
    state, note = RuleState(_state(args)), str(args.get("note", ""))
    made = await visit.ask(lambda: desk().publish(visit.actor, drafted.source, drafted.tests, note, state, old))
    return Outcome(t("rules.published"), topics=("rules", "rule-text"), go="" if old else address(f"/rules/{made}"))


@command("rules.switch")
async def switch(visit: Visit, args: Args) -> Outcome:
    """Enable, disable, put on trial."""
    from analytics.rules.state import RuleState

    rule, state, note = str(args.get("rule", "")), _state(args), str(args.get("note", ""))
    visit.rooms.authorizer.demand(visit.actor, EDIT, f"rule:{rule}")
    await visit.ask(lambda: desk_of(visit)().switch(visit.actor, rule, RuleState(state), note))
    return Outcome(t("rules.switched", state=t(f"rules.of_state.{state}")), topics=("rules",))


@command("rules.restore")
async def restore(visit: Visit, args: Args) -> Outcome:
    """Back to an earlier text."""
    rule, number, note = str(args.get("rule", "")), str(args.get("version", "")), str(args.get("note", ""))
    visit.rooms.authorizer.demand(visit.actor, EDIT, f"rule:{rule}")
    if not number.isdigit():
        raise AppError(ErrorKind.INVALID, "dashboards.rules.no_state")
    await visit.ask(lambda: desk_of(visit)().restore(visit.actor, rule, int(number), note))
    return Outcome(t("rules.restored"), topics=("rules", "rule-text"))


def _state(args: Args) -> str:
    state = str(args.get("state", ""))
    if state not in STATES:
        raise AppError(ErrorKind.INVALID, "dashboards.rules.no_state")
    return state


async def body(visit: Visit) -> Component:
    """One rule, or a new one."""
    back = link(t("rules.all"), address("/rules"))
    top = await held(head, visit)
    if not await _known(visit):
        return html.Div([back, top], className="page rules")
    left = await held_all(visit, text)
    right = html.Div(await held_all(visit, canary, trial, why, backtest, history), className="stacked")
    both = html.Div([*left, right], className="rules-two")
    return html.Div([back, top, both, await held(dialogs, visit)], className="page rules")


async def _known(visit: Visit) -> bool:
    """Whether there is such a rule; what else is wrong, each part says itself."""
    try:
        return chosen(visit) == NEW or await viewed(visit) is not None
    except AppError as error:
        return error.kind is not ErrorKind.NOT_FOUND


PARTS = (head, text, trial, backtest, history, dialogs, canary, why)
