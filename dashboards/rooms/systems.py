"""Business systems as one page shows them: what each reports, what is expected of it, how well it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from analytics.systems.numbers import ProvinceQuality
from infra.exchange import Dimension


class SystemSignal(msgspec.Struct, frozen=True, kw_only=True):
    """One number of a system. ``value`` and ``health`` (0 to 1) are None where nothing was reported; health is 1 at
    ``best`` and 0 at ``worst``; ``query`` finds the events it counts."""

    id: str
    title: str
    dimension: Dimension
    value: float | None
    unit: str
    best: float
    worst: float
    window_h: float
    health: float | None
    events: int = 0
    query: str = ""


class FeedLine(msgspec.Struct, frozen=True):
    """A kind of event that is expected at least every ``every_h`` hours, and whether it came."""

    kind: str
    every_h: float
    seen: bool


class SystemView(msgspec.Struct, frozen=True, kw_only=True):
    """A system: names, who answers for it, its health by dimension (0 to 1; absent: not measured), signals, feeds.
    ``judged`` is when its events were last judged, None: never. ``level`` is its protection level."""

    id: str
    name: str
    unit: str = ""
    owner: str = ""
    about: str = ""
    level: int | None = None
    assets: tuple[str, ...] = ()
    dimensions: dict[Dimension, float] = {}
    signals: tuple[SystemSignal, ...] = ()
    feeds: tuple[FeedLine, ...] = ()
    judged: datetime | None = None


class Systems(Protocol):
    """The systems of the site."""

    def provinces(self) -> Sequence[ProvinceQuality]:
        """How well each province's exchange does, as last judged; none before the first judgement."""

    def all(self) -> Sequence[SystemView]: ...
