"""The subscriber's side of MQTT 5: packets cut from any split of the stream; noise never hangs."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.sensing.mqtt_codec import (
    SUBACK,
    Control,
    Message,
    MqttError,
    PacketReader,
    acknowledge,
    connect,
    reasons,
    subscribe,
)


def publish(topic: str, payload: bytes, packet: int = 0, properties: bytes = b"") -> bytes:
    """Written after the standard, section 3.3."""
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + (packet.to_bytes(2, "big") if packet else b"")
    body += variable(len(properties)) + properties + payload
    return bytes([0x30 | (2 if packet else 0)]) + variable(len(body)) + body


def variable(value: int) -> bytes:
    out = b""
    while True:
        value, low = divmod(value, 128)
        out += bytes([low | (128 if value else 0)])
        if not value:
            return out


@given(
    st.lists(st.tuples(st.text(min_size=1, max_size=30), st.binary(max_size=300), st.integers(0, 65_535)), max_size=8),
    st.lists(st.integers(1, 40), min_size=1, max_size=30),
)
def test_messages_survive_any_split(messages: list[tuple[str, bytes, int]], cuts: list[int]) -> None:
    stream = b"".join(publish(topic, payload, packet, b"\x01\x01") for topic, payload, packet in messages)
    reader, found, position, turn = PacketReader(), [], 0, 0
    while position < len(stream):
        size = cuts[turn % len(cuts)]
        found += list(reader.feed(stream[position : position + size]))
        position, turn = position + size, turn + 1
    assert found == [Message(topic.encode(), payload, packet, False) for topic, payload, packet in messages]


@given(st.lists(st.binary(max_size=60), max_size=10))
def test_noise_is_refused_and_never_hangs(pieces: list[bytes]) -> None:
    reader = PacketReader()
    with contextlib.suppress(MqttError):
        for piece in pieces:
            list(reader.feed(piece))


@pytest.mark.parametrize(
    "packet",
    [
        b"\x30\xff\xff\xff\xff\x01",
        b"\x30\xff\xff\xff\x7f",
        b"\x36\x05\x00\x01a\x00\x00",
        b"\x30\x03\x00\x09a",
        b"\x30\x04\x00\x01a\x7f",
    ],
)
def test_lying_lengths_end_the_connection(packet: bytes) -> None:
    with pytest.raises(MqttError):
        list(PacketReader().feed(packet + bytes(300)))


def test_answers_and_questions() -> None:
    [answer] = PacketReader().feed(b"\x90\x05\x00\x01\x00\x01\x87")
    assert isinstance(answer, Control)
    assert (answer.kind, reasons(answer)) == (SUBACK, [1, 0x87])
    assert acknowledge([1, 258]) == b"\x40\x02\x00\x01\x40\x02\x01\x02"
    assert subscribe(7, ["a/#"], 1) == b"\x82\x09\x00\x07\x00\x00\x03a/#\x01"
    hello = connect("me", "user", "pass", 30, 0, 10)
    assert hello[2:9] == b"\x00\x04MQTT\x05"
    assert hello[9] == 0b11000010
