"""Stored postures, read back as trends and as lines of indicators."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analytics.posture.catalogue import Reading
from analytics.posture.service import KEPT_WHOLE, PostureService
from infra.clock import Clock
from infra.records import Records
from infra.records.database import open_records
from infra.records.migrate import migrate

START = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
NAME = "infrastructure.host_cpu"


class Hands(Clock):
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()


class Gauge:
    """An indicator source with one value."""

    value: float | None = 0.5

    def readings(self, now: datetime) -> Mapping[str, Reading]:
        return {NAME: Reading(self.value, "/ui/hosts")}


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    """Records of their own."""
    found = open_records(tmp_path / "records.db")
    migrate(found.engine)
    yield found
    found.close()


def test_lines_hold_the_value_of_each_part_of_the_day(records: Records) -> None:
    clock, gauge = Hands(), Gauge()
    service = PostureService(records, clock, [gauge])
    for hour, value in ((1, 0.25), (2, None), (3, 0.75)):
        clock.time, gauge.value = START + timedelta(hours=hour, minutes=-20), value
        service.refresh()
    clock.time = START + timedelta(hours=4)
    assert service.lines(START, points=4)[NAME] == (0.25, None, 0.75, None)


def test_the_newest_of_a_part_counts(records: Records) -> None:
    clock, gauge = Hands(), Gauge()
    service = PostureService(records, clock, [gauge])
    for minute, value in ((1, 0.1), (2, 0.2), (3, 0.3)):
        clock.time, gauge.value = START + timedelta(minutes=minute), value
        service.refresh()
    clock.time = START + timedelta(hours=1)
    assert service.lines(START, points=2)[NAME] == (0.3, None)


def test_a_long_history_reads_one_posture_of_each_slot(records: Records) -> None:
    clock, gauge = Hands(), Gauge()
    service = PostureService(records, clock, [gauge])
    for minute in range(30):
        clock.time = START + timedelta(minutes=minute)
        service.refresh()
    assert len(service.history(START)) == 30
    assert len(service.history(START - KEPT_WHOLE)) == 3
    assert [entry.at for entry in service.history(START, points=10)][-1] == START + timedelta(minutes=29)
