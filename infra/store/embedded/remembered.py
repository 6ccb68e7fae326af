"""Events read lately, so that the page looked at again, and the event opened from it, cost nothing."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from infra.events.stream import Event

MOST = 2_048
Place = tuple[str, int]
"""File and row: segments never change, so neither does the event at its place."""


class Remembered:
    """A bounded memory of events. Safe to use from several threads; gives copies."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._events: OrderedDict[Place, Event] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, wanted: Sequence[Place]) -> dict[Place, Event]:
        """Those of ``wanted`` that are remembered."""
        with self._lock:
            found = {one: dict(self._events[one]) for one in wanted if one in self._events}
            for one in found:
                self._events.move_to_end(one)
            return found

    def keep(self, events: Mapping[Place, Event]) -> None:
        """Remember ``events``; the oldest go."""
        with self._lock:
            self._events.update({one: dict(event) for one, event in events.items()})
            while len(self._events) > self._most:
                self._events.popitem(last=False)
