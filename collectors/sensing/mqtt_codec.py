"""MQTT 5 on the wire, as far as a subscriber needs it (OASIS MQTT 5.0): written for 10,000 messages a second and core,
which clients for general use do not reach in Python.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

MAX_PACKET = 1 << 20
"""Longest packet taken, told to the broker as Maximum Packet Size: it does not send longer ones."""
CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP, DISCONNECT = 2, 3, 4, 9, 13, 14
_SESSION_EXPIRY, _RECEIVE_MAXIMUM, _MAXIMUM_PACKET, _SUBSCRIPTION_ID = 0x11, 0x21, 0x27, 0x0B
PINGREQ = b"\xc0\0"


class MqttError(ValueError):
    """Octets that are no MQTT 5; the text says what."""


class Message(NamedTuple):
    """A PUBLISH. ``packet`` is its identifier, 0 at quality 0."""

    topic: bytes
    payload: bytes
    packet: int
    retained: bool


class Control(NamedTuple):
    """Any other packet: its type, flags and body."""

    kind: int
    flags: int
    body: bytes


class PacketReader:
    """Cuts a stream into packets. ``feed`` octets, iterate what is whole."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Message | Control]:
        """The packets that are complete now; ``MqttError`` ends the connection."""
        data = self._rest + data if self._rest else data
        position, end = 0, len(data)
        while True:
            if end - position < 2:
                break
            length, start = data[position + 1], position + 2
            if length & 0x80:
                long = _length(data, position + 1)
                if long is None:
                    break
                length, start = long
            if length > MAX_PACKET:
                raise MqttError(f"a packet of {length} bytes is too long")
            after = start + length
            if after > end:
                break
            head = data[position]
            if head >> 4 == PUBLISH:
                yield _message(data, head, start, after)
            else:
                yield Control(head >> 4, head & 15, data[start:after])
            position = after
        self._rest = data[position:]


def _length(data: bytes, position: int) -> tuple[int, int] | None:
    """Variable byte integer and the position behind it; None where it is not whole yet."""
    value = 0
    for shift in range(4):
        if position + shift >= len(data):
            return None
        octet = data[position + shift]
        value |= (octet & 0x7F) << 7 * shift
        if not octet & 0x80:
            return value, position + shift + 1
    raise MqttError("the length of a packet is broken")


def _message(data: bytes, head: int, start: int, after: int) -> Message:
    quality = head >> 1 & 3
    topic_end = start + 2 + (data[start] << 8 | data[start + 1] if after - start >= 2 else 0)
    position = topic_end + (2 if quality else 0)
    if quality == 3 or position >= after:
        raise MqttError("a message is broken")
    packet = data[topic_end] << 8 | data[topic_end + 1] if quality else 0
    properties = data[position]
    if properties & 0x80:
        long = _length(data[:after], position)
        if long is None:
            raise MqttError("the properties of a message are broken")
        properties, position = long
    else:
        position += 1
    if position + properties > after:
        raise MqttError("the properties of a message are broken")
    return Message(data[start + 2 : topic_end], data[position + properties : after], packet, bool(head & 1))


def connect(client: str, user: str, password: str, keep_alive_s: int, session_s: int, receive_maximum: int) -> bytes:
    """CONNECT. ``session_s`` is how long the broker keeps messages for us while we are away."""
    properties = struct.pack("!BI", _SESSION_EXPIRY, session_s) + struct.pack("!BH", _RECEIVE_MAXIMUM, receive_maximum)
    properties += struct.pack("!BI", _MAXIMUM_PACKET, MAX_PACKET)
    flags = (0 if session_s else 2) | (0x80 if user else 0) | (0x40 if password else 0)
    body = _text("MQTT") + bytes([5, flags]) + struct.pack("!H", keep_alive_s)
    body += _variable(len(properties)) + properties + _text(client)
    body += (_text(user) if user else b"") + (_text(password) if password else b"")
    return b"\x10" + _variable(len(body)) + body


def subscribe(packet: int, topics: list[str], quality: int) -> bytes:
    """SUBSCRIBE to ``topics`` at ``quality`` 0 or 1."""
    body = struct.pack("!HB", packet, 0) + b"".join(_text(topic) + bytes([quality]) for topic in topics)
    return b"\x82" + _variable(len(body)) + body


def acknowledge(packets: list[int]) -> bytes:
    """PUBACKs."""
    return b"".join(struct.pack("!BBH", 0x40, 2, packet) for packet in packets)


def reasons(control: Control) -> list[int]:
    """Reason codes of CONNACK (one), SUBACK (one per topic) or DISCONNECT (one)."""
    body = control.body
    if control.kind == CONNACK:
        if len(body) < 2:
            raise MqttError("CONNACK is broken")
        return [body[1]]
    if control.kind == SUBACK:
        found = _length(body, 2)
        if found is None:
            raise MqttError("SUBACK is broken")
        length, start = found
        return list(body[start + length :])
    return [body[0] if body else 0]


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("!H", len(data)) + data


def _variable(value: int) -> bytes:
    octets = bytearray()
    while True:
        value, octet = value >> 7, value & 0x7F
        octets.append(octet | (0x80 if value else 0))
        if not value:
            return bytes(octets)
