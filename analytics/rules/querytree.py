"""A rule as a query over stored events: what it finds is what the engine would, or more; the engine then decides.

Every part that the stores compare differently (chains of alternative fields, expressions with look-around, keywords)
widens the query, never narrows it: ``exact`` says whether nothing was widened.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from analytics.rules.atoms import Op
from analytics.rules.lens import ALTERNATIVE
from analytics.rules.rule import KEYWORD, Atom, Expression, RuleSet
from infra.errors import AppError
from infra.events import table
from infra.events.table import FieldType
from infra.store.query.limits import check_filter
from infra.store.query.predicate import compile_predicate
from infra.store.query.tree import (
    All,
    And,
    Cidr,
    Exists,
    Filter,
    Not,
    Or,
    Prefix,
    Range,
    Term,
    Wildcard,
)

_NONE = Or(())
_TEXT = (FieldType.KEYWORD, FieldType.WILDCARD, FieldType.TEXT)


@dataclass(frozen=True, slots=True)
class RuleQuery:
    """The filter of one rule, and whether it is the rule exactly."""

    filter: Filter
    exact: bool


def query_of(ruleset: RuleSet, rule: int) -> RuleQuery:
    """The query of a rule over all its log sources."""
    found = [_variant(ruleset, index) for index, variant in enumerate(ruleset.variants) if variant.rule == rule]
    return RuleQuery(_or([one.filter for one in found]), all(one.exact for one in found))


def _variant(ruleset: RuleSet, index: int) -> RuleQuery:
    variant = ruleset.variants[index]
    where: list[Expression] = [["or", *atoms] for _, atoms in variant.where]
    widened: list[Atom] = []
    made = _and([_expression(part, ruleset, widened, positive=True) for part in (*where, variant.when)])
    return RuleQuery(made, not widened)


def _expression(expression: Expression, ruleset: RuleSet, widened: list[Atom], *, positive: bool) -> Filter:
    if isinstance(expression, bool):
        return All() if expression else _NONE
    if isinstance(expression, int):
        return _leaf(ruleset.atoms[expression], widened, positive=positive)
    word, *items = expression
    if word == "not":
        return _not(_expression(items[0], ruleset, widened, positive=not positive))
    made = [_expression(item, ruleset, widened, positive=positive) for item in items]
    return _and(made) if word == "and" else _or(made)


def _leaf(atom: Atom, widened: list[Atom], *, positive: bool) -> Filter:
    names = atom.field.split(ALTERNATIVE)
    made = None if atom.field == KEYWORD or (len(names) > 1 and not positive) else _or_none(names, atom)
    if made is not None and _fits(made):
        if len(names) > 1:
            widened.append(atom)
        return made
    widened.append(atom)
    return All() if positive else _NONE


def _or_none(names: list[str], atom: Atom) -> Filter | None:
    if atom.op in (Op.NULL, Op.ABSENT):
        return _and([Not(Exists(name)) for name in names])
    made = [_test(name, atom) for name in names]
    return None if None in made else _or([one for one in made if one is not None])


def _test(name: str, atom: Atom) -> Filter | None:
    """One comparison of one field as the stores have it; None where they have none that is the same."""
    field, key = table().resolve(name)
    textual = bool(key) or field.type in _TEXT
    if atom.op == Op.EXISTS or (atom.op == Op.CONTAINS and not atom.value):
        return Exists(name)
    if atom.op == Op.CIDR:
        network = ipaddress.ip_network(atom.value, strict=False)
        return Cidr(name, str(network)) if field.type is FieldType.IP and not key else None
    if atom.op in (Op.LT, Op.LTE, Op.GT, Op.GTE) and field.type in (FieldType.LONG, FieldType.DOUBLE):
        return Range(name, **{str(atom.op): float(atom.value)})
    if not textual:
        return Term(name, _number(atom.value)) if atom.op == Op.EQ and field.type is FieldType.LONG else None
    if field.type is FieldType.TEXT and not key:
        return None
    return _textual(name, atom)


def _number(value: str) -> int | str:
    return int(value) if value.lstrip("-").isdigit() else value


def _textual(name: str, atom: Atom) -> Filter | None:
    folded = not atom.cased
    escaped = "".join("\\" + char if char in "\\*?" else char for char in atom.value)
    if atom.op == Op.EQ:
        return Term(name, atom.value, ignore_case=folded)
    if atom.op == Op.STARTSWITH:
        return Prefix(name, atom.value, ignore_case=folded)
    patterns = {Op.CONTAINS: f"*{escaped}*", Op.ENDSWITH: f"*{escaped}", Op.WILDCARD: atom.value}
    return Wildcard(name, patterns[Op(atom.op)], ignore_case=folded) if atom.op in patterns else None


def _fits(made: Filter) -> bool:
    """Whether the stores take this part: patterns have limits of their own."""
    try:
        compile_predicate(made)
        check_filter(made)
    except AppError:
        return False
    return True


def _and(items: list[Filter]) -> Filter:
    kept = [item for item in items if item != All()]
    if _NONE in kept:
        return _NONE
    return kept[0] if len(kept) == 1 else And(tuple(kept)) if kept else All()


def _or(items: list[Filter]) -> Filter:
    kept = [item for item in items if item != _NONE]
    if All() in kept:
        return All()
    return kept[0] if len(kept) == 1 else Or(tuple(kept))


def _not(item: Filter) -> Filter:
    if item == All():
        return _NONE
    return All() if item == _NONE else Not(item)
