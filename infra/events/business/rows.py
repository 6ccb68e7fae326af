"""Rows of text (CSV, XML, SQL) as objects of the file format: lists split, places nested, empty cells left out."""

from __future__ import annotations

import tomllib
import typing
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from types import NoneType
from typing import Any

import msgspec

from infra.events.business.envelope import VERSION
from infra.events.business.kinds import BusinessEvent
from infra.events.business.lines import MAX_LINE, Refused, refusal_of

SPLITS = "|"
"""Parts the members of a list in one cell."""

_lax: msgspec.json.Decoder[BusinessEvent] = msgspec.json.Decoder(BusinessEvent, strict=False)


@cache
def kinds() -> dict[str, type[msgspec.Struct]]:
    """Every kind by its tag."""
    return {str(kind.__struct_config__.tag): kind for kind in typing.get_args(BusinessEvent)}


@cache
def list_fields(kind: str) -> frozenset[str]:
    """The fields of a kind that hold a list of plain values."""
    struct = kinds().get(kind)
    if struct is None:
        return frozenset()
    hints = typing.get_type_hints(struct)
    return frozenset(name for name, hint in hints.items() if _is_list(hint))


def _is_list(hint: Any) -> bool:
    parts = [part for part in typing.get_args(hint) if part is not NoneType]
    return typing.get_origin(hint) is tuple or any(typing.get_origin(part) is tuple for part in parts)


@cache
def column_names() -> dict[str, str]:
    """Chinese names of columns and the fields they mean."""
    text = files("infra.events.business").joinpath("columns.toml").read_text(encoding="utf-8")
    return {str(name): str(field) for name, field in tomllib.loads(text).items()}


class Columns:
    """The columns of a table by the fields they mean: ``renamed`` gives the field of a column, else the Chinese names
    are known; ``place.lat`` nests."""

    def __init__(self, names: Iterable[str], renamed: Mapping[str, str] | None = None) -> None:
        known, own = column_names(), renamed or {}
        self._fields = [own.get(name) or known.get(name, name) for name in names]
        parts = [(field, *field.partition(".")[::2]) for field in dict.fromkeys(self._fields)]
        self._nested = [(field, head, tail) for field, head, tail in parts if tail]

    def object(self, values: Iterable[Any]) -> dict[str, Any]:
        """The object of a row; empty cells are absent, lists in one cell are split."""
        pairs = zip(self._fields, values, strict=True)
        made = {field: value for field, value in pairs if value is not None and value != ""}
        for name in list_fields(str(made.get("kind", ""))):
            value = made.get(name)
            if isinstance(value, str):
                made[name] = [part for part in value.split(SPLITS) if part]
        for field, head, tail in self._nested:
            if field in made:
                value = made.pop(field)
                inner = made.setdefault(head, {})
                if isinstance(inner, dict):
                    inner[tail] = value
        return made


def row_object(row: Mapping[str, Any], renamed: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The object of one row by its names."""
    return _columns(tuple(row), tuple((renamed or {}).items())).object(row.values())


@lru_cache(maxsize=64)
def _columns(names: tuple[str, ...], renamed: tuple[tuple[str, str], ...]) -> Columns:
    return Columns(names, dict(renamed))


def decode_lax(line: bytes, number: int = 1) -> BusinessEvent | Refused:
    """Like ``decode_event``, but numbers and truth values may be written as text."""
    if len(line) > MAX_LINE:
        return Refused(number, "too_long", "", f"{len(line)} bytes, at most {MAX_LINE}")
    try:
        event = _lax.decode(line)
        return event if event.v == VERSION else Refused(number, "version", "v", f"version {event.v}")
    except (msgspec.DecodeError, RecursionError) as problem:
        return refusal_of(line, number, problem)
