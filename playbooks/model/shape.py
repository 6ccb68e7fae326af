"""Small checks of values that combine into the shapes of objects. Each adds findings; none raises."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from playbooks.model.finding import Findings, Mend, Path, Repair
from playbooks.model.vocabulary import IDENTIFIER, REFERENCE, TIMESTAMP

Check = Callable[[Findings, Path, Any], None]
Shape = Mapping[str, Check]


def of_type(kind: type, name: str) -> Check:
    """A value of one JSON type; true is no number."""

    def check(found: Findings, path: Path, value: Any) -> None:
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            found.add(path, "wrong-type", wanted=name, got=kind_of(value))

    return check


def kind_of(value: Any) -> str:
    """The JSON name of a value's type."""
    names = {str: "string", bool: "boolean", int: "number", float: "number", list: "list", dict: "object"}
    return names.get(type(value), "null")


string = of_type(str, "string")
boolean = of_type(bool, "boolean")
tree = of_type(dict, "object")


def anything(found: Findings, path: Path, value: Any) -> None:
    """Any value."""


def filled(found: Findings, path: Path, value: Any) -> None:
    """A text that says something."""
    string(found, path, value)
    if isinstance(value, str) and not value.strip():
        found.add(path, "empty")


def whole(low: int, high: int | None = None) -> Check:
    """A whole number within bounds."""
    number = of_type(int, "integer")

    def check(found: Findings, path: Path, value: Any) -> None:
        before = len(found)
        number(found, path, value)
        if len(found) == before and (value < low or (high is not None and value > high)):
            found.add(path, "out-of-range", value=value, low=low, high=high if high is not None else "∞")

    return check


def one_of(allowed: Iterable[str]) -> Check:
    """A word of a closed set."""
    words = tuple(allowed)

    def check(found: Findings, path: Path, value: Any) -> None:
        if not isinstance(value, str):
            found.add(path, "wrong-type", wanted="string", got=kind_of(value))
        elif value not in words:
            found.add(path, "not-allowed", value=value, allowed=", ".join(words[:12]))

    return check


def identifier(*kinds: str) -> Check:
    """An identifier ``kind--uuid``; of one of ``kinds`` where given."""

    def check(found: Findings, path: Path, value: Any) -> None:
        if not isinstance(value, str):
            found.add(path, "wrong-type", wanted="string", got=kind_of(value))
        elif not IDENTIFIER.fullmatch(value):
            found.add(path, "bad-identifier", value=value)
        elif kinds and value.split("--")[0] not in kinds:
            found.add(path, "identifier-kind", value=value, wanted=", ".join(kinds))

    return check


def moment(found: Findings, path: Path, value: Any) -> None:
    """An RFC 3339 time in UTC that exists in the calendar."""
    if not isinstance(value, str):
        found.add(path, "wrong-type", wanted="string", got=kind_of(value))
    elif read_moment(value) is None:
        found.add(path, "bad-timestamp", value=value)


def read_moment(value: Any) -> datetime | None:
    """The time of a timestamp; None where it is none."""
    if not isinstance(value, str) or not TIMESTAMP.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value))
    except ValueError:
        return None


def list_of(each: Check, least: int = 1) -> Check:
    """A list of at least ``least``, each of one kind."""

    def check(found: Findings, path: Path, value: Any) -> None:
        if not isinstance(value, list):
            found.add(path, "wrong-type", wanted="list", got=kind_of(value))
            return
        if len(value) < least:
            found.add(path, "too-few", _droppable(path, value), least=least, count=len(value))
        for index, item in enumerate(value):
            each(found, (*path, index), item)

    return check


STRUCTURE = frozenset({"commands", "next_steps", "cases", "workflow", "public_cert_chain"})
"""What cannot be left out: empty, it is a defect nobody can mend."""


def _droppable(path: Path, value: Any) -> Repair | None:
    return None if value or path[-1] in STRUCTURE else Repair(Mend.DROP, path)


def map_of(each: Check, key: Check = anything, least: int = 0) -> Check:
    """An object whose values are of one kind."""

    def check(found: Findings, path: Path, value: Any) -> None:
        if not isinstance(value, dict):
            found.add(path, "wrong-type", wanted="object", got=kind_of(value))
            return
        if len(value) < least:
            found.add(path, "too-few", _droppable(path, value), least=least, count=len(value))
        for name, item in value.items():
            key(found, (*path, name), name)
            each(found, (*path, name), item)

    return check


def shaped(required: Iterable[str], fields: Shape) -> Check:
    """An object with these properties and no others (an unknown one is dropped on import)."""
    needed = tuple(required)

    def check(found: Findings, path: Path, value: Any) -> None:
        if not isinstance(value, dict):
            found.add(path, "wrong-type", wanted="object", got=kind_of(value))
            return
        for name in needed:
            if name not in value:
                found.add((*path, name), "missing-property", name=name)
        for name, item in value.items():
            if name in fields:
                fields[name](found, (*path, name), item)
            else:
                found.add((*path, name), "unknown-property", Repair(Mend.DROP, (*path, name)), name=name)

    return check


def encoded(found: Findings, path: Path, value: Any) -> None:
    """Base64 (RFC 4648 clause 4)."""
    string(found, path, value)
    if isinstance(value, str) and (not value or decode(value) is None):
        found.add(path, "bad-base64")


def decode(value: str) -> bytes | None:
    """The octets of base64, None where malformed."""
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None


def _parses(read: Callable[[str], Any]) -> Callable[[str], bool]:
    def check(value: str) -> bool:
        try:
            read(value)
        except (ValueError, TypeError, RecursionError):
            return False
        return True

    return check


def _matches(pattern: str) -> Callable[[str], bool]:
    return lambda value: re.fullmatch(pattern, value) is not None


def _dictionary(value: str) -> dict[str, Any]:
    found = json.loads(value)
    if not isinstance(found, dict):
        raise TypeError
    return found


_LONG = 1 << 63
VALUES: dict[str, Callable[[str], bool]] = {
    "bool": _matches(r"(?i)true|false|0|1"),
    "dictionary": _parses(_dictionary),
    "float": _parses(float),
    "hexstring": _matches(r"(?:[0-9a-fA-F]{2})*"),
    "integer": lambda value: bool(re.fullmatch(r"[-+]?\d{1,10}", value)) and -(1 << 31) <= int(value) < 1 << 31,
    "long": lambda value: bool(re.fullmatch(r"[-+]?\d{1,19}", value)) and -_LONG <= int(value) < _LONG,
    "ipv4-addr": _parses(lambda value: ipaddress.IPv4Interface(value)),
    "ipv6-addr": _parses(lambda value: ipaddress.IPv6Interface(value)),
    "mac-addr": _matches(r"[0-9a-fA-F]{2}([:-])(?:[0-9a-fA-F]{2}\1){4}[0-9a-fA-F]{2}"),
    "hash": _matches(r"[0-9a-fA-F]{16,128}|[A-Za-z0-9+/=:_$.-]{8,512}"),
    "md5-hash": _matches(r"[0-9a-fA-F]{32}"),
    "sha256-hash": _matches(r"[0-9a-fA-F]{64}"),
    "uri": _matches(r"(?i)[a-z][a-z0-9+.-]*:\S+"),
    "uuid": _parses(UUID),
    "string": lambda value: True,
}
"""For each type of variable: may a text be its value?"""


def address_value(kind: str) -> Check:
    """An address of a target; a reference to a variable is filled in later."""
    tests: dict[str, Callable[[str], bool]] = {
        "ipv4": _parses(lambda value: ipaddress.IPv4Interface(value)),
        "ipv6": _parses(lambda value: ipaddress.IPv6Interface(value)),
        "l2mac": VALUES["mac-addr"],
        "url": _matches(r"(?i)h..ps?://\S+|[a-z0-9.-]+(?::\d+)?(?:/\S*)?"),
        "dname": _matches(r"\S{1,2048}"),
    }

    def check(found: Findings, path: Path, value: Any) -> None:
        string(found, path, value)
        if isinstance(value, str) and not REFERENCE.search(value) and not tests[kind](value):
            found.add(path, "bad-address", value=value, kind=kind)

    return check


def port(found: Findings, path: Path, value: Any) -> None:
    """A port as text."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 65536:
        found.add(path, "wrong-type", Repair(Mend.PUT, path, str(value)), wanted="string", got="number")
        return
    string(found, path, value)
    if isinstance(value, str) and not REFERENCE.search(value) and not (value.isdigit() and 0 < int(value) < 65536):
        found.add(path, "out-of-range", value=value, low=1, high=65535)


def email(found: Findings, path: Path, value: Any) -> None:
    """An e-mail address."""
    string(found, path, value)
    if isinstance(value, str) and not re.fullmatch(r"[^@\s<>]{1,64}@[^\s@<>.]+(?:\.[^\s@<>.]+)+", value):
        found.add(path, "bad-email", value=value)
