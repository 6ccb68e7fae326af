"""The host page's view models: lines with gaps, what stands now, levels."""

from datetime import UTC, datetime, timedelta

from dashboards.views.hosts import CPU, DISK, Gauge, HostRow, item, line_of, reachable, shown, standing, step_s
from infra.store.query.tree import Answer, Bucket, Window

NOW = datetime(2026, 11, 18, 6, 0, tzinfo=UTC)
HOUR = Window(NOW - timedelta(hours=1), NOW)


def bucket(at: datetime, mean: float) -> Bucket:
    return Bucket(at, 3, {"v": Answer(values={"avg": mean, "max": mean * 2})})


def test_a_gap_stays_a_gap() -> None:
    step = timedelta(seconds=step_s(HOUR))
    first = NOW - timedelta(minutes=30)
    line, last = line_of([bucket(first, 1.0), bucket(first + 2 * step, 3.0)], HOUR)
    assert line[-3:] == (1.0, None, 3.0)
    assert last == first + 3 * step
    assert line_of([], HOUR) == ((), None)


def inventory(key: str, change: str, minutes: float) -> dict[str, object]:
    return {
        "yaodun.inventory.key": key,
        "yaodun.inventory.change": change,
        "@timestamp": NOW - timedelta(minutes=minutes),
    }


def test_what_stands_is_the_last_list_and_the_changes_since() -> None:
    events = [
        inventory("old", "present", 10),
        inventory("kept", "present", 5),
        inventory("gone", "present", 5),
        inventory("gone", "removed", 2),
        inventory("new", "added", 1),
    ]
    assert {event["yaodun.inventory.key"] for event in standing(events)} == {"kept", "new"}
    assert standing([]) == []


def test_levels_and_words() -> None:
    assert Gauge(CPU, "", 0.5, ()).level is None
    assert Gauge(CPU, "", 0.9, ()).level == "medium"
    assert Gauge(DISK, "/", 0.95, ()).level == "high"
    assert shown(0.359, "ratio") == ("35.9", "%")
    assert shown(2048, "bytes/s") == ("2.0", "KiB/s")
    assert shown(None, "ratio") == ("—", "")


def test_a_host_that_said_nothing_for_minutes_is_silent() -> None:
    assert not HostRow("h", NOW - timedelta(minutes=1), {}).silent(NOW)
    assert HostRow("h", NOW - timedelta(minutes=6), {}).silent(NOW)
    assert HostRow("h", None, {}).silent(NOW)


def test_fields_come_from_the_event_or_its_item() -> None:
    event = {"process.name": "sshd", "yaodun.inventory.item": {"port": 22}, "process.args": ["a", "b"]}
    assert (item(event, "process.name"), item(event, "port"), item(event, "process.args"), item(event, "x")) == (
        "sshd",
        "22",
        "a, b",
        "—",
    )


def test_loopback_is_not_reachable() -> None:
    assert [reachable(address) for address in ("127.0.0.1", "::1", "0.0.0.0", "10.0.4.12")] == [
        False,
        False,
        True,
        True,
    ]
