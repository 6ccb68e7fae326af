"""One number for a set of events, whatever their order and whichever store they lie in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec
import orjson

from infra.events.stream import Event
from infra.store.opensearch.documents import encode

_MODULUS = 1 << 256


class Sum(msgspec.Struct):
    """Events counted, and the sum of their SHA-256 modulo 2**256.

    A sum does not see two changes that cancel each other, which only who forges hashes on purpose could make; it finds
    what is lost, doubled or altered on the way.
    """

    events: int = 0
    value: int = 0

    def add(self, events: Iterable[Event]) -> None:
        """Take ``events`` in."""
        for event in events:
            self.events += 1
            self.value = (self.value + _number(event)) % _MODULUS

    @property
    def sha256(self) -> str:
        """The sum in hexadecimal."""
        return f"{self.value:064x}"


def _number(event: Event) -> int:
    """The hash of an event: of its JSON with sorted keys, as a cluster would keep it."""
    plain = orjson.dumps(orjson.loads(encode(event)), option=orjson.OPT_SORT_KEYS)
    return int.from_bytes(hashlib.sha256(plain).digest(), "big")
