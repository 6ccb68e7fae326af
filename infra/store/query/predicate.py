"""The query tree as a function of one event in memory: for live streams, and as the oracle of the other engines."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from infra.clock import parse_rfc3339
from infra.events.stream import Event
from infra.events.table import FieldType
from infra.store.query.addresses import address_place, ip_key, network_keys
from infra.store.query.anywhere import expand
from infra.store.query.names import Place, Value, place, value_of
from infra.store.query.patterns import regex, wild
from infra.store.query.tokens import fold, has_phrase, tokens
from infra.store.query.tree import (
    All,
    And,
    Anywhere,
    Cidr,
    Exists,
    Filter,
    Ids,
    Match,
    Not,
    Or,
    Phrase,
    Prefix,
    Range,
    Regex,
    Term,
    Terms,
    Wildcard,
)

Predicate = Callable[[Event], bool]
_Test = Callable[[Any], bool]


def compile_predicate(node: Filter) -> Predicate:
    """A function that says whether an event meets ``node``; the same answer as every store gives."""
    match node:
        case All():
            return lambda event: True
        case And(items):
            parts = [compile_predicate(item) for item in items]
            return lambda event: all(part(event) for part in parts)
        case Or(items):
            parts = [compile_predicate(item) for item in items]
            return lambda event: any(part(event) for part in parts)
        case Not(item):
            inner = compile_predicate(item)
            return lambda event: not inner(event)
        case Ids(values):
            wanted = frozenset(values)
            return lambda event: event.get("event.id") in wanted
        case Anywhere():
            return compile_predicate(expand(node))
        case _:
            where = place(node.field)
            return _any_value(where, _test(where, node))


def _any_value(where: Place, test: _Test) -> Predicate:
    read = reader(where)
    return lambda event: any(test(value) for value in read(event))


def reader(where: Place) -> Callable[[Event], list[Any]]:
    """A function that lists the values of ``where`` in an event as queries compare them; empty where there is none."""
    if where.flat:
        return lambda event: flat_values(event.get(where.column), where.key)
    name = where.column
    if where.type is FieldType.DATE:
        return lambda event: [_moment(value) for value in _listed(event.get(name))]
    return lambda event: _listed(event.get(name))


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return [item for item in value if item is not None] if isinstance(value, list | tuple) else [value]


def _moment(value: Any) -> datetime:
    return value if isinstance(value, datetime) else parse_rfc3339(value)


def flatten(value: dict[str, Any]) -> dict[str, Any]:
    """A flat field with nested objects opened: keys joined with dots, values of equal keys put together."""
    flat: dict[str, Any] = {}
    for path, leaf in _leaves("", value):
        known = flat.get(path)
        flat[path] = leaf if path not in flat else [*(known if isinstance(known, list) else [known]), leaf]
    return flat


def _leaves(path: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [found for key, item in value.items() for found in _leaves(f"{path}.{key}" if path else key, item)]
    if isinstance(value, list | tuple):
        return [found for item in value for found in _leaves(path, item)]
    return [] if value is None else [(path, value)]


def flat_values(value: Any, key: str) -> list[str]:
    """The texts under ``key`` of a flat field, at any depth; every text where ``key`` is ''."""
    if not isinstance(value, dict):
        return []
    if key in value and not isinstance(value[key], dict | list | tuple):
        return [] if value[key] is None else [flat_text(value[key])]
    return [flat_text(leaf) for path, leaf in _leaves("", value) if not key or path == key]


def flat_text(value: Any) -> str:
    """How a value inside a flat field compares: as its JSON text, without quotes."""
    if isinstance(value, str):
        return value
    return orjson.dumps(value, default=str).decode()


def _test(where: Place, node: Filter) -> _Test:
    match node:
        case Exists():
            return lambda value: True
        case Term(_, value, ignore_case):
            return _equals(where, value, ignore_case)
        case Terms(_, values):
            tests = [_equals(where, value) for value in values]
            return lambda value: any(test(value) for test in tests)
        case Range():
            return _within(where, node)
        case Prefix(_, text, ignore_case):
            start = fold(text) if ignore_case else text
            return lambda value: _folded(value, ignore_case).startswith(start)
        case Wildcard(_, pattern, ignore_case):
            expression = wild(fold(pattern) if ignore_case else pattern, where.name).regex()
            compiled = re.compile(expression, re.DOTALL)
            return lambda value: compiled.fullmatch(_folded(value, ignore_case)) is not None
        case Regex(_, pattern, ignore_case):
            compiled = re.compile(regex(pattern, where.name).python, re.DOTALL | (re.IGNORECASE if ignore_case else 0))
            return lambda value: compiled.fullmatch(as_text(value)) is not None
        case Match(_, text, any_word):
            return _words(text, any_word)
        case Phrase(_, text):
            return _phrase(text)
        case Cidr(_, network):
            first, last = network_keys(network, address_place(where.name).name)
            return lambda value: _in_network(value, first, last)
    raise AssertionError(node)


def as_text(value: Any) -> str:
    """How a value of any field reads as text to patterns."""
    return value if isinstance(value, str) else flat_text(value)


def _folded(value: Any, ignore_case: bool) -> str:
    return fold(as_text(value)) if ignore_case else as_text(value)


def _equals(where: Place, value: str | int | float | bool, ignore_case: bool = False) -> _Test:
    wanted = value_of(where, value)
    if where.words:
        return _phrase(str(wanted))
    if where.type is FieldType.IP:
        key = ip_key(str(wanted))
        return lambda found: _key(found) == key
    if ignore_case and isinstance(wanted, str):
        lower = fold(wanted)
        return lambda found: fold(as_text(found)) == lower
    return lambda found: bool(found == wanted)


def _key(value: Any) -> str:
    try:
        return ip_key(str(value))
    except ValueError:
        return ""


def _within(where: Place, node: Range) -> _Test:
    def bound(value: str | int | float | None) -> Any:
        return None if value is None else comparable(where, value_of(where, value))

    gte, gt, lte, lt = bound(node.gte), bound(node.gt), bound(node.lte), bound(node.lt)

    def test(found: Any) -> bool:
        value = comparable(where, found)
        return (
            (gte is None or value >= gte)
            and (gt is None or value > gt)
            and (lte is None or value <= lte)
            and (lt is None or value < lt)
        )

    return test


def comparable(where: Place, value: Value) -> Any:
    """``value`` in the form that orders as every engine orders it: addresses by number, texts by UTF-8 bytes."""
    if where.type is FieldType.IP:
        return _key(value)
    return value


def _words(text: str, any_word: bool) -> _Test:
    wanted = set(tokens(text))
    if not wanted:
        return lambda value: False
    if any_word:
        return lambda value: not wanted.isdisjoint(tokens(as_text(value)))
    return lambda value: wanted.issubset(tokens(as_text(value)))


def _phrase(text: str) -> _Test:
    wanted = tokens(text)
    if not wanted:
        return lambda value: False
    return lambda value: has_phrase(tokens(as_text(value)), wanted)


def _in_network(value: Any, first: str, last: str) -> bool:
    return first <= _key(value) <= last
