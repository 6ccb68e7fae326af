"""Values brought into the form their ECS field wants, or left out: an address that is none must not cost the event."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from infra.events.stream import Event
from infra.events.table import FieldType, table

_ABSENT = ("", "-", "::ffff:-")


@lru_cache(maxsize=65_536)
def as_ip(value: str) -> str | None:
    """``value`` as an address, IPv4-mapped IPv6 as IPv4; None where it is none."""
    try:
        address = ipaddress.ip_address(value.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def as_int(value: Any) -> int | None:
    """A whole number from text, decimal or ``0x``; None where it is none or does not fit into 64 bits."""
    try:
        number = int(value, 0) if isinstance(value, str) else int(value)
    except (ValueError, TypeError, OverflowError):
        try:
            number = int(value, 10)
        except (ValueError, TypeError):
            return None
    return number if -(2**63) <= number < 2**63 else None


def as_number(value: Any) -> float | None:
    """A finite number; None where it is none."""
    try:
        number = float(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return number if abs(number) != float("inf") and number == number else None


_TEXTS = (FieldType.KEYWORD, FieldType.TEXT, FieldType.WILDCARD)
_PLAIN_TEXT = frozenset(field.name for field in table() if field.type in _TEXTS and not field.array)


def is_plain_text(field: str) -> bool:
    """Whether ``field`` takes one text as it is."""
    return field in _PLAIN_TEXT


def put(event: Event, field: str, value: Any) -> None:
    """Sets ``field`` unless the value is absent, unfit for the field's type, or the field is there already."""
    if value is None or field in event:
        return
    if value.__class__ is str:
        if value in _ABSENT:
            return
        if field in _PLAIN_TEXT:
            event[field] = value
            return
    elif value.__class__ is int and field in _PLAIN_TEXT:
        event[field] = str(value)
        return
    fitting = fit(field, value)
    if fitting is not None:
        event[field] = fitting


@lru_cache(maxsize=4_096)
def _type_of(field: str) -> tuple[FieldType | None, bool]:
    found = table().get(field)
    return (found.type, found.array) if found else (None, False)


def fit(field: str, value: Any) -> Any:
    """``value`` as ``field`` wants it, or None."""
    kind, array = _type_of(field)
    if isinstance(value, list | tuple):
        items = [item for item in (_fit_one(kind, each) for each in value) if item is not None]
        if kind is None or array:
            return items or None
        return items[0] if len(items) == 1 else (", ".join(map(str, items)) or None)
    return _fit_one(kind, value)


def _fit_one(kind: FieldType | None, value: Any) -> Any:
    if kind is FieldType.IP:
        return as_ip(value) if isinstance(value, str) else None
    if kind is FieldType.LONG:
        return as_int(value)
    if kind is FieldType.DOUBLE:
        return as_number(value)
    if kind in _TEXTS:
        return _as_text(value)
    if kind is FieldType.BOOLEAN:
        return {"true": True, "false": False, True: True, False: False}.get(
            value if isinstance(value, str | bool) else ""
        )
    return value


def _as_text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else None


def address(event: Event, side: str, text: Any) -> None:
    """``source`` or ``destination`` from text that is an address or a name."""
    if not isinstance(text, str) or text in _ABSENT:
        return
    event.setdefault(f"{side}.address", text)
    if ip := as_ip(text):
        event.setdefault(f"{side}.ip", ip)
    else:
        event.setdefault(f"{side}.domain", text)


def relate(event: Event) -> None:
    """Fills ``related.ip`` and ``related.user`` from the fields that name one, so that a search by either finds all."""
    _collect(
        event, "related.ip", ("source.ip", "destination.ip", "host.ip", "client.ip", "server.ip", "dns.resolved_ip")
    )
    _collect(
        event,
        "related.user",
        ("user.name", "user.target.name", "user.effective.name", "source.user.name", "destination.user.name"),
    )


def _collect(event: Event, target: str, names: Iterable[str]) -> None:
    values: list[Any] = []
    for name in names:
        if name in event:
            value = event[name]
            values += value if isinstance(value, list) else [value]
    if values:
        event[target] = list(dict.fromkeys(values))


PATHS = frozenset(("file.path", "process.executable", "process.parent.executable", "dll.path", "file.name"))
"""Without any of these there is nothing for ``file_names`` to do."""


def file_names(event: Event) -> None:
    """``file.name``, ``.directory`` and ``.extension``, and ``process.name`` from the paths, Windows and Unix."""
    _split(event, "file.path", "file.name", "file.directory")
    _split(event, "process.executable", "process.name", None)
    _split(event, "process.parent.executable", "process.parent.name", None)
    _split(event, "dll.path", "dll.name", None)
    name = event.get("file.name", "")
    if isinstance(name, str) and "." in name.lstrip("."):
        event.setdefault("file.extension", name.rpartition(".")[2].lower())


def _split(event: Event, path: str, name: str, directory: str | None) -> None:
    value = event.get(path)
    if not isinstance(value, str) or not value:
        return
    cut = max(value.rfind("\\"), value.rfind("/"))
    event.setdefault(name, value[cut + 1 :] or value)
    if directory and cut > 0:
        event.setdefault(directory, value[:cut])
