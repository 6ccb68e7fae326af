"""pySigma's tree becomes our own: nested lists with atoms on Sigma field names, nothing of pySigma left inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.exceptions import SigmaError
from sigma.types import (
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
)

from analytics.rules.atoms import Op
from analytics.rules.hazard import check_regex
from analytics.rules.rule import KEYWORD, Atom, Expression

Placeholders = Mapping[str, Sequence[str]]


class UntranslatableError(SigmaError):
    """A value or condition that no engine can decide; the text says what and what to do."""


def translate(node: Any, placeholders: Placeholders) -> Expression:
    """The expression of a parsed pySigma condition; leaves are ``Atom``s on Sigma field names."""
    if isinstance(node, ConditionAND | ConditionOR):
        word = "and" if isinstance(node, ConditionAND) else "or"
        return [word, *(translate(item, placeholders) for item in node.args)]
    if isinstance(node, ConditionNOT):
        return ["not", translate(node.args[0], placeholders)]
    if isinstance(node, ConditionFieldEqualsValueExpression):
        return _leaf(node.field, node.value, placeholders)
    if isinstance(node, ConditionValueExpression):
        return _leaf(KEYWORD, node.value, placeholders)
    raise UntranslatableError("the condition is empty")


def _leaf(field: str, value: Any, placeholders: Placeholders) -> Expression:
    if isinstance(value, SigmaExpansion):
        return ["or", *(_leaf(field, item, placeholders) for item in value.values)]
    if isinstance(value, SigmaString | SigmaRegularExpression) and value.contains_placeholder():
        return ["or", *(_leaf(field, item, {}) for item in _resolved(value, placeholders))]
    for kind, make in _MAKERS:
        if isinstance(value, kind):
            return make(field, value)
    raise UntranslatableError(f"values of type {type(value).__name__} are not supported")


def _resolved(value: Any, placeholders: Placeholders) -> list[Any]:
    def values(placeholder: Placeholder) -> Any:
        if placeholder.name not in placeholders:
            raise UntranslatableError(f"placeholder %{placeholder.name}% has no values")
        yield from (SigmaString(item) for item in placeholders[placeholder.name])

    return list(value.replace_placeholders(values))


def _string(field: str, value: Any) -> Expression:
    parts = _merged(value.s)
    cased = isinstance(value, SigmaCasedString)
    if field == KEYWORD:
        parts = [SpecialChars.WILDCARD_MULTI, *parts, SpecialChars.WILDCARD_MULTI]
        parts = _merged(parts)
    shape = "".join(
        "s" if isinstance(part, str) else "*" if part is SpecialChars.WILDCARD_MULTI else "?" for part in parts
    )
    words = "".join(part for part in parts if isinstance(part, str))
    if op := _SHAPES.get(shape):
        return Atom(field, op, words, cased)
    return Atom(field, Op.WILDCARD, "".join(_escaped(part) for part in parts), cased)


_SIGNS = {SpecialChars.WILDCARD_MULTI: "*", SpecialChars.WILDCARD_SINGLE: "?"}
_SHAPES = {
    "": Op.EQ,
    "s": Op.EQ,
    "*": Op.CONTAINS,
    "*s*": Op.CONTAINS,
    "s*": Op.STARTSWITH,
    "*s": Op.ENDSWITH,
}


def _merged(parts: Sequence[Any]) -> list[Any]:
    merged: list[Any] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part is not SpecialChars.WILDCARD_MULTI or not merged or merged[-1] is not part:
            merged.append(part)
    return merged


def _escaped(part: Any) -> str:
    if part is SpecialChars.WILDCARD_MULTI:
        return "*"
    if part is SpecialChars.WILDCARD_SINGLE:
        return "?"
    return "".join("\\" + char if char in "\\*?" else char for char in part)


def _regex(field: str, value: Any) -> Expression:
    flags = "".join(sorted(value.sigma_to_re_flag[flag] for flag in value.flags))
    pattern = str(value.regexp)
    if problem := check_regex(pattern, flags):
        raise UntranslatableError(problem)
    return Atom(field, Op.REGEX, f"{flags}/{pattern}")


def _number(field: str, value: Any) -> Expression:
    return Atom(field, Op.CONTAINS if field == KEYWORD else Op.EQ, str(value.number))


def _reference(field: str, value: Any) -> Expression:
    shape = (value.starts_with, value.ends_with)
    mode = {(True, True): Op.CONTAINS, (True, False): Op.STARTSWITH, (False, True): Op.ENDSWITH}.get(shape, Op.EQ)
    return Atom(field, Op.FIELDREF, f"{mode}:{value.field}")


_MAKERS: tuple[tuple[type, Callable[[str, Any], Expression]], ...] = (
    (SigmaString, _string),
    (SigmaRegularExpression, _regex),
    (SigmaTimestampPart, lambda field, value: Atom(field, Op(value.timestamp_part.name.lower()), str(value.number))),
    (SigmaNumber, _number),
    (SigmaBool, lambda field, value: Atom(field, Op.EQ, "true" if value.boolean else "false")),
    (SigmaNull, lambda field, value: Atom(field, Op.NULL, "")),
    (SigmaExists, lambda field, value: Atom(field, Op.EXISTS if value.exists else Op.ABSENT, "")),
    (SigmaCIDRExpression, lambda field, value: Atom(field, Op.CIDR, str(value.network))),
    (SigmaCompareExpression, lambda field, value: Atom(field, Op(value.op.name.lower()), str(value.number.number))),
    (SigmaFieldReference, _reference),
)
