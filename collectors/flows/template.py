"""Templates of NetFlow v9 and IPFIX: how the records of a data set lie in its octets (RFC 3954, RFC 7011).

A template is hostile input like any other: at most ``MAX_FIELDS`` fields, at most ``MAX_RECORD`` octets a record, never
a record of no length (it would never end), and a record that reaches beyond its set ends the reading of that set.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, cast

from collectors.flows.elements import PADDING, Element, Reading, element, reading

MAX_FIELDS = 256
MAX_RECORD = 8_192
VARIABLE = 0xFFFF
SCOPES9 = {1: "scopeSystem", 2: "scopeInterface", 3: "scopeLineCard", 4: "scopeCache", 5: "scopeTemplate"}
"""Scope fields of v9 have numbers of their own (RFC 3954, section 6.1)."""
Record = dict[str, Any]


class FlowPacketError(ValueError):
    """Octets that are no export packet, or a template that cannot be; the text is a stable reason code."""


class FieldSpec(NamedTuple):
    """One field of a template as it came."""

    enterprise: int
    number: int
    length: int


class TemplateKey(NamedTuple):
    """Templates belong to an exporter (outside of this), its observation domain and the version it speaks."""

    version: int
    domain: int
    number: int


class Template:
    """Compiled. ``scope`` counts the leading scope fields of an options template; 0 is a template of flows."""

    __slots__ = ("_reader", "_readers", "_shown", "_struct", "elements", "fields", "names", "scope", "size")

    def __init__(self, fields: Sequence[FieldSpec], scope: int = 0, *, scopes9: bool = False) -> None:
        if not 0 < len(fields) <= MAX_FIELDS or scope > len(fields):
            raise FlowPacketError("template_broken")
        self.fields, self.scope = tuple(fields), scope
        self.elements: list[Element] = [element(each.enterprise, each.number) for each in fields]
        if scopes9:
            for index, each in enumerate(fields[:scope]):
                self.elements[index] = Element(SCOPES9.get(each.number, f"scope{each.number}"), "unknown", "")
        shown = _distinct([each.name for each in self.elements])
        self._readers = [reading(each.kind, spec.length) for each, spec in zip(self.elements, fields, strict=True)]
        self.names = [name for name, each in zip(shown, self.elements, strict=True) if each.kind != PADDING]
        self._shown = shown
        self._struct: struct.Struct | None = None
        if any(spec.length == VARIABLE for spec in fields):
            self.size = sum(1 if spec.length == VARIABLE else spec.length for spec in fields)
        else:
            self._struct = struct.Struct("!" + "".join(reader.code for reader in self._readers))
            self.size = self._struct.size
        if not 0 < self.size <= MAX_RECORD:
            raise FlowPacketError("template_broken")
        self._reader = _compiled(shown, self._readers) if self._struct else None

    def same(self, other: Template) -> bool:
        """Whether ``other`` says the same."""
        return self is other or (self.fields, self.scope) == (other.fields, other.scope)

    def count(self, data: memoryview) -> int:
        """How many records lie in the body of a set; what is left over is padding."""
        if self._struct:
            return len(data) // self.size
        return sum(1 for _ in self._slices(data))

    def read(self, data: memoryview) -> list[Record]:
        """The records in the body of a set, values by the names of their elements."""
        if self._struct is None or self._reader is None:
            return [self._one(values) for values in self._slices(data)]
        return self._reader(self._struct.iter_unpack(data[: len(data) // self.size * self.size]))

    def _slices(self, data: memoryview) -> Iterator[list[bytes]]:
        """The octets of each field of each record; a record that is not whole is padding."""
        position, end = 0, len(data)
        while end - position >= self.size:
            values: list[bytes] = []
            for spec in self.fields:
                length = spec.length
                if length == VARIABLE:
                    if position >= end:
                        return
                    length, position = data[position], position + 1
                    if length == 255:
                        if position + 2 > end:
                            return
                        length, position = int.from_bytes(data[position : position + 2], "big"), position + 2
                if position + length > end:
                    return
                values.append(bytes(data[position : position + length]))
                position += length
            yield values

    def _one(self, values: Sequence[bytes]) -> Record:
        record: Record = {}
        for name, kind, spec, octets in zip(self._shown, self.elements, self.fields, values, strict=True):
            if kind.kind == PADDING or not octets:
                continue
            how = reading(kind.kind if spec.length != VARIABLE or kind.kind != "unknown" else "octets", len(octets))
            (value,) = struct.unpack("!" + how.code, octets)
            record[name] = how.convert(value) if how.convert else value
        return record


def _compiled(names: Sequence[str], readers: Sequence[Reading]) -> Callable[[Iterator[tuple[Any, ...]]], list[Record]]:
    """One expression that turns rows into records, written for this template as ``namedtuple`` writes its classes:
    twice as fast as a loop over the fields. Names come from our own list, never from the wire.
    """
    shown = [(index, name, how) for index, (name, how) in enumerate(zip(names, readers, strict=True)) if how.kept]
    row = ", ".join(f"v{index}" for index, _, _ in shown)
    pairs = ", ".join(
        f"{name!r}: {f'c{index}(v{index})' if how.convert else f'v{index}'}" for index, name, how in shown
    )
    known = {f"c{index}": how.convert for index, _, how in shown if how.convert}
    source = f"lambda rows: [{{{pairs}}} for {row}, in rows]" if shown else "lambda rows: [{} for _ in rows]"
    return cast("Callable[[Iterator[tuple[Any, ...]]], list[Record]]", eval(source, {"__builtins__": {}, **known}))  # noqa: S307


def _distinct(names: Sequence[str]) -> list[str]:
    """An element that comes twice gets a number behind its name from the second on."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return found
