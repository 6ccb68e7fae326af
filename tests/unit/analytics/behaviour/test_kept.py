"""Findings kept between runs: judged again they count once, old ones go, and the history is what was known then."""

from datetime import UTC, datetime, timedelta

import pytest

from analytics.behaviour.activity import Contribution, Facet
from analytics.behaviour.kept import KeptContributions
from analytics.behaviour.risk import risk

NOW = datetime(2026, 11, 18, 6, tzinfo=UTC)


def found(entity: str, hours: float, p: float = 1e-9, subject: str = "failed_logins") -> Contribution:
    return Contribution(entity, Facet.VOLUME, p, NOW - timedelta(hours=hours), subject, "80", "0.4")


def test_the_same_finding_counts_once_and_old_ones_go(tmp_path) -> None:
    kept = KeptContributions()
    kept.merge("user", [found("li", 1), found("li", 200)], NOW)
    kept.merge("user", [found("li", 1, p=1e-7), found("wu", 2)], NOW)
    kept.save(tmp_path)
    again = KeptContributions.load(tmp_path)
    assert [one.p for one in again.of("user", "li")] == [1e-7]
    assert {pair[1].entity for pair in again.risks(NOW)} == {"li", "wu"}
    assert again.of("host", "li") == []


def test_the_history_is_what_was_known_then() -> None:
    kept = KeptContributions()
    kept.merge("user", [found("li", 24), found("li", 0.5, subject="events")], NOW)
    history = kept.history("user", "li", NOW, hours=48)
    assert len(history) == 48
    assert history[:23] == [0.0] * 23
    assert history[23] == pytest.approx(risk("li", [found("li", 0)], NOW).score)
    assert history[46] == pytest.approx(history[23] / 2, rel=0.05)
    assert history[-1] > history[-2]


def test_what_cannot_be_read_begins_anew(tmp_path) -> None:
    (tmp_path / "contributions.msgpack").write_bytes(b"\xc1")
    assert KeptContributions.load(tmp_path).kept == {}
