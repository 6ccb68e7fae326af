"""Facts: what a collector saw, when, how long it stands, and a hash that ties it down."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec

OBJECT = ""
"""The asset name of facts about the object as a whole."""


class Fact(msgspec.Struct, frozen=True):
    """One measured fact about one asset of an object (or about the object itself: ``asset`` empty).

    ``observed`` is when it was so, ``received`` when we learned it, ``valid_until`` when it stops to prove anything.
    """

    asset: str
    kind: str
    value: Any
    observed: datetime
    received: datetime
    valid_until: datetime
    collector: str
    evidence: str = ""
    sha256: str = ""

    def stands(self, now: datetime) -> bool:
        """Whether it still proves something."""
        return self.observed <= now < self.valid_until


def fact(
    asset: str, kind: str, value: Any, observed: datetime, collector: str, *,
    received: datetime | None = None, valid: timedelta = timedelta(days=2), evidence: str = "",
) -> Fact:  # fmt: skip
    """A fact with its hash over asset, kind, value, time and collector."""
    body = msgspec.json.encode([asset, kind, value, observed, collector, evidence])
    digest = hashlib.sha256(body).hexdigest()
    return Fact(asset, kind, value, observed, received or observed, observed + valid, collector, evidence, digest)


class FactSource(Protocol):
    """Gives what it knows about an object now; wiring connects collectors, registers and analytics."""

    def facts(self, object_id: str, now: datetime) -> Iterable[Fact]: ...
