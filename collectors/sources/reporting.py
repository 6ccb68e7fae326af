"""What sources share: the host they describe, their status, frames of documents, patience with a full spool."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from collectors.frames import FrameKind
from collectors.sources.seams import SourceState, SourceStatus
from infra.events.frame import Frame
from infra.events.stream import Event, Stream

_encode = msgspec.msgpack.Encoder().encode
Now = Callable[[], int]
"""Unix time in nanoseconds."""


class Host(msgspec.Struct, frozen=True):
    """Who this host is."""

    name: str
    id: str

    def inherit(self) -> Event:
        """The fields every document of this host carries."""
        fields: Event = {"host.name": self.name, "host.os.type": "linux"}
        if self.id:
            fields["host.id"] = self.id
        return fields


def this_host() -> Host:
    """The host this runs on, by its name and machine id."""
    return Host(socket.gethostname(), _machine_id())


def _machine_id() -> str:
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        try:
            if text := Path(path).read_text(encoding="ascii").strip():
                return text
        except OSError:
            continue
    return ""


class Reporter:
    """The status of one source, and the frames it makes. ``name`` is its id within the host, such as ``metrics``."""

    def __init__(self, host: Host, name: str, now: Now = time.time_ns) -> None:
        self.host = host
        self.now = now
        self.id = f"{host.name}/{name}"
        self._state = SourceState.STOPPED
        self._reason = self._remedy = ""
        self._detail: dict[str, str] = {}
        self._records = 0
        self._last_ns = 0

    @property
    def status(self) -> SourceStatus:
        """Where the source stands."""
        return SourceStatus(
            id=self.id,
            state=self._state,
            reason_key=self._reason,
            remedy_key=self._remedy,
            detail=self._detail,
            records=self._records,
            last_ns=self._last_ns,
        )

    def running(self) -> None:
        """It reads."""
        self._state, self._reason, self._remedy, self._detail = SourceState.RUNNING, "", "", {}

    def not_available(self, name: str, **detail: str) -> None:
        """It cannot read here; ``collectors.source.<name>.reason`` and ``.remedy`` say why and what would help."""
        self._state, self._detail = SourceState.NOT_AVAILABLE, detail
        self._reason, self._remedy = f"collectors.source.{name}.reason", f"collectors.source.{name}.remedy"

    def failed(self, error: BaseException) -> None:
        """It stopped by a fault of its own and will be started again."""
        self._state, self._detail = SourceState.FAILED, {"problem": f"{type(error).__name__}: {error}"[:200]}
        self._reason, self._remedy = "collectors.source.failed.reason", "collectors.source.failed.remedy"

    def documents(self, documents: Sequence[Event], stream: Stream) -> Frame:
        """A frame of flat documents for ``stream``; times in them are RFC 3339 text or epoch milliseconds."""
        inherited = {**self.host.inherit(), "yaodun.stream": stream.value}
        body = _encode([{**inherited, **document} for document in documents])
        return self.frame(FrameKind.DOCUMENTS, len(documents), body)

    def frame(self, kind: str, count: int, body: bytes, identity: str = "", source: str = "", **meta: str) -> Frame:
        """A frame of this source, or of ``source`` within it."""
        now = self.now()
        self._records += count
        self._last_ns = now
        return Frame(
            source or self.id, kind, count, now, body, identity=identity, meta={"host": self.host.name, **meta}
        )


def milliseconds(now_ns: int) -> int:
    """Epoch milliseconds, as conforming reads dates."""
    return now_ns // 1_000_000


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """``values`` without those that are absent."""
    return {key: value for key, value in values.items() if value not in (None, "", [])}


class Reporting:
    """What a source that keeps a ``Reporter`` shows of itself to whoever runs it."""

    _reporter: Reporter

    @property
    def id(self) -> str:
        """Host and name."""
        return self._reporter.id

    @property
    def status(self) -> SourceStatus:
        """Where the source stands."""
        return self._reporter.status

    def note_failure(self, error: BaseException) -> None:
        """It stopped by a fault of its own and will be started again."""
        self._reporter.failed(error)
