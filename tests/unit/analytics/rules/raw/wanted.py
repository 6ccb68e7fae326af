"""What a raw record has to say so that a variant of a rule holds, and the record itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from analytics.rules.lens import ALTERNATIVE
from analytics.rules.rule import LogSource
from collectors.frames import FrameKind

TIME = "2026-03-02T08:15:30.123456Z"
"""When every made record happened, in its writer's own notation."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """``route`` holds the routing fields (None: must be absent), ``fields`` the values by location, ``keyword`` a text
    that must stand anywhere in the record."""

    source: LogSource
    route: dict[str, str | None]
    fields: dict[str, Any]
    keyword: str = ""

    def values(self) -> dict[str, Any]:
        """The values by location, those that must be absent left out."""
        return {location: value for location, value in self.fields.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Raw:
    """One delivery: what a receiver would have put into the spool. ``format`` names the format for people."""

    format: str
    kind: FrameKind
    body: bytes
    meta: dict[str, str] = field(default_factory=dict)
    count: int = 1


def below(location: str, prefix: str) -> str:
    """The name of the first alternative of ``location`` below ``prefix``; '' where none is."""
    return next((name.removeprefix(prefix) for name in location.split(ALTERNATIVE) if name.startswith(prefix)), "")


def named(location: str) -> list[str]:
    """The alternatives of ``location``."""
    return location.split(ALTERNATIVE)


class UnsayableError(Exception):
    """The format has no place for a value that is wanted."""
