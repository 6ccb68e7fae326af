"""Working time in China: days off and make-up days come as notices; one time zone, no summer time."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from infra.events.business import Notice, NoticeType

if TYPE_CHECKING:
    from analytics.business.book import Book

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
_ZONE_MS = 8 * HOUR_MS
_EPOCH = date(1970, 1, 1).toordinal()


def local_day(moment: int) -> int:
    """Number of the local day since 1970-01-01."""
    return (moment + _ZONE_MS) // DAY_MS


def local_days(moments: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same for many."""
    return (moments + _ZONE_MS) // DAY_MS


@lru_cache(maxsize=100_000)
def day_number(text: str) -> int:
    """Number of a day written ``YYYY-MM-DD``; the far future for one that cannot be."""
    try:
        return date.fromisoformat(text).toordinal() - _EPOCH
    except ValueError:
        return 2_932_896


def local_minute(moment: int) -> int:
    """Minutes since local midnight."""
    return (moment + _ZONE_MS) % DAY_MS // 60_000


def local_text(moment: float) -> str:
    """``YYYY-MM-DD HH:MM`` of a moment in ms, local."""
    return (datetime.fromtimestamp(moment / 1000, UTC) + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M")


class Calendar:
    """Days off, and every other notice by type and scope."""

    def __init__(self, book: Book) -> None:
        self._off: set[int] = set()
        self._on: set[int] = set()
        self._notices: defaultdict[NoticeType, list[Notice]] = defaultdict(list)
        for notice in book.of(Notice):
            self._notices[notice.notice_type].append(notice)
            if notice.notice_type in (NoticeType.HOLIDAY, NoticeType.WORKDAY) and notice.scope_kind == "all":
                target = self._off if notice.notice_type is NoticeType.HOLIDAY else self._on
                target.update(_days(notice))

    def works(self, day: int) -> bool:
        """Whether the local day is a working day."""
        if day in self._on:
            return True
        return day not in self._off and (day + 3) % 7 < 5  # 1970-01-01 was a Thursday

    def off_days(self, first: int, last: int) -> int:
        """Announced days off from ``first`` to ``last``, weekends by themselves not counted."""
        return sum(1 for day in self._off if first <= day <= last)

    def after_holiday(self, day: int, within: int = 3) -> bool:
        """Whether the local day is one of the first ``within`` working days after three or more days off in a row."""
        worked = idle = 0
        for back in range(day - 1, day - 30, -1):
            if not self.works(back):
                idle += 1
                if idle >= 3:
                    return True
            else:
                worked, idle = worked + 1, 0
                if worked >= within:
                    return False
        return False

    def rest(self, begins: int, ends: int) -> int:
        """Milliseconds of announced days off within."""
        return self.off_days(local_day(begins), local_day(ends)) * DAY_MS

    def told(
        self, types: tuple[NoticeType, ...], begins: int, ends: int, scopes: dict[str, str], slack: int = 0
    ) -> bool:
        """Whether a notice of one of ``types`` touches the span for any of ``scopes`` (scope kind to value)."""
        for notice_type in types:
            for notice in self._notices.get(notice_type, ()):
                touches = _ms(notice.begins) - slack <= ends and begins < _ms(notice.ends) + slack
                if touches and _covers(notice, scopes):
                    return True
        return False

    def notices(self, notice_type: NoticeType) -> list[Notice]:
        """All of a type."""
        return self._notices.get(notice_type, [])


def _covers(notice: Notice, scopes: dict[str, str]) -> bool:
    if notice.scope_kind == "all":
        return True
    value = scopes.get(notice.scope_kind)
    return value is not None and (value in notice.scope or not notice.scope)


def _days(notice: Notice) -> range:
    return range(local_day(_ms(notice.begins)), local_day(_ms(notice.ends) - 1) + 1)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
