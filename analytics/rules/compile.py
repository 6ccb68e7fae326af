"""From documents to a rule set: what pySigma parses, translated, filtered, mapped; correlations resolved last."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from pyparsing import ParseBaseException
from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaConditionError, SigmaError
from sigma.filters import SigmaFilter
from sigma.policy.profiles import TrustedPolicy
from sigma.rule import SigmaDetectionItem, SigmaRule

from analytics.rules.assemble import Assembly, UnmappedFieldError
from analytics.rules.describe import describe
from analytics.rules.documents import Document
from analytics.rules.expression import conjunction, disjunction
from analytics.rules.link import OPERATORS, Linker
from analytics.rules.mapping import shipped_mapping
from analytics.rules.rule import Expression, Failure, RuleSet
from analytics.rules.translate import UntranslatableError, translate


class Compilation:
    """Takes documents, gives a rule set."""

    def __init__(self, placeholders: Mapping[str, Sequence[str]]) -> None:
        self._placeholders = placeholders
        self._assembly = Assembly(shipped_mapping())
        self._rules: list[tuple[SigmaRule, Document]] = []
        self._filters: list[tuple[SigmaFilter, Document]] = []
        self._correlations: list[tuple[SigmaCorrelationRule, Document]] = []
        self.failures: list[Failure] = []

    def take(self, documents: Sequence[Document]) -> None:
        """Parse the documents of one file (``action: global`` and ``repeat`` work across them)."""
        shared: list[Any] = []
        for document in documents:
            tree = _aliased(document.tree)
            if "action" in tree or shared:
                shared.append(tree)
                trees = copy.deepcopy(shared)
            else:
                trees = [tree]
            self._parse(document, trees, already=len(shared) - 1 if shared else 0)

    def _parse(self, document: Document, trees: list[Any], already: int) -> None:
        try:
            found = SigmaCollection.from_dicts(
                trees, collect_errors=True, collect_filters=True, resolve_references=False, policy=TrustedPolicy
            )
        except (
            SigmaError,
            ParseBaseException,
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
            RecursionError,
        ) as error:
            self.failures.append(self._failure(document, error))
            return
        for parsed in [*found.rules, *found.filters][-1:] if already else [*found.rules, *found.filters]:
            self._sort(parsed, document)
        if found.errors and not (found.rules or found.filters):
            self.failures.append(self._failure(document, found.errors[0]))

    def _sort(self, parsed: Any, document: Document) -> None:
        if parsed.errors:
            self.failures.append(self._failure(document, parsed.errors[0]))
        elif isinstance(parsed, SigmaFilter):
            self._filters.append((parsed, document))
        elif isinstance(parsed, SigmaCorrelationRule):
            self._correlations.append((parsed, document))
        else:
            self._rules.append((parsed, document))

    def finish(self) -> RuleSet:
        """Everything taken, as a rule set."""
        filters = [(one, expression) for one, document in self._filters if (expression := self._filter(one, document))]
        for rule, document in self._rules:
            self._add(rule, document, filters)
        linker = Linker(self._assembly, self._correlations)
        self.failures += linker.failures
        return RuleSet(
            rules=linker.rules(),
            atoms=list(self._assembly.atoms),
            variants=self._assembly.variants,
            correlations=linker.correlations,
            failures=self.failures,
        )

    def _add(self, rule: SigmaRule, document: Document, filters: Sequence[tuple[SigmaFilter, Expression]]) -> None:
        described = describe(rule, document)
        try:
            expression = self._expression(rule.detection)
            limits = [limit for one, limit in filters if one._should_apply_on_rule(rule)]
            self._assembly.add(described, conjunction([expression, *limits]))
        except UnmappedFieldError as error:
            detail = {"field": error.name, "logsource": str(described.logsource)}
            self.failures.append(Failure(_field_place(document, error.name), "unmapped", detail, described.id))
        except (SigmaError, ParseBaseException, RecursionError) as error:
            self.failures.append(self._failure(document, error, described.id))

    def _filter(self, one: SigmaFilter, document: Document) -> Expression | None:
        """pySigma's reading: the filter's condition is and-ed to the rule's as it is written."""
        try:
            return self._expression(one.filter)
        except (SigmaError, ParseBaseException) as error:
            self.failures.append(self._failure(document, error))
            return None

    def _expression(self, detection: Any) -> Expression:
        parsed = [translate(condition.parsed, self._placeholders) for condition in detection.parsed_condition]
        return disjunction(parsed)

    def _failure(self, document: Document, error: Exception, rule_id: str = "") -> Failure:
        words = str(error.args[0]) if error.args else type(error).__name__
        key = "unsupported" if isinstance(error, UntranslatableError) else "invalid"
        if "placeholder" in words:
            key = "placeholder"
        rule_id = rule_id or str(document.tree.get("id", ""))
        return Failure(_error_place(document, error), key, {"problem": words[:300]}, rule_id)


def _aliased(tree: dict[str, Any]) -> dict[str, Any]:
    """``utf16le`` is the specification's name of what pySigma calls ``wide``."""
    for part in ("detection", "filter"):
        if isinstance(tree.get(part), dict):
            tree = {**tree, part: _rename(tree[part])}
    correlation = tree.get("correlation")
    if isinstance(correlation, dict) and isinstance(correlation.get("condition"), dict):
        tree = {**tree, "correlation": {**correlation, "condition": _one_bound(correlation["condition"])}}
    return tree


def _one_bound(condition: dict[str, Any]) -> dict[str, Any]:
    """pySigma takes one bound, the specification two (a range); the linker reads all from the document."""
    bounds = [op for op in OPERATORS if op in condition]
    return {key: value for key, value in condition.items() if key not in bounds[1:]}


def _rename(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            "|".join("wide" if part == "utf16le" else part for part in key.split("|"))
            if isinstance(key, str)
            else key: (_rename(item))
            for key, item in value.items()
        }
    return [_rename(item) for item in value] if isinstance(value, list) else value


def _error_place(document: Document, error: Exception) -> str:
    section = (
        "filter" if "filter" in document.tree else "correlation" if "correlation" in document.tree else "detection"
    )
    if isinstance(error, SigmaConditionError):
        return document.place(section, "condition")
    for name, body in _items(document.tree.get(section)):
        for key, value in _items(body):
            if _broken(key, value, str(error)):
                return document.place(section, name, key)
    for name in ("logsource", "level", "status", "id", "date", "tags", "related"):
        if name in str(error).lower().replace(" ", ""):
            return document.place(name)
    return document.place(section)


def _items(body: Any) -> list[tuple[str, Any]]:
    if isinstance(body, dict):
        return [(str(key), value) for key, value in body.items()]
    if isinstance(body, list):
        return [pair for item in body for pair in _items(item)]
    return []


def _broken(key: str, value: Any, words: str) -> bool:
    """Whether this one item alone fails the way the rule did."""
    try:
        item = SigmaDetectionItem.from_mapping(key.replace("utf16le", "wide"), value, policy=TrustedPolicy)
        for one in item.value:
            translate_value(item.field or "", one)
    except (SigmaError, ValueError, TypeError) as error:
        return bool(error.args) and str(error.args[0])[:40] in words
    return False


def translate_value(field: str, value: Any) -> Expression:
    """The expression of one value of one field."""
    from sigma.conditions import ConditionFieldEqualsValueExpression

    return translate(ConditionFieldEqualsValueExpression(field, value), {})


def _field_place(document: Document, name: str) -> str:
    detection = document.tree.get("detection")
    for selection, body in _items(detection):
        for key, _ in _items(body):
            if key.partition("|")[0] == name:
                return document.place("detection", selection, key)
    return document.place("detection")
