"""What is read of a device, from ``objects.toml``; what a site wants beyond it is named by OID and kept as numbers."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import msgspec


class Object(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A scalar or column. ``type`` is gauge, counter, text or mac."""

    oid: str
    name: str
    type: str = "gauge"
    unit: str = ""
    scale: float = 1.0


class ObjectTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Columns with the same index. ``label`` is the column that names a row; an ``inventory`` table becomes items, the
    others become metrics."""

    name: str
    column: tuple[Object, ...]
    label: str = ""
    inventory: bool = False


class Objects(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of them."""

    scalar: tuple[Object, ...]
    table: tuple[ObjectTable, ...]


@cache
def shipped_objects() -> Objects:
    """Those of ``objects.toml``."""
    text = files(__package__).joinpath("objects.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Objects)
