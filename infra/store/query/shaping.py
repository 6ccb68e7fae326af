"""How answers look, whatever engine counted: keys of buckets, empty buckets of a time axis, names of ranges."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from infra.clock import rfc3339
from infra.errors import AppError, ErrorKind
from infra.events.table import FieldType
from infra.store.query.limits import MAX_BUCKETS
from infra.store.query.names import Place, place
from infra.store.query.tree import Bucket, DateHistogram, Ranges, Window

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_S = 86_400
_NUMBERS = (FieldType.LONG, FieldType.DOUBLE)
_STEP = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Microseconds of Unix time."""
    return (moment - EPOCH) // _STEP


def moment(us: int) -> datetime:
    """The moment of ``us`` microseconds of Unix time."""
    return EPOCH + us * _STEP


def number_place(name: str) -> Place:
    """The place of a field that holds numbers; ``AppError(INVALID)`` where it does not."""
    where = place(name)
    if where.type not in _NUMBERS:
        raise AppError(ErrorKind.INVALID, "infra.query_not_a_number", place=name, type=str(where.type))
    return where


def key_place(name: str) -> Place:
    """The place of a field whose values can be counted; texts of words and bytes cannot."""
    where = place(name)
    if where.words or where.type is FieldType.BINARY or (where.flat and not where.key):
        raise AppError(ErrorKind.INVALID, "infra.query_uncountable", place=name, type=str(where.type))
    return where


def positive(value: float, place: str) -> float:
    """``value``; ``AppError(INVALID)`` naming ``place`` where it is not above zero."""
    if not value > 0:
        raise AppError(ErrorKind.INVALID, "infra.query_interval", place=place, value=value)
    return value


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The time zone ``name``; ``AppError(INVALID)`` where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise AppError(ErrorKind.INVALID, "infra.query_zone", place="zone", text=name[:64]) from None


def offset_us(name: str, us: int) -> int:
    """Offset of the zone ``name`` from UTC at ``us``, in microseconds."""
    shift = moment(us).astimezone(zone(name)).utcoffset()
    return shift // _STEP if shift else 0


def offsets(name: str, window: Window) -> list[tuple[int, int]]:
    """From when on which offset of the zone holds within the window: ``[(us, offset_us), ...]``, oldest first."""
    start, end = micros(window.start), micros(window.end)
    found = [(start, offset_us(name, start))]
    step = DAY_S * 1_000_000
    before = start
    while name != "UTC" and before < end:
        after = min(before + step, end)
        if offset_us(name, after) != found[-1][1]:
            found.append((_turn(name, before, after), offset_us(name, after)))
        before = after
    return found


def _turn(name: str, before: int, after: int) -> int:
    """The first microsecond with the later offset, by halving."""
    early = offset_us(name, before)
    while after - before > 1:
        middle = (before + after) // 2
        if offset_us(name, middle) == early:
            before = middle
        else:
            after = middle
    return after


def by_calendar(agg: DateHistogram) -> bool:
    """True where buckets are whole local days, so that a clock change makes one shorter or longer."""
    return agg.interval_s % DAY_S == 0


def bucket_start(agg: DateHistogram, us: int) -> int:
    """Start of the bucket that ``us`` lies in."""
    interval = agg.interval_s * 1_000_000
    shift = offset_us(agg.zone, us)
    local = (us + shift) // interval * interval
    return from_local(agg, local) if by_calendar(agg) else local - shift


def from_local(agg: DateHistogram, local_us: int) -> int:
    """The moment whose local reading in the zone is ``local_us``."""
    naive = (EPOCH + local_us * _STEP).replace(tzinfo=zone(agg.zone))
    return micros(naive.astimezone(UTC))


def axis(agg: DateHistogram, window: Window) -> list[int]:
    """Starts of every bucket of the window, in microseconds; ``AppError(INVALID)`` where there are too many."""
    positive(agg.interval_s, "interval_s")
    first, end = bucket_start(agg, micros(window.start)), micros(window.end)
    if (end - first) / (agg.interval_s * 1e6) > MAX_BUCKETS:
        raise AppError(ErrorKind.INVALID, "infra.query_buckets", place="date_histogram", limit=MAX_BUCKETS)
    starts, at = [], first
    while at < end:
        starts.append(at)
        at = _next(agg, at)
    return starts


def _next(agg: DateHistogram, at: int) -> int:
    interval = agg.interval_s * 1_000_000
    if not by_calendar(agg):
        return bucket_start(agg, at + interval)
    return from_local(agg, at + offset_us(agg.zone, at) + interval)


def time_buckets(agg: DateHistogram, window: Window, found: Mapping[int, Bucket]) -> tuple[Bucket, ...]:
    """A bucket for every step of the window, those without events empty."""
    return tuple(found.get(us) or Bucket(date_key(us), 0) for us in axis(agg, window))


def date_key(us: int) -> str:
    """How a moment reads as a key."""
    return rfc3339(moment(us))


def range_keys(agg: Ranges) -> list[str]:
    """Names of the ranges: ``from-to``, ``*`` where open."""
    return [f"{_bound(low)}-{_bound(high)}" for low, high in agg.bounds]


def _bound(value: float | None) -> str:
    return "*" if value is None else f"{value:g}"
