"""What every record starts and ends with: raw bytes kept, arrival, source; refusals in the words of quarantine."""

from __future__ import annotations

from collectors.parsers.raw_text import keep_raw, read_text
from collectors.parsers.seams import Parsed, Refused
from collectors.parsers.times import Clockwork
from infra.events.conform import Rejection
from infra.events.frame import Frame
from infra.events.stream import Event, Stream

KEPT_OF_REFUSED = 64 << 10
"""How many bytes of a record that is refused are kept."""
MAX_RECORD = 1 << 20
"""A longer record is refused as ``too_large``, with its beginning kept."""


class Context:
    """One frame being parsed: its clock and what each of its records inherits."""

    __slots__ = ("clock", "frame", "inherited", "live")

    def __init__(self, frame: Frame, *, live: bool = False) -> None:
        received = frame.received
        self.frame = frame
        self.live = live
        self.clock = Clockwork(received, frame.meta.get("zone", ""), live=live)
        self.inherited: Event = {"event.created": received, "event.kind": "event"}
        if host := frame.meta.get("host"):
            self.inherited["host.name"] = host
        if path := frame.meta.get("path"):
            self.inherited["log.file.path"] = path
        if agent := frame.meta.get("agent"):
            self.inherited["agent.id"] = agent

    def document(self, raw: bytes) -> tuple[Event, str]:
        """A new document that keeps ``raw``, and the text of it."""
        text, encoding = read_text(raw)
        event: Event = dict(self.inherited)
        keep_raw(event, raw, text, encoding)
        return event, text

    def complete(self, document: Event, raw: bytes) -> None:
        """Give ``document``, which was read out of ``raw``, what every record has, where it has nothing of the name."""
        put = document.setdefault
        for name, value in self.inherited.items():
            put(name, value)
        text, encoding = read_text(raw)
        kept: Event = {}
        if encoding == "utf-8":
            put("event.original", text)
        else:
            keep_raw(kept, raw, text, encoding)
        for name, value in kept.items():
            put(name, value)


def parsed(event: Event, stream: Stream = Stream.LOGS, identity: str = "", records: int = 1) -> Parsed:
    """A finished record."""
    return Parsed(stream, event, identity, records)


def refused(reason: str, field: str, detail: str, raw: bytes, records: int = 1) -> Refused:
    """A record for quarantine: ``reason`` is a stable code, ``detail`` says what is wrong and what to do."""
    return Refused(Rejection(reason, field, detail), raw[:KEPT_OF_REFUSED], records)


def too_large(raw: bytes, length: int) -> Refused:
    """A record beyond the limit."""
    detail = f"the record has {length} bytes, at most {MAX_RECORD} are taken; make the sender split it"
    return refused("too_large", "event.original", detail, raw)
