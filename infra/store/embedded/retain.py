"""Retention: what the law wants kept is kept, what is over goes by whole days, and a full disk never stops ingest.

A day on legal hold stays whatever happens; so does the day that is being written.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from infra.events.stream import Stream
from infra.store.embedded.store import EmbeddedStore

LEGAL_DAYS = 183
"""Six months, which 网络安全法 article 21 wants network logs kept for at least."""
GIB = 1 << 30


class Reason(StrEnum):
    """Why a day went."""

    EXPIRED = "expired"
    DISK = "disk"


@dataclass(frozen=True, slots=True)
class Policy:
    """How long each stream is kept, and how much of the disk stays free."""

    days: int = LEGAL_DAYS
    stream_days: Mapping[Stream, int] = field(default_factory=dict)
    least_free_bytes: int = 2 * GIB

    def keeps(self, stream: Stream) -> int:
        """Days that ``stream`` is kept."""
        return self.stream_days.get(stream, self.days)


@dataclass(frozen=True, slots=True)
class Dropped:
    """A day that went."""

    stream: Stream
    day: date
    events: int
    reason: Reason


def free_bytes(store: EmbeddedStore) -> int:
    """Free bytes of the disk the store lies on."""
    disk = os.statvfs(store.folder)
    return disk.f_bavail * disk.f_frsize


def retain(
    store: EmbeddedStore, policy: Policy | None = None, free: Callable[[EmbeddedStore], int] = free_bytes
) -> list[Dropped]:
    """Drop the days that are over, then, while the disk is too full, the oldest eligible day. What went, and why."""
    chosen = policy or Policy()
    gone = [
        _drop(store, stream, day, Reason.EXPIRED)
        for stream, day in _eligible(store)
        if _over(store, chosen, stream, day)
    ]
    for stream, day in _eligible(store):
        if free(store) >= chosen.least_free_bytes:
            break
        gone.append(_drop(store, stream, day, Reason.DISK))
    return gone


def _over(store: EmbeddedStore, policy: Policy, stream: Stream, day: date) -> bool:
    return day < store.clock.now().date() - timedelta(days=policy.keeps(stream))


def _eligible(store: EmbeddedStore) -> list[tuple[Stream, date]]:
    """Days that may go, the oldest first: not on hold, not being written."""
    held = store.manifest.holds()
    today = store.clock.now().date()
    days = [(day, stream) for stream in Stream for day in store.days(stream)]
    return [(stream, day) for day, stream in sorted(days) if day < today and (stream, day.isoformat()) not in held]


def _drop(store: EmbeddedStore, stream: Stream, day: date, reason: Reason) -> Dropped:
    return Dropped(stream, day, store.drop_day(stream, day), reason)
