"""Which event ids were taken lately: a delivery repeated after a lost reply must not be stored twice.

A Bloom filter over the ids of this arrival hour and the one before answers "surely new" from memory; for the rest the
store itself is asked. Ids begin with their arrival hour, so older hours can be forgotten whole.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import Protocol

BITS = 1 << 24
PER_BLOCK = 1_600_000
"""Ids in one block of 2 MiB: at four probes about one in a hundred new ids is looked up in the store."""
PROBES = 4
HOURS_KEPT = 2


class IdKeeper(Protocol):
    """The store's part: which of these ids it holds, and all ids from an arrival hour on."""

    def present(self, ids: Sequence[str]) -> Set[str]: ...

    def ids_since(self, hour: str) -> Iterator[str]: ...


class _Hour:
    def __init__(self) -> None:
        self._blocks = [bytearray(BITS // 8)]
        self._held = 0

    def add(self, places: Sequence[int]) -> None:
        if self._held >= PER_BLOCK:
            self._blocks.append(bytearray(BITS // 8))
            self._held = 0
        block = self._blocks[-1]
        for place in places:
            block[place >> 3] |= 1 << (place & 7)
        self._held += 1

    def may_hold(self, places: Sequence[int]) -> bool:
        return any(all(block[place >> 3] & (1 << (place & 7)) for place in places) for block in self._blocks)


class Seen:
    """Remembers ids by arrival hour. ``repeated`` first, ``remember`` once they are stored."""

    def __init__(self, store: IdKeeper) -> None:
        self._store = store
        self._hours: dict[str, _Hour] = {}

    def load(self, hour: str) -> None:
        """Learn what the store took since ``hour`` (after a start)."""
        self.remember(self._store.ids_since(hour))

    def repeated(self, ids: Sequence[str]) -> Set[str]:
        """Those of ``ids`` that the store holds already."""
        doubtful = [name for name in ids if (hour := self._hours.get(name[:10])) and hour.may_hold(places_of(name))]
        return self._store.present(doubtful) if doubtful else frozenset()

    def remember(self, ids: Iterable[str]) -> None:
        """Take note of stored ids; hours but the newest ``HOURS_KEPT`` are forgotten."""
        for name in ids:
            hour = self._hours.get(name[:10])
            if hour is None:
                hour = self._hours[name[:10]] = _Hour()
            hour.add(places_of(name))
        for old in sorted(self._hours)[:-HOURS_KEPT]:
            del self._hours[old]


def places_of(name: str) -> tuple[int, ...]:
    """The bits of an id: its digest cut into pieces."""
    digest = int.from_bytes(base64.urlsafe_b64decode(name[-22:] + "=="), "big")
    return tuple((digest >> (24 * probe)) % BITS for probe in range(PROBES))
