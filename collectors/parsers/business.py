"""Business events: lines of the fixed file format as documents of the stream ``business``, or refusals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from collectors.frames import split_lines
from collectors.parsers.records import Context, parsed, refused
from collectors.parsers.seams import Parsed, Refused
from infra.events.business import Refused as Unfit
from infra.events.business import decode_event, document_of
from infra.events.business.rows import decode_lax
from infra.events.stream import Stream

_MARKS = ("kind", "system", "time", "recorded", "id")
LAX = "lax"
"""In ``meta``: values may be written as text (they come from CSV, XML or SQL)."""
_REFUSED = b'{"refused":'


class _RefusedLine(msgspec.Struct):
    refused: dict[str, str]
    original: str


def refused_line(reason: str, field: str, detail: str, original: bytes) -> bytes:
    """The line of a record that its source could not put into a line; it goes to quarantine."""
    told = {"reason": reason, "field": field, "detail": detail}
    return msgspec.json.encode(_RefusedLine(told, original.decode("utf-8", "replace")))


def refusal_in(line: bytes) -> Unfit | None:
    """The refusal that ``refused_line`` wrote; None for every other line."""
    if not line.startswith(_REFUSED):
        return None
    try:
        told = msgspec.json.decode(line, type=_RefusedLine).refused
    except msgspec.DecodeError:
        return None
    return Unfit(0, told.get("reason", "refused")[:40], told.get("field", "")[:160], told.get("detail", "")[:300])


def looks_like_business(tree: Mapping[str, Any]) -> bool:
    """Whether a JSON document claims to be a business event."""
    return "recorded" in tree and all(isinstance(tree.get(mark), str) for mark in _MARKS)


def split_business(context: Context) -> list[Parsed | Refused]:
    """Every line of a frame of kind ``business``."""
    return [business_record(context, raw) for raw in split_lines(context.frame.body)]


def business_record(context: Context, raw: bytes) -> Parsed | Refused:
    """One line: the same ``id`` of the same source is the same event."""
    event = refusal_in(raw) or (decode_lax(raw) if context.frame.meta.get(LAX) else decode_event(raw))
    if isinstance(event, Unfit):
        remedy = "write the line as docs/business-events.md says"
        return refused(f"business_{event.reason}", event.field, f"{event.detail}; {remedy}", raw)
    document, _ = context.document(raw)
    document.update(document_of(event))
    document["yaodun.parser"] = "business"
    return parsed(document, Stream.BUSINESS, f"business/{event.id}")
