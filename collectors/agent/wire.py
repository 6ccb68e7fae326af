"""What an agent and ingest say to each other: length-prefixed MessagePack, acknowledged after fsync.

The agent opens with ``Hello``; ingest answers ``Welcome`` with the lanes of the agent's spool and how far it has each.
From then on the agent speaks and ingest answers: ``Batch`` of frames -> ``Ack`` with the position behind its last
frame, once the batch is durable; ``May`` and ``Joined`` -> ``Ack``; ``Beat`` -> ``Pulse``. Positions only grow within a
lane, so a batch that is sent again after a lost answer is recognised and acknowledged without being taken twice.

A lane is a stretch of the spool delivered in order. There is one, until an agent comes back with a backlog: then a
second begins at the end of the spool, so that what happens now does not wait behind what happened days ago. When the
backlog is through, ``Joined`` makes one lane of the two.

Over TCP the same words are spoken inside mutual TLS. A caller without a certificate may only ``Ask`` for the authority
and ``Enrol``; one with a certificate may also ``Renew`` it. ``Refusal`` says why something was not granted.
"""

from __future__ import annotations

import asyncio
import struct
from typing import Any, TypeVar

import msgspec

from infra.events.frame import Frame
from infra.spool.position import SpoolPosition

VERSION = 2
MAX_MESSAGE = 96 << 20
"""Longest message, in bytes: one frame may fill a segment of the spool."""
START = SpoolPosition()
_LENGTH = struct.Struct(">I")


class Hello(msgspec.Struct, tag="hello", array_like=True):
    """Who the agent is. ``agent`` is new whenever its spool is new; ``software`` is its version."""

    agent: str
    host: str
    version: int = VERSION
    software: str = ""


class LaneReached(msgspec.Struct, array_like=True):
    """Everything of the lane that begins at ``start`` is there up to ``reached``."""

    start: SpoolPosition
    reached: SpoolPosition


class Welcome(msgspec.Struct, tag="welcome", array_like=True):
    """Everything of the first lane up to ``position`` is there; ``clock_ns`` is ingest's Unix time."""

    position: SpoolPosition
    version: int = VERSION
    lanes: list[LaneReached] = []
    clock_ns: int = 0


class Placed(msgspec.Struct, array_like=True):
    """A frame and the position behind it in the agent's spool."""

    position: SpoolPosition
    frame: Frame


class Batch(msgspec.Struct, tag="batch", array_like=True):
    """Frames of one lane in the order of the spool. ``late`` ones are backlog; ``skew_ms`` is how far the agent's clock
    is behind ingest's."""

    frames: list[Placed]
    lane: SpoolPosition = START
    late: bool = False
    skew_ms: int = 0


class Ack(msgspec.Struct, tag="ack", array_like=True):
    """Everything of the lane up to ``position`` is durable; ``hold_ms`` answers ``May``."""

    position: SpoolPosition
    hold_ms: int = 0


class May(msgspec.Struct, tag="may", array_like=True):
    """May so many records of backlog come now? Answered by an ``Ack`` whose ``hold_ms`` is 0 for yes."""

    records: int


class Joined(msgspec.Struct, tag="joined", array_like=True):
    """Everything before the lane that begins at ``lane`` was delivered: it and the lane before it are one now."""

    lane: SpoolPosition


class Beat(msgspec.Struct, tag="beat", array_like=True):
    """The agent is well: its clock, the version of the configuration it follows, and its status as JSON."""

    clock_ns: int
    configuration: int = 0
    report: bytes = b""


class Pulse(msgspec.Struct, tag="pulse", array_like=True):
    """So is ingest; ``configuration`` is a newer signed one, or empty."""

    clock_ns: int
    configuration: bytes = b""


class Ask(msgspec.Struct, tag="ask", array_like=True):
    """Which authority vouches for ingest and its agents?"""


class Authority(msgspec.Struct, tag="authority", array_like=True):
    """Its certificate, PEM."""

    certificate: bytes


class Enrol(msgspec.Struct, tag="enrol", array_like=True):
    """Let me be an agent: the one-time secret and a certification request (PKCS #10, PEM)."""

    secret: str
    request: bytes
    host: str
    software: str = ""

    def __repr__(self) -> str:
        return f"Enrol(host={self.host!r})"


class Renew(msgspec.Struct, tag="renew", array_like=True):
    """A new certificate for the agent that speaks, over a new key."""

    request: bytes


class Certified(msgspec.Struct, tag="certified", array_like=True):
    """The agent's id, name and certificate (PEM), and when to renew it (Unix time in seconds)."""

    agent: str
    name: str
    certificate: bytes
    renew_at: float


class Refusal(msgspec.Struct, tag="refusal", array_like=True):
    """Not granted; ``code`` is the last part of a key in the catalogues."""

    code: str


FromAgent = Hello | Batch | May | Joined | Beat | Ask | Enrol | Renew
ToAgent = Welcome | Ack | Pulse | Authority | Certified | Refusal
_encode = msgspec.msgpack.Encoder().encode
_T = TypeVar("_T")


def pack(message: Any) -> bytes:
    """``message`` with its length before it."""
    body = _encode(message)
    return _LENGTH.pack(len(body)) + body


async def read_message(
    reader: asyncio.StreamReader, decoder: msgspec.msgpack.Decoder[_T], limit: int = MAX_MESSAGE
) -> _T:
    """The next message; ``asyncio.IncompleteReadError`` at the end, ``ValueError`` on one that is none."""
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    if length > limit:
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
