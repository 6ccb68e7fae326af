"""The book: business events settled for judging, each counted once, what was taken back left out.

Late and repeated deliveries are settled here and nowhere else: the same ``id`` twice is one event, a correction takes
events back, a retry (the same bill line or manifest with a higher ``attempt``) completes or replaces the earlier one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar

from analytics.business.bill_lines import Lines, build_lines
from analytics.business.calendar import Calendar
from analytics.business.codes import Codes, build_codes
from analytics.business.masters import Masters
from infra.events.business import BusinessEvent, Correction, Envelope, Pack
from infra.events.business.trace import Bill
from infra.uncollected import uncollected

Kind = TypeVar("Kind", bound=Envelope)


class Book:
    """All settled events of a stretch of time; ``end`` is the last moment the centre recorded anything, in ms."""

    def __init__(self, kinds: dict[type[Any], list[Any]], known: int) -> None:
        self._kinds = kinds
        self.events = known
        moments = [ms(items[-1].recorded) for items in kinds.values() if items]
        self.end: int = max((ms(e.recorded) for items in kinds.values() for e in items[-1:]), default=0)
        self.end = max([self.end, *moments])
        self.begin: int = min((ms(items[0].time) for items in kinds.values() if items), default=0)
        self.masters = Masters(self)
        self.calendar = Calendar(self)
        self.lines: Lines = build_lines(self.of(Bill), self.masters)
        self.codes: Codes = build_codes(self.lines, self.of(Pack))

    def of(self, kind: type[Kind]) -> list[Kind]:
        """The events of a kind, by ``time``."""
        return self._kinds.get(kind, [])


def ms(moment: datetime) -> int:
    """Unix milliseconds."""
    return round(moment.timestamp() * 1000)


def build_book(events: Iterable[BusinessEvent]) -> Book:
    """Settle ``events``, given in any order."""
    with uncollected():
        return _built(events)


def _built(events: Iterable[BusinessEvent]) -> Book:
    known: dict[str, BusinessEvent] = {}
    for event in events:
        known.setdefault(event.id, event)
    kinds: defaultdict[type[Any], list[Any]] = defaultdict(list)
    for event in known.values():
        kinds[type(event)].append(event)
    back = {wrong.event for correction in kinds.pop(Correction, []) for wrong in correction.wrong}
    settled = {kind: _settled(items, back) for kind, items in kinds.items()}
    return Book(settled, len(known))


def _settled(items: list[Any], back: set[str]) -> list[Any]:
    kept = [item for item in items if item.id not in back] if back else items
    return sorted(kept, key=attrgetter("time"))
