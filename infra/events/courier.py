"""Signals between processes: packed into spool frames by the one that matches, unpacked by the one that correlates."""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec

from infra.events.frame import Frame
from infra.events.signal import Signal

KIND = "signals"
PER_FRAME = 2000
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Signal]).decode


def pack_signals(signals: Sequence[Signal], source: str) -> list[Frame]:
    """Frames that hold ``signals`` in order."""
    now = time.time_ns()
    parts = (signals[start : start + PER_FRAME] for start in range(0, len(signals), PER_FRAME))
    return [Frame(source=source, kind=KIND, count=len(part), received_ns=now, body=_encode(part)) for part in parts]


def unpack_signals(frame: Frame) -> list[Signal]:
    """The signals of a frame; ``msgspec.MsgspecError`` on anything else."""
    return _decode(frame.body)
