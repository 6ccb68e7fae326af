"""What agent and ingest say to each other on the socket: length-prefixed MessagePack, acknowledged after fsync.

The agent opens with ``Hello``, ingest answers ``Welcome`` with the position of the agent's spool up to which it has
everything; then every ``Batch`` of frames is answered by ``Ack`` with the position behind its last frame, once the
batch is durable. Positions only grow, so a batch that is sent again after a lost answer is recognised and
acknowledged without being taken twice.
"""

from __future__ import annotations

import asyncio
import struct
from typing import Any, TypeVar

import msgspec

from infra.events.frame import Frame
from infra.spool.position import SpoolPosition

VERSION = 1
MAX_MESSAGE = 96 << 20
"""Longest message, in bytes: one frame may fill a segment of the spool."""
_LENGTH = struct.Struct(">I")


class Hello(msgspec.Struct, tag="hello", array_like=True):
    """Who the agent is. ``agent`` is new whenever its spool is new."""

    agent: str
    host: str
    version: int = VERSION


class Welcome(msgspec.Struct, tag="welcome", array_like=True):
    """Everything up to ``position`` is there."""

    position: SpoolPosition
    version: int = VERSION


class Placed(msgspec.Struct, array_like=True):
    """A frame and the position behind it in the agent's spool."""

    position: SpoolPosition
    frame: Frame


class Batch(msgspec.Struct, tag="batch", array_like=True):
    """Frames in the order of the spool."""

    frames: list[Placed]


class Ack(msgspec.Struct, tag="ack", array_like=True):
    """Everything up to ``position`` is durable."""

    position: SpoolPosition


FromAgent = Hello | Batch
ToAgent = Welcome | Ack
_encode = msgspec.msgpack.Encoder().encode
_T = TypeVar("_T")


def pack(message: Any) -> bytes:
    """``message`` with its length before it."""
    body = _encode(message)
    return _LENGTH.pack(len(body)) + body


async def read_message(reader: asyncio.StreamReader, decoder: msgspec.msgpack.Decoder[_T]) -> _T:
    """The next message; ``asyncio.IncompleteReadError`` at the end, ``ValueError`` on one that is none."""
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    if length > MAX_MESSAGE:
        raise ValueError(f"a message of {length} bytes is too long")
    return decoder.decode(await reader.readexactly(length))


def decoder_of(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    """A decoder of ``FromAgent`` or ``ToAgent``."""
    return msgspec.msgpack.Decoder(kind)


def write_position(position: SpoolPosition) -> str:
    """A position as text that ``read_position`` reads."""
    return f"{position.segment}.{position.offset}"


def read_position(text: str) -> SpoolPosition:
    """The position in ``text``; the beginning for ''."""
    segment, _, offset = text.partition(".")
    return SpoolPosition(int(segment), int(offset)) if segment and offset else SpoolPosition()
