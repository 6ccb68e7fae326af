"""Lines of business events: text to typed events and back, with the place and the reason of every refusal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from infra.errors import AppError, ErrorKind
from infra.events.business.envelope import VERSION
from infra.events.business.kinds import BusinessEvent
from infra.events.business.truth import Truth

MAX_LINE = 8 * 1024 * 1024
"""Longest line in bytes; a longer one is refused unread."""

_BLOCK = 1 << 20
"""Bytes of lines that are decoded at once."""

_decoder: msgspec.json.Decoder[BusinessEvent] = msgspec.json.Decoder(BusinessEvent)
_encode = msgspec.json.Encoder().encode
_decode_truth = msgspec.json.Decoder(Truth).decode


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that is no business event: a stable reason code, the field, and words for a person."""

    line: int
    reason: str
    field: str
    detail: str


def encode_event(event: BusinessEvent) -> bytes:
    """One line, without the line end."""
    return _encode(event)


def decode_event(line: bytes, number: int = 1) -> BusinessEvent | Refused:
    """The event of ``line``, or why it is none. Reasons: ``too_long``, ``version``, ``not_json``, ``not_an_event``."""
    if len(line) > MAX_LINE:
        return Refused(number, "too_long", "", f"{len(line)} bytes, at most {MAX_LINE}")
    try:
        event = _decoder.decode(line)
    except (msgspec.DecodeError, RecursionError) as problem:
        return refusal_of(line, number, problem)
    if event.v != VERSION:
        return Refused(number, "version", "v", f"version {event.v}, this reader knows {VERSION}")
    return event


def refusal_of(line: bytes, number: int, problem: Exception) -> Refused:
    """Why ``line`` was not decoded: another version, not JSON, or the field that is wrong."""
    if not isinstance(problem, msgspec.ValidationError):
        return Refused(number, "not_json", "", str(problem)[:200])
    words, _, where = str(problem).partition(" - at `$")
    try:
        version = msgspec.json.decode(line, type=_Versioned, strict=False).v
    except msgspec.DecodeError:
        version = VERSION
    if version != VERSION:
        return Refused(number, "version", "v", f"version {version}, this reader knows {VERSION}")
    return Refused(number, "not_an_event", where.strip("`.") or "", words[:200])


class _Versioned(msgspec.Struct):
    v: int = VERSION


def read_events(path: Path) -> Iterator[BusinessEvent]:
    """The events of an NDJSON file in file order; ``AppError(INVALID)`` names file, line, field and reason."""
    with path.open("rb") as file:
        number = 1
        while lines := file.readlines(_BLOCK):
            yield from _block(path, lines, number)
            number += len(lines)


def _block(path: Path, lines: list[bytes], number: int) -> list[BusinessEvent]:
    """Events of some lines at once; line by line where one of them is not as it should be, which names it."""
    try:
        events = _decoder.decode_lines(b"".join(lines))
    except (msgspec.DecodeError, RecursionError):
        events = []
    if len(events) == len(lines) and all(event.v == VERSION for event in events) and max(map(len, lines)) <= MAX_LINE:
        return events
    return [_event_of(path, line, place) for place, line in enumerate(lines, number) if line.strip()]


def _event_of(path: Path, line: bytes, number: int) -> BusinessEvent:
    event = decode_event(line, number)
    if isinstance(event, Refused):
        place = f"{path}:{number}" + (f" field {event.field}" if event.field else "")
        raise AppError(ErrorKind.INVALID, "infra.business_line", place=place, problem=event.detail)
    return event


def read_truth(path: Path) -> list[Truth]:
    """Every line of a truth file; ``AppError(INVALID)`` names the place."""
    truths = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            truths.append(_decode_truth(line))
        except msgspec.DecodeError as problem:
            place = f"{path}:{number}"
            raise AppError(ErrorKind.INVALID, "infra.business_line", place=place, problem=str(problem)) from None
    return truths


def encode_lines(items: Iterable[BusinessEvent] | Iterable[Truth]) -> bytes:
    """NDJSON of ``items``."""
    return b"".join(_encode(item) + b"\n" for item in items)
