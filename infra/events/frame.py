"""A spool frame: what one delivery of one source looked like, kept exactly as it came."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

COLLECTED = "collected_ns"
"""In ``meta``, set by receivers alone: Unix time in nanoseconds by the clock of the sending host."""
SKEW = "skew_ms"
"""In ``meta``, set by receivers alone: milliseconds the clock of the sending host is behind the platform's."""


class Frame(msgspec.Struct, frozen=True, array_like=True):
    """One acknowledged delivery.

    ``source`` is the key of the loss ledger, ``kind`` chooses the parser, ``count`` is the number of records in
    ``body``, ``received_ns`` is Unix time in nanoseconds, ``peer`` the sender's address, ``identity`` the source's own
    identity for the delivery (agent sequence, journald cursor, file fingerprint and offset), '' where it has none.
    """

    source: str
    kind: str
    count: int
    received_ns: int
    body: bytes
    peer: str = ""
    identity: str = ""
    meta: dict[str, str] = {}

    @property
    def received(self) -> datetime:
        """When the platform took it, aware UTC."""
        return datetime.fromtimestamp(self.received_ns / 1e9, UTC)

    @property
    def collected(self) -> datetime:
        """When the sending host collected it, by that host's own clock; else when the platform took it."""
        if told := self.meta.get(COLLECTED):
            return datetime.fromtimestamp(int(told) / 1e9, UTC)
        return self.received

    @property
    def arrival_hour(self) -> str:
        """``YYYYMMDDHH`` of arrival: the first part of every event id of this frame."""
        return self.received.strftime("%Y%m%d%H")


encode_frame = msgspec.msgpack.Encoder().encode
decode_frame = msgspec.msgpack.Decoder(Frame).decode
