"""A text on trial before anything is in force: linted, compiled beside the rules it refers to, its tests run."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from analytics.rules.cases import cases_of, try_case
from analytics.rules.documents import Document, read_documents
from analytics.rules.lint import Finding, Severity, broken, doubts, failed, refusal
from analytics.rules.load import compile_files
from analytics.rules.rule import Rule, RuleSet
from infra.errors import AppError

PATH = Path("rule.yml")
TESTS_PATH = "rule.test.yml"
Beside = Callable[[Sequence[str], str], Sequence[tuple[Path, bytes]]]
"""Gives the files of rules by id or name, of those they refer to in turn, and of those the rule of an id feeds."""


class CaseResult(msgspec.Struct, frozen=True, kw_only=True):
    """One test: whether a signal was ``wanted``; ``problem`` is '' where it passed."""

    name: str
    wanted: bool
    problem: str

    @property
    def passed(self) -> bool:
        """Whether it went as wanted."""
        return not self.problem


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """How a text did: ``ready`` when nothing keeps it from working and every test passed."""

    rule: Rule | None
    findings: tuple[Finding, ...]
    cases: tuple[CaseResult, ...]
    ready: bool


def try_out(source: str, tests: str, beside: Beside, values: Mapping[str, Sequence[str]]) -> Trial:
    """Lint and test one rule."""
    documents, failures = read_documents(PATH, source.encode())
    findings = [failed(one) for one in failures] + _alone(documents)
    if findings:
        return Trial(rule=None, findings=tuple(findings), cases=(), ready=False)
    ruleset = trial_set(source, beside, values)
    mine = _mine(ruleset)
    findings = doubts(documents, ruleset, str(PATH))
    findings += broken(str(PATH), ruleset, lambda: _in_force(documents, beside, values))
    cases, wrong = _cases(ruleset, mine, tests)
    findings += wrong
    failing = any(one.severity is Severity.ERROR for one in findings) or any(one.problem for one in cases)
    return Trial(rule=mine, findings=tuple(findings), cases=tuple(cases), ready=mine is not None and not failing)


def trial_set(source: str, beside: Beside, values: Mapping[str, Sequence[str]]) -> RuleSet:
    """The rule of a text with those it refers to, and those that refer to it."""
    documents, _ = read_documents(PATH, source.encode())
    return compile_files([*beside(*_beside_what(documents)), (PATH, source.encode())], values)


def raising(ruleset: RuleSet) -> RuleSet:
    """The set where rules that only feed others, or are on trial, raise their signals too."""
    rules = [msgspec.structs.replace(rule, hidden=False, canary=False) for rule in ruleset.rules]
    return msgspec.structs.replace(ruleset, rules=rules)


def references(document: Document) -> list[str]:
    """Names that a correlation's text mentions: its rules, or every word of its condition."""
    tree = document.tree.get("correlation")
    if not isinstance(tree, dict):
        return []
    listed = tree.get("rules")
    if isinstance(listed, list | str):
        return [str(one) for one in ([listed] if isinstance(listed, str) else listed)]
    return re.findall(r"[\w-]+", str(tree.get("condition", "")))


def _beside_what(documents: Sequence[Document]) -> tuple[list[str], str]:
    """The names a text refers to, and the id it has."""
    named = [name for document in documents for name in references(document)]
    return named, next((str(document.tree.get("id", "")) for document in documents), "")


def _in_force(documents: Sequence[Document], beside: Beside, values: Mapping[str, Sequence[str]]) -> RuleSet:
    """The same set with the text in force in the place of the one on trial."""
    named, mine = _beside_what(documents)
    files = dict([*beside(named, mine), *beside([mine], "")])
    return compile_files(list(files.items()), values)


def _mine(ruleset: RuleSet) -> Rule | None:
    return next((rule for rule in ruleset.rules if rule.path == str(PATH)), None)


def _alone(documents: Sequence[Document]) -> list[Finding]:
    """A text is one rule with an id, so that its history can be kept."""
    if len(documents) != 1 or not ({"detection", "correlation"} & documents[0].tree.keys()):
        return [refusal(f"{PATH}:1:1", "one_rule")]
    if not documents[0].tree.get("id"):
        return [refusal(f"{PATH}:1:1", "no_id")]
    return []


def _cases(ruleset: RuleSet, mine: Rule | None, tests: str) -> tuple[list[CaseResult], list[Finding]]:
    if not tests.strip():
        return [], []
    try:
        cases = cases_of(tests, TESTS_PATH)
    except AppError as error:
        return [], [Finding(TESTS_PATH + ":1:1", Severity.ERROR, "tests", str(error), "")]
    if mine is None:
        return [], []
    if any(case.rule not in (mine.id, mine.name) for case in cases):
        return [], [refusal(f"{TESTS_PATH}:1:1", "tests_of_another", rule=mine.id)]
    results = [
        CaseResult(name=case.name, wanted=bool(case.body.get("match", True)), problem=try_case(ruleset, case).problem)
        for case in cases
    ]
    return results, []
