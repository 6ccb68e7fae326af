"""Nested JSON as flat dotted fields, bounded in depth and number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.events.stream import Event

MAX_DEPTH = 20
MAX_FIELDS = 2_000


class TooDeepError(ValueError):
    """Nested deeper, or wider, than a record may be."""


def flatten(tree: Mapping[str, Any], prefix: str = "") -> Event:
    """``{"a": {"b": 1}}`` as ``{"a.b": 1}``; lists stay whole; raises ``TooDeepError`` beyond the bounds."""
    if not prefix and is_flat(tree):
        return dict(tree)
    event: Event = {}
    _walk(tree, prefix, event, 0)
    return event


def is_flat(tree: Mapping[str, Any]) -> bool:
    """Whether ``flatten`` would leave everything where it is."""
    return dict not in map(type, tree.values()) and len(tree) <= MAX_FIELDS


def _walk(tree: Mapping[str, Any], prefix: str, event: Event, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise TooDeepError(f"nested deeper than {MAX_DEPTH} levels")
    for key, value in tree.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and value:
            _walk(value, f"{name}.", event, depth + 1)
        else:
            event[name] = value
    if len(event) > MAX_FIELDS:
        raise TooDeepError(f"more than {MAX_FIELDS} fields")


def flatten_paths(tree: Mapping[str, Any]) -> Event:
    """Like ``flatten``, and lists of objects give one list per path below them: ``{"a": [{"b": 1}, {"b": 2}]}`` as
    ``{"a.b": [1, 2]}``, so that a rule finds any element."""
    event: Event = {}
    _paths(tree, "", event, 0)
    return {path: values[0] if len(values) == 1 else values for path, values in event.items() if values}


def _paths(value: Any, path: str, event: Event, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise TooDeepError(f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, dict):
        for key, inner in value.items():
            _paths(inner, f"{path}.{key}" if path else str(key), event, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _paths(inner, path, event, depth + 1)
    elif value is not None:
        event.setdefault(path, []).append(value)
    if len(event) > MAX_FIELDS:
        raise TooDeepError(f"more than {MAX_FIELDS} fields")


def dig(tree: Any, path: str) -> Any:
    """The value at a dotted ``path`` of nested dicts, None where there is none."""
    for part in path.split("."):
        if not isinstance(tree, dict):
            return None
        tree = tree.get(part)
    return tree
