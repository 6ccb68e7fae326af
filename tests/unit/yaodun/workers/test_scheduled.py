"""The worker of scheduled analytics."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.clock import ManualClock
from infra.events import Signal, Why
from infra.exchange import Level
from infra.home import Home
from infra.ledger import record
from infra.records.migrate import migrate
from ops.alerts import AlertQuery, Alerts
from yaodun.settings import Settings
from yaodun.site import Site
from yaodun.workers import scheduled

NOW = datetime(2026, 11, 18, 6, tzinfo=UTC)


class Good:
    name = "good"

    def run(self, now: datetime) -> Sequence[Signal]:
        return [
            Signal(
                id="s", time=now, rule_id="unusual", rule_name="unusual", detector="behaviour", level=Level.LOW,
                event_ids=("e",), entity_type="user", entity_value="u", why=(Why("hour", "3", "usually 9 to 17"),),
            )
        ]  # fmt: skip


class Broken:
    name = "broken"

    def run(self, now: datetime) -> Sequence[Signal]:
        raise ValueError("no data")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    home = Home(tmp_path)
    home.prepare()
    made = Site(home, Settings(), ManualClock(NOW))
    migrate(made.records.engine)
    made.open_store(read_only=False).close()
    return made


def test_a_broken_job_does_not_stop_the_others(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduled, "scheduled_jobs", lambda store, sources, **more: (Broken(), Good()))
    assert scheduled.judge(site) == {"good": 1}
    (alert,) = Alerts(site.records, site.clock, record).search(AlertQuery()).alerts
    assert (alert.rule["detector"], alert.entity["value"]) == ("behaviour", "u")
    site.records.close()


def test_an_empty_store_gives_no_signal_and_no_failure(site: Site) -> None:
    assert set(scheduled.judge(site).values()) == {0}
    site.records.close()
