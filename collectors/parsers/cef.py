"""ArcSight CEF (implementation standard, rev. 26) and QRadar LEEF 1.0 and 2.0."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

from collectors.parsers.ecs_values import file_names, put, relate
from collectors.parsers.times import Clockwork, read_any
from infra.events.stream import Event

_HEADER_FIELDS = ("observer.vendor", "observer.product", "observer.version", "event.code", "event.action", "log.level")
_PIPE = re.compile(r"(?<!\\)\|")
_KEY = re.compile(r"(?:^|(?<=\s))([A-Za-z0-9_.\-\[\]]{1,128})=")
_ESCAPE = re.compile(r"\\([\\|=nr])")
_UNESCAPED = {"n": "\n", "r": "\r"}
_TIMES = ("rt", "end", "start", "deviceReceiptTime", "devTime")
_SEVERITIES = {"low": 3, "medium": 6, "high": 8, "very-high": 10, "unknown": 0}


@cache
def _extensions() -> dict[str, str]:
    text = files("collectors.parsers").joinpath("fields", "cef.toml").read_text(encoding="utf-8")
    return {key: str(field) for key, field in tomllib.loads(text)["extension"].items()}


def read_cef(text: str, clock: Clockwork) -> Event | None:
    """The fields of ``CEF:0|vendor|product|version|class|name|severity|extension``; None where it is not whole."""
    parts = _PIPE.split(text, 7)
    if len(parts) < 7 or not re.fullmatch(r"CEF:\s*\d+(\.\d+)?", parts[0]):
        return None
    event: Event = {"event.module": "cef"}
    for field, value in zip(_HEADER_FIELDS, parts[1:7], strict=True):
        put(event, field, _unescape(value.strip()))
    severity = parts[6].strip()
    put(event, "event.severity", severity if severity.isdigit() else _SEVERITIES.get(severity.lower()))
    put(event, "message", event.get("event.action"))
    _extend(event, split_extension(parts[7]) if len(parts) > 7 else {}, clock)
    return event


def split_extension(text: str) -> dict[str, str]:
    """``key=value key2=a value`` with CEF's escapes: a value ends where the next key begins."""
    found = list(_KEY.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)][: len(found)]
    return {match[1]: _unescape(text[match.end() : end].strip()) for match, end in zip(found, ends, strict=True)}


def read_leef(text: str, clock: Clockwork) -> Event | None:
    """The fields of ``LEEF:1.0|vendor|product|version|id|`` or ``LEEF:2.0|...|id|delimiter|`` and its attributes."""
    version = text[5:8]
    parts = text.split("|", 6 if version == "2.0" else 5)
    if version not in ("1.0", "2.0") or len(parts) < 6:
        return None
    event: Event = {"event.module": "leef"}
    for field, value in zip(_HEADER_FIELDS[:4], parts[1:5], strict=True):
        put(event, field, value.strip())
    put(event, "event.action", parts[4].strip())
    delimiter, rest = "\t", parts[-1]
    if version == "2.0" and len(parts) == 7:
        delimiter = _delimiter(parts[5])
    pairs = (item.partition("=") for item in rest.split(delimiter))
    _extend(event, {key.strip(): value.strip() for key, equals, value in pairs if equals and key.strip()}, clock)
    put(event, "event.severity", event.pop("leef.sev", None))
    return event


def _delimiter(text: str) -> str:
    found = re.fullmatch(r"(?:0?x|\\x)([0-9a-fA-F]{2,4})", text.strip())
    return chr(int(found[1], 16)) if found else (text or "\t")


def _extend(event: Event, pairs: dict[str, str], clock: Clockwork) -> None:
    for key in _TIMES:
        if key in pairs and (moment := read_any(pairs[key], clock)):
            event["@timestamp"] = moment
            break
    labels = _labelled(pairs)
    for key, value in pairs.items():
        if field := _extensions().get(key):
            if field == "message":
                event["message"] = value
            else:
                put(event, field, value.lower() if field == "network.transport" else value)
        elif not key.endswith("Label"):
            event[f"cef.{labels.get(key, key)}"] = value
    file_names(event)
    relate(event)


def _labelled(pairs: dict[str, str]) -> dict[str, str]:
    """``cs1Label=Policy cs1=web``: the custom field takes the name the device gives it."""
    return {
        key.removesuffix("Label"): re.sub(r"\W+", "_", label).strip("_") or key
        for key, label in pairs.items()
        if key.endswith("Label") and key.removesuffix("Label") in pairs
    }


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda match: _UNESCAPED.get(match[1], match[1]), text) if "\\" in text else text
