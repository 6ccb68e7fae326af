"""Which members real records have, from the published schemas, where rules use names of their own.

A record made for a rule may hold no other: a mapping that only repeats the rule's name would fire on nothing real.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

_SYSMON = ("Microsoft-Windows-Sysmon/Operational", "Linux-Sysmon/Operational")


@cache
def _schemas() -> dict[str, dict[str, str]]:
    return tomllib.loads((Path(__file__).parent / "schemas.toml").read_text(encoding="utf-8"))


@cache
def published(shape: str) -> tuple[str, ...]:
    """The members of a JSON format; empty where they are not listed."""
    return tuple(_schemas()["members"].get(shape, "").split())


@cache
def event_data(channel: str | None, event_id: str | None) -> frozenset[str]:
    """The fields of such an event; empty where they are not listed."""
    section = "sysmon" if channel in _SYSMON else str(channel).lower()
    return frozenset(_schemas().get(section, {}).get(event_id or "", "").split())
