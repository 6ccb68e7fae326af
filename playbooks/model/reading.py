"""From octets to a plain tree, JSON or YAML, without loss and without surprises.

YAML is read by the rules of JSON only: no tags, no aliases, no merge keys, no dates, no ``yes``/``on`` as truth; so a
playbook means the same in both writings. Size, depth and number of values are bounded; a repeated key is refused.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any, NoReturn

import yaml

from infra.errors import AppError, ErrorKind

MAX_BYTES = 4 << 20
MAX_DEPTH = 40
MAX_VALUES = 200_000
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def read_file(path: Path) -> dict[str, Any]:
    """The tree of a file; ``AppError(INVALID | NOT_FOUND | TOO_LARGE)`` names file, line and column."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise AppError(ErrorKind.TOO_LARGE, "playbooks.read.too_large", place=str(path), limit=MAX_BYTES)
        return read_tree(path.read_bytes(), str(path))
    except OSError as error:
        raise AppError(ErrorKind.NOT_FOUND, "playbooks.read.no_file", place=str(path), problem=error.strerror) from None


def read_tree(data: bytes, place: str = "playbook") -> dict[str, Any]:
    """The tree of JSON or YAML octets; ``place`` is named in errors."""
    if len(data) > MAX_BYTES:
        raise AppError(ErrorKind.TOO_LARGE, "playbooks.read.too_large", place=place, limit=MAX_BYTES)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse(f"{place}:byte {error.start}", "not UTF-8")
    tree = _json(text, place) if text.lstrip()[:1] in ("{", "[") else _yaml(text, place)
    if not isinstance(tree, dict):
        _refuse(place, "not an object")
    _bounded(tree, place)
    return tree


def to_json(tree: dict[str, Any]) -> str:
    """Readable JSON, in the order of the tree."""
    return json.dumps(tree, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def to_yaml(tree: dict[str, Any]) -> str:
    """YAML for people to edit; read back it is the same tree."""
    text: str = yaml.dump(tree, Dumper=_PlainDumper, allow_unicode=True, sort_keys=False, width=110)
    return text


def _refuse(place: str, problem: str) -> NoReturn:
    raise AppError(ErrorKind.INVALID, "playbooks.read.malformed", place=place, problem=problem) from None


def _json(text: str, place: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            keys = [key for key, _ in pairs]
            _refuse(place, f"key {next(key for key in keys if keys.count(key) > 1)[:80]!r} appears twice")
        return found

    def no_constant(name: str) -> Any:
        _refuse(place, f"{name} is no JSON number")

    try:
        return json.loads(text, object_pairs_hook=once, parse_constant=no_constant)
    except json.JSONDecodeError as error:
        _refuse(f"{place}:{error.lineno}:{error.colno}", error.msg)
    except (RecursionError, ValueError):
        _refuse(place, "nested too deep, or a number too long")


def _yaml(text: str, place: str) -> Any:
    _sober(text, place)
    try:
        return yaml.load(text, Loader=_PlainLoader)  # noqa: S506 - a loader without tags
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        _refuse(f"{place}:{mark.line + 1}:{mark.column + 1}" if mark else place, error.problem or "malformed YAML")
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        _refuse(place, str(error).splitlines()[0][:120])


def _sober(text: str, place: str) -> None:
    """No alias, anchor, tag or directive, and no depth that could exhaust the constructor."""
    depth = count = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            count += 1
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            mark = event.start_mark
            where = f"{place}:{mark.line + 1}:{mark.column + 1}" if mark else place
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                _refuse(where, "aliases and anchors are not allowed")
            if getattr(event, "tag", None):
                _refuse(where, "tags are not allowed")
            if depth > MAX_DEPTH or count > 2 * MAX_VALUES:
                _refuse(where, "nested too deep or too many values")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        _refuse(f"{place}:{mark.line + 1}:{mark.column + 1}" if mark else place, error.problem or "malformed YAML")
    except yaml.YAMLError as error:
        _refuse(place, str(error).splitlines()[0][:120])


def _bounded(tree: Any, place: str) -> None:
    pending, count = [(tree, 0)], 0
    while pending:
        value, depth = pending.pop()
        count += 1
        if depth > MAX_DEPTH:
            _refuse(place, f"nested deeper than {MAX_DEPTH}")
        if count > MAX_VALUES:
            _refuse(place, f"more than {MAX_VALUES} values")
        if isinstance(value, float) and not math.isfinite(value):
            _refuse(place, "a number too large")
        if isinstance(value, dict):
            pending.extend((item, depth + 1) for item in value.values())
        elif isinstance(value, list):
            pending.extend((item, depth + 1) for item in value)


_CORE = (
    ("tag:yaml.org,2002:bool", r"^(?:true|false)$", "tf"),
    ("tag:yaml.org,2002:null", r"^(?:null|~|)$", ["n", "~", ""]),
    ("tag:yaml.org,2002:int", r"^-?(?:0|[1-9][0-9]*)$", "-0123456789"),
    ("tag:yaml.org,2002:float", r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$", "-0123456789"),
)


class _PlainLoader(_LOADER):  # type: ignore[misc]
    """Reads scalars as JSON would."""


class _PlainDumper(_DUMPER):  # type: ignore[misc]
    """Quotes what JSON's rules would read as something else than text; writes a value that is there twice twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _once(loader: Any, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        mark = key_node.start_mark
        if not isinstance(key, str):
            key = key_node.value
        if key in found:
            raise yaml.constructor.ConstructorError(None, None, f"key {key[:80]!r} appears twice", mark)
        found[key] = loader.construct_object(value_node, deep=True)
    return found


def _whole(loader: Any, node: yaml.ScalarNode) -> int:
    return int(node.value)


def _real(loader: Any, node: yaml.ScalarNode) -> float:
    return float(node.value)


def _as_text(dumper: Any, value: str) -> Any:
    style = "|" if "\n" in value and re.fullmatch(r"[^\t\r\x00-\x08\x0b-\x1f\x7f-\x9f]*", value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _as_real(dumper: Any, value: float) -> Any:
    text = repr(value)
    return dumper.represent_scalar("tag:yaml.org,2002:float", text if "inf" not in text and text != "nan" else "null")


for _class in (_PlainLoader, _PlainDumper):
    _class.yaml_implicit_resolvers = {}
    for _tag, _pattern, _first in _CORE:
        _class.add_implicit_resolver(_tag, re.compile(_pattern), list(_first))
_PlainLoader.add_constructor("tag:yaml.org,2002:map", _once)
_PlainLoader.add_constructor("tag:yaml.org,2002:int", _whole)
_PlainLoader.add_constructor("tag:yaml.org,2002:float", _real)
_PlainDumper.add_representer(str, _as_text)
_PlainDumper.add_representer(float, _as_real)
