"""The seam between spooled bytes and events: what the pipeline calls, and what one format implements."""

from __future__ import annotations

from typing import Protocol

import msgspec

from infra.events.conform import Rejection
from infra.events.frame import Frame
from infra.events.stream import Event, Stream


class Parsed(msgspec.Struct):
    """One record understood, or kept whole: a flat ECS document that still has to be conformed.

    ``document`` carries ``event.original`` (the record as text), ``yaodun.raw.encoding`` where that text is not UTF-8
    of the raw bytes, ``yaodun.raw.bytes`` where no encoding gives the raw bytes back, and ``yaodun.parser``, absent
    when no parser understood the record. ``identity`` is the source's own identity of the record; '' where it has
    none: the pipeline then takes spool position and index. ``records`` says how many records of the frame went into
    it (auditd joins several).
    """

    stream: Stream
    document: Event
    identity: str = ""
    records: int = 1


class Refused(msgspec.Struct):
    """One record that cannot become an event: why, and its raw bytes for quarantine."""

    rejection: Rejection
    original: bytes
    records: int = 1


class Parsers(Protocol):
    """Turns frames into documents.

    Pure: the same frame gives the same answer, so that a crash and a second parse change nothing. The sum of
    ``records`` over the answer equals ``frame.count``. Never raises on bad input: what cannot be read comes back as
    ``Refused``. Records that say the same may come back as one and the same ``Parsed``, several times; nobody changes
    its document.
    """

    def parse(self, frame: Frame) -> list[Parsed | Refused]: ...
