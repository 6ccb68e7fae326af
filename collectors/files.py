"""Files as frames: what ``yaodun replay``, ``match`` and ``parsers test`` read, of any kind the parsers know.

Knows NDJSON, JSON arrays and documents, text lines, EVTX, and those packed by gzip, zstd, zip or tar; tells them by
their first bytes, never by their name. Bounded: one record at most 1 MiB, a frame about 1 MiB.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import re
import tarfile
import zipfile
import zlib
from collections.abc import Generator, Iterator
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import IO, cast

import msgspec
import orjson
import zstandard

from collectors.capture.files import metered
from collectors.capture.pcapfile import MAGIC, NG
from collectors.frames import FrameKind
from infra.errors import AppError, ErrorKind
from infra.events.frame import Frame

FRAME_RECORDS = 1_000
FRAME_BYTES = 1 << 20
MAX_MEMBER = 1 << 31
"""Unpacked bytes of one file inside an archive."""
MAX_JSON = 256 << 20
"""A file that is one JSON document or array is read whole up to this size."""
_EVTX = b"ElfFile\0"


class FileKind(StrEnum):
    """What a file holds; ``AUTO`` looks."""

    AUTO = "auto"
    NDJSON = "ndjson"
    SYSLOG = "syslog"
    LINES = "lines"
    EVTX = "evtx"
    EVE = "eve"
    ZEEK = "zeek"
    PCAP = "pcap"


def file_frames(
    path: Path, kind: FileKind = FileKind.AUTO, *, source: str = "", received_ns: int = 0
) -> Iterator[Frame]:
    """The records of ``path`` as frames. ``AppError(INVALID)`` names the file that cannot be read and why."""
    with contextlib.closing(_members(path)) as members:
        for name, stream in members:
            yield from _Reader(name, source or f"file:{path.name}", received_ns).frames(stream, kind)


def _members(path: Path) -> Generator[tuple[str, IO[bytes]]]:
    try:
        opened = path.open("rb")
    except OSError as error:
        raise _invalid(str(path), error.strerror or str(error)) from None
    with opened as file:
        head = file.read(512)
        file.seek(0)
        try:
            yield from _unpack(path, file, head)
        except (OSError, EOFError, zlib.error, zstandard.ZstdError, zipfile.BadZipFile, tarfile.TarError) as error:
            raise _invalid(str(path), str(error)) from None


def _unpack(path: Path, file: IO[bytes], head: bytes) -> Iterator[tuple[str, IO[bytes]]]:
    if head.startswith(b"PK\x03\x04"):
        yield from _zip(path, file)
    elif head.startswith(b"\x1f\x8b"):
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield from _inside(path, cast("IO[bytes]", unpacked))
    elif head.startswith(b"\x28\xb5\x2f\xfd"):
        with zstandard.ZstdDecompressor().stream_reader(file, closefd=False) as unpacked:
            yield from _inside(path, unpacked)
    else:
        yield from _inside(path, file)


def _inside(path: Path, stream: IO[bytes]) -> Iterator[tuple[str, IO[bytes]]]:
    head = stream.read(512)
    whole = _chain(head, stream)
    if head[257:262] == b"ustar":
        yield from _tar(path, whole)
    else:
        yield str(path), whole


def _zip(path: Path, file: IO[bytes]) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            if member.is_dir() or _hidden(member.filename):
                continue
            if member.file_size > MAX_MEMBER:
                raise _invalid(f"{path}:{member.filename}", "the file inside is larger than 2 GiB")
            with archive.open(member) as stream:
                yield f"{path}:{member.filename}", stream


def _tar(path: Path, file: IO[bytes]) -> Iterator[tuple[str, IO[bytes]]]:
    with tarfile.open(fileobj=file, mode="r|") as archive:
        for member in archive:
            inner = archive.extractfile(member) if member.isfile() and not _hidden(member.name) else None
            if inner is not None:
                yield f"{path}:{member.name}", inner


def _hidden(name: str) -> bool:
    return name.rpartition("/")[2].startswith("._") or "__MACOSX" in name


class _Reader:
    """Makes frames of one file."""

    def __init__(self, name: str, source: str, received_ns: int) -> None:
        self._name = name
        self._source = source
        self._received_ns = received_ns

    def frames(self, stream: IO[bytes], kind: FileKind) -> Iterator[Frame]:
        head = _peek(stream)
        stream = _chain(head, stream)
        if kind is FileKind.PCAP or head[:4] in MAGIC or head[:4] == NG:
            yield from self._metered(stream)
        elif kind is FileKind.EVTX or head.startswith(_EVTX):
            yield from self._packed(evtx_lines(stream, self._name), FrameKind.NDJSON)
        elif kind in (FileKind.SYSLOG, FileKind.LINES) or not _looks_like_json(head):
            yield from self._packed(_lines(stream), FrameKind.LINES)
        elif _is_ndjson(head):
            yield from self._packed(_lines(stream), FrameKind.NDJSON)
        else:
            yield from self._packed(self._documents(stream), FrameKind.NDJSON)

    def _documents(self, stream: IO[bytes]) -> Iterator[bytes]:
        data = stream.read(MAX_JSON + 1)
        if len(data) > MAX_JSON:
            raise _invalid(self._name, "one JSON document of more than 256 MiB; write one document a line")
        try:
            tree = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
        except orjson.JSONDecodeError as error:
            raise _invalid(self._name, f"not valid JSON: {error}") from None
        for item in tree if isinstance(tree, list) else [tree]:
            yield orjson.dumps(item)

    def _metered(self, stream: IO[bytes]) -> Iterator[Frame]:
        documents = metered(stream, self._name)
        while batch := list(islice(documents, FRAME_RECORDS)):
            body = msgspec.msgpack.encode(batch)
            yield Frame(self._source, FrameKind.DOCUMENTS, len(batch), self._received_ns, body)

    def _packed(self, lines: Iterator[bytes], kind: FrameKind) -> Iterator[Frame]:
        held: list[bytes] = []
        size = 0
        for line in lines:
            held.append(line)
            size += len(line)
            if len(held) >= FRAME_RECORDS or size >= FRAME_BYTES:
                yield self._frame(held, kind)
                held, size = [], 0
        if held:
            yield self._frame(held, kind)

    def _frame(self, lines: list[bytes], kind: FrameKind) -> Frame:
        meta = {"path": self._name} if kind is FrameKind.LINES else {}
        return Frame(self._source, kind, len(lines), self._received_ns, b"\n".join(lines), meta=meta)


def _peek(stream: IO[bytes]) -> bytes:
    return stream.read(1 << 16)


def _chain(head: bytes, stream: IO[bytes]) -> IO[bytes]:
    return io.BufferedReader(_Chained(head, stream), 1 << 20)


class _Chained(io.RawIOBase):
    """Bytes that were read already, then the rest of a stream."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(data) :]
        buffer[: len(data)] = data
        return len(data)


def _looks_like_json(head: bytes) -> bool:
    """An object, or an array of objects; a line of Apache's error log begins with a bracket too."""
    return re.match(rb"(?:\xef\xbb\xbf)?\s*(?:\{|\[\s*\{)", head) is not None


def _is_ndjson(head: bytes) -> bool:
    """Whether the first line is a whole document; a first line beyond 64 KiB is taken for one."""
    line, end, _ = head.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")
    if line[:1] != b"{":
        return False
    if not end:
        return len(head) >= 1 << 16 or _parses(line)
    return _parses(line)


def _parses(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    for number, line in enumerate(stream):
        line = line.rstrip(b"\r\n")
        if number == 0:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if line.strip():
            yield line


def evtx_lines(stream: IO[bytes], name: str) -> Iterator[bytes]:
    """Each record of an EVTX file as one line of JSON; damaged records are skipped by the reader and not counted."""
    import evtx

    data = io.BytesIO(stream.read())
    try:
        parser = evtx.PyEvtxParser(data)
        for record in parser.records_json():
            if isinstance(record, dict):
                yield orjson.dumps(orjson.loads(record["data"]))
    except (RuntimeError, OSError, ValueError) as error:
        raise _invalid(name, f"not a sound EVTX file: {error}") from None


def _invalid(place: str, problem: str) -> AppError:
    return AppError(ErrorKind.INVALID, "collectors.file_unreadable", place=place, problem=problem)
