"""Suppression: a Sigma filter document with owner, reason and expiry, and the proof that it hides no tested attack.

A filter is and-ed to the rules it names as it is written, so it hides what its condition denies (``not known``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import msgspec

from analytics.rules.cases import Case, cases_of, fires
from analytics.rules.changes import filter_path, written_path
from analytics.rules.closure import Closures
from analytics.rules.documents import TESTS, Document, read_documents
from analytics.rules.expression import rebuild
from analytics.rules.lint import Finding, Severity, doubts, failed, refusal
from analytics.rules.load import compile_files
from analytics.rules.rule import Rule, RuleSet
from analytics.rules.trial import raising
from infra.errors import AppError

TRIED = "filter"
PATH = filter_path(TRIED)
"""Where a filter on trial seems to lie: places in findings begin with it."""
MAX_CASES = 2_000


class SuppressionState(StrEnum):
    """Whether it hides anything now."""

    ACTIVE = "active"
    EXPIRED = "expired"
    ENDED = "ended"


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """One suppression with who made it, why, until when, and what was proven."""

    id: str
    title: str
    source: str
    owner: str
    reason: str
    made: datetime
    maker: str
    expires: datetime
    ended: datetime | None
    ender: str
    proof: Proof

    def state(self, now: datetime) -> SuppressionState:
        """Ended by a person, run out, or in force."""
        if self.ended is not None:
            return SuppressionState.ENDED
        return SuppressionState.ACTIVE if now < self.expires else SuppressionState.EXPIRED


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """``rules`` it applies to and those fed by them, as (id, title); ``held`` positive tests still fire, ``lost`` ones
    (rule title, test) do not; ``untested`` rules have no positive test, so nothing is proven of them."""

    title: str = ""
    findings: tuple[Finding, ...] = ()
    rules: tuple[tuple[str, str], ...] = ()
    held: int = 0
    lost: tuple[tuple[str, str], ...] = ()
    untested: tuple[tuple[str, str], ...] = ()

    @property
    def ready(self) -> bool:
        """Whether it may be put in force."""
        return bool(self.rules) and not self.lost and all(one.severity != Severity.ERROR for one in self.findings)


class Pair(msgspec.Struct, frozen=True):
    """The rules a filter applies to, without it and with it, each raising its signals; ``rules`` are the numbers of
    those that differ."""

    without: RuleSet
    filtered: RuleSet
    rules: tuple[int, ...]


Texts = Callable[[Sequence[str] | None], Sequence[tuple[Path, bytes]]]
"""Gives the files of rules by id or name with all they feed; of every rule for None."""
Tests = Callable[[Sequence[str]], Mapping[str, str]]
"""Gives the tests of rules by id; '' of those that have none."""


def named_rules(source: str) -> tuple[list[Document], list[Finding], list[str] | None]:
    """The document of a filter, what is wrong with its shape, and the rules it names (None for any)."""
    documents, failures = read_documents(PATH, source.encode())
    findings = [failed(one) for one in failures]
    if not findings and (len(documents) != 1 or "filter" not in documents[0].tree):
        findings = [refusal(f"{PATH}:1:1", "one_filter")]
    if findings:
        return [], findings, []
    body = documents[0].tree["filter"]
    named = body.get("rules") if isinstance(body, dict) else None
    if named == "any" or named == ["any"]:
        return documents, [], None
    return documents, [], [str(one) for one in named] if isinstance(named, list) else [str(named or "")]


def pair_of(source: str, texts: Texts, values: Mapping[str, Sequence[str]]) -> Pair:
    """Both sets; a filter that cannot be read applies to nothing."""
    _, findings, named = named_rules(source)
    if findings:
        return Pair(RuleSet(), RuleSet(), ())
    files = texts(named)
    without = compile_files(files, values)
    filtered = compile_files([*files, (PATH, source.encode())], values)
    return Pair(raising(without), raising(filtered), _differing(without, filtered))


def prove(source: str, pair: Pair, tests: Tests) -> Proof:
    """Run every positive test of the rules concerned through both sets."""
    documents, findings, _ = named_rules(source)
    if findings:
        return Proof(findings=tuple(findings))
    found = doubts(documents, pair.filtered, str(PATH))
    found = [msgspec.structs.replace(one, severity=Severity.ERROR) if one.code == "filter_polarity" else one
             for one in found]  # fmt: skip
    if not pair.rules and not any(one.severity is Severity.ERROR for one in found):
        found.append(refusal(documents[0].place("filter", "rules"), "filter_idle"))
    rules = [pair.without.rules[number] for number in pair.rules]
    texts, sets = tests([rule.id for rule in rules]), (Closures(pair.without), Closures(pair.filtered))
    tried = [_tried(rule, texts.get(rule.id, ""), sets[0].of(rule.id), sets[1].of(rule.id)) for rule in rules]
    found += [finding for one in tried for finding in one.wrong]
    lost = [(rule.title, case) for rule, one in zip(rules, tried, strict=True) for case in one.lost]
    untested = [(rule.id, rule.title) for rule, one in zip(rules, tried, strict=True) if one.nothing]
    held = sum(one.held for one in tried)
    title = str(documents[0].tree.get("title", ""))
    return Proof(
        title=title, findings=tuple(found), rules=tuple((rule.id, rule.title) for rule in rules), held=held,
        lost=tuple(lost), untested=tuple(untested),
    )  # fmt: skip


def _differing(without: RuleSet, filtered: RuleSet) -> tuple[int, ...]:
    """Rules that read differently under the filter, and the correlations they feed."""
    numbers = {rule.id: number for number, rule in enumerate(without.rules)}
    shapes = [_shapes(ruleset) for ruleset in (without, filtered)]
    found = {numbers[rule_id] for rule_id, shape in shapes[0].items() if shapes[1].get(rule_id) != shape}
    for one in without.correlations:
        if found & set(one.rules):
            found.add(one.rule)
    return tuple(sorted(found))


def _shapes(ruleset: RuleSet) -> dict[str, list[str]]:
    """What each rule holds on, route and condition, with the atoms written out: their numbers differ from set to
    set."""
    names = [repr(atom) for atom in ruleset.atoms]
    shapes: dict[str, list[str]] = {}
    for variant in ruleset.variants:
        where = [(field, [names[number] for number in atoms]) for field, atoms in variant.where]
        when = rebuild(variant.when, names.__getitem__)
        shapes.setdefault(ruleset.rules[variant.rule].id, []).append(repr((where, when)))
    return shapes


class _Tried(msgspec.Struct, frozen=True):
    held: int
    lost: list[str]
    wrong: list[Finding]

    @property
    def nothing(self) -> bool:
        """Whether there was nothing to try."""
        return not (self.held or self.lost or self.wrong)


def _tried(rule: Rule, text: str, without: RuleSet, filtered: RuleSet) -> _Tried:
    """Positive tests of one rule through both sets; one that does not even fire without the filter proves nothing."""
    held, lost = 0, []
    try:
        cases = _positive(text, _tests_path(rule))
    except AppError as error:
        return _Tried(0, [], [Finding(f"{_tests_path(rule)}:1:1", Severity.ERROR, "tests", str(error), "", rule.id)])
    for case in cases:
        events = case.events()
        if fires(filtered, rule.id, events):
            held += 1
        elif fires(without, rule.id, events):
            lost.append(case.name)
    return _Tried(held, lost, [])


def _tests_path(rule: Rule) -> str:
    return str(written_path(rule.id).with_suffix("")) + TESTS


def _positive(text: str, path: str) -> list[Case]:
    cases = cases_of(text, path) if text.strip() else []
    return [case for case in cases if case.body.get("match", True) or case.body.get("feeds")][:MAX_CASES]
