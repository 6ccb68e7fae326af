"""Which asset an event belongs to, at its own time, and what is done with strangers."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.exchange import Dimension
from infra.feed import Feed
from infra.register import Address, AddressKind, Asset, Register, Resolver, Sighting
from tests.fresh import fresh_records
from tests.unit.infra.register.conftest import NOON, OPERATOR
from tests.unit.infra.web.conftest import SignedInOnly

HOUR = timedelta(hours=1)


@pytest.fixture
def resolver(register, records):
    addresses = (
        Address(AddressKind.HOST_ID, "m1", NOON),
        Address(AddressKind.IP, "192.0.2.1", NOON),
        Address(AddressKind.NAME, "Web01", NOON),
        Address(AddressKind.SOURCE, "fw-1", NOON),
    )
    asset = Asset(id="web01", name="web01", system="trace", dimension=Dimension.DATA, zone="dmz", addresses=addresses)
    register.save_asset(OPERATOR, asset)
    return Resolver(records)


@pytest.mark.parametrize(
    "said",
    [{"host.id": "m1"}, {"host.name": "WEB01"}, {"host.ip": ["10.0.0.1", "192.0.2.1"]}, {"yaodun.source": "fw-1"},
     {"observer.ip": ["192.0.2.1"]}],
)  # fmt: skip
def test_found_by(resolver, said):
    event = {"@timestamp": NOON, **said}
    resolver.enrich(event)
    assert event["yaodun.asset"] == "web01"
    assert (event["yaodun.system"], event["yaodun.unit"]) == ("trace", "regulator")
    assert (event["yaodun.dimension"], event["yaodun.zone"]) == ("data", "dmz")


def test_what_the_event_says_itself_stays(resolver):
    event = {"@timestamp": NOON, "host.id": "m1", "yaodun.system": "cloud", "yaodun.dimension": "business"}
    resolver.enrich(event)
    assert (event["yaodun.system"], event["yaodun.dimension"], event["yaodun.asset"]) == ("cloud", "business", "web01")


def test_a_business_event_belongs_to_the_system_it_names(resolver):
    event = {"@timestamp": NOON, "yaodun.biz.system": "licence"}
    resolver.enrich(event)
    assert event["yaodun.system"] == "licence"
    assert (event["yaodun.unit"], event["yaodun.dimension"]) == ("regulator", "business")


def test_of_a_stranger_only_the_dimension_is_said(resolver):
    event = {"@timestamp": NOON, "host.id": "m9", "host.name": "other"}
    resolver.enrich(event)
    assert event == {"@timestamp": NOON, "host.id": "m9", "host.name": "other", "yaodun.dimension": "infrastructure"}


def test_an_id_is_the_same_before_it_was_registered_an_address_is_not(resolver):
    old = NOON - 24 * HOUR
    assert resolver.place({"@timestamp": old, "host.id": "m1"}).asset == "web01"
    assert resolver.place({"@timestamp": old, "host.ip": ["192.0.2.1"]}) is None


def test_an_address_belongs_to_whoever_had_it_then(register, records, clock):
    register.sight([Sighting("m1", "one", ("192.0.2.7",), NOON)])
    register.sight([Sighting("m2", "two", ("192.0.2.7",), NOON + HOUR)])
    resolver = Resolver(records)
    assert resolver.address("192.0.2.7", NOON + HOUR / 2).asset == Sighting("m1", "", (), NOON).asset
    assert resolver.address("192.0.2.7", NOON + 2 * HOUR).asset == Sighting("m2", "", (), NOON).asset
    assert resolver.address("192.0.2.7", NOON - HOUR) is None


@pytest.mark.parametrize(
    ("kind", "value", "asset"),
    [("ip", "192.0.2.1", "web01"), ("host", "WEB01", "web01"), ("host", "m1", "web01"), ("asset", "web01", "web01"),
     ("ip", "192.0.2.9", ""), ("user", "web01", "")],
)  # fmt: skip
def test_an_address_a_name_and_an_id_are_one_asset(resolver, kind, value, asset):
    assert resolver.whose(kind, value, NOON) == asset
    assert resolver.names_of("web01") == {"192.0.2.1", "web01", "m1"}
    assert resolver.whose("ip", "192.0.2.1", NOON - HOUR) == ""


def test_strangers_become_assets_when_flushed(resolver, register):
    for minute in range(3):
        resolver.enrich(
            {"@timestamp": NOON + minute * HOUR / 60, "host.id": "m9", "host.name": "x", "host.ip": ["10.9.9.9"]}
        )
    assert resolver.flush(register) == 1
    assert resolver.flush(register) == 0
    event = {"@timestamp": NOON, "host.id": "m9"}
    resolver.enrich(event)
    assert event["yaodun.asset"] == Sighting("m9", "", (), NOON).asset


def test_a_flood_of_strangers_is_bounded(resolver):
    for number in range(5000):
        resolver.enrich({"@timestamp": NOON, "host.id": f"m{number + 100}"})
    assert len(resolver._unknown) == 1000


def test_the_feed_keeps_it_fresh(resolver, register, records, clock):
    feed = Feed(records, clock)
    resolver.listen(feed)
    register.save_asset(OPERATOR, Asset(id="new", name="n", addresses=(Address(AddressKind.HOST_ID, "m5", NOON),)))
    assert resolver.place({"@timestamp": NOON, "host.id": "m5"}) is None
    feed.poll()
    assert resolver.place({"@timestamp": NOON, "host.id": "m5"}).asset == "new"


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(moves=st.lists(st.tuples(st.integers(1, 3), st.integers(0, 2), st.integers(0, 5)), min_size=1, max_size=12))
def test_intervals_agree_with_a_plain_history(tmp_path_factory, moves):
    """Hosts take addresses in turn; the oracle keeps a list and looks back through it."""
    records = fresh_records(tmp_path_factory.mktemp("r"))
    try:
        register, history, now = Register(records, SignedInOnly()), [], NOON
        for host, address, hours in moves:
            now += hours * HOUR
            register.sight([Sighting(f"m{host}", f"n{host}", (f"192.0.2.{address}",), now)])
            history.append((now, f"192.0.2.{address}", Sighting(f"m{host}", "", (), now).asset))
        resolver = Resolver(records)
        for moment in {at + shift for at, _, _ in history for shift in (-HOUR / 2, HOUR / 2, timedelta(0))}:
            for address in {entry[1] for entry in history}:
                held = [asset for at, value, asset in history if value == address and at <= moment]
                found = resolver.address(address, moment)
                assert (found.asset if found else None) == (held[-1] if held else None)
    finally:
        records.close()
