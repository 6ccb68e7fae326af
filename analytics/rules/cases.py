"""The tests of rules: files ``*.test.yml`` beside them, with events that must and must not match.

A case has one ``event`` (flat ECS names), or the event ``repeat``ed ``every_s`` seconds with fields that ``vary`` by
``{n}``, and a last one, ``then``. ``match`` says whether the rule must raise a signal; ``feeds`` whether it must be met
though it raises none by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from analytics.rules.documents import MAX_BYTES, TESTS
from analytics.rules.engine import Engine
from analytics.rules.matcher import Matcher
from analytics.rules.rule import RuleSet
from infra.errors import AppError, ErrorKind
from infra.events import Event

START = datetime(2026, 1, 1, tzinfo=UTC)
MAX_EVENTS = 10_000
"""Events of one case; a correlation over more is tested by a backtest."""
MAX_STEP_S = 86_400 * 31


@dataclass(frozen=True, slots=True)
class Case:
    """One case of one rule; ``wrong`` is '' once it passed."""

    rule: str
    name: str
    path: str
    body: dict[str, Any]

    def events(self) -> list[Event]:
        """The events of the case, with times and ids."""
        step = timedelta(seconds=float(self.body.get("every_s", 1)))
        bodies = [self._varied(number) for number in range(int(self.body.get("repeat", 1)))]
        bodies += [dict(self.body["then"])] if "then" in self.body else []
        bodies = [dict(event) for event in self.body["events"]] if "events" in self.body else bodies
        return [
            {"@timestamp": START + number * step, "event.id": f"{self.name}-{number}", **event}
            for number, event in enumerate(bodies)
        ]

    def _varied(self, number: int) -> Event:
        varied = {name: str(value).format(n=number) for name, value in self.body.get("vary", {}).items()}
        return {**self.body["event"], **varied}


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a case went; ``problem`` is '' where it passed."""

    case: Case
    problem: str


def read_cases(paths: Sequence[Path]) -> Iterator[Case]:
    """Every case of every test file below ``paths``."""
    for path in paths:
        found = sorted(path.rglob(f"*{TESTS}")) if path.is_dir() else [path]
        for file in found:
            if file.name.endswith(TESTS) and file.stat().st_size <= MAX_BYTES:
                yield from cases_of(file.read_text(encoding="utf-8"), str(file))


def cases_of(text: str, path: str) -> list[Case]:
    """The cases of one text; ``AppError(INVALID)`` says what is wrong with it."""
    if len(text) > MAX_BYTES:
        raise _wrong(path, f"more than {MAX_BYTES} characters")
    try:
        tree = yaml.load(text, yaml.CSafeLoader)
        bodies = list(tree["cases"])
        cases = [Case(str(tree["rule"]), str(body.get("name", at)), path, body) for at, body in enumerate(bodies)]
        for case in cases:
            _check(case)
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise _wrong(path, f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]) from None
    return cases


def _check(case: Case) -> None:
    """A case has events, not too many of them, and each is a mapping."""
    body = case.body
    repeat = int(body.get("repeat", 1))
    if not 1 <= repeat <= MAX_EVENTS or not 0 <= float(body.get("every_s", 1)) <= MAX_STEP_S:
        raise ValueError(f"repeat is 1 to {MAX_EVENTS}, every_s 0 to {MAX_STEP_S}")
    events = body.get("events", [body["event"]] if "events" not in body else [])
    if not events or len(events) > MAX_EVENTS or not all(isinstance(event, dict) for event in events):
        raise ValueError(f"a case has 1 to {MAX_EVENTS} events, each a mapping of fields")


def _wrong(path: str, problem: str) -> AppError:
    return AppError(ErrorKind.INVALID, "analytics.rules.tests_wrong", place=f"{path}:1:1", problem=problem)


def fires(ruleset: RuleSet, rule: str, events: Sequence[Event]) -> bool:
    """Whether a fresh engine raises a signal of a rule (by id) on events, once all spans have ended."""
    engine = Engine(ruleset)
    signals = engine.match(events)
    signals += engine.tick(events[-1]["@timestamp"] + timedelta(days=400))
    return any(signal.rule_id == rule for signal in signals)


def try_case(ruleset: RuleSet, case: Case) -> Verdict:
    """Run one case through a fresh engine."""
    number = ruleset.find(case.rule)
    if number is None:
        return Verdict(case, "no such rule was loaded")
    events = case.events()
    raised = fires(ruleset, ruleset.rules[number].id, events)
    wanted = bool(case.body.get("match", True))
    if raised != wanted:
        return Verdict(case, "no signal was raised" if wanted else "a signal was raised")
    if "feeds" in case.body:
        matcher = Matcher(ruleset)
        met = any(ruleset.variants[index].rule == number for event in events for index in matcher.match(event))
        if met != bool(case.body["feeds"]):
            return Verdict(case, "the rule was not met" if not met else "the rule was met")
    return Verdict(case, "")
