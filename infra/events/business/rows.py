"""Rows of text (CSV, XML, SQL) as objects of the file format: lists split, places nested, empty cells left out."""

from __future__ import annotations

import tomllib
import typing
from collections.abc import Mapping
from functools import cache
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


def row_object(row: Mapping[str, Any], renamed: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The object of a row. ``renamed`` gives the field of a column; ``place.lat`` nests; empty cells are absent."""
    known = column_names()
    named = {(renamed or {}).get(name) or known.get(name, name): value for name, value in row.items()}
    lists = list_fields(str(named.get("kind", "")))
    made: dict[str, Any] = {}
    for name, value in named.items():
        if value is None or value == "":
            continue
        if name in lists and isinstance(value, str):
            value = [part for part in value.split(SPLITS) if part]
        head, dot, tail = name.partition(".")
        if dot:
            made.setdefault(head, {})[tail] = value
        else:
            made[name] = value
    return made


def decode_lax(line: bytes, number: int = 1) -> BusinessEvent | Refused:
    """Like ``decode_event``, but numbers and truth values may be written as text."""
    if len(line) > MAX_LINE:
        return Refused(number, "too_long", "", f"{len(line)} bytes, at most {MAX_LINE}")
    try:
        event = _lax.decode(line)
        return event if event.v == VERSION else Refused(number, "version", "v", f"version {event.v}")
    except (msgspec.DecodeError, RecursionError) as problem:
        return refusal_of(line, number, problem)
