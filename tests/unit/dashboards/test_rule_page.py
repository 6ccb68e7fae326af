"""The pages of a rule and of suppressions: what several parts of one look ask is asked once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from analytics.rules.desk import RuleView
from analytics.rules.listing import Origin, RuleLine
from analytics.rules.rule import Correlation, LogSource, Rule, RuleSet
from analytics.rules.state import Outcome, RuleState
from analytics.rules.trial import Trial
from dashboards.pages import rule_acts, rule_why, suppressions
from dashboards.rooms import Rooms
from dashboards.visit import visit
from dashboards.words import t
from infra.errors import AppError, ErrorKind
from infra.exchange import Level
from tests.browser.fake_rooms import fake_rooms
from tests.unit.dashboards.test_agents_page import words

BASE = Rule(id="base", title="Backdoor port", level=Level.HIGH, logsource=LogSource(product="testing"))
PAIR = Rule(id="pair", title="Backdoor port, twice", level=Level.CRITICAL)
CHAIN = Rule(id="chain", title="Backdoor port, again and again", level=Level.CRITICAL)


class Desk:
    """One rule and two correlations over it; counts what is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.book = self

    def draft(self, actor: Any, rule: str) -> None:
        """Nobody writes."""

    def rule(self, rule_id: str) -> RuleView:
        self.asked.append(rule_id)
        line = RuleLine(
            id=rule_id, title=BASE.title, level=BASE.level, logsource="testing/*/*", author="", techniques=(),
            origin=Origin.IMPORTED, state=RuleState.ENABLED, blind=None, feeds=False, version=0, outcome=Outcome(),
        )  # fmt: skip
        return RuleView(
            line=line, rule=BASE, source="title: Backdoor port", tests="", history=(), fed_by=(), feeds=(),
            on_disk=True,
        )  # fmt: skip

    def check(self, source: str, tests: str) -> Trial:
        return Trial(rule=BASE, findings=(), cases=(), ready=True)

    def ruleset(self) -> RuleSet:
        self.asked.append("all")
        chain = [
            Correlation(rule=1, kind="event_count", rules=(0,), timespan_s=60.0),
            Correlation(rule=2, kind="event_count", rules=(1,), timespan_s=60.0),
        ]
        return RuleSet(rules=[BASE, PAIR, CHAIN], correlations=chain)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def asking(desk: Desk) -> Rooms:
    return replace(fake_rooms("empty"), rules=lambda: desk)  # type: ignore[arg-type, return-value]


async def test_all_parts_of_the_page_of_a_rule_share_one_answer(asking: Rooms, desk: Desk) -> None:
    shown = words(await rule_acts.body(visit(asking, "/ui/rules/base", "")))
    assert "Backdoor port" in shown
    assert desk.asked == ["base"]
    await rule_acts.body(visit(asking, "/ui/rules/base", ""))
    assert desk.asked == ["base", "base"]


@pytest.mark.parametrize("rule", ["base", "pair", "chain"])
async def test_a_suppression_is_begun_for_the_rule_a_correlation_is_made_from(
    asking: Rooms, desk: Desk, rule: str
) -> None:
    look = visit(asking, "/ui/suppressions", f"?rule={rule}&entity=ip:10.0.0.9")
    for part in (suppressions.text, suppressions.proof, suppressions.preview):
        shown = await part.draw(look)
        if part is suppressions.text:
            assert "rules: [base]" in str(shown)
            assert "product: testing" in str(shown)
    assert desk.asked == ["all"]


async def test_a_suppression_of_a_rule_nobody_knows_is_begun_empty(asking: Rooms) -> None:
    shown = await suppressions.text.draw(visit(asking, "/ui/suppressions", "?rule=gone"))
    assert "rules: []" in str(shown)


ROUTE = {
    "applies": True,
    "matched": False,
    "where": [{"field": "log.syslog.appname", "wanted": ["sshd"], "found": "sshd", "holds": True}],
    "condition": {
        "is": "and",
        "holds": False,
        "parts": [
            {"is": "eq", "field": "user.name", "pattern": "root", "found": None, "holds": False},
            {"is": "contains", "field": "*", "pattern": "*Accepted*", "found": "*", "holds": True},
        ],
    },
}


async def test_every_part_of_a_rule_says_whether_it_holds_on_an_event(asking: Rooms, desk: Desk) -> None:
    desk.explain_stored = lambda source, event: {"matched": False, "routes": [ROUTE]}  # type: ignore[attr-defined]
    shown = words(await rule_why.why.draw(visit(asking, "/ui/rules/base", "?why=e1")))
    for word in ("user.name", "root", t("rules.nothing_there"), t("rules.meets_not"), "sshd"):
        assert word in shown
    assert shown.index("user.name") < shown.index("Accepted")


async def test_an_event_nobody_stored_is_asked_for_again(asking: Rooms, desk: Desk) -> None:
    def gone(source: str, event: str) -> None:
        raise AppError(ErrorKind.NOT_FOUND, "analytics.rules.no_event", place="event", event=event)

    desk.explain_stored = gone  # type: ignore[attr-defined]
    drawn = await rule_why.why.draw(visit(asking, "/ui/rules/base", "?why=gone-1"))
    assert "gone-1" in words(drawn)
    assert "rules-ask" in str(drawn)


async def test_a_rule_nobody_knows_is_said_once(asking: Rooms, desk: Desk) -> None:
    def unknown(rule_id: str) -> RuleView:
        raise AppError(ErrorKind.NOT_FOUND, "analytics.rules.unknown", place=rule_id)

    desk.rule = unknown  # type: ignore[method-assign]
    shown = words(await rule_acts.body(visit(asking, "/ui/rules/gone", "")))
    assert shown.count("gone") == 1
