"""Numbers and moments as people read them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.views.figures import (
    MINUS,
    MISSING,
    ago,
    amount,
    duration,
    moment,
    percent,
    points,
    scaled,
    short,
    size,
    span,
    stamp,
    zone_name,
)
from infra.text import Language, use_language

EAST = timedelta(hours=8)
THEN = datetime(2026, 11, 18, 6, 32, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (None, MISSING, MISSING),
        (0, "0", "0"),
        (1284, "1,284", "1,284"),
        (96_310, "96,310", "96,310"),
        (963_000, "96.30 万", "963.0 k"),
        (12_840_000, "1,284 万", "12.84 M"),
        (-3, f"{MINUS}3", f"{MINUS}3"),
        (7.2, "7.2", "7.2"),
    ],
)
def test_amount(value: float | None, zh: str, en: str) -> None:
    with use_language(Language.ZH):
        assert amount(value) == zh
    with use_language(Language.EN):
        assert amount(value) == en


@given(st.floats(min_value=0, max_value=9.9e11), st.sampled_from(Language))
def test_a_card_never_holds_more_than_five_digits(value: float, language: Language) -> None:
    with use_language(language):
        digits = [char for char in amount(value).split("×")[0] if char.isdigit()]
    assert len(digits) <= 5


def test_companions_share_the_scale_of_the_value() -> None:
    with use_language(Language.ZH):
        assert scaled(12_840_000, 11_500_000, 14_200_000) == ("1,284", ["1,150", "1,420"], "万")
    with use_language(Language.EN):
        assert scaled(412, 380.0, None) == ("412", ["380", MISSING], "")


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (None, MISSING, MISSING),
        (0.4, "0.4 秒", "0.4 s"),
        (52, "52 秒", "52s"),
        (372, "6 分 12 秒", "6m 12s"),
        (13_260, "3 时 41 分", "3h 41m"),
        (432_000, "5 天", "5 d"),
        (100_800, "1 天 4 时", "1d 4h"),
        (86_400, "1 天", "1 d"),
        (7_200, "2 小时", "2 h"),
    ],
)
def test_duration(seconds: float | None, zh: str, en: str) -> None:
    with use_language(Language.ZH):
        assert duration(seconds) == zh
    with use_language(Language.EN):
        assert duration(seconds) == en


def test_moments_are_shown_in_the_zone_and_as_short_as_they_may_be() -> None:
    with use_language(Language.ZH):
        assert moment(THEN, EAST, THEN + timedelta(hours=1)) == "14:32"
        assert moment(THEN, EAST, THEN + timedelta(days=2)) == "11-18 14:32"
        assert moment(THEN, EAST) == "2026-11-18 14:32"
        assert stamp(THEN, EAST) == "2026-11-18 周三 14:32:08"
    with use_language(Language.EN):
        assert moment(THEN, EAST, THEN + timedelta(days=2)) == "18 Nov 14:32"
        assert stamp(THEN, EAST) == "Wed 18 Nov 2026 14:32:08"
    assert short(THEN, EAST, THEN) == "14:32"
    assert short(THEN, EAST, THEN + timedelta(days=1)) == "11-18"
    assert zone_name(EAST) == "UTC+8"
    assert zone_name(-EAST) == f"UTC{MINUS}8"


def test_ago_never_runs_backwards() -> None:
    assert ago(THEN + timedelta(hours=1), THEN) == duration(0)
    assert ago(None, THEN) == MISSING


def test_share_size_span_points() -> None:
    with use_language(Language.ZH):
        assert percent(0.94) == "94 %"
    with use_language(Language.EN):
        assert percent(0.94) == "94%"
    assert size(1536) == "1.5 KiB"
    assert size(118 * 2**30) == "118 GiB"
    assert span(73.2, 78.4) == "73–78"
    assert span(59.6, 60.2) == "60"
    assert span(None, 3) == MISSING
    assert points(7.24) == f"{MINUS}7.2"
    assert points(0.0) == "0.0"
