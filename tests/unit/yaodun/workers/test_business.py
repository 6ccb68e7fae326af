"""The worker of the business: stored events become alerts once, and numbers for posture."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from analytics.business.desk import Desk
from analytics.business.finding import Finding
from analytics.business.judge import detectors, judge_book
from infra.clock import ManualClock
from infra.errors import AppError, ErrorKind
from infra.events.business import BusinessEvent, document_of, encode_event
from infra.events.stream import Stream
from infra.home import Home
from infra.ledger import record
from infra.records.migrate import migrate
from infra.spool import SpoolPosition
from infra.store.query.tree import Page, Query
from infra.store.seams import Batch, EventStore
from ops.alerts import AlertQuery, Alerts
from tests.unit.analytics.business.small_site import BEGIN, bill, code, event, later, life, masters
from yaodun.business_state import read_state
from yaodun.measures import BusinessMeasures
from yaodun.settings import Settings
from yaodun.site import Site
from yaodun.workers import business
from yaodun.workers.business import judge, stored_events

NOW = BEGIN + timedelta(days=88, hours=4)
CODES = [code(n) for n in range(1, 4)]


def make_site(folder: Path, events: Sequence[BusinessEvent]) -> Site:
    home = Home(folder)
    home.prepare()
    made = Site(home, Settings(), ManualClock(NOW))
    migrate(made.records.engine)
    store = made.open_store(read_only=False)
    documents = [
        {**document_of(one), "event.id": f"2026010100-{one.id}", "event.original": encode_event(one).decode()}
        for one in events
    ]
    for number, start in enumerate(range(0, len(documents), 500)):
        part = documents[start : start + 500]
        store.append(Batch(spool="t", position=SpoolPosition(0, number + 1), events={Stream.BUSINESS: part}, counts={}))
    store.close()
    return made


def alerts_of(site: Site) -> list[tuple[str, str, int]]:
    found = Alerts(site.records, site.clock, record).search(AlertQuery()).alerts
    return sorted((alert.rule["id"], alert.entity["value"], alert.count) for alert in found)


def site_events() -> list[BusinessEvent]:
    ordinary = [one for one in later() if one.time < NOW - timedelta(days=1)]
    beat = event("heartbeat", 88, system="sharing", feed="f", interval_s=86400)
    return [*masters(), *ordinary, beat, *life(CODES), bill(20, "321", "P1", CODES[:1], from_party="P1")]


def test_a_finding_becomes_one_alert_however_often_it_is_judged(tmp_path: Path) -> None:
    site = make_site(tmp_path, site_events())
    assert judge(site)["new"] == 1
    assert judge(site) == {"events": len(site_events()), "findings": 1, "new": 0, "broken": 0}
    assert [(rule, count) for rule, _, count in alerts_of(site)] == [("business.T02", 1)]
    site.records.close()


def test_numbers_reach_posture(tmp_path: Path) -> None:
    site = make_site(tmp_path, site_events())
    judge(site)
    measures = BusinessMeasures(site)
    found = measures.readings(NOW)
    assert found["business.feeds_on_time"].value == 1.0
    assert found["business.trace_anomalies"].value is None or found["business.trace_anomalies"].value >= 0
    assert found["data.exchange_mismatch"].value is None
    assert measures.readings(NOW + timedelta(hours=3)) == {}
    site.records.close()


def test_without_business_nothing_is_measured(tmp_path: Path) -> None:
    site = make_site(tmp_path, [])
    assert judge(site) == {"events": 0, "findings": 0, "new": 0, "broken": 0}
    assert BusinessMeasures(site).readings(NOW) == {}
    site.records.close()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"judged": 7}'])
def test_a_broken_state_is_no_state(tmp_path: Path, text: str) -> None:
    (tmp_path / "business.json").write_text(text)
    assert read_state(tmp_path).judged is None


def test_a_detector_that_breaks_is_counted_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(desk: Desk) -> list[Finding]:
        raise ZeroDivisionError

    site = make_site(tmp_path, site_events())
    ours = (breaks, *detectors())
    monkeypatch.setattr(sys.modules[judge_book.__module__], "detectors", lambda: ours)
    found = judge(site)
    assert (found["findings"], found["broken"]) == (1, 1)
    site.records.close()


class Failing:
    """A store whose ``failing`` searches run out of time; it remembers how much was asked for."""

    def __init__(self, store: EventStore, *failing: int) -> None:
        self.store, self.failing = store, failing
        self.asked: list[int] = []

    def search(self, query: Query) -> Page:
        self.asked.append(query.limit)
        if len(self.asked) in self.failing:
            raise AppError(ErrorKind.UNAVAILABLE, "infra.query_timeout", seconds=60)
        return self.store.search(query)


def read(store: object, waited: list[float]) -> list[str]:
    return [one.id for one in stored_events(cast(EventStore, store), NOW, waited.append)]


@pytest.mark.parametrize("failing", [(1,), (2,), (2, 3), (1, 3, 4)])
def test_a_store_that_runs_out_of_time_is_asked_again_and_nothing_is_lost_or_doubled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: tuple[int, ...]
) -> None:
    monkeypatch.setattr(business, "_PAGE", 16)
    site = make_site(tmp_path, site_events())
    store = site.open_store(read_only=True)
    whole = read(store, [])
    waited: list[float] = []
    tried = Failing(store, *failing)
    assert read(tried, waited) == whole
    assert len(set(whole)) == len(whole) == len(site_events()) > 3 * 16
    assert len(waited) == len(failing)
    assert tried.asked[failing[0]] == 8
    store.close()
    site.records.close()


def test_a_store_that_stays_away_is_told_and_no_judgement_is_written(tmp_path: Path) -> None:
    site = make_site(tmp_path, site_events())
    store = site.open_store(read_only=True)
    waited: list[float] = []
    with pytest.raises(AppError):
        read(Failing(store, *range(1, 50)), waited)
    assert len(waited) == 3
    store.close()
    site.records.close()


def test_a_wrong_question_is_not_asked_again(tmp_path: Path) -> None:
    class Refusing:
        def search(self, query: Query) -> Page:
            raise AppError(ErrorKind.INVALID, "infra.query_cursor")

    waited: list[float] = []
    with pytest.raises(AppError):
        read(Refusing(), waited)
    assert waited == []
