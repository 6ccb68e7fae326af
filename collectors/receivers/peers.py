"""Who sends: sources named after the peer's address, bounded in number; and the frames of their messages."""

from __future__ import annotations

import time
from collections.abc import Sequence

from collectors.frames import FrameKind, pack_records
from infra.events.frame import Frame

MAX_SOURCES = 10_000
"""Peers that get a source of their own; later ones share ``<kind>:other``, so that forged addresses cannot fill
memory."""


class PeerSources:
    """Names sources after the address of the peer: ``syslog:192.0.2.7``, or as the site calls that peer."""

    def __init__(self, prefix: str, names: dict[str, str] | None = None) -> None:
        self._prefix = prefix
        self._names = dict(names or {})
        self._known: dict[str, str] = {}

    def of(self, peer: str) -> str:
        """The source of ``peer``; bounded in number."""
        if name := self._known.get(peer):
            return name
        if len(self._known) >= MAX_SOURCES:
            return f"{self._prefix}:other"
        return self._known.setdefault(peer, self._names.get(peer, f"{self._prefix}:{peer}"))


def syslog_frame(source: str, messages: Sequence[bytes], peer: str, **meta: str) -> Frame:
    """A frame of syslog messages as they came."""
    body = pack_records(messages)
    return Frame(source, FrameKind.SYSLOG, len(messages), time.time_ns(), body, peer=peer, meta=meta)
