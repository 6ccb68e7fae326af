"""The query tree as OpenSearch query DSL. Nothing of a user's text is ever parsed by the server."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from infra.errors import AppError, ErrorKind
from infra.events.table import FieldType
from infra.store.opensearch.templates import mapping_of
from infra.store.query.addresses import address_place, network_keys
from infra.store.query.anywhere import expand
from infra.store.query.names import Place, place, value_of
from infra.store.query.patterns import regex, wild
from infra.store.query.predicate import comparable
from infra.store.query.tokens import tokens
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

Dsl = dict[str, Any]
NOTHING: Dsl = {"match_none": {}}


def compile_dsl(node: Filter) -> Dsl:
    """The query of ``node`` in filter context: no scores."""
    match node:
        case All():
            return {"match_all": {}}
        case And(items):
            return {"bool": {"filter": [compile_dsl(item) for item in items]}} if items else {"match_all": {}}
        case Or(items):
            return _any([compile_dsl(item) for item in items])
        case Not(item):
            return {"bool": {"must_not": [compile_dsl(item)]}}
        case Ids(values):
            return {"terms": {"event.id": list(values)}} if values else NOTHING
        case Anywhere():
            return compile_dsl(expand(node))
        case Exists(name) | Range(name, None, None, None, None):
            return {"exists": {"field": field_path(place(name))}}
    return _leaf(place(node.field), node)


def field_path(where: Place) -> str:
    """The name under which the server finds ``where``; keys of flat fields stand below their field."""
    return f"{where.column}.{where.key}" if where.key else where.column


def key_path(where: Place) -> str:
    """The name under which whole values of ``where`` are counted and sorted: doc values of a ``wildcard`` field give
    wrong counts on 3.8.0, so a keyword stands beside it."""
    return f"{where.column}.exact" if where.type is FieldType.WILDCARD else field_path(where)


def whole_path(where: Place) -> str:
    """The name under which whole values of ``where`` can be matched by patterns; ``AppError(INVALID)`` without one."""
    if not where.words:
        return field_path(where)
    if "fields" not in _mapping(where):
        raise AppError(ErrorKind.INVALID, "infra.query_no_patterns", place=where.name)
    return f"{where.column}.whole"


def words_path(where: Place) -> str | None:
    """The name under which the words of ``where`` are indexed; None where they are not."""
    if where.words:
        return where.column
    return f"{where.column}.words" if where.type is FieldType.WILDCARD else None


def _mapping(where: Place) -> Dsl:
    from infra.events.table import table

    field = table().get(where.column)
    assert field is not None
    return mapping_of(field)


def _any(parts: list[Dsl]) -> Dsl:
    return {"bool": {"should": parts, "minimum_should_match": 1}} if parts else NOTHING


def _leaf(where: Place, node: Filter) -> Dsl:
    match node:
        case Term(_, value, ignore_case):
            return _term(where, value, ignore_case)
        case Terms(_, values):
            if where.words:
                return _any([_term(where, value) for value in values])
            listed = [plain(value_of(where, value)) for value in values]
            return {"terms": {field_path(where): listed}} if listed else NOTHING
        case Range():
            return _range(where, node)
        case Prefix(_, text, ignore_case):
            return _pattern("prefix", where, text, ignore_case)
        case Wildcard(_, pattern, ignore_case):
            wild(pattern, where.name)
            return _pattern("wildcard", where, pattern, ignore_case)
        case Regex(_, pattern, ignore_case):
            spelled = regex(pattern, where.name).lucene
            return _pattern("regexp", where, spelled, ignore_case, flags="NONE")
        case Match(_, text, any_word):
            parts = [_phrase(where, [word]) for word in sorted(set(tokens(text)))]
            return _any(parts) if any_word else _every(parts)
        case Phrase(_, text):
            return _phrase(where, tokens(text))
        case Cidr(_, network):
            network_keys(network, address_place(where.name).name)
            return _network(where, network)
    raise AssertionError(node)


def _every(parts: list[Dsl]) -> Dsl:
    return {"bool": {"filter": parts}} if parts else NOTHING


def plain(value: Any) -> Any:
    """A value as JSON takes it. Dates to the microsecond: the server reads a missing fraction as the whole second."""
    return value.isoformat(timespec="microseconds") if isinstance(value, datetime) else value


def _term(where: Place, value: str | int | float | bool, ignore_case: bool = False) -> Dsl:
    wanted = value_of(where, value)
    if where.words:
        return _phrase(where, tokens(str(wanted)))
    if where.type is FieldType.LONG and isinstance(wanted, float):
        return NOTHING
    if where.type is FieldType.LONG and isinstance(wanted, int) and not -(2**63) <= wanted < 2**63:
        return NOTHING
    found: Dsl = {"value": plain(wanted)}
    if ignore_case and isinstance(wanted, str) and where.type is not FieldType.IP:
        found["case_insensitive"] = True
    return {"term": {field_path(where): found}}


def _range(where: Place, node: Range) -> Dsl:
    """One clause, so that of many values one must lie within all bounds. The server takes no two bounds of one side:
    the stricter stays."""
    bounds = {
        name: value_of(where, value)
        for name, value in (("gte", node.gte), ("gt", node.gt), ("lte", node.lte), ("lt", node.lt))
        if value is not None
    }
    order = {name: comparable(where, value) for name, value in bounds.items()}
    if "gte" in bounds and "gt" in bounds:
        del bounds["gte" if order["gt"] >= order["gte"] else "gt"]
    if "lte" in bounds and "lt" in bounds:
        del bounds["lte" if order["lt"] <= order["lte"] else "lt"]
    return {"range": {whole_path(where): {name: _bound(where, value) for name, value in bounds.items()}}}


def _bound(where: Place, value: Any) -> Any:
    if where.type is FieldType.LONG and isinstance(value, int):
        return max(-(2**63), min(2**63 - 1, value))
    return plain(value)


def _pattern(kind: str, where: Place, pattern: str, ignore_case: bool, **options: Any) -> Dsl:
    if where.type in (FieldType.LONG, FieldType.DOUBLE, FieldType.BOOLEAN, FieldType.DATE, FieldType.IP):
        raise AppError(ErrorKind.INVALID, "infra.query_no_patterns", place=where.name)
    found: Dsl = {"value": pattern, **options}
    if ignore_case:
        found["case_insensitive"] = True
    return {kind: {whole_path(where): found}}


def _phrase(where: Place, words: list[str]) -> Dsl:
    if not words:
        return NOTHING
    path = words_path(where)
    if path is None:
        raise AppError(ErrorKind.INVALID, "infra.query_no_words", place=where.name)
    if len(words) == 1:
        return {"term": {path: {"value": words[0]}}}
    return {"match_phrase": {path: {"query": " ".join(words), "slop": 0}}}


def _network(where: Place, network: str) -> Dsl:
    import ipaddress

    net = ipaddress.ip_network(network, strict=False)
    return {"range": {where.column: {"gte": str(net[0]), "lte": str(net[-1])}}}


__all__ = ["NOTHING", "Dsl", "compile_dsl", "field_path", "plain", "whole_path", "words_path"]
