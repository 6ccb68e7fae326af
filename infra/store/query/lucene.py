"""The search box: a Lucene query-string subset to the query tree, with positions in errors and limits on size.

luqum parses; the meaning is ours, by the field's type. Words next to each other must all be found. On a keyword a word
is the whole value, on a text it is a word, on a command line or URL a part; ``*`` and ``?`` on a text may stand
anywhere in it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any

from luqum import tree as lucene
from luqum.exceptions import ParseError
from luqum.thread import parse

from infra.errors import AppError, ErrorKind
from infra.events.table import FieldType
from infra.store.query.limits import MAX_DEPTH, MAX_PARTS, check_filter
from infra.store.query.names import Place, place, value_of
from infra.store.query.patterns import regex, wild
from infra.store.query.tree import (
    All,
    And,
    Anywhere,
    Cidr,
    Exists,
    Filter,
    Not,
    Or,
    Phrase,
    Range,
    Regex,
    Term,
    Wildcard,
)

MAX_TEXT = 10_000
_ALIASES = {"_id": "event.id"}
_POSITION = re.compile(r"at position (\d+)")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_UNESCAPED_WILD = re.compile(r"(?<!\\)(?:\\\\)*[*?]")
_OCTETS = re.compile(r"(\d{1,3}\.){1,3}\*")


def parse_lucene(text: str) -> Filter:
    """What ``text`` asks for; nothing asks for all.

    ``AppError(INVALID)`` with ``place`` = ``query:COLUMN`` where it cannot be read; a caller may then look for the
    whole text with ``Anywhere(text)``.
    """
    if not text.strip():
        return All()
    if len(text) > MAX_TEXT:
        raise _trouble("query_too_large", MAX_TEXT, limit=MAX_TEXT)
    if _depth(text) > MAX_DEPTH:
        raise _trouble("query_too_deep", 0, limit=MAX_DEPTH)
    node = _Reading(text).filter(_parsed(text), None)
    check_filter(node)
    return node


def _trouble(key: str, position: int, **detail: Any) -> AppError:
    return AppError(ErrorKind.INVALID, f"infra.{key}", **{**detail, "place": f"query:{position + 1}"})


def _depth(text: str) -> int:
    deepest = depth = 0
    for char in text:
        depth += (char == "(") - (char == ")")
        deepest = max(deepest, depth)
    return deepest


def _parsed(text: str) -> lucene.Item:
    try:
        return parse(text)
    except ParseError as error:
        found = _POSITION.search(str(error))
        at = int(found[1]) if found else len(text)
        if at >= len(text):
            raise _trouble("query_unfinished", len(text)) from None
        raise _trouble("query_unexpected", at, token=text[at : at + 12]) from None


class _Reading:
    def __init__(self, text: str) -> None:
        self.text = text
        self.parts = 0

    def filter(self, node: lucene.Item, field: str | None) -> Filter:
        self.parts += 1
        if self.parts > MAX_PARTS:
            raise self._refuse("query_too_large", node, limit=MAX_PARTS)
        reader = _READERS.get(type(node))
        if reader is None:
            raise self._refuse("query_unsupported", node, what=_NAMES.get(type(node), type(node).__name__))
        return reader(self, node, field)

    def _refuse(self, key: str, node: lucene.Item, **detail: Any) -> AppError:
        return _trouble(key, node.pos or 0, **detail)

    def _at(self, node: lucene.Item, make: Callable[[], Filter]) -> Filter:
        """What ``make`` gives; its errors get the position of ``node``."""
        try:
            return make()
        except AppError as error:
            detail = {**error.detail, "place": f"query:{(node.pos or 0) + 1} {error.detail.get('place', '')}".strip()}
            raise AppError(error.kind, error.message_key, **detail) from None

    def all_of(self, node: lucene.Item, field: str | None) -> Filter:
        for child in node.children:
            if isinstance(child, lucene.Word) and child.value in ("&&", "||"):
                raise self._refuse("query_unsupported", child, what=child.value)
        return _flat_and([self.filter(child, field) for child in node.children])

    def any_of(self, node: lucene.Item, field: str | None) -> Filter:
        return Or(tuple(self.filter(child, field) for child in node.children))

    def inner(self, node: lucene.Item, field: str | None) -> Filter:
        return self.filter(node.children[0], field)

    def negated(self, node: lucene.Item, field: str | None) -> Filter:
        return Not(self.filter(node.children[0], field))

    def named(self, node: lucene.SearchField, field: str | None) -> Filter:
        if field is not None:
            raise self._refuse("query_unexpected", node, token=node.name)
        name = _ALIASES.get(_unescape(node.name), _unescape(node.name))
        if name == "_exists_":
            return self._at(node, lambda: _exists(_unescape(str(node.expr).strip())))
        return self.filter(node.expr, name)

    def word(self, node: lucene.Word, field: str | None) -> Filter:
        raw = node.value
        if raw.startswith("!") and len(raw) > 1 and field is None:
            return Not(self.word(lucene.Word(raw[1:], pos=node.pos), field))
        if raw == "*":
            return All() if field is None else self._at(node, lambda: _exists(field))
        if _UNESCAPED_WILD.search(raw):
            return self._at(node, lambda: _wild(raw, field))
        return self._at(node, lambda: _plain(_unescape(raw), field))

    def phrase(self, node: lucene.Phrase, field: str | None) -> Filter:
        return self._at(node, lambda: _plain(_unescape(node.value[1:-1]), field))

    def regex(self, node: lucene.Regex, field: str | None) -> Filter:
        if field is None:
            raise self._refuse("query_regex_needs_field", node)
        pattern = node.value[1:-1].replace("\\/", "/")
        return self._at(node, lambda: _regex(pattern, place(field)))

    def range(self, node: lucene.Range, field: str | None) -> Filter:
        low, high = self._bound(node.low, field), self._bound(node.high, field)
        return self._within(
            node,
            field,
            gte=low if node.include_low else None,
            gt=None if node.include_low else low,
            lte=high if node.include_high else None,
            lt=None if node.include_high else high,
        )

    def start(self, node: lucene.From, field: str | None) -> Filter:
        low = self._bound(node.a, field)
        return self._within(node, field, **{"gte" if node.include else "gt": low})

    def end(self, node: lucene.To, field: str | None) -> Filter:
        high = self._bound(node.a, field)
        return self._within(node, field, **{"lte" if node.include else "lt": high})

    def _bound(self, node: lucene.Item, field: str | None) -> str | None:
        if isinstance(node, lucene.Phrase):
            return _unescape(node.value[1:-1])
        if isinstance(node, lucene.Word):
            return None if node.value == "*" else _unescape(node.value)
        raise self._refuse("query_unexpected", node, token=str(node)[:12])

    def _within(self, node: lucene.Item, field: str | None, **bounds: str | None) -> Filter:
        if field is None:
            raise self._refuse("query_range_needs_field", node)
        return self._at(node, lambda: _range(place(field), bounds))


def _flat_and(items: list[Filter]) -> Filter:
    flat = [part for item in items for part in (item.items if isinstance(item, And) else (item,))]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def _unescape(text: str) -> str:
    return _ESCAPE.sub(r"\1", text)


def _exists(name: str) -> Filter:
    return Exists(place(name).name)


def _plain(text: str, field: str | None) -> Filter:
    if field is None:
        return Anywhere(text)
    where = place(field)
    if where.words:
        return Phrase(field, text)
    if where.type is FieldType.WILDCARD:
        return Wildcard(field, f"*{_literal(text)}*")
    if where.type is FieldType.IP and "/" in text:
        return Cidr(field, text)
    value_of(where, text)
    return Term(field, text)


def _literal(text: str) -> str:
    return re.sub(r"([\\*?])", r"\\\1", text)


def _wild(raw: str, field: str | None) -> Filter:
    pattern = _ESCAPE.sub(lambda found: found[0] if found[1] in "\\*?" else found[1], raw)
    if field is None:
        wild(pattern)
        return Or(tuple(Wildcard(name, f"*{pattern}*") for name in ("message", "process.command_line", "url.original")))
    where = place(field)
    wild(pattern, field)
    if where.type is FieldType.IP:
        return _address_pattern(where, pattern)
    if where.words or where.type is FieldType.WILDCARD:
        return Wildcard(field, f"*{pattern}*")
    if where.type in (FieldType.KEYWORD, FieldType.FLAT):
        return Wildcard(field, pattern)
    raise AppError(ErrorKind.INVALID, "infra.query_value_unfit", place=field, value=pattern[:64], type=str(where.type))


def _address_pattern(where: Place, pattern: str) -> Filter:
    """``10.1.*`` means the network 10.1.0.0/16; other patterns on addresses mean nothing."""
    if _OCTETS.fullmatch(pattern):
        octets = pattern.split(".")[:-1]
        network = ".".join([*octets, *["0"] * (4 - len(octets))]) + f"/{8 * len(octets)}"
        try:
            return Cidr(where.name, str(ipaddress.ip_network(network)))
        except ValueError:
            pass
    raise AppError(ErrorKind.INVALID, "infra.query_network", place=where.name, text=pattern[:64])


def _regex(pattern: str, where: Place) -> Filter:
    if where.words:
        pattern = f".*({pattern.removeprefix('^').removesuffix('$')}).*"
    regex(pattern, where.name)
    return Regex(where.name, pattern)


def _range(where: Place, bounds: dict[str, str | None]) -> Filter:
    given = {name: value for name, value in bounds.items() if value is not None}
    for value in given.values():
        value_of(where, value)
    return Range(where.name, **given) if given else Exists(where.name)


_READERS: dict[type, Callable[[_Reading, Any, str | None], Filter]] = {
    lucene.UnknownOperation: _Reading.all_of,
    lucene.AndOperation: _Reading.all_of,
    lucene.BoolOperation: _Reading.all_of,
    lucene.OrOperation: _Reading.any_of,
    lucene.Group: _Reading.inner,
    lucene.FieldGroup: _Reading.inner,
    lucene.Plus: _Reading.inner,
    lucene.Boost: _Reading.inner,
    lucene.Not: _Reading.negated,
    lucene.Prohibit: _Reading.negated,
    lucene.SearchField: _Reading.named,
    lucene.Word: _Reading.word,
    lucene.Phrase: _Reading.phrase,
    lucene.Regex: _Reading.regex,
    lucene.Range: _Reading.range,
    lucene.From: _Reading.start,
    lucene.To: _Reading.end,
}
_NAMES: dict[type, str] = {lucene.Fuzzy: "~", lucene.Proximity: "~"}
