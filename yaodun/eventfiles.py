"""Files of events as they lie on a disk: opened (plain, gzip, zip), told apart by their look, read in blocks.

In: a file and, if the caller knows it, its kind.  Out: blocks of JSON lines, or of conformed events, each with the
number of its first record.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import IO, Any

import orjson

from collectors.capture.files import metered
from collectors.frames import FrameKind, count_lines
from collectors.parsers.seams import Parsed
from collectors.parsers.shipped import ShippedParsers
from infra.errors import AppError, ErrorKind
from infra.events import Conformed, Conformer, Event, Frame, table

BLOCK = 1 << 18
MAX_LINE = 16 << 20
_EVTX = b"ElfFile\0"
_PCAP = (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x0a\x0d\x0d\x0a")


class FileKind(StrEnum):
    """What a file holds."""

    AUTO = "auto"
    NDJSON = "ndjson"
    WINDOWS = "windows"
    SYSLOG = "syslog"
    EVTX = "evtx"
    PCAP = "pcap"
    EVE = "eve"
    ZEEK = "zeek"


@dataclass(frozen=True, slots=True)
class EventFile:
    """One stream of records: a file, or a member of an archive."""

    name: str
    kind: FileKind
    stream: IO[bytes]


@dataclass(frozen=True, slots=True)
class Events:
    """Conformed events with the numbers (from 1) of the records they came from, and how many were not taken."""

    numbers: Sequence[int]
    events: Sequence[Event]
    records: int
    refused: int


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with path.open("rb") as file:
            if path.suffix == ".gz":
                with gzip.open(file) as unpacked:
                    yield unpacked
            else:
                yield file
    except (OSError, EOFError, zlib.error) as error:
        raise AppError(ErrorKind.INVALID, "yaodun.file_unreadable", place=str(path), problem=str(error)) from None


def event_files(path: Path, kind: FileKind = FileKind.AUTO) -> Iterator[EventFile]:
    """The streams of a file: one, or those of a zip archive (members that hold no events are left out)."""
    with _opened(path) as file:
        if path.suffix == ".zip":
            yield from _members(path, kind)
        else:
            yield EventFile(str(path), kind if kind != FileKind.AUTO else tell(file.peek(65_536)), file)


def _members(path: Path, kind: FileKind) -> Iterator[EventFile]:
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise AppError(ErrorKind.INVALID, "yaodun.file_unreadable", place=str(path), problem=str(error)) from None
    with archive:
        for name in archive.namelist():
            if "__MACOSX" not in name and name.endswith((".json", ".ndjson", ".log", ".evtx")):
                member: Any = archive.open(name)
                told = kind if kind != FileKind.AUTO else tell(member.peek(65_536))
                yield EventFile(f"{path}!{name}", told, member)


def tell(head: bytes) -> FileKind:
    """The kind of a file by its first bytes."""
    if head.startswith(_EVTX):
        return FileKind.EVTX
    if head.startswith(_PCAP):
        return FileKind.PCAP
    first = head.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")[0]
    if first.startswith(b"{"):
        flat = b'"Channel"' in first and b'"EventID"' in first and b'"Event":' not in first and b'"winlog"' not in first
        return FileKind.WINDOWS if flat else FileKind.NDJSON
    if first.startswith(b"#separator"):
        return FileKind.ZEEK
    return FileKind.SYSLOG


def line_blocks(stream: IO[bytes]) -> Iterator[list[bytes]]:
    """The lines of a stream, about a quarter of a megabyte at a time."""
    while lines := stream.readlines(BLOCK):
        yield lines


class EventReader:
    """Reads streams through the collectors' own parsers and the event table."""

    def __init__(self) -> None:
        self._parsers = ShippedParsers()
        self._conformer = Conformer(table())

    def blocks(self, file: EventFile) -> Iterator[Events]:
        """The conformed events of a stream, block by block."""
        start = 1
        for body in self._bodies(file):
            events = self.read(body, start, file)
            start += events.records
            yield events

    def _bodies(self, file: EventFile) -> Iterator[bytes]:
        if file.kind == FileKind.EVTX:
            yield from _evtx(file)
        elif file.kind == FileKind.PCAP:
            documents = metered(file.stream, file.name)
            while batch := list(islice(documents, 1000)):
                yield b"".join(orjson.dumps(each) + b"\n" for each in batch)
        else:
            for lines in line_blocks(file.stream):
                yield b"".join(line for line in lines if len(line) <= MAX_LINE)

    def read(self, body: bytes, start: int, file: EventFile) -> Events:
        """The events of lines; ``start`` is the number of the first."""
        kind = FrameKind.LINES if file.kind in (FileKind.SYSLOG, FileKind.ZEEK) else FrameKind.NDJSON
        now = datetime.now(UTC)
        frame = Frame(file.name, kind.value, count_lines(body), int(now.timestamp() * 1e9), body)
        numbers: list[int] = []
        events: list[Event] = []
        number, refused = start, 0
        for each in self._parsers.parse(frame):
            conformed = self._conformer.conform(each.document, now) if isinstance(each, Parsed) else None
            if isinstance(conformed, Conformed):
                numbers.append(number)
                events.append({"event.id": f"{file.name}:{number}", **conformed.event})
            else:
                refused += 1
            number += each.records
        return Events(numbers, events, frame.count, refused)


def _evtx(file: EventFile) -> Iterator[bytes]:
    from evtx import PyEvtxParser

    try:
        parser = PyEvtxParser(io.BytesIO(file.stream.read()))
    except (RuntimeError, OSError) as error:
        raise AppError(ErrorKind.INVALID, "yaodun.file_unreadable", place=file.name, problem=str(error)) from None
    lines: list[bytes] = []
    records = parser.records_json()
    while True:
        try:
            record = next(records)
        except StopIteration:
            break
        except RuntimeError:
            continue  # a damaged record; the parser goes on with the next
        lines.append(orjson.dumps(orjson.loads(record["data"] if record else b"{}")))
        if len(lines) >= 500:
            yield b"\n".join(lines) + b"\n"
            lines = []
    yield b"\n".join(lines) + b"\n"
