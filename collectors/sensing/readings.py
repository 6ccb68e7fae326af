"""The body of a ``readings`` frame: payloads of sensing devices exactly as they came, each with topic and moment."""

from __future__ import annotations

import msgspec


class Arrival(msgspec.Struct, array_like=True, frozen=True):
    """One payload. ``topic`` is MQTT's, or the path of a post. ``retained``: the broker had kept it, it is not new."""

    topic: bytes
    payload: bytes
    received_ns: int
    retained: bool = False


pack_arrivals = msgspec.msgpack.Encoder().encode
unpack_arrivals = msgspec.msgpack.Decoder(list[Arrival]).decode
"""Raises ``msgspec.MsgspecError`` on a body that is none."""
