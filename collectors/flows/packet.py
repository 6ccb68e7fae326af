"""Export packets of NetFlow v5, v9 and IPFIX taken apart: header, templates and data sets in their order.

Nothing here keeps state or reads a record: the receiver counts with it, the parser decodes with it.
Sources: NetFlow v5 as Cisco published it, RFC 3954 (v9), RFC 7011 (IPFIX).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from collectors.flows.template import MAX_FIELDS, FieldSpec, FlowPacketError, Template, TemplateKey

V5, V9, IPFIX = 5, 9, 10
_HEADER5 = struct.Struct("!HHIIIIBBH")
_HEADER9 = struct.Struct("!HHIIII")
_HEADER10 = struct.Struct("!HHIII")
_PAIR = struct.Struct("!HH")
_MAX5 = 30
_ENTERPRISE_BIT = 0x8000
_FIELDS5 = (
    (8, 4), (12, 4), (15, 4), (10, 2), (14, 2), (2, 4), (1, 4), (22, 4), (21, 4), (7, 2), (11, 2), (210, 1), (6, 1),
    (4, 1), (5, 1), (16, 2), (17, 2), (9, 1), (13, 1), (210, 2),
)  # fmt: skip
TEMPLATE5 = Template([FieldSpec(0, number, length) for number, length in _FIELDS5])


class Header(msgspec.Struct, frozen=True):
    """``uptime_ms`` is -1 where the version has none. ``records`` is what the header itself announces, -1 likewise."""

    version: int
    domain: int
    sequence: int
    exported_ms: int
    uptime_ms: int = -1
    records: int = -1
    sampling: int = 0


class Learnt(msgspec.Struct, frozen=True):
    """A template to keep; ``template`` is None where the exporter withdraws it."""

    key: TemplateKey
    template: Template | None


class DataSet(msgspec.Struct, frozen=True):
    """Octets of records that lie as the template ``key`` says."""

    key: TemplateKey
    data: memoryview


Part = Learnt | DataSet


def header_of(data: bytes) -> Header:
    """The header; ``FlowPacketError`` with a reason code where there is none."""
    if len(data) < 16:
        raise FlowPacketError("packet_short")
    version = int.from_bytes(data[:2], "big")
    if version == IPFIX:
        _, length, seconds, sequence, domain = _HEADER10.unpack_from(data)
        if length > len(data) or length < 16:
            raise FlowPacketError("packet_truncated")
        return Header(version, domain, sequence, seconds * 1000)
    if version == V9 and len(data) >= _HEADER9.size:
        _, records, uptime, seconds, sequence, domain = _HEADER9.unpack_from(data)
        return Header(version, domain, sequence, seconds * 1000, uptime, records)
    if version == V5 and len(data) >= _HEADER5.size:
        _, records, uptime, seconds, nano, sequence, kind, engine, sampling = _HEADER5.unpack_from(data)
        if not 0 < records <= _MAX5 or len(data) < _HEADER5.size + records * TEMPLATE5.size:
            raise FlowPacketError("packet_truncated")
        moment = seconds * 1000 + nano // 1_000_000
        return Header(version, kind << 8 | engine, sequence, moment, uptime, records, sampling & 0x3FFF)
    raise FlowPacketError("version_unknown")


def parts_of(data: bytes, header: Header) -> Iterator[Part]:
    """Templates and data sets in the order of the packet; ``FlowPacketError`` where a set lies about its length."""
    if header.version == V5:
        end = _HEADER5.size + header.records * TEMPLATE5.size
        yield DataSet(TemplateKey(V5, 0, 0), memoryview(data)[_HEADER5.size : end])
        return
    position = _HEADER10.size if header.version == IPFIX else _HEADER9.size
    end = int.from_bytes(data[2:4], "big") if header.version == IPFIX else len(data)
    view = memoryview(data)[:end]
    while end - position >= _PAIR.size:
        number, length = _PAIR.unpack_from(view, position)
        if length < _PAIR.size or position + length > end:
            raise FlowPacketError("set_broken")
        yield from _set(header, number, view[position + _PAIR.size : position + length])
        position += length


def _set(header: Header, number: int, body: memoryview) -> Iterator[Part]:
    if number >= 256:
        yield DataSet(TemplateKey(header.version, header.domain, number), body)
        return
    read = {(V9, 0): _templates9, (V9, 1): _options9, (IPFIX, 2): _templates10, (IPFIX, 3): _options10}
    if reader := read.get((header.version, number)):
        for own, template in reader(bytes(body)):
            yield Learnt(TemplateKey(header.version, header.domain, own), template)


Templates = tuple[tuple[int, Template | None], ...]
_remembered = lru_cache(maxsize=256)
"""Exporters send the same templates again and again."""


@_remembered
def _templates9(body: bytes) -> Templates:
    return tuple(_templates(body, options=False, enterprises=False))


@_remembered
def _templates10(body: bytes) -> Templates:
    return tuple(_templates(body, options=False, enterprises=True))


@_remembered
def _options10(body: bytes) -> Templates:
    return tuple(_templates(body, options=True, enterprises=True))


def _templates(body: bytes, *, options: bool, enterprises: bool) -> Iterator[tuple[int, Template | None]]:
    position, head = 0, 6 if options else 4
    while len(body) - position >= 4:
        number, count = _PAIR.unpack_from(body, position)
        if number < 256:
            return
        if count == 0:
            position += 4
            yield number, None
            continue
        if len(body) - position < head or count > MAX_FIELDS:
            raise FlowPacketError("template_broken")
        scope = int.from_bytes(body[position + 4 : position + 6], "big") if options else 0
        fields, position = _fields(body, position + head, count, enterprises=enterprises)
        yield number, Template(fields, scope)


def _fields(body: bytes, position: int, count: int, *, enterprises: bool) -> tuple[list[FieldSpec], int]:
    fields = []
    for _ in range(count):
        if position + 4 > len(body):
            raise FlowPacketError("template_broken")
        number, length = _PAIR.unpack_from(body, position)
        position += 4
        enterprise = 0
        if enterprises and number & _ENTERPRISE_BIT:
            if position + 4 > len(body):
                raise FlowPacketError("template_broken")
            enterprise = int.from_bytes(body[position : position + 4], "big")
            number, position = number & ~_ENTERPRISE_BIT, position + 4
        fields.append(FieldSpec(enterprise, number, length))
    return fields, position


@_remembered
def _options9(body: bytes) -> Templates:
    return tuple(_read_options9(body))


def _read_options9(body: bytes) -> Iterator[tuple[int, Template]]:
    position = 0
    while len(body) - position >= 6:
        number, scope_length, option_length = struct.unpack_from("!HHH", body, position)
        if number < 256:
            return
        scopes, options = scope_length // 4, option_length // 4
        if scopes + options > MAX_FIELDS:
            raise FlowPacketError("template_broken")
        fields, position = _fields(body, position + 6, scopes + options, enterprises=False)
        yield number, Template(fields, max(scopes, 1), scopes9=True)
