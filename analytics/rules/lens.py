"""How a location is read out of a record: conformed ECS events, or flat Windows JSON as shippers write it.

One set of rules serves both: a location such as ``winlog.event_data.Image`` names the same value in either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Protocol

from analytics.rules.atoms import MISSING
from infra.events import table

ALTERNATIVE = " | "
Place = tuple[str, str]
"""A top-level key ('' for none) holding a nested object, and the key inside it; or ('', top-level key)."""


class Lens(Protocol):
    """Says where locations lie in one shape of record."""

    @property
    def times(self) -> Sequence[str]:
        """The keys that may hold the record's time, best first."""
        ...

    def places(self, location: str) -> tuple[Place, ...]:
        """Where to look, first found wins; empty where this shape never holds it."""
        ...


class EcsLens:
    """Conformed events: flat dotted keys, flat fields as nested objects."""

    times = ("@timestamp",)

    def places(self, location: str) -> tuple[Place, ...]:
        return tuple(_ecs_place(name) for name in location.split(ALTERNATIVE))


@cache
def _ecs_place(name: str) -> Place:
    field, key = table().resolve(name)
    return (field.name, key) if key else ("", field.name)


class WindowsLens:
    """Flat Windows records: one object per event, system and event data side by side (NXLog and its like)."""

    times = ("@timestamp", "TimeCreated", "UtcTime", "EventTime")

    def places(self, location: str) -> tuple[Place, ...]:
        found: dict[Place, None] = {}
        for name in location.split(ALTERNATIVE):
            for prefix in ("winlog.event_data.", "winlog.user_data."):
                if name.startswith(prefix):
                    found["", name[len(prefix) :]] = None
            for key in _WINDOWS_KEYS.get(name, ()):
                found["", key] = None
        return tuple(found)


_WINDOWS_KEYS: dict[str, tuple[str, ...]] = {
    "winlog.channel": ("Channel",),
    "winlog.event_id": ("EventID",),
    "winlog.provider_name": ("SourceName", "Provider_Name", "ProviderName"),
    "winlog.provider_guid": ("ProviderGuid",),
    "winlog.computer_name": ("Hostname", "Computer"),
    "winlog.record_id": ("RecordNumber", "EventRecordID"),
    "winlog.task": ("Task",),
    "winlog.opcode": ("Opcode",),
    "winlog.keywords": ("Keywords",),
    "log.level": ("Level",),
    "message": ("Message",),
    "process.pid": ("ExecutionProcessID",),
    "process.thread.id": ("ThreadID",),
    "host.name": ("Hostname", "Computer"),
}


def dig(holder: Any, key: str) -> Any:
    """The value of a dotted key inside a nested object; through lists, the values of every element."""
    if not isinstance(holder, Mapping):
        return MISSING
    if key in holder:
        return holder[key]
    head, dot, rest = key.partition(".")
    while dot:
        if head in holder:
            return _into(holder[head], rest)
        part, dot, rest = rest.partition(".")
        head = f"{head}.{part}"
    return MISSING


def _into(value: Any, key: str) -> Any:
    if isinstance(value, list | tuple):
        found = [inner for item in value if (inner := _into(item, key)) is not MISSING]
        return found or MISSING
    return dig(value, key)


def read(lens: Lens, record: Mapping[str, Any], location: str) -> Any:
    """The value at a location, ``MISSING`` where there is none; the plain way, for what is not hot."""
    for holder, key in lens.places(location):
        value = dig(record.get(holder), key) if holder else record.get(key, MISSING)
        if value is not MISSING:
            return value
    return MISSING
