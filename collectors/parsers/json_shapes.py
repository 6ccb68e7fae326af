"""JSON formats as data: TOML tables that say how to know a document, and which paths become which ECS fields.

A table::

    name = "aws.cloudtrail"
    oracle = "what judges this parser"
    has = ["eventVersion", "eventSource"]      # paths that must be there
    equal = {kind = "Event"}                   # paths with one of these values
    doubt = ["msg"]                            # paths that speak against it, unless one of ``sure`` is there
    sure = ["uid"]
    time = ["eventTime"]                       # first that is there becomes @timestamp
    flat = "cloud.audit"                       # every path of the document below this flat field
    keep = true                                # every path of the document beside the fields, under its own name
    text = ["requestParameters"]               # objects kept as compact JSON beside their paths
    set = {"event.kind" = "event"}
    fields = {"event.action" = ["eventName"]}  # ECS field from the first path that is there
    map = {"event.outcome" = {"0" = "success"}}
    [[case]]
    equal = {eventName = ["ConsoleLogin"]}
    set = {"event.category" = ["authentication"]}
    joined = {"process.command_line" = "args"} # ECS field from a list of words, a space between them
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache, partial
from importlib.resources import files
from typing import Any

import msgspec

from collectors.parsers.ecs_values import address, file_names, put, relate
from collectors.parsers.flatten import flatten_paths
from collectors.parsers.times import Clockwork, read_any
from collectors.parsers.urls import split_url
from infra.events.stream import Event
from infra.events.table import table

_MISSING = object()
_MAX_ELEMENTS = 64


class CaseSpec(msgspec.Struct, forbid_unknown_fields=True):
    """What holds for some documents of a table only."""

    equal: dict[str, list[Any]] = {}
    has: list[str] = []
    set: dict[str, Any] = {}
    fields: dict[str, list[str]] = {}
    joined: dict[str, str] = {}


class ShapeSpec(msgspec.Struct, forbid_unknown_fields=True):
    """A table as written."""

    name: str
    oracle: str
    has: list[str] = []
    equal: dict[str, list[Any]] = {}
    lacks: list[str] = []
    doubt: list[str] = []
    sure: list[str] = []
    time: list[str] = []
    flat: str = ""
    keep: bool = False
    text: list[str] = []
    dataset: str = ""
    rank: int = 50
    set: dict[str, Any] = {}
    fields: dict[str, list[str]] = {}
    addresses: dict[str, list[str]] = {}
    map: dict[str, dict[str, Any]] = {}
    case: list[CaseSpec] = []


class Shape:
    """One JSON format."""

    def __init__(self, spec: ShapeSpec) -> None:
        self.spec = spec
        self.name = spec.name
        self._needs = [_heads(path) for path in (*spec.has, *spec.equal)]

    def may_fit(self, keys: frozenset[str]) -> bool:
        """Whether a document with these top-level members can be one of this format at all."""
        return all(heads & keys for heads in self._needs)

    def fits(self, tree: dict[str, Any]) -> bool:
        """Whether ``tree`` is a document of this format."""
        spec = self.spec
        there = partial(_there, tree)
        if not _holds(tree, spec.has, spec.equal) or any(map(there, spec.lacks)):
            return False
        return not any(map(there, spec.doubt)) or any(map(there, spec.sure))

    def read(self, tree: dict[str, Any], clock: Clockwork) -> Event:
        """The flat document of ``tree``; raises ``TooDeepError`` beyond the bounds."""
        spec = self.spec
        event: Event = {}
        for path in spec.time:
            if moment := read_any(_value(tree, path), clock):
                event["@timestamp"] = moment
                break
        for case in spec.case:
            if _holds(tree, case.has, case.equal):
                _fill(event, tree, case.fields)
                _join(event, tree, case.joined)
                event.update({field: value for field, value in case.set.items() if field not in event})
        _fill(event, tree, spec.fields)
        for side, paths in spec.addresses.items():
            for path in paths:
                value = _value(tree, path)
                address(event, side, value[0] if isinstance(value, list) and value else value)
        for field, values in spec.map.items():
            if field in event:
                event[field] = values.get(str(event[field]).lower(), values.get("*", event[field]))
        for field, value in spec.set.items():
            event.setdefault(field, value)
        if spec.dataset:
            event.setdefault("event.dataset", spec.dataset)
        if spec.flat:
            event[spec.flat] = self._paths(tree)
        if spec.keep:
            known = table()
            event.update({path: value for path, value in self._paths(tree).items() if not known.get(path)})
        split_url(event)
        file_names(event)
        relate(event)
        return event

    def _paths(self, tree: dict[str, Any]) -> Event:
        paths = flatten_paths(tree)
        for path in self.spec.text:
            value = _value(tree, path)
            if isinstance(value, dict | list):
                paths[path] = msgspec.json.encode(value).decode()
        return paths


def _heads(path: str) -> frozenset[str]:
    """The members that ``path`` may begin with: ``a.b.c`` with ``a``, ``a.b`` or ``a.b.c``."""
    parts = path.split(".")
    return frozenset(".".join(parts[: number + 1]) for number in range(len(parts)))


def _there(tree: dict[str, Any], path: str) -> bool:
    return _at(tree, path) is not _MISSING


def _holds(tree: dict[str, Any], has: Iterable[str], equal: dict[str, list[Any]]) -> bool:
    return all(_at(tree, path) is not _MISSING for path in has) and all(
        _at(tree, path) in values for path, values in equal.items()
    )


def _at(node: Any, path: str) -> Any:
    """The value at ``path``. Keys may hold dots themselves (Zeek's ``id.orig_h``, labels of Kubernetes): the longest
    goes first. In a list the first element that has the path answers."""
    if isinstance(node, list):
        found = (_at(item, path) for item in node[:_MAX_ELEMENTS] if isinstance(item, dict))
        return next((value for value in found if value is not _MISSING), _MISSING)
    if not isinstance(node, dict):
        return _MISSING
    if path in node:
        return node[path]
    cut = path.rfind(".")
    while cut > 0:
        head = path[:cut]
        if head in node and (value := _at(node[head], path[cut + 1 :])) is not _MISSING:
            return value
        cut = path.rfind(".", 0, cut)
    return _MISSING


def _value(tree: dict[str, Any], path: str) -> Any:
    value = _at(tree, path)
    return None if value is _MISSING else value


def _fill(event: Event, tree: dict[str, Any], fields: dict[str, list[str]]) -> None:
    for field, paths in fields.items():
        for path in paths:
            if field in event:
                break
            put(event, field, _value(tree, path))


def _join(event: Event, tree: dict[str, Any], joined: dict[str, str]) -> None:
    for field, path in joined.items():
        words = _value(tree, path)
        if isinstance(words, list) and words:
            put(event, field, " ".join(map(str, words)))


def read_shape(text: str) -> Shape:
    """A shape from TOML; raises ``msgspec.ValidationError`` or ``tomllib.TOMLDecodeError`` with the place."""
    return Shape(msgspec.convert(tomllib.loads(text), ShapeSpec))


@cache
def shipped_shapes() -> list[Shape]:
    """The shapes of this version, those with a lower rank first."""
    folder = files("collectors.parsers").joinpath("shapes")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    shapes = [read_shape(folder.joinpath(name).read_text(encoding="utf-8")) for name in names]
    return sorted(shapes, key=lambda shape: shape.spec.rank)
