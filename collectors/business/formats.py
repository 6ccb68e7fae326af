"""The formats business events come in; each becomes lines of the fixed file format, one a record, none left out.

A record that cannot be put into a line becomes a refused line: it goes to quarantine with its reason and its text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import IO, Any

import orjson

from collectors.business.csv_rows import csv_count, csv_lines
from collectors.business.xml_events import xml_lines
from collectors.parsers.business import refused_line
from infra.errors import AppError, ErrorKind
from infra.events.business import encode_event
from infra.events.business.epcis import epcis_events, looks_like_epcis
from infra.events.business.lines import MAX_LINE

MAX_DOCUMENT = 256 << 20
"""A file that has to be read whole (JSON, XML) is at most so large, in bytes."""


class Format(StrEnum):
    """How a delivery is written."""

    NDJSON = "ndjson"
    JSON = "json"
    CSV = "csv"
    XML = "xml"


_MEDIA = {
    "application/x-ndjson": Format.NDJSON, "application/ndjson": Format.NDJSON, "application/jsonl": Format.NDJSON,
    "application/json": Format.JSON, "application/ld+json": Format.JSON, "text/csv": Format.CSV,
    "application/xml": Format.XML, "text/xml": Format.XML,
}  # fmt: skip
_SUFFIXES = {
    ".ndjson": Format.NDJSON, ".jsonl": Format.NDJSON, ".json": Format.JSON, ".jsonld": Format.JSON,
    ".csv": Format.CSV, ".xml": Format.XML,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is delivered: a stream of bytes, its format, its name in errors, and names of columns of its own."""

    stream: IO[bytes]
    format: Format
    name: str
    received: datetime
    renamed: Mapping[str, str]

    @property
    def lax(self) -> bool:
        """Whether values are written as text."""
        return self.format in (Format.CSV, Format.XML)


def format_of_media(media: str) -> Format:
    """The format of a ``Content-Type``; ``AppError(INVALID)`` names those that are known."""
    found = _MEDIA.get(media.partition(";")[0].strip().lower())
    if found is None:
        raise AppError(ErrorKind.INVALID, "collectors.business.media", place=media[:80], known=", ".join(_MEDIA))
    return found


def format_of_name(name: str) -> Format | None:
    """The format of a file by the end of its name; None where it is none of ours."""
    lowered = name.lower()
    return next((kind for suffix, kind in _SUFFIXES.items() if lowered.endswith(suffix)), None)


def lines_of(delivery: Delivery) -> Iterator[bytes]:
    """Every record as one line. ``AppError(INVALID)`` where the delivery as a whole cannot be read."""
    if delivery.format is Format.NDJSON:
        return _ndjson(delivery.stream)
    if delivery.format is Format.CSV:
        return csv_lines(delivery.stream, delivery.name, delivery.renamed)
    body = delivery.stream.read(MAX_DOCUMENT + 1)
    if len(body) > MAX_DOCUMENT:
        raise AppError(ErrorKind.TOO_LARGE, "collectors.body_too_large", limit_mib=MAX_DOCUMENT >> 20)
    return xml_lines(body, delivery.name) if delivery.format is Format.XML else _json(body, delivery)


def count_of(delivery: Delivery) -> int:
    """How many records a delivery holds, by the same reading as ``lines_of``."""
    if delivery.format is Format.CSV:
        return csv_count(delivery.stream, delivery.name)
    return sum(1 for _ in lines_of(delivery))


def _ndjson(stream: IO[bytes]) -> Iterator[bytes]:
    while line := stream.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE and not line.endswith(b"\n"):
            yield refused_line("too_long", "", f"a line of more than {MAX_LINE} bytes", line[:2000])
            _skip_line(stream)
        elif line.strip():
            yield line.strip()


def _skip_line(stream: IO[bytes]) -> None:
    while rest := stream.readline(MAX_LINE):
        if rest.endswith(b"\n"):
            return


def _json(body: bytes, delivery: Delivery) -> Iterator[bytes]:
    try:
        tree = orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        raise _broken(delivery.name, str(problem)) from None
    if looks_like_epcis(tree):
        return iter([encode_event(event) for event in epcis_events(tree, delivery.received)])
    if isinstance(tree, dict) and isinstance(tree.get("events"), list):
        tree = tree["events"]
    items: list[Any] = tree if isinstance(tree, list) else [tree]
    return (_item(item) for item in items)


def _item(item: Any) -> bytes:
    raw = orjson.dumps(item)
    return raw if isinstance(item, dict) else refused_line("not_an_event", "", "not an object", raw[:2000])


def _broken(name: str, problem: str) -> AppError:
    return AppError(ErrorKind.INVALID, "collectors.business.broken", place=name, problem=problem[:200])
