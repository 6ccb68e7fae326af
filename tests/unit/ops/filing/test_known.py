"""Prefill from a real register, store and earlier filings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from infra.clock import ManualClock
from infra.events.stream import Event, Stream
from infra.records import Records
from infra.register import Address, AddressKind, Asset, Register, System, Unit
from infra.spool.position import SpoolPosition
from infra.store.embedded import EmbeddedStore
from infra.store.seams import Batch, SourceCount
from infra.web.seams import Actor, Decision
from ops.controls.board import Profile
from ops.controls.catalogue import Extension
from ops.controls.service import Controls
from ops.filing.facts import PlatformPrefill
from ops.filing.known import SiteKnown
from ops.filing.service import Filings
from ops.recordfiling.application import Application
from ops.recordfiling.service import SystemRecords
from tests.unit.ops.filing.forms import FORM, NOW, complete

OWNER = Actor(id="u1", name="owner")
GIB = 1 << 30


class Door:
    def decide(self, actor: Actor, action: str, thing: str = "") -> Decision:
        return Decision(allowed=True, rule="test")

    def demand(self, actor: Actor, action: str, thing: str = "") -> None:
        return None


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    store = EmbeddedStore(tmp_path / "events", ManualClock(NOW))
    yield store
    store.close()


def put(store: EmbeddedStore, stream: Stream, rows: list[dict[str, object]]) -> None:
    base = {
        "@timestamp": NOW - timedelta(hours=1),
        "yaodun.source": "s",
        "yaodun.system": "trace",
        "event.ingested": NOW,
    }
    events: list[Event] = [{**base, "event.id": f"2026060107-{n:06d}", **row} for n, row in enumerate(rows)]
    batch = Batch(
        spool=str(stream), position=SpoolPosition(1, 1), events={stream: events}, counts={"s": SourceCount(stored=1)}
    )
    store.append(batch)


def asset(name: str, system: str, unit: str, ip: str) -> Asset:
    address = Address(AddressKind.IP, ip, datetime(2020, 1, 1, tzinfo=NOW.tzinfo))
    return Asset(id=name, name=name, system=system, unit=unit, addresses=(address,))


def test_a_site_offers_what_it_knows_and_says_where_from(records: Records, store: EmbeddedStore) -> None:
    clock = ManualClock(NOW)
    register = Register(records, Door(), clock)
    for unit in (
        Unit(id="prov", name_zh="某省药监局"),
        Unit(id="nmpa2", name_zh="国家药监局"),
        Unit(id="firm", name_zh="甲企业"),
    ):
        register.save_unit(OWNER, unit)
    for system in (
        System(id="trace", name_zh="药品追溯系统", unit="prov", level=3, about="记录药品流向"),
        System(id="portal", name_zh="门户", unit="prov", level=2),
        System(id="up", name_zh="上报", unit="nmpa2"),
    ):
        register.save_system(OWNER, system)
    for one in (
        asset("t1", "trace", "prov", "10.0.0.5"),
        asset("u1", "up", "nmpa2", "10.9.0.1"),
        asset("f1", "", "firm", "10.8.0.1"),
    ):
        register.save_asset(OWNER, one)
    put(store, Stream.FLOWS, [
        {"source.ip": "198.51.100.7", "destination.ip": "10.0.0.5", "destination.port": 443, "network.protocol": "tls",
         "network.direction": "inbound", "url.domain": "trace.example.gov.cn", "network.bytes": 5},
        {"source.ip": "10.0.0.5", "destination.ip": "10.9.0.1", "destination.port": 8443, "network.bytes": 800},
        {"source.ip": "10.8.0.1", "destination.ip": "10.0.0.5", "destination.port": 8443, "network.bytes": 300},
    ])  # fmt: skip
    controls, systems = Controls(records, clock), SystemRecords(records, clock)
    controls.declare(OWNER, Profile(id="trace", unit="prov", s=2, a=3, extensions=(Extension.CLOUD,)))
    systems.apply(
        OWNER,
        Application(system="trace", name="追溯", unit="prov", unit_code="PROV", column=9, go_live=date(2024, 1, 8)),
    )
    earlier = Filings(records, clock, FORM)
    known = SiteKnown(register, earlier, controls, systems, store, clock)
    filings = Filings(records, clock, FORM, PlatformPrefill(known))
    filings.create(OWNER, "F9", "prov", {"trace": ["c0"]})
    document = filings.prefill(OWNER, "F9").document
    t1, t2, t3, t6 = (
        document.sheet(*key).proposals for key in (("T1", ""), ("T2", "trace"), ("T3", "trace"), ("T6", "trace/c0"))
    )
    assert t1["unit_name"].value == "某省药监局"
    assert [t1[f"objects_all_l{level}"].value for level in (2, 3)] == [1, 1]
    assert (t2["object_name"].value, t2["technologies"].value) == ("药品追溯系统", ["cloud"])
    assert (t2["go_live_date"].value, t2["internet_protocols_ports"].value) == ("2024-01-08", "TLS/443")
    assert t2["internet_domain"].value == "trace.example.gov.cn"
    assert t2["interconnections"].value == ["same_sector"]
    assert (t3["s_level"].value, t3["final_level"].value) == ("2", "3")
    assert (t6["source_unit_1"].value, t6["outflow_unit_1"].value) == ("甲企业", "国家药监局")
    assert {t2[name].origin.source for name in ("object_name", "internet_domain", "interconnections")} == {
        "register",
        "exposed_services",
        "flows",
    }


def test_an_earlier_filing_fills_the_next_one(records: Records, store: EmbeddedStore) -> None:
    clock = ManualClock(NOW)
    earlier = Filings(records, clock, FORM)
    earlier.add(OWNER, "prov", complete())
    known = SiteKnown(
        Register(records, Door(), clock), earlier, Controls(records, clock), SystemRecords(records, clock), store, clock
    )
    filings = Filings(records, clock, FORM, PlatformPrefill(known))
    filings.create(OWNER, "F10", "prov", {"trace": ["c0"]})
    filings.prefill(OWNER, "F10")
    assert filings.coverage("F10").percent > 90
    assert "filled_date" not in filings.get("F10").document.sheet("T3", "trace").proposals
