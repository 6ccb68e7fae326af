"""What rules on trial would have raised: counted per hour as the stream matches, kept a week."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

KEPT = timedelta(days=7)
MOST_RULES = 5_000


class Would(msgspec.Struct, frozen=True):
    """Signals a rule on trial would have raised: ``hours`` by the hour they were matched in (``YYYY-MM-DDTHH``, UTC),
    ``last_event`` and ``last_at`` of the latest."""

    hours: dict[str, int] = {}
    last_event: str = ""
    last_at: datetime | None = None

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.hours.values())

    def since(self, moment: datetime) -> int:
        """Those of the hours that began after ``moment``, its own hour with them."""
        first = hour_of(moment)
        return sum(count for hour, count in self.hours.items() if hour >= first)

    def days(self, now: datetime, count: int = 7) -> tuple[int, ...]:
        """Per day (UTC), oldest first."""
        names = [(now - timedelta(days=back)).strftime("%Y-%m-%d") for back in reversed(range(count))]
        return tuple(sum(many for hour, many in self.hours.items() if hour.startswith(name)) for name in names)


class Tried(msgspec.Struct):
    """What one rule would have raised since it was last asked."""

    count: int = 0
    last_event: str = ""


def hour_of(moment: datetime) -> str:
    """The hour a moment lies in."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H")


def added(
    held: Mapping[str, Would], tried: Mapping[str, Tried], on_trial: Iterable[str], now: datetime
) -> dict[str, Would]:
    """The counts with what was tried; what is older than a week, and rules not on trial any more, are left out."""
    oldest, hour = hour_of(now - KEPT), hour_of(now)
    made: dict[str, Would] = {}
    for rule in sorted(set(on_trial))[:MOST_RULES]:
        before, more = held.get(rule, Would()), tried.get(rule)
        hours = {name: count for name, count in before.hours.items() if name >= oldest}
        if more is None:
            made[rule] = Would(hours, before.last_event, before.last_at)
            continue
        hours[hour] = hours.get(hour, 0) + more.count
        made[rule] = Would(hours, more.last_event, now)
    return made
