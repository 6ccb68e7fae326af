"""Suppressions (抑制): what is hidden, by whom, why, until when; a new one is proven and previewed before it hides."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import choice, dialog, text_area, text_field
from dashboards.design.elements import (
    Content,
    act,
    card,
    cells,
    link,
    opener,
    quiet,
    segment,
    severity,
    table,
    when,
)
from dashboards.design.states import empty, flag
from dashboards.pages.page import Page
from dashboards.pages.rule import desk_of, findings_table, raw_area
from dashboards.parts import held_all, part
from dashboards.views.figures import amount, moment
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.errors import AppError, ErrorKind
from ops.alerts.naming import rule_words

if TYPE_CHECKING:
    from analytics.rules.backtest import Preview
    from analytics.rules.desk import RuleDesk
    from analytics.rules.rule import Rule
    from analytics.rules.suppressing import SuppressionDesk
    from analytics.rules.suppression import Proof, Suppression

TEST, SUPPRESS = "rules.test", "rules.suppress"
DRAFT = "suppression"
LEVELS = {"active": "high", "expired": "low", "ended": "low"}
DAYS = (7, 30, 90)
PREVIEWS = (1, 7, 30)
FIELDS = {
    "ip": "source.ip",
    "address": "source.ip",
    "host": "host.name",
    "user": "user.name",
    "domain": "dns.question.name",
}
TEMPLATE = """title: {title}
logsource: {logsource}
filter:
    rules: [{rule}]
    known: {{{field}: {value}}}
    condition: not known
"""


def suppressing(visit: Visit) -> Callable[[], SuppressionDesk]:
    """The desk; ``AppError(UNAVAILABLE)`` where this process has none."""
    if visit.rooms.suppressions is None:
        raise AppError(ErrorKind.UNAVAILABLE, "dashboards.rules.no_room")
    return visit.rooms.suppressions


@part("suppressions.list", topics="rules", params="sel")
async def listing(visit: Visit) -> Content:
    """Every suppression, those in force first."""
    found = await visit.ask(lambda: suppressing(visit)().all())
    if not found:
        return card(t("page.suppressions"), empty(t("suppressions.none"), t("suppressions.none_why")), lined=True)
    ranked = sorted(found, key=lambda one: one.state(visit.now) != "active")
    heads = [
        (t("suppressions.what"), ""),
        (t("suppressions.rules"), ""),
        (t("suppressions.owner"), ""),
        (t("suppressions.reason"), ""),
        (t("column.state"), ""),
        (t("suppressions.expires"), "num"),
        ("", ""),
    ]
    widths = ("auto", "24%", "110px", "22%", "100px", "110px", "80px")
    rows = [_row(one, visit) for one in ranked[:200]]
    return card(t("page.suppressions"), table(heads, rows, widths), hint=amount(float(len(found))), lined=True)


def _row(one: Suppression, visit: Visit) -> Component:
    state = one.state(visit.now)
    rules = [link(rule_words(*rule), address(f"/rules/{rule[0]}")) for rule in one.proof.rules[:3]]
    more = [quiet(f"+{len(one.proof.rules) - 3}")] if len(one.proof.rules) > 3 else []
    may = state == "active" and visit.may(SUPPRESS, f"suppression:{one.id}")
    name = [
        html.B(one.title or one.id),
        html.Span(t("suppressions.made_by", who=one.maker, time=moment(one.made, visit.zone, visit.now)),
                  className="under"),
        html.Details([html.Summary(t("suppressions.document")), html.Pre(one.source, className="raw rules-text")]),
    ]  # fmt: skip
    return cells(
        html.Div(name),
        html.Div([*rules, *more], className="stacked"),
        one.owner,
        (one.reason, "wrap"),
        severity(LEVELS[state], t(f"suppressions.of_state.{state}")),
        (when(one.ended or one.expires, visit), "num quiet"),
        opener(t("suppressions.end"), f"end-{one.id}", kind="small") if may else "",
    )


@part("suppressions.text", topics="rule-text", params="rule entity")
async def text(visit: Visit) -> Content:
    """The filter document being written."""
    if not visit.may(TEST):
        return ""
    source, drafted = await _text(visit)
    fields = [
        raw_area("source", t("suppressions.filter"), source, 12, required=True),
        html.P(t("suppressions.polarity"), className="quiet"),
        html.Div(html.Button(t("suppressions.try"), className="button main-act", type="submit"), className="acts"),
    ]
    key = hashlib.sha256(f"{source}{drafted}".encode()).hexdigest()[:16]
    data = {"data-command": "suppressions.try", "data-args": "{}", "data-keep": "1"}
    form = html.Form(fields, className="form facts", key=key, **data)
    aside = act(t("rules.discard"), "suppressions.discard", kind="small") if drafted else ""
    hint = t("suppressions.draft") if drafted else ""
    return card(t("suppressions.new"), form, hint=hint, aside=aside, lined=True)


async def _text(visit: Visit) -> tuple[str, bool]:
    """The draft, else a document for what the address names, and whether it is a draft."""
    drafted = await visit.ask(lambda: desk_of(visit)().book.draft(visit.actor, DRAFT))
    if drafted is not None:
        return drafted.source, True
    found = await visit.shared(AskNarrowed(desk_of(visit), visit.param("rule")))
    return _template(found, visit.param("entity")), False


def _template(found: Rule | None, entity: str) -> str:
    """A filter for a rule and an entity."""
    kind, _, value = entity.partition(":")
    source = found.logsource if found else None
    parts = (("product", source.product), ("category", source.category), ("service", source.service)) if source else ()
    return TEMPLATE.format(
        title=_quoted(f"{found.title if found else ''}: {value}".strip(": ")),
        logsource="{" + ", ".join(f"{name}: {part}" for name, part in parts if part) + "}",
        rule=found.id if found else "",
        field=FIELDS.get(kind, "source.ip"),
        value=_quoted(value),
    )


@dataclass(frozen=True, slots=True)
class AskNarrowed:
    """Asks for the rule a filter can be written for: of a correlation, the first one it is made from."""

    desks: Callable[[], RuleDesk]
    rule: str

    def __call__(self) -> Rule | None:
        """None where there is no such rule."""
        ruleset = self.desks().ruleset()
        number = next((at for at, rule in enumerate(ruleset.rules) if rule.id == self.rule), None)
        made_from = {one.rule: one.rules[0] for one in ruleset.correlations if one.rules}
        while number in made_from:  # a referenced rule comes before
            number = made_from[number]
        return None if number is None else ruleset.rules[number]


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''").replace("\n", " ") + "'"


@part("suppressions.proof", topics="rule-text rules", params="pv")
async def proof(visit: Visit) -> Content:
    """Whether every positive test still fires, and what the filter would have hidden."""
    if not visit.may(TEST):
        return ""
    source, drafted = await _text(visit)
    if not drafted:
        return card(
            t("suppressions.proof"), empty(t("suppressions.not_tried"), t("suppressions.not_tried_why")), lined=True
        )
    found = await visit.ask(lambda: suppressing(visit)().prove(source))
    verdict = (
        severity("normal", t("suppressions.proven")) if found.ready else severity("critical", t("suppressions.refused"))
    )
    may = found.ready and visit.may(SUPPRESS)
    button = opener(t("suppressions.make"), "suppress", kind="main-act small") if may else ""
    return card(t("suppressions.proof"), _proven(found), hint=verdict, aside=button, lined=True)


def _proven(found: Proof) -> Component:
    parts: list[Component] = [findings_table(found.findings)] if found.findings else []
    if found.rules:
        rules = [link(rule_words(*rule), address(f"/rules/{rule[0]}")) for rule in found.rules[:20]]
        more = [quiet(f"+{len(found.rules) - 20}")] if len(found.rules) > 20 else []
        words = html.Div([quiet(t("suppressions.applies")), *rules, *more], className="row wraps-row")
        parts.append(
            html.Div([words, severity("normal", t("suppressions.held", count=found.held))], className="facts stacked")
        )
    for rule, case in found.lost:
        parts.append(html.Div(severity("critical", t("suppressions.lost", rule=rule, case=case)), className="facts"))
    if found.untested:
        names = "，".join(title for _, title in found.untested[:5])
        parts.append(html.Div(flag(t("suppressions.untested", names=names)), className="facts"))
    return html.Div(parts)


@part("suppressions.preview", topics="rule-text", params="pv")
async def preview(visit: Visit) -> Content:
    """What the draft would have hidden."""
    source, drafted = await _text(visit)
    if not visit.may(TEST) or not drafted:
        return ""
    days = int(visit.param("pv")) if visit.param("pv") in map(str, PREVIEWS) else 7
    switch = segment([(t("rules.days", days=each), visit.here(pv=str(each)), each == days) for each in PREVIEWS],
                     t("suppressions.preview"))  # fmt: skip
    found = await visit.ask(lambda: suppressing(visit)().preview(source, days))
    return card(t("suppressions.preview"), _previewed(found, visit), aside=switch, lined=True)


def _previewed(found: Preview, visit: Visit) -> Component:
    looked = quiet(t("rules.looked_at", count=amount(float(found.events))))
    partly = [flag(t("rules.partly", time=moment(found.until, visit.zone, visit.now)))] if found.until else []
    if not found.rows:
        return html.Div(
            [severity("normal", t("suppressions.nothing_hidden")), looked, *partly], className="facts stacked"
        )
    heads = [
        (t("rules.rule"), ""),
        (t("suppressions.hidden"), "num"),
        (t("suppressions.left"), "num"),
        (t("rules.examples"), ""),
    ]
    rows = [
        cells(
            link(rule_words(one.rule, one.title), address(f"/rules/{one.rule}")),
            (amount(float(one.hidden)), "num"),
            (amount(float(one.left)), "num"),
            html.Div([_event(event) for event in one.examples[:2]], className="stacked"),
        )
        for one in found.rows
    ]
    summary = html.Div([looked, *partly], className="facts stacked")
    return html.Div([table(heads, rows, ("auto", "80px", "80px", "200px")), summary])


def _event(event: str) -> Component:
    return link(html.Span(event, className="mono cut"), address("/hunt", ev=event, q=f'event.id:"{event}"', tr="30d"))


@part("suppressions.dialogs", topics="rules", wears="dialogs")
async def dialogs(visit: Visit) -> Content:
    """Everything that needs words."""
    if not visit.may(SUPPRESS):
        return ""
    days = [choice("days", str(each), t("rules.days", days=each), checked=each == DAYS[0]) for each in DAYS]
    fields = [
        text_field("owner", t("suppressions.owner"), value=visit.actor.name),
        text_area("reason", t("suppressions.reason"), rows=3),
        html.Fieldset([html.Legend(t("suppressions.for_days")), *days], className="plain choices"),
    ]
    boxes = [dialog("suppress", t("suppressions.make"), fields, t("suppressions.make"), "suppressions.make")]
    found = await visit.ask(lambda: suppressing(visit)().all())
    boxes += [
        dialog(f"end-{one.id}", t("suppressions.end"), [text_area("note", t("suppressions.reason"), rows=2)],
               t("suppressions.end"), "suppressions.end", {"suppression": one.id})
        for one in found if one.state(visit.now) == "active"
    ]  # fmt: skip
    return boxes


@command("suppressions.try")
async def attempt(visit: Visit, args: Args) -> Outcome:
    """Keep the document as a draft; proof and preview are drawn from it."""
    visit.rooms.authorizer.demand(visit.actor, TEST, DRAFT)
    source = str(args.get("source", ""))
    found = await visit.ask(lambda: suppressing(visit)().prove(source))
    await visit.ask(lambda: desk_of(visit)().book.keep_draft(visit.actor, DRAFT, source, ""))
    return Outcome(t("suppressions.proven") if found.ready else t("suppressions.refused"), topics=("rule-text",))


@command("suppressions.discard")
async def discard(visit: Visit, args: Args) -> Outcome:
    """Forget the draft."""
    visit.rooms.authorizer.demand(visit.actor, TEST, DRAFT)
    await visit.ask(lambda: desk_of(visit)().book.drop_draft(visit.actor, DRAFT))
    return Outcome(t("rules.discarded"), topics=("rule-text",))


@command("suppressions.make")
async def make(visit: Visit, args: Args) -> Outcome:
    """Put the draft in force."""
    visit.rooms.authorizer.demand(visit.actor, SUPPRESS)
    drafted = await visit.ask(lambda: desk_of(visit)().book.draft(visit.actor, DRAFT))
    if drafted is None:
        raise AppError(ErrorKind.CONFLICT, "dashboards.suppressions.not_tried")
    days = str(args.get("days", ""))
    expires = visit.now + timedelta(days=int(days) if days.isdigit() and len(days) < 4 else DAYS[0])
    owner, reason = str(args.get("owner", "")), str(args.get("reason", ""))
    await visit.ask(lambda: suppressing(visit)().make(visit.actor, drafted.source, owner, reason, expires))
    return Outcome(t("suppressions.made"), topics=("rules", "rule-text"))


@command("suppressions.end")
async def end(visit: Visit, args: Args) -> Outcome:
    """End one before its time."""
    one, note = str(args.get("suppression", "")), str(args.get("note", ""))
    visit.rooms.authorizer.demand(visit.actor, SUPPRESS, f"suppression:{one}")
    await visit.ask(lambda: suppressing(visit)().end(visit.actor, one, note))
    return Outcome(t("suppressions.ended"), topics=("rules",))


async def body(visit: Visit) -> Component:
    """The page."""
    top, left, *right, boxes = await held_all(visit, listing, text, proof, preview, dialogs)
    two = html.Div([left, html.Div(right, className="stacked")], className="rules-two")
    return html.Div([top, two, boxes], className="page rules")


PAGE = Page("suppressions", "/suppressions", body, (listing, text, proof, preview, dialogs), action="rules.read",
            ranged=False)  # fmt: skip
