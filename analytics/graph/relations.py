"""What events told of who logs in where, what talks to what and what listens: counted, dated, forgotten in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

import msgspec

MOST_RELATIONS = 300_000


class Relation(StrEnum):
    """``login``: account to host; ``origin``: address to account; ``flow``: address to address; ``listener``: host to
    the program that listens; ``keeps``: host or address to the credential kept there; ``opens``: credential to host."""

    LOGIN = "login"
    ORIGIN = "origin"
    FLOW = "flow"
    LISTENER = "listener"
    KEEPS = "keeps"
    OPENS = "opens"


class Seen(msgspec.Struct, array_like=True):
    """How often, first and last (Unix seconds)."""

    times: int
    first: int
    last: int


Key = tuple[str, str, str, int]
"""Relation, from, to, port (0 where there is none)."""


class _Kept(msgspec.Struct):
    until: int
    rows: list[tuple[Key, Seen]]


class Relations:
    """Bounded: beyond ``MOST_RELATIONS`` those unseen for longest go first. ``until`` is how far events were read."""

    def __init__(self, until: int = 0) -> None:
        self.until = until
        self._seen: dict[Key, Seen] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def take(self, relation: Relation, start: str, end: str, port: int, times: int, at: datetime) -> None:
        """One more sight of it."""
        moment = int(at.timestamp())
        key = (str(relation), start, end, port)
        known = self._seen.get(key)
        if known is None:
            self._seen[key] = Seen(times, moment, moment)
            return
        known.times += times
        known.first, known.last = min(known.first, moment), max(known.last, moment)

    def of(self, relation: Relation) -> Iterator[tuple[str, str, int, Seen]]:
        """(from, to, port, seen) of one relation, in the order they were first told."""
        for (kind, start, end, port), seen in self._seen.items():
            if kind == relation:
                yield start, end, port, seen

    def forget(self, before: datetime) -> int:
        """Drop what was not seen since, and the oldest beyond the bound; how many."""
        limit = before.timestamp()
        kept = {key: seen for key, seen in self._seen.items() if seen.last >= limit}
        if len(kept) > MOST_RELATIONS:
            newest = sorted(kept.items(), key=lambda item: -item[1].last)[:MOST_RELATIONS]
            kept = dict(newest)
        gone = len(self._seen) - len(kept)
        self._seen = kept
        return gone

    def encode(self) -> bytes:
        """For keeping."""
        return msgspec.msgpack.encode(_Kept(self.until, list(self._seen.items())))

    @classmethod
    def decode(cls, data: bytes) -> Relations:
        """As kept; ``msgspec.ValidationError`` or ``DecodeError`` where it is none."""
        kept = msgspec.msgpack.decode(data, type=_Kept)
        found = cls(kept.until)
        found._seen = dict(kept.rows)
        return found
