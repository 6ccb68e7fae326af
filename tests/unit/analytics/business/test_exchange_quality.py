"""The exchange of provinces in five shares, each counted by hand."""

from __future__ import annotations

from datetime import timedelta

from analytics.business.book import build_book
from analytics.business.exchange_quality import province_quality
from analytics.systems.numbers import Share
from tests.unit.analytics.business.small_site import BEGIN, event

NOW = BEGIN + timedelta(days=10)


def test_five_shares_of_a_province_and_none_of_what_lies_further_back() -> None:
    def sent(name: str, day: float, records: int, **more: object) -> object:
        return event("manifest", day, system="sharing", province="330000", manifest=name, dataset="d", records=records,
                     hash="aa", **more)  # fmt: skip

    def got(name: str, day: float, accepted: int, rejected: int = 0, **more: object) -> object:
        return event("receipt", day, system="sharing", province="330000", manifest=name, dataset="d",
                     accepted=accepted, rejected=rejected, **more)  # fmt: skip

    book = build_book(
        [
            sent("prompt", 5, 100), got("prompt", 5.2, 98, 2, hash="aa"),
            sent("late", 5, 50), got("late", 7, 50, hash="bb"),
            sent("lost", 6, 40),
            sent("again", 8, 10), got("again", 8.1, 4, status="partial"),
            sent("again", 8.2, 10, attempt=2), got("again", 8.3, 10, hash="aa", attempt=2),
            sent("young", 9.9, 7),
            sent("old", 1, 1000),
        ]
    )  # fmt: skip
    (found,) = province_quality(book, NOW)
    assert found.province == "330000"
    assert found.on_time == Share(2, 4)
    assert found.complete == Share(158, 160)
    assert found.valid == Share(158, 160)
    assert found.once == Share(4, 5)
    assert found.consistent == Share(2, 3)


def test_a_share_of_nothing_is_no_number() -> None:
    assert Share(0, 0).percent is None
    assert province_quality(build_book([]), NOW) == ()
