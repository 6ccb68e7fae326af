"""The generated tables of ``docs/business-events.md``: every kind with its fields and an example, every bill type."""

from __future__ import annotations

import typing
from datetime import datetime
from enum import StrEnum
from importlib.resources import files
from types import NoneType, UnionType
from typing import Any

import msgspec

from infra.events.business import BusinessEvent, Envelope, bill_types
from yaodun.simulation.knobs import known_knobs

_WORDS: dict[Any, str] = {str: "text", int: "integer", float: "number", bool: "boolean", datetime: "time"}


def kinds_tables() -> str:
    """One table for the common fields and one a kind."""
    examples = _examples()
    parts = ["### Every kind", "", *_rows(Envelope, ())]
    common = {field.name for field in msgspec.structs.fields(Envelope)}
    for kind in typing.get_args(BusinessEvent):
        tag = kind.__struct_config__.tag
        about = (kind.__doc__ or "").strip()
        parts += ["", f"### `{tag}`", "", about, "", *_rows(kind, common), "", "```json", examples[tag], "```"]
    return "\n".join(parts)


def bill_types_table() -> str:
    """Every bill type."""
    rows = [
        f"| {kind.code} | {'in' if kind.inbound else 'out'} | {'yes' if kind.final else ''} "
        f"| {kind.title_zh} | {kind.title_en} |"
        for kind in bill_types().values()
    ]
    return "\n".join(["| code | stock | final | 中文 | English |", "|---|---|---|---|---|", *rows])


def _examples() -> dict[str, str]:
    text = files("infra.events.business").joinpath("examples.ndjson").read_text(encoding="utf-8")
    return {msgspec.json.decode(line)["kind"]: line for line in text.splitlines()}


def _rows(kind: type[msgspec.Struct], without: typing.Collection[str]) -> list[str]:
    hints = typing.get_type_hints(kind, include_extras=True)
    fields = [field for field in msgspec.structs.fields(kind) if field.name not in without]
    fields.sort(key=lambda field: not field.required)
    lines = [_row(field, hints[field.name]) for field in fields]
    return ["| field | type | | meaning |", "|---|---|---|---|", *lines]


def _row(field: Any, hint: Any) -> str:
    meaning = next(meta.description for meta in reversed(hint.__metadata__) if meta.description)
    need = "required" if field.required else _default(field.default)
    return f"| `{field.encode_name}` | {_kind(hint)} | {need} | {meaning} |"


def _default(value: Any) -> str:
    if value is None or value is msgspec.NODEFAULT or value == ():
        return ""
    return f"default `{msgspec.json.encode(value).decode()}`"


def _kind(hint: Any) -> str:
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return "day" if "4}" in str(hint.__metadata__[0].pattern) else _kind(parts[0])
    if origin in (typing.Union, UnionType):
        return " or ".join(dict.fromkeys(_kind(part) for part in parts if part is not NoneType))
    if origin is tuple:
        return "list of " + ("pairs" if parts[-1] is not Ellipsis else _kind(parts[0]))
    if origin is dict:
        return f"object of {_kind(parts[1])}"
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return ", ".join(f"`{item}`" for item in hint)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        names = ", ".join(f"`{field.encode_name}`" for field in msgspec.structs.fields(hint))
        return f"object ({names})"
    return _WORDS[hint]


def knobs_table() -> str:
    """Every knob of the simulation."""
    rows = [
        f"| `{knob.name}` | {knob.low:g} to {knob.high:g} | {knob.lowest:g} to {knob.highest:g} | {knob.about} |"
        for knob in known_knobs().values()
    ]
    return "\n".join(["| knob | default | allowed | meaning |", "|---|---|---|---|", *rows])
