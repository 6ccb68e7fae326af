"""Why a rule did or did not match an event: the verdict of every part, on every log source it knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analytics.rules.atoms import MISSING, Op, text
from analytics.rules.lens import ALTERNATIVE, Lens, read
from analytics.rules.report import Reporter
from analytics.rules.rule import KEYWORD, Expression, RuleSet

MAX_SHOWN = 200


def explain(ruleset: RuleSet, rule: int, event: Mapping[str, Any], lens: Lens) -> dict[str, Any]:
    """The verdict of a rule on an event, part by part; ``matched`` is what the engine says."""
    reporter = Reporter(ruleset, lens)
    routes = [
        _Route(ruleset, reporter, lens, dict(event)).of(index)
        for index, variant in enumerate(ruleset.variants)
        if variant.rule == rule
    ]
    described = ruleset.rules[rule]
    return {
        "rule": {"id": described.id, "name": described.title},
        "matched": any(route["matched"] for route in routes),
        "routes": routes,
    }


class _Route:
    def __init__(self, ruleset: RuleSet, reporter: Reporter, lens: Lens, event: dict[str, Any]) -> None:
        self._ruleset = ruleset
        self._reporter = reporter
        self._lens = lens
        self._event = event

    def of(self, index: int) -> dict[str, Any]:
        variant = self._ruleset.variants[index]
        where = [self._any(name, atoms) for name, atoms in variant.where]
        applies = all(part["holds"] for part in where)
        part = self._part(variant.when)
        return {"applies": applies, "matched": applies and part["holds"], "where": where, "condition": part}

    def _any(self, name: str, atoms: tuple[int, ...]) -> dict[str, Any]:
        parts = [self._part(number) for number in atoms]
        wanted = [part["pattern"] for part in parts]
        found = read(self._lens, self._event, name)
        return {"field": name, "wanted": wanted, "found": _shown(found), "holds": any(part["holds"] for part in parts)}

    def _part(self, expression: Expression) -> dict[str, Any]:
        if isinstance(expression, bool):
            return {"is": "constant", "holds": expression}
        if isinstance(expression, int):
            return self._leaf(expression)
        word, *items = expression
        parts = [self._part(item) for item in items]
        verdicts = [part["holds"] for part in parts]
        holds = not verdicts[0] if word == "not" else all(verdicts) if word == "and" else any(verdicts)
        return {"is": word, "holds": holds, "parts": parts}

    def _leaf(self, number: int) -> dict[str, Any]:
        from analytics.rules.atoms import show

        atom = self._ruleset.atoms[number]
        found = "*" if atom.field == KEYWORD else _shown(read(self._lens, self._event, atom.field))
        field = "*" if atom.field == KEYWORD else atom.field.partition(ALTERNATIVE)[0]
        if atom.op != Op.FIELDREF and atom.field != KEYWORD:
            field = next((name for name in atom.field.split(ALTERNATIVE) if self._has(name)), field)
        holds = self._reporter.atom_holds(atom, self._event)
        return {"is": str(atom.op), "field": field, "pattern": show(atom), "found": found, "holds": holds}

    def _has(self, name: str) -> bool:
        return read(self._lens, self._event, name) is not MISSING


def _shown(value: Any) -> Any:
    if value is MISSING:
        return None
    return text(value)[:MAX_SHOWN] if not isinstance(value, list | tuple) else [text(item) for item in value][:20]
