"""What is doubtful about rules that load: unused parts, names nobody fills, twins, polarity, missing words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from analytics.rules.documents import MAX_BYTES, Document, read_documents, rule_files
from analytics.rules.lens import ALTERNATIVE
from analytics.rules.rule import Failure, Rule, RuleSet
from infra.events import table
from infra.events.table import OVERFLOW
from infra.text import say


class Severity(StrEnum):
    """How bad a finding is: an error keeps the rule from working."""

    ERROR = "error"
    WARNING = "warning"


class Finding(msgspec.Struct, frozen=True):
    """One finding of the linter."""

    place: str
    severity: Severity
    code: str
    problem: str
    remedy: str
    rule_id: str = ""


def lint(paths: Sequence[Path], ruleset: RuleSet) -> list[Finding]:
    """Every failure and every doubt about the rules below ``paths``, which ``ruleset`` was loaded from."""
    found = _of_set(ruleset)
    for path in rule_files(paths):
        documents, _ = read_documents(path, path.read_bytes()[: MAX_BYTES + 1])
        for document in documents:
            found += _document(document)
    return _ordered(found)


def doubts(documents: Sequence[Document], ruleset: RuleSet, path: str) -> list[Finding]:
    """The same about these documents alone; ``ruleset`` may hold others beside those of ``path``."""
    found = [one for one in _of_set(ruleset) if one.place.startswith(f"{path}:")]
    return _ordered(found + [one for document in documents for one in _document(document)])


def broken(path: str, ruleset: RuleSet, before: Callable[[], RuleSet]) -> list[Finding]:
    """Rules beside the text of ``path`` that work in the set ``before`` and fail beside it."""
    beside = [one for one in ruleset.failures if _file(one) != path]
    known = {_file(one) for one in before().failures} if beside else set()
    return [failed(one) for one in beside if _file(one) not in known]


def failed(failure: Failure) -> Finding:
    """The finding of a failure."""
    return Finding(failure.place, Severity.ERROR, failure.key, failure.problem, failure.remedy, failure.rule_id)


def refusal(place: str, code: str, **detail: str) -> Finding:
    """An error that is not the rule's own: the text cannot be taken as it stands."""
    key = f"analytics.rules.lint.{code}"
    return Finding(place, Severity.ERROR, code, say(key, **detail), say(f"{key}_remedy", **detail))


def _of_set(ruleset: RuleSet) -> list[Finding]:
    return [*map(failed, ruleset.failures), *_twins(ruleset), *_unknown_fields(ruleset)]


def _file(failure: Failure) -> str:
    return failure.place.rsplit(":", 2)[0]


def _ordered(found: Iterable[Finding]) -> list[Finding]:
    return sorted(found, key=lambda finding: (finding.severity, finding.place))


def _doubt(place: str, code: str, rule_id: str = "", **detail: str) -> Finding:
    key = f"analytics.rules.lint.{code}"
    return Finding(place, Severity.WARNING, code, say(key, **detail), say(f"{key}_remedy", **detail), rule_id)


def _twins(ruleset: RuleSet) -> Iterator[Finding]:
    """Rules that hold on exactly the same events, and ids used twice."""
    shapes: dict[str, Rule] = {}
    ids: dict[str, Rule] = {}
    by_rule: dict[int, list[Any]] = {}
    for variant in ruleset.variants:
        by_rule.setdefault(variant.rule, []).append((variant.where, variant.when))
    for number, rule in enumerate(ruleset.rules):
        if rule.id in ids:
            yield _doubt(f"{rule.path}:1:1", "same_id", rule.id, other=ids[rule.id].path)
        ids[rule.id] = rule
        shape = repr(by_rule.get(number))
        if number in by_rule and shape in shapes:
            yield _doubt(f"{rule.path}:1:1", "twin", rule.id, other=shapes[shape].path)
        shapes[shape] = rule


def _unknown_fields(ruleset: RuleSet) -> Iterator[Finding]:
    """Fields that only the overflow could hold: no parser of ours fills them."""
    told: set[tuple[int, str]] = set()
    for variant in ruleset.variants:
        for number in variant.atoms:
            names = ruleset.atoms[number].field.split(ALTERNATIVE)
            lost = [name for name in names if name and table().resolve(name)[0].name == OVERFLOW]
            if lost and len(lost) == len(names) and (variant.rule, lost[0]) not in told:
                told.add((variant.rule, lost[0]))
                rule = ruleset.rules[variant.rule]
                yield _doubt(f"{rule.path}:1:1", "unknown_field", rule.id, field=lost[0], logsource=str(rule.logsource))


def _document(document: Document) -> Iterator[Finding]:
    tree = document.tree
    rule_id = str(tree.get("id", ""))
    if "filter" in tree:
        yield from _polarity(document, rule_id)
    for name in ("id", "description", "author", "level", "falsepositives", "tags"):
        if "detection" in tree and not tree.get(name):
            yield _doubt(document.place(), "no_words", rule_id, field=name)
    detection = tree.get("detection")
    if isinstance(detection, dict):
        yield from _selections(document, detection, rule_id)
        yield from _stars(document, detection, rule_id)


def _polarity(document: Document, rule_id: str) -> Iterator[Finding]:
    condition = str((document.tree.get("filter") or {}).get("condition", ""))
    if condition and not re.search(r"\bnot\b", condition):
        yield _doubt(document.place("filter", "condition"), "filter_polarity", rule_id)


def _selections(document: Document, detection: dict[str, Any], rule_id: str) -> Iterator[Finding]:
    conditions = detection.get("condition")
    words = " ".join(map(str, conditions if isinstance(conditions, list) else [conditions]))
    tokens = re.findall(r"[\w*-]+", words)
    for name in detection:
        if name in ("condition", "timeframe") or str(name).startswith("_"):
            continue
        named = any(re.fullmatch(re.escape(token).replace(r"\*", ".*"), str(name)) for token in tokens)
        if not named and "them" not in tokens:
            yield _doubt(document.place("detection", str(name)), "unused", rule_id, name=str(name))


def _stars(document: Document, detection: dict[str, Any], rule_id: str) -> Iterator[Finding]:
    r"""``\*`` is a literal star; behind a path it is mostly meant as backslash and wildcard, which is ``\\*``."""
    for name, body in detection.items():
        for key, value in _pairs(body):
            if "re" not in key.split("|")[1:] and isinstance(value, str) and re.search(r"(?<!\\)\\\*$", value):
                yield _doubt(document.place("detection", str(name), key), "literal_star", rule_id, value=value[:80])


def _pairs(body: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(body, list):
        for item in body:
            yield from _pairs(item)
    elif isinstance(body, dict):
        for key, value in body.items():
            for item in value if isinstance(value, list) else [value]:
                yield str(key), item
