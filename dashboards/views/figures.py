"""Numbers and moments as people read them (zh-CN and en), with units, never more digits than a card can hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from dashboards.words import chinese, t

MISSING = "—"
MINUS = "−"


def amount(value: float | None) -> str:
    """A count or measure in at most five digits; None is an em dash.

    >>> amount(1284)
    '1,284'
    """
    if value is None:
        return MISSING
    sign = MINUS if value < 0 else ""
    return sign + (_large(abs(value)) if abs(value) >= 100_000 else _plain(abs(value)))


def _plain(value: float) -> str:
    if value == int(value) or value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2f}".rstrip("0") if value < 10 else f"{value:.1f}"


def scaled(value: float, *others: float | None) -> tuple[str, list[str], str]:
    """A large value and its companions on one scale, ``("1,284", ["1,150", "1,420"], "万")``; below 100,000 none."""
    steps = _SCALES_EAST if chinese() else _SCALES
    if abs(value) < 100_000:
        return amount(value), [amount(other) for other in others], ""
    size, key = next(step for step in steps if abs(value) >= step[0])
    return _five(value / size), [MISSING if other is None else _five(other / size) for other in others], t(key)


_SCALES_EAST = ((1e8, "figure.scale_hundred_million"), (1e4, "figure.scale_ten_thousand"))
_SCALES = ((1e9, "figure.scale_giga"), (1e6, "figure.scale_mega"), (1e3, "figure.scale_kilo"))


def _large(value: float) -> str:
    steps = _EASTERN if chinese() else _WESTERN
    size, key = next((step for step in steps if value >= step[0]), steps[-1])
    return t(key, value=_five(value / size))


_EASTERN = ((1e8, "figure.hundred_million"), (1e4, "figure.ten_thousand"))
_WESTERN = ((1e9, "figure.giga"), (1e6, "figure.mega"), (1e3, "figure.kilo"))


def _five(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 100 else f"{value:.2f}"


def exact(value: float | None) -> str:
    """The whole number with separators, for tooltips."""
    if value is None:
        return MISSING
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4g}"


def percent(share: float | None) -> str:
    """A share of 1 as percent without decimals; a thin space before the sign in Chinese."""
    if share is None:
        return MISSING
    return f"{share * 100:.0f}" + (" %" if chinese() else "%")


def size(count: float | None) -> str:
    """Bytes in binary units."""
    if count is None:
        return MISSING
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(count) < 1024:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def duration(seconds: float | None) -> str:
    """Two largest parts: ``6 分 12 秒`` or ``6m 12s``; under ten seconds one decimal."""
    if seconds is None:
        return MISSING
    if seconds < 10:
        return t("figure.seconds_short", seconds=f"{seconds:.1f}")
    whole = int(seconds)
    days, hours, minutes, rest = whole // 86400, whole % 86400 // 3600, whole % 3600 // 60, whole % 60
    if days:
        plain = days >= 3 or whole % 86400 == 0
        return t("figure.days", days=days) if plain else t("figure.days_hours", days=days, hours=hours)
    if hours and whole % 3600 == 0:
        return t("figure.hours", hours=hours)
    if hours:
        return t("figure.hours_minutes", hours=hours, minutes=f"{minutes:02d}")
    return t("figure.minutes_seconds", minutes=minutes, seconds=rest) if minutes else t("figure.seconds", seconds=rest)


def local(moment: datetime, zone: timedelta) -> datetime:
    """The moment in the zone pages show."""
    return moment.astimezone(timezone(zone))


def moment(value: datetime | None, zone: timedelta, now: datetime | None = None) -> str:
    """``14:32`` on the same day, ``11-18 14:32`` in the same year, else with the year."""
    if value is None:
        return MISSING
    there = local(value, zone)
    here = local(now, zone) if now else None
    if here and here.date() == there.date():
        return f"{there:%H:%M}"
    if here is None or here.year != there.year:
        return f"{there:%Y-%m-%d %H:%M}"
    return f"{there:%m-%d %H:%M}" if chinese() else f"{there.day} {there:%b %H:%M}"


def short(value: datetime, zone: timedelta, now: datetime) -> str:
    """``14:32`` on the same day, else ``11-18``."""
    there, here = local(value, zone), local(now, zone)
    return f"{there:%H:%M}" if there.date() == here.date() else f"{there:%m-%d}"


def stamp(value: datetime | None, zone: timedelta) -> str:
    """The moment to the second with year and weekday: ``2026-11-18 周三 14:32:08``."""
    if value is None:
        return MISSING
    there = local(value, zone)
    if chinese():
        return f"{there:%Y-%m-%d} {t('figure.weekdays').split()[there.weekday()]} {there:%H:%M:%S}"
    return f"{there:%a} {there.day} {there:%b %Y %H:%M:%S}"


def seconds_stamp(value: datetime | None, zone: timedelta) -> str:
    """``11-18 14:32:08``, for rows."""
    return MISSING if value is None else f"{local(value, zone):%m-%d %H:%M:%S}"


def utc_stamp(value: datetime | None) -> str:
    """RFC 3339 to the millisecond, for raw events and tooltips."""
    if value is None:
        return MISSING
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ago(value: datetime | None, now: datetime) -> str:
    """How long ago, in words of ``duration``."""
    return MISSING if value is None else duration(max(0.0, (now - value).total_seconds()))


def zone_name(zone: timedelta) -> str:
    """``UTC+8``."""
    hours = zone.total_seconds() / 3600
    return f"UTC{hours:+g}".replace("-", MINUS)


def span(low: float | None, high: float | None) -> str:
    """``73–78``; one number where both are equal after rounding."""
    if low is None or high is None:
        return MISSING
    first, last = (
        amount(round(low, 1) if high < 10 else round(low)),
        amount(round(high, 1) if high < 10 else round(high)),
    )
    return first if first == last else f"{first}–{last}"


def points(value: float) -> str:
    """Deducted points with one decimal and a real minus."""
    return f"{MINUS}{value:.1f}" if value > 0.0499 else "0.0"
