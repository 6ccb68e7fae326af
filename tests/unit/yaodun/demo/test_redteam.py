"""The red-team day: the score falls at once, and alerts name first the asset and the system attacked first."""

from __future__ import annotations

from pathlib import Path

from bench.redteam import red_team_day


def test_the_score_falls_within_five_minutes_and_the_portal_is_named_first(tmp_path: Path) -> None:
    day = red_team_day(4, tmp_path)
    assert day.fall >= 15
    assert (day.asset, day.system) == ("demo-portal-app", "portal")
