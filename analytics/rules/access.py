"""Readers made to measure: one generated expression that looks up every field a class needs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from analytics.rules.atoms import MISSING
from analytics.rules.lens import Lens, Place, dig
from infra.events import table

Reader = Callable[[Mapping[str, Any]], tuple[Any, ...]]


def key_reader(
    lens: Lens, locations: Sequence[str], tables: Sequence[Mapping[Any, int]]
) -> Callable[..., tuple[int, ...]]:
    """A function from a record to the tuple of its signatures; ``TypeError`` where a value cannot be a key."""
    names = {f"t{index}": table for index, table in enumerate(tables)}
    items = [f"t{index}[{{}}]" for index in range(len(tables))]
    return _compile(lens, locations, items, names)


def values_reader(lens: Lens, locations: Sequence[str]) -> Reader:
    """A function from a record to its values at the locations, each fit to be a key."""
    return _compile(lens, locations, ["freeze({})"] * len(locations), {})


def raw_reader(lens: Lens, locations: Sequence[str]) -> Reader:
    """A function from a record to its values at the locations, as they are."""
    return _compile(lens, locations, ["{}"] * len(locations), {})


def freeze(value: Any) -> Hashable:
    """A value that can be a key and reads the same: lists as tuples, objects by their text."""
    if isinstance(value, list | tuple):
        return tuple(freeze(item) for item in value)
    if isinstance(value, dict):
        from analytics.rules.atoms import text

        return text(value)
    return value  # type: ignore[no-any-return]


def _compile(
    lens: Lens, locations: Sequence[str], items: Sequence[str], names: dict[str, Any]
) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    holders: dict[str, str] = {}
    parts = [item.format(_read(lens.places(place), holders)) for item, place in zip(items, locations, strict=True)]
    lines = ["def read(e):", " g = e.get"]
    for name, short in holders.items():
        lines += [f" {short} = g({name!r}) or E", f" {short}g = {short}.get"]
    lines.append(f" return ({''.join(part + ',' for part in parts)})")
    space: dict[str, Any] = {"M": MISSING, "E": {}, "dig": dig, "freeze": freeze, **names}
    exec("\n".join(lines), space)  # noqa: S102 - made here from field names only, each quoted by repr
    made: Reader = space["read"]
    return made


def _read(places: Sequence[Place], holders: dict[str, str]) -> str:
    if not places:
        return "M"
    code = ""
    for holder, key in reversed(places):
        one = _one(holder, key, holders)
        code = f"(v if (v := {one}) is not M else {code})" if code else one
    return code


def _one(holder: str, key: str, holders: dict[str, str]) -> str:
    if not holder:
        field = table().get(key)
        return f"freeze(g({key!r}, M))" if field and field.array else f"g({key!r}, M)"
    short = holders.setdefault(holder, f"h{len(holders)}")
    return f"dig({short}, {key!r})" if "." in key else f"{short}g({key!r}, M)"
