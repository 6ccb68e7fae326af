"""Risk: bounded, monotone, additive in its parts, fading."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.behaviour.activity import Contribution, Facet
from analytics.behaviour.risk import risk, strength

NOW = datetime(2026, 11, 18, tzinfo=UTC)


def one(p: float, hours: float = 0.0, subject: str = "host", facet: Facet = Facet.VOLUME) -> Contribution:
    return Contribution("e", facet, p, NOW - timedelta(hours=hours), subject, "9", "1")


@given(st.lists(st.floats(0, 1), max_size=20))
def test_bounded_and_parts_add_up(chances: list[float]) -> None:
    found = [one(p, subject=str(i)) for i, p in enumerate(chances)]
    answer = risk("e", found, NOW)
    assert 0 <= answer.score <= 1
    assert sum(part.share for part in answer.parts) == pytest.approx(answer.score, abs=1e-9)


def test_noisy_or_by_hand_and_more_evidence_never_lowers() -> None:
    a, b = one(1e-5), one(1e-4, subject="bytes")
    both = risk("e", [a, b], NOW).score
    assert both == pytest.approx(1 - (1 - strength(1e-5)) * (1 - strength(1e-4)))
    assert both > risk("e", [a], NOW).score
    assert strength(0.05) == 0


def test_half_after_a_day_and_gone_after_a_month() -> None:
    assert risk("e", [one(1e-6, 24)], NOW).score == pytest.approx(strength(1e-6) / 2)
    assert risk("e", [one(1e-6, 24 * 30)], NOW).parts == ()


def test_the_same_thing_told_twice_counts_once_and_order_is_by_weight() -> None:
    weak, strong = one(1e-3, subject="a"), one(1e-8, subject="b")
    answer = risk("e", [weak, strong, weak], NOW)
    assert [part.contribution.subject for part in answer.parts] == ["b", "a"]
