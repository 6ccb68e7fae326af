"""The demonstration on a fresh platform, and once more on the same one: all that is sent is stored, alerts name it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running import RunningSite, wait_for

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]
RUNS = 2 if os.environ.get("YAODUN_PROVE") == "full" else 1


@pytest.fixture
def own_site(tmp_path: Path) -> Iterator[RunningSite]:
    site = RunningSite(tmp_path / "home")
    site.start()
    try:
        yield site
    finally:
        site.stop()


def play(site: RunningSite) -> dict[str, Any]:
    done = site.command("demo", "--fast", "--seed", "5", check=0, within_s=180)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_the_demonstration_plays_and_plays_again(own_site: RunningSite) -> None:
    assets = set()
    for _ in range(RUNS):
        told = play(own_site)
        assert (told["quarantined"], len(told["stages"])) == (0, 7)
        assert told["alerts"] > 0
        assert any(own_site.url in line for line in told["look_at"])
        assets.add(told["assets"])
        for row in own_site.status()["sources"]:
            assert row["received"] == row["stored"] + row["quarantined"] + row["refused"], row
    assert len(assets) == 1
    rules = wait_for("an alert about the portal", lambda: [r for r in own_site.rows("alerts") if "portal" in str(r)])
    assert rules
