"""Correlations find the rules they refer to; chains are put in order, circles and loose ends are failures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sigma.correlations import (
    CorrelationConditionAND,
    CorrelationConditionNOT,
    SigmaCorrelationRule,
    SigmaExtendedCorrelationCondition,
    SigmaRuleReference,
)

from analytics.rules.assemble import Assembly
from analytics.rules.describe import describe
from analytics.rules.documents import Document
from analytics.rules.rule import Bound, Correlation, Expression, Failure, Rule

OPERATORS = ("gt", "gte", "lt", "lte", "eq", "neq")
_Pair = tuple[SigmaCorrelationRule, Document]


class Linker:
    """Links the correlations of one set to its rules."""

    def __init__(self, assembly: Assembly, pairs: Sequence[_Pair]) -> None:
        self._assembly = assembly
        self._rules = list(assembly.rules)
        self._numbers: dict[str, int] = {}
        for number, rule in enumerate(self._rules):
            self._numbers |= {key: number for key in (rule.id, rule.name) if key}
        self.correlations: list[Correlation] = []
        self.failures: list[Failure] = []
        self._place(list(pairs))

    def rules(self) -> list[Rule]:
        """All rules; those that only feed correlations are hidden."""
        fed: dict[int, bool] = {}
        for correlation in self.correlations:
            for number in correlation.rules:
                fed[number] = fed.get(number, False) or correlation.generate
        return [
            msgspec.structs.replace(rule, hidden=True) if number in fed and not fed[number] else rule
            for number, rule in enumerate(self._rules)
        ]

    def _place(self, waiting: list[_Pair]) -> None:
        """Take correlations whose rules are all known until none is left that could be taken."""
        while waiting:
            ready = [pair for pair in waiting if all(name in self._numbers for name in _references(pair[0]))]
            if not ready:
                break
            for pair in ready:
                self._link(*pair)
            waiting = [pair for pair in waiting if pair not in ready]
        names = {key for one, _ in waiting for key in (str(one.id), one.name) if key}
        self.failures += [self._unplaced(one, document, names) for one, document in waiting]

    def _unplaced(self, one: SigmaCorrelationRule, document: Document, names: set[str]) -> Failure:
        missing = [name for name in _references(one) if name not in self._numbers]
        lost = [name for name in missing if name not in names]
        place = document.place("correlation", "rules")
        if lost:
            return Failure(place, "reference", {"name": lost[0]}, str(one.id))
        return Failure(place, "cycle", {}, str(one.id))

    def _link(self, one: SigmaCorrelationRule, document: Document) -> None:
        number = len(self._rules)
        rule = describe(one, document)
        self._rules.append(rule)
        self._numbers |= {key: number for key in (rule.id, rule.name) if key}
        correlation = self._correlation(one, document, number)
        self.correlations.append(correlation)
        for name in (*correlation.group_by, *correlation.fields):
            for fed in correlation.rules:
                self._assembly.name(fed, correlation.aliases.get(name, {}).get(fed, name))

    def _correlation(self, one: SigmaCorrelationRule, document: Document, number: int) -> Correlation:
        condition: Any = one.condition
        extended = isinstance(condition, SigmaExtendedCorrelationCondition)
        fields = () if extended else condition.fieldref or ()
        return Correlation(
            rule=number,
            kind=one.type.name.lower(),
            rules=tuple(self._numbers[name] for name in _references(one)),
            group_by=tuple(one.group_by or ()),
            aliases={
                alias.alias: {self._numbers[ref.reference]: name for ref, name in alias.mapping.items()}
                for alias in one.aliases
            },
            timespan_s=float(one.timespan.seconds),
            bounds=() if extended else _bounds(document.tree["correlation"].get("condition"), condition),
            fields=(fields,) if isinstance(fields, str) else tuple(fields),
            percentile=0.0 if extended else float(condition.percentile or 0),
            expression=self._expression(condition.parsed) if extended else True,
            generate=bool(one.generate),
        )

    def _expression(self, node: Any) -> Expression:
        if isinstance(node, SigmaRuleReference):
            return self._numbers[node.reference]
        items = [self._expression(item) for item in node.args]
        if isinstance(node, CorrelationConditionNOT):
            return ["not", items[0]]
        return ["and" if isinstance(node, CorrelationConditionAND) else "or", *items]


def _references(one: SigmaCorrelationRule) -> list[str]:
    if one.rules:
        return [ref.reference for ref in one.rules]
    condition: Any = one.condition
    return list(condition.get_referenced_rules())


def _bounds(written: Any, condition: Any) -> tuple[Bound, ...]:
    """Every bound as written (pySigma keeps one); without any, pySigma's default for temporal kinds."""
    found = [Bound(op, float(written[op])) for op in OPERATORS if op in written] if isinstance(written, dict) else []
    return tuple(found) or (Bound(condition.op.name.lower(), float(condition.count)),)
