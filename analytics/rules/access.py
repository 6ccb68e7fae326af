"""Readers made to measure: one generated expression that looks up every field a class needs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from analytics.rules.atoms import MISSING, text
from analytics.rules.lens import Lens, Place, dig
from infra.events import table

Record = Mapping[str, Any]
Reader = Callable[[Record], tuple[Any, ...]]
Signer = Callable[[Record, int], tuple[int, ...]]


def signature_reader(lens: Lens, locations: Sequence[str], known: Sequence[Mapping[Any, int]]) -> Signer:
    """A function from a record (and the signature of its keywords) to the tuple of its signatures.

    ``KeyError`` where a value was never seen, ``TypeError`` where one cannot be a key: then the slow way must be gone.
    """
    names = {f"t{index}": values for index, values in enumerate(known)}
    items = [f"t{index}[{{}}]" for index in range(len(known))]
    return _compile(lens, locations, items, names, "k")


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
        return text(value)
    return value  # type: ignore[no-any-return]


def _compile(
    lens: Lens, locations: Sequence[str], items: Sequence[str], names: dict[str, Any], last: str = ""
) -> Callable[..., tuple[Any, ...]]:
    holders: dict[str, str] = {}
    parts = [item.format(_read(lens.places(place), holders)) for item, place in zip(items, locations, strict=True)]
    lines = [f"def read(e{', ' + last if last else ''}):"]
    for name, short in holders.items():
        lines.append(f" {short} = e[{name!r}] if {name!r} in e else E")
    lines.append(f" return ({''.join(part + ',' for part in [*parts, *([last] if last else [])])})")
    space: dict[str, Any] = {"M": MISSING, "E": {}, "dig": dig, "freeze": freeze, **names}
    exec("\n".join(lines), space)  # noqa: S102 - made here from field names only, each quoted by repr
    made: Callable[..., tuple[Any, ...]] = space["read"]
    return made


def _read(places: Sequence[Place], holders: dict[str, str]) -> str:
    """First found wins; a plain key test is faster than any method call."""
    code = "M"
    for holder, key in reversed(places):
        short = holders.setdefault(holder, f"h{len(holders)}") if holder else "e"
        if holder and "." in key:
            code = f"(v if (v := dig({short}, {key!r})) is not M else {code})"
        else:
            field = table().get(key) if not holder else None
            one = f"freeze({short}[{key!r}])" if field and field.array else f"{short}[{key!r}]"
            code = f"({one} if {key!r} in {short} else {code})"
    return code
