"""Where a score is going: the hours behind it and the forecast of the next day and week, with bands and their record.

Damped Holt-Winters with split-conformal bands (``analytics.series.forecast``) over hourly scores. What it is worth is
said beside it: its error over that of the seasonal naive forecast, and how often its 95 % band held on past days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from analytics.anomaly.detector import Floats

HOUR = timedelta(hours=1)
SPAN_H = 21 * 24
"""Hours of scores that a forecast is learned from."""
SHOWN_H = 7 * 24
DAY_H, WEEK_H = 24, 168
GRADES = (85.0, 75.0, 60.0)
SPARE = 20
"""Errors at each horizon without which there is no band (as ``analytics.series.forecast`` asks)."""
_ORIGINS = 6


class Ahead(msgspec.Struct, frozen=True, kw_only=True):
    """The next hours: the middle, and the bands that hold 80 and 95 of 100 times; all within 0 to 100."""

    mean: tuple[float, ...]
    low80: tuple[float, ...]
    high80: tuple[float, ...]
    low95: tuple[float, ...]
    high95: tuple[float, ...]


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """Hourly scores up to ``at`` (None where there was no needle), and ``ahead`` of them where enough hours are known.

    ``mase`` below 1: better than the seasonal naive forecast. ``held``: share of past hours inside the 95 % band of
    forecasts made before them. ``crosses``: (grade, hours) of the next lower grade that the lower edge of the 80 % band
    goes below within a day. ``known`` of ``wanted`` hours are there.
    """

    at: datetime
    past: tuple[float | None, ...]
    known: int
    wanted: int
    ahead: Ahead | None = None
    season_h: int = 1
    mase: float | None = None
    held: float | None = None
    crosses: tuple[float, int] | None = None


def hourly(scores: Mapping[datetime, float | None], now: datetime) -> list[float | None]:
    """The newest score of each of the last ``SPAN_H`` hours, oldest first, from the first hour that has one."""
    first = now - HOUR * SPAN_H
    found: list[float | None] = [None] * SPAN_H
    for at in sorted(scores):
        place = int((at - first) / HOUR)
        if 0 <= place < SPAN_H and scores[at] is not None:
            found[place] = scores[at]
    start = next((place for place, value in enumerate(found) if value is not None), SPAN_H)
    return found[start:]


def trend(values: Sequence[float | None], at: datetime) -> Trend:
    """The trend of hourly scores that end at ``at``."""
    known = sum(value is not None for value in values)
    least = 3 + DAY_H + SPARE
    shown = tuple(values[-SHOWN_H:])
    if known < least or 2 * known < len(values):
        return Trend(at=at, past=shown, known=known, wanted=least)
    return _told(values, shown, known, at)


def _told(values: Sequence[float | None], shown: tuple[float | None, ...], known: int, at: datetime) -> Trend:
    import numpy as np

    from analytics.series.forecast import forecast

    series = np.array([np.nan if value is None else value for value in values], dtype=float)
    season = 24 if len(values) >= 3 * 24 + DAY_H + SPARE else 1
    horizon = WEEK_H if len(values) >= 3 * season + WEEK_H + SPARE else DAY_H
    found = forecast(series, season, horizon)
    edges = {each: tuple(np.clip(side, 0, 100).round(2).tolist() for side in found.bands[each]) for each in (80, 95)}
    ahead = Ahead(
        mean=tuple(np.clip(found.mean, 0, 100).round(2).tolist()),
        low80=tuple(edges[80][0]), high80=tuple(edges[80][1]), low95=tuple(edges[95][0]), high95=tuple(edges[95][1]),
    )  # fmt: skip
    last = next(value for value in reversed(values) if value is not None)
    return Trend(
        at=at, past=shown, known=known, wanted=known, ahead=ahead, season_h=season,
        mase=found.mase if np.isfinite(found.mase) else None, held=_held(series, season),
        crosses=_crossing(last, ahead.low80),
    )  # fmt: skip


def _held(values: Floats, season: int) -> float | None:
    """How often the 95 % band of a forecast made before held, from some origins in the last hours."""
    import numpy as np

    from analytics.series.forecast import forecast

    earliest = 3 * season + DAY_H + SPARE
    inside: list[float] = []
    for back in range(1, _ORIGINS + 1):
        origin = len(values) - back * DAY_H
        if origin < earliest:
            break
        low, high = forecast(values[:origin], season, DAY_H).bands[95]
        future = values[origin : origin + DAY_H]
        fine = np.isfinite(future)
        inside += ((future >= low) & (future <= high))[fine].tolist()
    return sum(inside) / len(inside) if inside else None


def _crossing(last: float, low: Sequence[float]) -> tuple[float, int] | None:
    """The next grade below, and after how many hours within a day the lower edge is under it."""
    grade = next((each for each in GRADES if each <= last), None)
    if grade is None:
        return None
    hours = next((hour for hour, value in enumerate(low[:DAY_H], 1) if value < grade), None)
    return None if hours is None else (grade, hours)
