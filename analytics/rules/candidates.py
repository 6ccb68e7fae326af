"""Which rules are worth evaluating: a rule can only hold if one of its witness atoms does, or if it has none.

A witness is found through ``and`` (any child's, the smallest) and ``or`` (all children's together); what stands under
``not`` is never one, so a rule that a negation alone can make true is always evaluated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import Any

from analytics.rules.rule import Expression

Predicate = Callable[[Collection[int]], bool]


class Candidates:
    """The rules of a class by their witnesses. ``unknown`` atoms are decided later, event by event."""

    def __init__(self, rules: Sequence[tuple[int, Expression, Sequence[int]]], unknown: Collection[int]) -> None:
        self._expressions = {index: when for index, when, _ in rules}
        self._unknown = frozenset(unknown)
        self._predicates: dict[int, Predicate] = {}
        self._always: list[int] = []
        self._late = frozenset(
            index for index, _, atoms in rules if self._unknown and not self._unknown.isdisjoint(atoms)
        )
        by_atom: defaultdict[int, list[int]] = defaultdict(list)
        for index, when, _ in rules:
            found = witness(when, self._unknown)
            if found is None:
                self._always.append(index)
            else:
                for number in found:
                    by_atom[number].append(index)
        self._by_atom = dict(by_atom)

    def judge(self, true: set[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The rules that hold where the atoms in ``true`` do, and those that an unknown atom must still decide."""
        open_rules = set(self._always)
        for number in true:
            if number in self._by_atom:
                open_rules.update(self._by_atom[number])
        pending = tuple(sorted(open_rules & self._late)) if self._late else ()
        found = [index for index in open_rules if index not in self._late and self._predicate(index)(true)]
        return tuple(sorted(found)), pending

    def settle(self, true: Collection[int], pending: Sequence[int]) -> tuple[int, ...]:
        """Those of ``pending`` that hold, every atom known."""
        return tuple(index for index in pending if self._predicate(index)(true))

    def _predicate(self, index: int) -> Predicate:
        made = self._predicates.get(index)
        if made is None:
            made = self._predicates[index] = predicate(self._expressions[index])
        return made


def witness(expression: Expression, unknown: Collection[int] = ()) -> frozenset[int] | None:
    """Atoms of which one must be true for the expression to be; None where there is no such set."""
    if not isinstance(expression, list):
        return None if isinstance(expression, bool) or expression in unknown else frozenset((expression,))
    word, *items = expression
    if word == "not":
        return None
    found = [witness(item, unknown) for item in items]
    if word == "and":
        return min((one for one in found if one is not None), key=len, default=None)
    return None if None in found else frozenset().union(*(one for one in found if one is not None))


def predicate(expression: Expression) -> Predicate:
    """The expression as generated Python over the set ``t`` of true atoms."""
    names: dict[str, Any] = {}
    code = _code(expression, names)
    return eval(f"lambda t: {code}", names)  # type: ignore[no-any-return] # noqa: S307 - made here from numbers only


def _code(expression: Expression, names: dict[str, Any]) -> str:
    if not isinstance(expression, list):
        return str(expression) if isinstance(expression, bool) else f"({expression} in t)"
    word, *items = expression
    if word == "not":
        return f"(not {_code(items[0], names)})"
    atoms = [item for item in items if isinstance(item, int)]
    parts = [_code(item, names) for item in items if not isinstance(item, int)]
    if len(atoms) > 2:
        name = f"s{len(names)}"
        names[name] = frozenset(atoms)
        parts.insert(0, f"({name} <= t)" if word == "and" else f"(not {name}.isdisjoint(t))")
    else:
        parts = [f"({atom} in t)" for atom in atoms] + parts
    return f"({f' {word} '.join(parts)})"
