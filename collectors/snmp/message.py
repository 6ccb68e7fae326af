"""SNMP messages (RFC 3416; v2c RFC 1901): a question, and the answer with its values."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from collectors.snmp import ber
from collectors.snmp.ber import BerError, Oid, Value

GET, RESPONSE, GET_BULK, REPORT = 0xA0, 0xA2, 0xA5, 0xA8
MAX_VALUES = 4_096
ERRORS = ("noError", "tooBig", "noSuchName", "badValue", "readOnly", "genErr", "noAccess", "wrongType", "wrongLength",
          "wrongEncoding", "wrongValue", "noCreation", "inconsistentValue", "resourceUnavailable", "commitFailed",
          "undoFailed", "authorizationError", "notWritable", "inconsistentName")  # fmt: skip


class Answer(msgspec.Struct, frozen=True):
    """A RESPONSE or REPORT. A value is None where the device has none."""

    kind: int
    request: int
    status: int
    values: list[tuple[Oid, Value | None]]

    @property
    def problem(self) -> str:
        """The error in the words of the standard; '' where there is none."""
        return "" if not self.status else ERRORS[self.status] if self.status < len(ERRORS) else str(self.status)


def question(request: int, oids: Sequence[Oid], repeat: int = 0) -> bytes:
    """A GET, or with ``repeat`` a GETBULK, of ``oids``."""
    bindings = ber.sequence(_asked(oid) for oid in oids)
    body = ber.integer(request) + ber.integer(0) + ber.integer(repeat) + bindings
    return ber.element(GET_BULK if repeat else GET, body)


@lru_cache(maxsize=4_096)
def _asked(oid: Oid) -> bytes:
    return ber.sequence((ber.oid(oid), b"\x05\x00"))


def message_v2c(community: bytes, pdu: bytes) -> bytes:
    """The message around a PDU."""
    return ber.sequence((ber.integer(1), ber.element(ber.OCTETS, community), pdu))


def read_v2c(data: bytes) -> Answer:
    """The answer in a v2c message; ``BerError``."""
    start, end = ber.inside(data, 0, len(data), ber.SEQUENCE)
    version, position = ber.integer_at(data, start, end)
    if version != 1:
        raise BerError(f"version {version} where v2c is expected")
    _, position = ber.octets_at(data, position, end)
    return read_pdu(data, position, end)


def read_pdu(data: bytes, position: int, end: int) -> Answer:
    """The PDU at ``position``."""
    kind, start, end = ber.take(data, position, end)
    if kind not in (RESPONSE, REPORT):
        raise BerError(f"a PDU of type {kind:#x} is no answer")
    request, position = ber.integer_at(data, start, end)
    status, position = ber.integer_at(data, position, end)
    _, position = ber.integer_at(data, position, end)
    position, end = ber.inside(data, position, end, ber.SEQUENCE)
    values: list[tuple[Oid, Value | None]] = []
    while position < end:
        if len(values) >= MAX_VALUES:
            raise BerError("an answer holds too many values")
        start, after = ber.inside(data, position, end, ber.SEQUENCE)
        name, name_end = ber.inside(data, start, after, ber.OID)
        tag, value, value_end = ber.take(data, name_end, after)
        values.append((_oid(data[name:name_end]), ber.read_value(tag, data[value:value_end])))
        position = after
    return Answer(kind, request, status, values)


_oid = lru_cache(maxsize=65_536)(ber.read_oid)
