"""Findings as signals: the same finding is the same signal, with words, level, system and dimension."""

from datetime import UTC, datetime, timedelta

from analytics.business import judge
from analytics.business.judge import detectors
from analytics.business.signals import dimension_of, identity, level_of, signal_of
from infra.exchange import Dimension, Level
from infra.text import LANGUAGES, say
from tests.unit.analytics.business.small_site import bill, code, event, later, life, masters

NOW = datetime(2026, 6, 1, tzinfo=UTC)
CODES = [code(n) for n in range(1, 4)]


def test_a_finding_made_again_is_the_same_signal() -> None:
    site = [*masters(), *later(), *life(CODES), bill(20, "321", "P1", CODES[:1], from_party="P1")]
    (first,) = judge(site)
    (again,) = judge([*site, *life([code(n) for n in range(50, 53)], 40.0)])
    assert identity(first) == identity(again)
    one, two = signal_of(first, NOW), signal_of(again, NOW + timedelta(hours=1))
    assert one.id == two.id
    assert one.level is Level.HIGH
    assert (one.system, one.dimension) == ("trace", Dimension.BUSINESS)
    assert one.event_ids


def test_a_mismatch_weighs_on_data() -> None:
    sent = event("manifest", 1, system="sharing", feed="f", manifest="m1", dataset="d", records=10, hash="aa")
    back = event("receipt", 1.1, system="sharing", feed="f", manifest="m1", dataset="d", accepted=9, hash="aa")
    found = judge([*masters(), *later(), sent, back])
    assert [one.detector for one in found] == ["B25"]
    assert dimension_of("B25") is Dimension.DATA
    assert signal_of(found[0], NOW).system == "sharing"


def test_every_detector_has_a_title_in_both_languages() -> None:
    ids = [f"B{n:02}" for n in range(1, 30)] + ["T01", "T02", "T05", "T09", "T12", "T13", "T14"]
    for language in LANGUAGES:
        for one in ids:
            assert "business_titles" not in say(f"analytics.business_titles.{one}", language)
            assert level_of(one) in Level
    assert len(detectors()) >= 25
