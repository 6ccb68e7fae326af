"""How long logs really reach back: the oldest continuous record per source, with its gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise

import msgspec

_DAY = timedelta(days=1)


class Reach(msgspec.Struct, frozen=True):
    """Days of one source back from ``today`` without a hole longer than allowed, and the holes further back.

    ``since`` is the first day of the continuous stretch. A source younger than the demand is judged by its age.
    """

    source: str
    continuous_days: int
    since: date | None
    gaps: tuple[tuple[date, date], ...]


def reach(source: str, days: Iterable[date], today: date, allowed_gap_days: int = 1) -> Reach:
    """The reach of a source that has records on ``days``; a hole of more than ``allowed_gap_days`` breaks it."""
    listed = sorted({day for day in days if day <= today})
    gaps = tuple(_gaps([*listed, today + _DAY], allowed_gap_days)) if listed else ()
    since = None
    if listed and not (gaps and gaps[-1][1] == today):
        since = gaps[-1][1] + _DAY if gaps else listed[0]
    return Reach(source, (today - since).days + 1 if since else 0, since, gaps)


def _gaps(listed: Sequence[date], allowed: int) -> Iterable[tuple[date, date]]:
    for one, two in pairwise(listed):
        if (two - one).days - 1 > allowed:
            yield one + _DAY, two - _DAY


def least_reach(
    days_by_source: Mapping[str, Iterable[date]], today: date, born: Mapping[str, date], wanted: int
) -> int:
    """The least continuous days over all sources; one younger than ``wanted`` days counts as ``wanted`` if unbroken.

    ``born`` is the day a source was registered: a young source that has every day since is not at fault.
    """
    found = []
    for source, days in days_by_source.items():
        one = reach(source, days, today)
        age = (today - born[source]).days + 1 if source in born else wanted
        complete = age < wanted and one.continuous_days >= age - 1
        found.append(wanted if complete else one.continuous_days)
    return min(found, default=0)
