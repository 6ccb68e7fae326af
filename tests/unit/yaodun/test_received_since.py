"""Which stored events came after a moment, whatever time they bear."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from analytics.rules.backtest import received_since
from infra.clock import SystemClock
from infra.events import Event, Stream
from infra.spool import SpoolPosition
from infra.store.embedded import EmbeddedStore
from infra.store.seams import Batch

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


def event(name: str, received_s: int, age_s: int) -> Event:
    """An event received so long after ``NOW``, of a time before that."""
    received = NOW + timedelta(seconds=received_s)
    return {
        "event.id": name, "@timestamp": received - timedelta(seconds=age_s), "event.ingested": received,
        "yaodun.source": "s", "yaodun.stream": "logs",
    }  # fmt: skip


def test_only_what_was_received_later_comes_oldest_first(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path, SystemClock())
    events = [event("before", 0, 0), event("late", 10, 3600), event("new", 5, 0)]
    store.append(Batch(spool="s", position=SpoolPosition(0, 9), events={Stream.LOGS: events}, counts={}))
    after_ns = int(NOW.timestamp() * 1e9)
    pages = received_since(store, after_ns, NOW + timedelta(minutes=1))
    assert [found["event.id"] for page in pages for found in page] == ["late", "new"]
    store.close()
