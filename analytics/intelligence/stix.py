"""STIX 2.1 bundles (OASIS): indicators whose pattern is a choice of equal values; others are refused with place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from analytics.intelligence.indicator import told
from infra.clock import parse_rfc3339
from infra.errors import AppError, ErrorKind

_COMPARISON = re.compile(
    r"\s*(?P<path>[a-z0-9-]+:[\w.'\"-]+)\s*=\s*'(?P<value>(?:[^'\\]|\\.){1,2048})'\s*", re.IGNORECASE
)
_PATHS = re.compile(
    r"(?:ipv[46]-addr|domain-name|url|email-addr):value|file:hashes\.['\"]?(?:MD5|SHA-?1|SHA-?256|SHA-?512)['\"]?",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"\]\s*OR\s*\[|\bOR\b")


class Told(msgspec.Struct, frozen=True):
    """What one entry of a feed says; ``place`` is where it stands. None says nothing of confidence or time."""

    place: str
    value: str
    name: str = ""
    confidence: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    revoked: bool = False


def read_bundle(data: bytes, place: str) -> Iterator[Told | AppError]:
    """The indicators of a bundle; ``AppError`` raised where it is none, given where one entry cannot be used."""
    try:
        tree = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _refused(place, str(error)) from None
    objects = tree.get("objects") if isinstance(tree, dict) else None
    if not isinstance(objects, list):
        raise _refused(place, "no list of objects")
    for number, item in enumerate(objects):
        if isinstance(item, dict) and item.get("type") == "indicator":
            yield from _indicator(item, f"{place}: objects[{number}]")


def _indicator(item: dict[str, Any], place: str) -> Iterator[Told | AppError]:
    pattern = item.get("pattern")
    values = values_of(pattern) if isinstance(pattern, str) and item.get("pattern_type", "stix") == "stix" else None
    if values is None:
        yield AppError(ErrorKind.INVALID, "analytics.intelligence.pattern", place=place)
        return
    try:
        confidence = item.get("confidence")
        since, until = _moment(item.get("valid_from"), place), _moment(item.get("valid_until"), place)
    except AppError as error:
        yield error
        return
    for value in values:
        yield Told(
            place, value, str(item.get("name") or "")[:200],
            min(100, max(0, confidence)) if isinstance(confidence, int) else None,
            since, until, bool(item.get("revoked")),
        )  # fmt: skip


def values_of(pattern: str) -> list[str] | None:
    """The values of a pattern that is nothing but a choice of equal values of known paths; None for any other."""
    body = pattern.strip()
    if len(pattern) > 100_000 or not (body.startswith("[") and body.endswith("]")):
        return None
    found: list[str] = []
    for part in _SPLIT.split(body[1:-1]):
        match = _COMPARISON.fullmatch(part)
        if match is None or not _PATHS.fullmatch(match["path"]):
            return None
        value = match["value"].replace("\\'", "'").replace("\\\\", "\\")
        if told(value) is None:
            return None
        found.append(value)
    return found


def _moment(value: object, place: str) -> datetime | None:
    return parse_rfc3339(value, place) if isinstance(value, str) else None


def _refused(place: str, problem: str) -> AppError:
    return AppError(ErrorKind.INVALID, "analytics.intelligence.no_bundle", place=place, problem=problem)
