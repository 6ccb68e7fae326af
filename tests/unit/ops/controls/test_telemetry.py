"""Facts from a real store: retention with holes, silence, clear text and weak TLS on the wire, filled fields."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.clock import ManualClock
from infra.events.stream import Event, Stream
from infra.spool.position import SpoolPosition
from infra.store.embedded import EmbeddedStore
from infra.store.seams import Batch, SourceCount
from ops.controls.telemetry import StoreFacts, coverage_facts

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
Store = tuple[EmbeddedStore, ManualClock]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Store]:
    clock = ManualClock(NOW)
    store = EmbeddedStore(tmp_path / "events", clock)
    yield store, clock
    store.close()


def event(number: int, when: datetime, **fields: object) -> Event:
    made: Event = {
        "@timestamp": when,
        "event.id": f"{when:%Y%m%d%H}-{number:06d}",
        "yaodun.source": "fw",
        "event.ingested": when,
        "yaodun.system": "trace",
    }
    made.update({name.replace("__", "."): value for name, value in fields.items()})
    return made


def fill(opened: Store, stream: Stream, events: list[Event]) -> None:
    """Append each event as arriving when it happened."""
    store, clock = opened
    for place, one in enumerate(sorted(events, key=lambda each: each["@timestamp"]), 1):
        clock.advance((one["@timestamp"] - clock.now()).total_seconds())
        counts = {str(one["yaodun.source"]): SourceCount(stored=1)}
        store.append(Batch(spool=str(stream), position=SpoolPosition(1, place), events={stream: [one]}, counts=counts))
    clock.advance((NOW - clock.now()).total_seconds())


def facts(opened: Store, system: str = "trace") -> dict[str, Any]:
    return {found.kind: found.value for found in StoreFacts(opened[0]).facts(system, NOW)}


def test_without_events_nothing_is_said(opened: Store) -> None:
    assert facts(opened) == {}


def test_retention_is_the_stretch_without_holes_of_the_worst_source(opened: Store) -> None:
    days = [ago for ago in range(30) if ago not in (10, 11, 12)]
    fill(opened, Stream.LOGS, [event(ago, NOW - timedelta(days=ago)) for ago in days]
         + [event(100 + ago, NOW - timedelta(days=ago), yaodun__source="web") for ago in range(20)])  # fmt: skip
    assert facts(opened)["logs.continuous_days_least"] == 10
    assert facts(opened)["logs.sources_silent"] == []
    assert facts(opened, "other") == {}


def test_a_source_that_went_silent_is_named(opened: Store) -> None:
    fill(opened, Stream.LOGS, [event(ago, NOW - timedelta(days=ago)) for ago in range(5, 9)])
    assert facts(opened)["logs.sources_silent"] == ["fw"]


def flow(number: int, port: int, address: str = "10.0.0.5", **fields: object) -> Event:
    return event(number, NOW - timedelta(hours=1), destination__ip=address, destination__port=port, **fields)


def test_clear_text_is_seen_on_the_wire_and_loopback_is_not(opened: Store) -> None:
    fill(opened, Stream.FLOWS, [
        flow(1, 443, network__protocol="tls", tls__cipher="TLS_AES_256_GCM_SHA384", tls__version="1.3"),
        flow(2, 80, network__protocol="http"),
        flow(3, 8080, network__protocol="http", user__name="li"),
        flow(4, 23, network__protocol="telnet"),
        flow(5, 23, "127.0.0.1", network__protocol="telnet"),
    ])  # fmt: skip
    seen = facts(opened)
    assert seen["flows.clear_text"] == ["10.0.0.5:23", "10.0.0.5:80", "10.0.0.5:8080"]
    assert seen["admin.clear_text_sessions"] == ["10.0.0.5:23"]
    assert seen["flows.clear_text_logins"] == ["10.0.0.5:23", "10.0.0.5:8080"]
    assert seen["crypto.weak_algorithms"] == []


def test_old_versions_and_weak_ciphers_are_named(opened: Store) -> None:
    fill(opened, Stream.FLOWS, [
        flow(1, 443, network__protocol="tls", tls__cipher="TLS_RSA_WITH_RC4_128_MD5", tls__version="1.0"),
        flow(2, 8443, network__protocol="tls", tls__cipher="ECC_SM4_GCM_SM3", tls__version="1.1x"),
    ])  # fmt: skip
    seen = facts(opened)
    assert seen["crypto.weak_algorithms"] == ["TLS_RSA_WITH_RC4_128_MD5"]
    assert seen["flows.integrity_unprotected"] == ["10.0.0.5:443"]
    assert seen["flows.clear_text"] == []


def test_filled_fields_are_a_share_of_the_records_that_need_them(opened: Store) -> None:
    when = NOW - timedelta(hours=2)
    whole = {
        "event__category": ["authentication"],
        "user__name": "li",
        "event__action": "login",
        "event__outcome": "success",
    }
    fill(
        opened,
        Stream.LOGS,
        [event(n, when, **whole) for n in range(3)] + [event(9, when, event__category=["authentication"])],
    )
    seen = facts(opened)
    assert seen["audit.host_fields_pct"] == 75
    assert "audit.boundary_fields_pct" not in seen


def test_coverage_counts_assets_seen_lately() -> None:
    assets = {"a": NOW, "b": NOW - timedelta(days=30), "c": None, "d": NOW - timedelta(days=1)}
    (found,) = coverage_facts(assets, NOW)
    assert found.value == 50
    assert list(coverage_facts({}, NOW)) == []
