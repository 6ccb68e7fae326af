"""Events as the JSON documents OpenSearch keeps, dotted names as they are, and back."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson

from infra.clock import parse_rfc3339
from infra.events.stream import Event
from infra.events.table import OVERFLOW, FieldType, table


def encode(event: Event) -> bytes:
    """``event`` as one line of JSON; names the table does not know go into the overflow field."""
    document: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    for name, value in event.items():
        if value is None:
            continue
        if table().get(name) is None:
            unknown[name] = value
        else:
            document[name] = _outward(value)
    if unknown:
        document[OVERFLOW] = {**document.get(OVERFLOW, {}), **unknown}
    return orjson.dumps(document, default=str, option=orjson.OPT_NON_STR_KEYS)


def _outward(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list):
        return [_outward(item) for item in value]
    return value


def decode(source: Mapping[str, Any]) -> Event:
    """The event of a document's ``_source``."""
    return {name: _reader(name)(value) for name, value in source.items()}


@cache
def _reader(name: str) -> Callable[[Any], Any]:
    field = table().get(name)
    if field is not None and field.type is FieldType.DATE:
        return _moments
    if field is not None and field.type is FieldType.BINARY:
        return _bytes
    return _same


def _same(value: Any) -> Any:
    return value


def _moments(value: Any) -> Any:
    return [parse_rfc3339(one) for one in value] if isinstance(value, list) else parse_rfc3339(value)


def _bytes(value: Any) -> Any:
    return base64.b64decode(value)
