"""Times as logs write them: with and without year, with and without zone; each reading is a named format of the
tables.

A time without a zone is read in the zone the frame's ``meta`` names, else in UTC, unless the record came live and
only another common zone makes it plausible: a device on Beijing time would otherwise lie eight hours in the future.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
_CLOCK = r"(\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?"
_BSD = re.compile(rf"\*?([A-Za-z]{{3}}) +(\d{{1,2}}) (?:(\d{{4}}) )?{_CLOCK}")
_BSD_YEAR_LAST = re.compile(rf"[A-Za-z]{{3}} ([A-Za-z]{{3}}) +(\d{{1,2}}) {_CLOCK} (\d{{4}})")
_CLF = re.compile(r"(\d{2})/([A-Za-z]{3})/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-]\d{2})(\d{2})")
_PLAIN = re.compile(
    rf"(\d{{4}})[-/](\d{{1,2}})[-/](\d{{1,2}})[ T]{_CLOCK} ?(Z|UTC|GMT|CST|[+-]\d{{2}}:?\d{{2}}|[+-]\d{{2}})?"
)
_LIKELY_OFFSETS = tuple(
    timedelta(minutes=m) for m in (480, 0, 540, 420, 330, 60, 120, 180, -300, -240, -360, -420, -480)
)
_LIVE = timedelta(minutes=4)
_AHEAD = timedelta(days=1)


class Clockwork:
    """Reads times for one frame: when it was received, which zone it lives in, whether its records came live."""

    __slots__ = ("live", "memo", "received", "zone")

    def __init__(self, received: datetime, zone: str = "", *, live: bool = False) -> None:
        self.received = received
        self.zone = zone_of(zone)
        self.live = live
        self.memo: dict[str, datetime | None] = {}

    def place(self, naive: datetime) -> datetime:
        """The moment that ``naive`` (no zone) means."""
        if self.zone is not None:
            return naive.replace(tzinfo=self.zone).astimezone(UTC)
        moment = naive.replace(tzinfo=UTC)
        if not self.live or abs(moment - self.received) <= _LIVE:
            return moment
        for offset in _LIKELY_OFFSETS:
            if abs(moment - offset - self.received) <= _LIVE:
                return moment - offset
        return moment

    def place_in_year(self, month: int, day: int, clock: tuple[int, int, int, int]) -> datetime | None:
        """The latest such moment that does not lie more than a day after receipt; None where no year has that day."""
        year = self.received.year + 1
        for candidate in range(year, year - 9, -1):
            try:
                naive = datetime(candidate, month, day, *clock)  # noqa: DTZ001 - placed below
            except ValueError:
                continue
            if naive.replace(tzinfo=UTC) <= self.received + _AHEAD:
                return self.place(naive)
        return None


@lru_cache(maxsize=64)
def zone_of(text: str) -> timezone | None:
    """``+08:00`` as a zone; None for '' and what is none."""
    found = re.fullmatch(r"([+-])(\d{2}):?(\d{2})?", text.strip())
    if not found:
        return UTC if text in ("Z", "UTC", "GMT") else None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return timezone(-offset if found[1] == "-" else offset) if offset < timedelta(days=1) else None


def _clock(groups: tuple[str, ...]) -> tuple[int, int, int, int]:
    hour, minute, second, fraction = groups
    # A leap second is read as the second before it: datetime has no 60.
    return int(hour), int(minute), min(int(second), 59), int((fraction or "0")[:6].ljust(6, "0"))


def read_bsd(text: str, clock: Clockwork) -> datetime | None:
    """``Nov 24 23:20:10``, with a year behind the day or fractions where the sender adds them (RFC 3164, 4.1.2)."""
    found = _BSD.match(text)
    if not found or not (month := _MONTHS.get(found[1].lower())):
        return None
    time = _clock(found.group(4, 5, 6, 7))
    if not found[3]:
        return clock.place_in_year(month, int(found[2]), time) if _is_clock(time) else None
    return _naive(clock, int(found[3]), month, int(found[2]), time)


def read_bsd_year_last(text: str, clock: Clockwork) -> datetime | None:
    """``Tue Nov 24 23:20:10.123456 2026`` as Apache's error log writes it."""
    found = _BSD_YEAR_LAST.match(text)
    if not found or not (month := _MONTHS.get(found[1].lower())):
        return None
    return _naive(clock, int(found[7]), month, int(found[2]), _clock(found.group(3, 4, 5, 6)))


def read_clf(text: str, _: Clockwork) -> datetime | None:
    """``24/Nov/2026:23:20:10 +0800`` of the common log format."""
    return _read_clf(text)


@lru_cache(maxsize=4_096)
def _read_clf(text: str) -> datetime | None:
    found = _CLF.match(text)
    if not found or not (month := _MONTHS.get(found[2].lower())):
        return None
    zone = zone_of(f"{found[7]}:{found[8]}") or UTC
    try:
        numbers = (int(found[3]), month, int(found[1]), int(found[4]), int(found[5]), min(int(found[6]), 59))
        return datetime(*numbers, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_plain(text: str, clock: Clockwork) -> datetime | None:
    """Year first: RFC 3339, ``2026-11-24 23:20:10,123``, ``2026/11/24 23:20:10``, with or without a zone."""
    found = _PLAIN.match(text)
    if not found:
        return None
    time = _clock(found.group(4, 5, 6, 7))
    zone = zone_of("+08:00" if found[8] == "CST" else found[8]) if found[8] else None
    try:
        naive = datetime(int(found[1]), int(found[2]), int(found[3]), *time)  # noqa: DTZ001 - zone follows
        return naive.replace(tzinfo=zone).astimezone(UTC) if zone else clock.place(naive)
    except (ValueError, OverflowError):
        return None


_DAY_FIRST = re.compile(rf"(\d{{1,2}})[-/]([A-Za-z]{{3}})[-/](\d{{4}})[ :]{_CLOCK}")
_COMPACT = re.compile(rf"(\d{{4}})(\d{{2}})(\d{{2}}) {_CLOCK}")


def read_day_first(text: str, clock: Clockwork) -> datetime | None:
    """``24-Nov-2026 23:20:10.123`` (BIND) and ``24/Nov/2026:23:20:10.123`` (HAProxy)."""
    found = _DAY_FIRST.match(text)
    if not found or not (month := _MONTHS.get(found[2].lower())):
        return None
    return _naive(clock, int(found[3]), month, int(found[1]), _clock(found.group(4, 5, 6, 7)))


def read_compact(text: str, clock: Clockwork) -> datetime | None:
    """``20261124 23:20:10`` as MariaDB's audit plugin writes it."""
    found = _COMPACT.match(text)
    if not found:
        return None
    return _naive(clock, int(found[1]), int(found[2]), int(found[3]), _clock(found.group(4, 5, 6, 7)))


def read_epoch(text: str | float, _: Clockwork) -> datetime | None:
    """Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by size."""
    try:
        number = float(text)
        while abs(number) > 1e11:
            number /= 1_000
        return datetime.fromtimestamp(number, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _iso(text: str, clock: Clockwork) -> datetime | None:
    """The fast way for what it can be taken for: digits alone would be misread as a basic date."""
    if text[4:5] != "-":
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else clock.place(moment)
    except (ValueError, OverflowError):
        return None


def read_any(text: object, clock: Clockwork) -> datetime | None:
    """Whatever of the above ``text`` is."""
    if isinstance(text, str) and (moment := _iso(text, clock)):
        return moment
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        return None
    if isinstance(text, int | float) or re.fullmatch(r"\d{9,19}(\.\d+)?", text):
        return read_epoch(text, clock)
    for reader in (read_plain, read_bsd, read_clf, read_bsd_year_last):
        if moment := reader(text, clock):
            return moment
    return None


def _naive(clock: Clockwork, year: int, month: int, day: int, time: tuple[int, int, int, int]) -> datetime | None:
    try:
        return clock.place(datetime(year, month, day, *time))  # noqa: DTZ001 - placed by the clock
    except (ValueError, OverflowError):
        return None


def _is_clock(time: tuple[int, int, int, int]) -> bool:
    return time[0] < 24 and time[1] < 60


FORMATS: dict[str, Callable[[str, Clockwork], datetime | None]] = {
    "bsd": read_bsd,
    "bsd_year_last": read_bsd_year_last,
    "clf": read_clf,
    "plain": read_plain,
    "bsd_day": read_day_first,
    "clf_no_zone": read_day_first,
    "compact": read_compact,
    "epoch": read_epoch,
    "time": read_any,
}
"""Readers by the name that tables call them."""
