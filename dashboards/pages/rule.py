"""One rule (规则): its text and tests, what checking and backtesting them says, its switches, its history."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import (
    Content,
    act,
    card,
    cells,
    chip,
    link,
    opener,
    pairs,
    quiet,
    segment,
    severity,
    spark,
    table,
    when,
)
from dashboards.design.states import empty, flag
from dashboards.parts import part
from dashboards.views.figures import amount, moment
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.errors import AppError, ErrorKind
from ops.alerts.naming import rule_words

if TYPE_CHECKING:
    from analytics.rules.backtest import Backtest
    from analytics.rules.book import Version
    from analytics.rules.desk import RuleDesk, RuleView
    from analytics.rules.lint import Finding
    from analytics.rules.listing import RuleLine
    from analytics.rules.trial import Trial

READ, TEST, EDIT = "rules.read", "rules.test", "rules.edit"
NEW = "new"
STATES = ("enabled", "canary", "disabled")
LEVELS = {"enabled": "normal", "canary": "medium", "disabled": "low"}
BACKTESTS = (1, 7, 30)
MOST_TEXT = 200_000
TEMPLATE = """title:
id: {id}
status: experimental
description:
author:
date: {date}
tags: []
logsource: {{product: linux}}
detection:
    selection:
        process.name: ''
    condition: selection
falsepositives: []
level: medium
"""


def desk_of(visit: Visit) -> Callable[[], RuleDesk]:
    """The desk; ``AppError(UNAVAILABLE)`` where this process has none."""
    if visit.rooms.rules is None:
        raise AppError(ErrorKind.UNAVAILABLE, "dashboards.rules.no_room")
    return visit.rooms.rules


@dataclass(frozen=True, slots=True)
class AskRule:
    """Asks for a rule with everything about it; equal for all parts of a page, which share one answer."""

    desks: Callable[[], RuleDesk]
    rule: str

    def __call__(self) -> RuleView:
        """May read every rule file."""
        return self.desks().rule(self.rule)


async def viewed(visit: Visit) -> RuleView:
    """The rule the address names."""
    return await visit.shared(AskRule(desk_of(visit), chosen(visit)))


def chosen(visit: Visit) -> str:
    """The rule the address names, ``NEW`` for a new one, '' for none."""
    return unquote(visit.path.removeprefix("/rules").strip("/"))[:200]


def sight_words(line: RuleLine) -> Component:
    """Whether any event could feed it."""
    if line.blind is None:
        return quiet(t("rules.of_sight.unknown"))
    return severity("unknown", t("rules.of_sight.blind")) if line.blind else severity("normal", t("rules.of_sight.fed"))


def state_words(line: RuleLine) -> Component:
    """Enabled, on trial or off."""
    return severity(LEVELS[line.state], t(f"rules.of_state.{line.state}"))


@part("rules.head", topics="rules alerts")
async def head(visit: Visit) -> Content:
    """What the rule is, what came of it, and its switches."""
    if chosen(visit) == NEW:
        return card(t("rules.new"), html.P(t("rules.new_why"), className="facts soft"), lined=True)
    view = await viewed(visit)
    line, rule = view.line, view.rule
    rows: list[tuple[str, Content]] = [
        (t("column.level"), severity(line.level)),
        (t("column.state"), state_words(line)),
        (t("rules.sight"), html.Span([sight_words(line), quiet(" " + t("rules.sight_why"))] if line.blind
                                     else sight_words(line))),
        (t("rules.source"), html.Span(line.logsource, className="mono")),
        (t("rules.origin"), t(f"rules.of_origin.{line.origin}")),
        (t("rules.author"), rule.author or "—"),
        (t("rules.techniques"), html.Span([chip(one) for one in rule.techniques], className="row") or "—"),
        (t("rules.hits"), _hits(line)),
        (t("rules.precision"), _verdicts(line)),
    ]  # fmt: skip
    if rule.falsepositives:
        rows.append((t("rules.falsepositives"), "；".join(rule.falsepositives)))
    rows += [
        (t(f"rules.{name}"), _others(found))
        for name, found in (("fed_by", view.fed_by), ("feeds", view.feeds))
        if found
    ]
    alerts = link(t("rules.alerts"), address("/alerts", rule=line.id, stack="flat", state="any", tr="30d"))
    parts = [
        html.P(rule.description, className="facts soft wraps") if rule.description else None,
        html.Div(pairs(rows), className="facts"),
        _acts(view, visit),
    ]
    aside = html.Span([alerts], className="row")
    return card(
        rule_words(line.id, line.title), parts, hint=html.Span(line.id, className="mono"), aside=aside, lined=True
    )


def _hits(line: RuleLine) -> Component:
    total = sum(line.outcome.days)
    words = t("rules.hits_of", count=amount(float(total)), days="–".join(map(str, line.outcome.days)) or "0")
    return html.Div(
        [words, spark([float(day) for day in line.outcome.days])] if total else words, className="rules-hits"
    )


def _verdicts(line: RuleLine) -> Content:
    found = line.outcome
    if found.precision is None:
        return quiet(t("rules.not_judged"))
    counted = [t(f"alerts.verdicts.{name}", count=number) for name, number in found.verdicts.items() if name and number]
    return f"{found.precision:.0%} · " + " · ".join(counted)


def _others(found: tuple[tuple[str, str], ...]) -> Component:
    return html.Span([link(rule_words(*one), address(f"/rules/{one[0]}")) for one in found], className="row wraps-row")


def _acts(view: RuleView, visit: Visit) -> Component:
    if not visit.may(EDIT, f"rule:{view.line.id}"):
        return html.Div(quiet(t("rules.may_not")), className="facts")
    wanted = [state for state in STATES if state != view.line.state]
    buttons = [opener(t(f"rules.to.{state}"), f"rule-{state}", kind="small") for state in wanted]
    return html.Div(buttons, className="row facts")


@part("rules.text", topics="rule-text")
async def text(visit: Visit) -> Content:
    """The text with its tests, to read or to write; a draft stands before what is in force."""
    source, tests, note = await texts_of(visit)
    if not visit.may(TEST, f"rule:{chosen(visit)}"):
        shown = [html.Pre(source, className="raw rules-text", tabIndex=0)]
        shown += [html.Pre(tests, className="raw rules-text", tabIndex=0)] if tests else []
        return card(t("rules.text"), shown, lined=True)
    fields = [
        raw_area("source", t("rules.yaml"), source, 24, required=True),
        raw_area("tests", t("rules.tests_yaml"), tests, 12),
        html.Div(html.Button(t("rules.check"), className="button main-act", type="submit"), className="acts"),
    ]
    key = hashlib.sha256(f"{source}\0{tests}\0{note}".encode()).hexdigest()[:16]
    data = {
        "data-command": "rules.check",
        "data-args": json.dumps({"rule": chosen(visit)}),
        "data-keep": "1",
    }
    form = html.Form(fields, className="form facts", key=key, **data)
    aside = act(t("rules.discard"), "rules.discard", kind="small", rule=chosen(visit)) if note else ""
    return card(t("rules.text"), form, hint=note or t("rules.in_force"), aside=aside, lined=True)


def raw_area(name: str, words: str, value: str, rows: int, *, required: bool = False) -> Component:
    """A labelled text of a machine, not wrapped."""
    box = html.Textarea(
        value, name=name, className="field raw rules-text", rows=rows, maxLength=MOST_TEXT, required=required,
        spellCheck="false", wrap="off",
    )  # fmt: skip
    return html.Label([words, box], className="line")


async def texts_of(visit: Visit) -> tuple[str, str, str]:
    """Source, tests, and the words of a draft ('' where what is in force is shown)."""
    rule = chosen(visit)
    drafted = await visit.ask(lambda: desk_of(visit)().book.draft(visit.actor, "" if rule == NEW else rule))
    if drafted is not None:
        return drafted.source, drafted.tests, t("rules.draft_of", time=moment(drafted.at, visit.zone, visit.now))
    if rule == NEW:
        from uuid import uuid4

        return TEMPLATE.format(id=uuid4(), date=f"{visit.now:%Y-%m-%d}"), "", ""
    view = await viewed(visit)
    return view.source, view.tests, ""


@part("rules.trial", topics="rules rule-text", params="bt")
async def trial(visit: Visit) -> Content:
    """What linting and the tests say of the text, and the way to put it in force."""
    source, tests, note = await texts_of(visit)
    if chosen(visit) == NEW and not note:
        return card(t("rules.trial"), empty(t("rules.nothing_checked"), t("rules.nothing_checked_why")), lined=True)
    found = await visit.ask(lambda: desk_of(visit)().check(source, tests))
    verdict = severity("normal", t("rules.ready")) if found.ready else severity("critical", t("rules.not_ready"))
    ready = found.ready and note and visit.may(EDIT, f"rule:{chosen(visit)}")
    publish = opener(t("rules.publish"), "rule-publish", kind="main-act small") if ready else ""
    return card(
        t("rules.trial"), [findings_table(found.findings), _cases(found)], hint=verdict, aside=publish, lined=True
    )


def findings_table(findings: Sequence[Finding]) -> Component:
    """What a linter says, with remedy and place."""
    if not findings:
        return html.Div(severity("normal", t("rules.lint_clean")), className="facts")
    rows = [
        cells(
            severity("critical" if one.severity == "error" else "medium", t(f"rules.severity.{one.severity}")),
            html.Div([html.Span(one.problem, className="wrap"), html.Span(one.remedy, className="under wrap")]),
            (html.Span(":".join(one.place.split(":")[-2:]), className="mono", title=one.place), "num quiet"),
        )
        for one in findings
    ]
    return table([(t("rules.lint"), ""), ("", ""), (t("rules.line"), "num")], rows, ("84px", "auto", "64px"))


def _cases(found: Trial) -> Component:
    if not found.cases:
        return html.Div(flag(t("rules.no_tests")), className="facts")
    rows = [
        cells(
            severity("normal", t("rules.passed")) if one.passed else severity("critical", t("rules.failed")),
            html.Div([one.name, html.Span(one.problem, className="under wrap") if one.problem else None]),
            quiet(t("rules.must_fire") if one.wanted else t("rules.must_not")),
        )
        for one in found.cases
    ]
    return table([(t("rules.tests"), ""), ("", ""), ("", "")], rows, ("84px", "auto", "120px"))


@part("rules.backtest", topics="rule-text", params="bt")
async def backtest(visit: Visit) -> Content:
    """What the text would have found on stored events, by day."""
    days = int(visit.param("bt")) if visit.param("bt") in map(str, BACKTESTS) else 0
    choices = [(t("rules.days", days=each), visit.here(bt=str(each)), each == days) for each in BACKTESTS]
    switch = segment(choices, t("rules.backtest")) if visit.may(TEST) else ""
    if not days:
        body = empty(t("rules.backtest_none"), t("rules.backtest_why"))
        return card(t("rules.backtest"), body, aside=switch, lined=True)
    source, _, note = await texts_of(visit)
    found = await visit.ask(lambda: desk_of(visit)().backtest(source, days))
    hint = t("rules.backtest_of_draft") if note else t("rules.backtest_in_force")
    return card(t("rules.backtest"), _backtested(found, visit), hint=hint, aside=switch, lined=True)


def _backtested(found: Backtest, visit: Visit) -> Component:
    looked = quiet(t("rules.looked_at", count=amount(float(found.events))))
    partly = [flag(t("rules.partly", time=moment(found.until, visit.zone, visit.now)))] if found.until else []
    if not found.rows:
        return html.Div([severity("normal", t("rules.no_hits")), looked, *partly], className="facts stacked")
    hits = found.rows[0]
    rows = [cells(html.Span(day, className="mono"), (amount(float(count)), "num")) for day, count in hits.days.items()]
    heads = [(t("rules.day"), ""), (t("rules.hits_word"), "num")]
    shown = [
        html.Span([_event_link(event), link(t("rules.why"), visit.here(why=event))], className="row")
        for event in hits.examples
    ]
    summary = html.Div(
        [html.B(t("rules.n_hits", count=amount(float(hits.hits)))), looked, *partly], className="facts stacked"
    )
    return html.Div(
        [summary, table(heads, rows), html.Div([quiet(t("rules.examples")), *shown], className="facts stacked")]
    )


def _event_link(event: str) -> Component:
    return link(html.Span(event, className="mono cut"), address("/hunt", ev=event, q=f'event.id:"{event}"', tr="30d"))


@part("rules.history", topics="rules")
async def history(visit: Visit) -> Content:
    """Every version with who, when and why; the way back."""
    if chosen(visit) == NEW:
        return ""
    view = await viewed(visit)
    may = visit.may(EDIT, f"rule:{view.line.id}")
    rows = [_version(one, view, visit, may=may) for one in view.history]
    if view.on_disk:
        back = _back(view, 0) if may and view.line.version else ""
        now = chip(t("rules.now")) if not view.line.version else ""
        came = "shipped" if view.line.origin == "site" else view.line.origin
        words = html.Span([t("rules.version_0"), " ", now])
        rows.append(cells(words, quiet(t(f"rules.of_origin.{came}")), "", "", back))
    heads = [(t("rules.did"), ""), (t("rules.note"), ""), (t("rules.by_whom"), ""), (t("column.time"), "num"), ("", "")]
    body = table(heads, rows, ("150px", "auto", "110px", "100px", "80px"))
    return card(t("rules.history"), body, lined=True)


def _version(one: Version, view: RuleView, visit: Visit, *, may: bool) -> Component:
    now = chip(t("rules.now")) if one.act == "write" and one.number == view.line.version else ""
    other = one.act == "write" and one.number != view.line.version
    return cells(
        html.Span([t(f"rules.act.{one.act}", number=one.number), " ", now]),
        (one.note, "wrap"),
        one.actor,
        (when(one.at, visit), "num quiet"),
        _back(view, one.number) if may and other else "",
    )


def _back(view: RuleView, number: int) -> Component:
    return opener(t("rules.back"), f"rule-back-{number}", kind="small")


PARTS = (head, text, trial, backtest, history)
