"""Expressions: simplified on the way in, folded by what is known, and evaluated over a set of true atoms."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from typing import Any

from analytics.rules.rule import Expression


def conjunction(items: list[Expression]) -> Expression:
    """``and`` of the items, flattened, constants folded."""
    return _combine("and", items, neutral=True)


def disjunction(items: list[Expression]) -> Expression:
    """``or`` of the items, flattened, constants folded."""
    return _combine("or", items, neutral=False)


def _combine(word: str, items: list[Expression], *, neutral: bool) -> Expression:
    kept: list[Expression] = []
    for item in items:
        if item is (not neutral):
            return not neutral
        if item is neutral:
            continue
        if isinstance(item, list) and item[0] == word:
            kept += item[1:]
        else:
            kept.append(item)
    if not kept:
        return neutral
    return kept[0] if len(kept) == 1 else [word, *kept]


def negation(item: Expression) -> Expression:
    """``not`` of the item; double negation falls away."""
    if isinstance(item, bool):
        return not item
    if isinstance(item, list) and item[0] == "not":
        return item[1]
    return ["not", item]


def rebuild(expression: Expression, leaf: Callable[[Any], Expression]) -> Expression:
    """The expression with every leaf replaced by ``leaf(it)``, simplified."""
    if isinstance(expression, bool):
        return expression
    if not isinstance(expression, list):
        return leaf(expression)
    word = expression[0]
    if word == "not":
        return negation(rebuild(expression[1], leaf))
    items = [rebuild(item, leaf) for item in expression[1:]]
    return conjunction(items) if word == "and" else disjunction(items)


def leaves(expression: Expression) -> Iterator[Any]:
    """Every leaf, in order."""
    if isinstance(expression, list):
        for item in expression[1:]:
            yield from leaves(item)
    elif not isinstance(expression, bool):
        yield expression


def evaluate(expression: Expression, true: Container[int]) -> bool:
    """The truth of the expression where exactly the atoms in ``true`` hold."""
    if isinstance(expression, bool):
        return expression
    if not isinstance(expression, list):
        return expression in true
    word = expression[0]
    if word == "not":
        return not evaluate(expression[1], true)
    if word == "and":
        return all(evaluate(item, true) for item in expression[1:])
    return any(evaluate(item, true) for item in expression[1:])


def evidence(expression: Expression, true: Container[int]) -> list[int]:
    """The atoms that made a true expression true: all branches of ``and``, the true ones of ``or``, none of ``not``."""
    if isinstance(expression, bool) or not evaluate(expression, true):
        return []
    if not isinstance(expression, list):
        return [expression]
    if expression[0] == "not":
        return []
    return [atom for item in expression[1:] for atom in evidence(item, true)]
