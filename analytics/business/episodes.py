"""Things that happen close together are one episode, told once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


def episodes(members: Sequence[int], times: Any, gap: float) -> Iterator[list[int]]:
    """``members`` (indexes into ``times``) by time, cut where more than ``gap`` lies between neighbours."""
    ordered = sorted(members, key=lambda member: times[member])
    group: list[int] = []
    for member in ordered:
        if group and times[member] - times[group[-1]] > gap:
            yield group
            group = []
        group.append(member)
    if group:
        yield group
