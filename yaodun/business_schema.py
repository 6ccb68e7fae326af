"""The XML schema of business events, made from the typed kinds: every kind whose fields are plain values or lists."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any

import msgspec

from infra.events.business.rows import kinds

_TYPES: dict[Any, str] = {
    str: "xs:string", int: "xs:integer", float: "xs:double", bool: "xs:boolean", datetime: "xs:dateTime",
}  # fmt: skip


def business_schema() -> str:
    """``infra/events/business/business-events.xsd``."""
    flat = {tag: fields for tag, struct in kinds().items() if (fields := _fields(struct))}
    refs = "\n".join(f'      <xs:element ref="{tag}"/>' for tag in flat)
    parts = [_element(tag, fields) for tag, fields in flat.items()]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        "<!-- Generated from infra/events/business; required fields are checked after the schema. -->\n"
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">\n'
        '  <xs:element name="businessEvents"><xs:complexType>\n'
        '    <xs:choice minOccurs="0" maxOccurs="unbounded">\n'
        f"{refs}\n    </xs:choice>\n"
        '    <xs:attribute name="version" use="required" fixed="1"/>\n'
        "  </xs:complexType></xs:element>\n" + "\n".join(parts) + "\n</xs:schema>\n"
    )


def _fields(struct: type[msgspec.Struct]) -> list[str]:
    """The elements of a kind; empty where a field cannot be written as plain values."""
    hints = typing.get_type_hints(struct)
    try:
        return [line for name, hint in hints.items() for line in _field(name, hint)]
    except KeyError:
        return []


def _field(name: str, hint: Any) -> Iterator[str]:
    inner = _plain(hint)
    if isinstance(inner, type) and issubclass(inner, StrEnum):
        values = "".join(f'<xs:enumeration value="{item}"/>' for item in inner)
        kind = f'<xs:simpleType><xs:restriction base="xs:string">{values}</xs:restriction></xs:simpleType>'
        yield f'<xs:element name="{name}">{kind}</xs:element>'
    elif isinstance(inner, type) and issubclass(inner, msgspec.Struct):
        children = "".join(line for part, each in typing.get_type_hints(inner).items() for line in _field(part, each))
        group = (
            f'<xs:complexType><xs:choice minOccurs="0" maxOccurs="unbounded">{children}</xs:choice></xs:complexType>'
        )
        yield f'<xs:element name="{name}">{group}</xs:element>'
    else:
        yield f'<xs:element name="{name}" type="{_TYPES[inner]}"/>'


def _plain(hint: Any) -> Any:
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, UnionType):
        return _plain(next(part for part in parts if part is not NoneType))
    if origin is tuple and len(parts) == 2 and parts[1] is Ellipsis and not _is_struct(parts[0]):
        return _plain(parts[0])
    return hint if origin is None else origin


def _is_struct(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, msgspec.Struct)


def _element(tag: str, fields: list[str]) -> str:
    lines = "\n".join(f"      {line}" for line in fields)
    return (
        f'  <xs:element name="{tag}"><xs:complexType>\n    <xs:choice minOccurs="0" maxOccurs="unbounded">\n'
        f"{lines}\n    </xs:choice>\n  </xs:complexType></xs:element>"
    )
