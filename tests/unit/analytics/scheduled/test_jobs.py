"""On a real store: what no rule looks for is found in the hour it happens, with the right reason; before it, quiet."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from analytics.scheduled import scheduled_jobs
from analytics.scheduled.job import Job, floor
from infra.clock import ManualClock
from infra.events.signal import Signal
from infra.store.embedded import EmbeddedStore
from infra.store.query.tree import Window
from tests.unit.analytics.scheduled.office import Site

START = datetime(2026, 11, 16, tzinfo=UTC)
HOURS = 20


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> dict[str, list[Signal]]:
    """Signals of a quiet hour and of the intruder's hour."""
    store = EmbeddedStore(tmp_path_factory.mktemp("site") / "events", ManualClock(START + timedelta(days=3)))
    site = Site(store, START)
    jobs = scheduled_jobs(store, history=timedelta(hours=HOURS), delay=timedelta(0))
    for _ in range(HOURS):
        site.hour()
    quiet = [signal for job in jobs for signal in job.run(site.now)]
    site.hour(intruder=True)
    loud = [signal for job in jobs for signal in job.run(site.now)]
    store.close()
    return {"quiet": quiet, "loud": loud}


def reasons(signals: list[Signal], entity: tuple[str, str]) -> set[tuple[str, str]]:
    """(rule, first reason's field) of an entity's signals."""
    mine = [one for one in signals if (one.entity_type, one.entity_value) == entity]
    return {(one.rule_id.removeprefix("analytics."), one.why[0].field) for one in mine}


@pytest.mark.slow
def test_ordinary_hours_are_quiet(found) -> None:
    assert len(found["quiet"]) <= 3, [(one.rule_id, one.entity_value, one.why) for one in found["quiet"]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("entity", "reason"),
    [
        (("user", "user3"), ("volume", "failed_logins")),
        (("address", "10.0.1.7"), ("volume", "different destination.port")),
        (("host", "host5"), ("rare_pair", "process")),
        (("address", "10.0.1.9"), ("volume", "source.bytes")),
    ],
    ids=["failed logins", "port sweep", "process tree", "exfiltration"],
)
def test_the_intruder_is_found_with_the_right_reason(found, entity, reason) -> None:
    assert reason in reasons(found["loud"], entity), [(s.rule_id, s.entity_value, s.why) for s in found["loud"]]


@pytest.mark.slow
def test_the_burst_is_also_a_count_of_its_log_line(found) -> None:
    rules = defaultdict(list)
    for signal in found["loud"]:
        rules[signal.rule_id].append(signal)
    assert any("Failed password" in one.why[0].value for one in rules["analytics.template_count"])


@pytest.mark.slow
def test_a_repeat_has_the_same_id_and_ids_differ(found) -> None:
    ids = [signal.id for signal in found["loud"]]
    assert len(ids) == len(set(ids))


def test_each_window_is_judged_once_and_only_recent_ones_are_told() -> None:
    judged: list[Window] = []

    def judge(window: Window) -> list[Signal]:
        judged.append(window)
        return []

    job = Job("x", timedelta(hours=1), timedelta(hours=5), judge, timedelta(0))
    now = START + timedelta(hours=10, minutes=20)
    job.run(now)
    job.run(now + timedelta(minutes=5))
    job.run(now + timedelta(hours=1))
    starts = [window.start for window in judged]
    assert starts == [START + timedelta(hours=h) for h in range(5, 11)]
    assert floor(now, timedelta(hours=1)) == START + timedelta(hours=10)
