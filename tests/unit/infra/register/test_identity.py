"""Which sightings are one asset: the ladder, clones, leases, renames, changed cards; and a generated network."""

from __future__ import annotations

import os
from itertools import pairwise as pairwise_of

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.asset_network import Network
from bench.assets import pairwise
from infra.register.identity.book import SETTLE_S, AssetBook, merge
from infra.register.identity.observation import Observation, SightedBy, clean, clean_mac, clean_name

HOUR = 3600.0
AGENT, DHCP, ARP, FLOW, LOG, CLOUD = (
    SightedBy.AGENT, SightedBy.DHCP, SightedBy.ARP, SightedBy.FLOW, SightedBy.LOG, SightedBy.CLOUD,
)  # fmt: skip
A, B = "3c:ec:ef:00:00:01", "3c:ec:ef:00:00:02"


def seen(by: SightedBy, hour: float, **keys: object) -> Observation:
    return Observation(by=by, at=hour * HOUR, **keys)  # type: ignore[arg-type]


def test_one_host_seen_by_all_is_one_asset() -> None:
    found = merge(
        [
            seen(FLOW, 0.5, ips=("10.0.0.5",)),
            seen(ARP, 0.6, macs=("3C-EC-EF-00-00-01",), ips=("10.0.0.5",), vlan="7"),
            seen(AGENT, 1, machine_id="m1", serial="S1", macs=(A,), ips=("10.0.0.5",), name="Web-01.corp.example"),
            seen(LOG, 2, name="web-01"),
            seen(SightedBy.LLDP, 3, serial="s1", name="web-01"),
            seen(SightedBy.CERTIFICATE, 4, spki="aa:bb", ips=("10.0.0.5",)),
            seen(SightedBy.CERTIFICATE, 5, spki="AABB"),
            seen(FLOW, 6, ips=("10.0.0.5",)),
        ]
    )
    assert len(set(found)) == 1
    assert None not in found


def test_an_old_event_finds_the_asset_of_its_time() -> None:
    book = AssetBook()
    first = book.observe(seen(DHCP, 1, macs=(A,), ips=("10.0.0.9",), until=9 * HOUR))
    second = book.observe(seen(DHCP, 10, macs=(B,), ips=("10.0.0.9",), until=18 * HOUR))
    assert first != second
    assert book.by_address("10.0.0.9", 2 * HOUR) == first
    assert book.by_address("10.0.0.9", 11 * HOUR) == second
    assert book.by_address("10.0.0.9", 9.5 * HOUR) is None
    assert book.by_address("10.0.0.9", 0.5 * HOUR) is None


def test_machines_copied_with_their_id_stay_apart() -> None:
    """By cloud id, by serial, and by network cards alone."""
    by_cloud = merge(
        [seen(AGENT, 1, machine_id="m0", instance_id=each, macs=(mac,)) for each, mac in (("i1", A), ("i2", B))]
    )
    by_serial = merge(
        [seen(AGENT, 1, machine_id="m0", serial=each, macs=(mac,)) for each, mac in (("s1", A), ("s2", B))]
    )
    turns = [seen(AGENT, hour, machine_id="m0", macs=((A, B)[hour % 2],), name="same") for hour in range(40)]
    by_card = merge(turns)
    assert len(set(by_cloud)) == len(set(by_serial)) == len(set(by_card)) == 2
    assert by_card[0] == by_card[2] != by_card[1]


def test_a_changed_card_and_a_new_installation_stay_one_asset() -> None:
    card = [seen(AGENT, hour, machine_id="m0", macs=(A if hour < 10 else B,), name="pc") for hour in range(80)]
    assert len(set(merge(card))) == 1
    anew = [seen(AGENT, hour, machine_id="m1" if hour < 10 else "m2", serial="S9", macs=(A,)) for hour in range(20)]
    assert len(set(merge(anew))) == 1


def test_serials_that_are_none_bind_nothing_together() -> None:
    found = merge([seen(AGENT, 1, serial="To Be Filled By O.E.M.", machine_id=each) for each in ("m1", "m2", "m3")])
    assert len(set(found)) == 3


def test_two_cards_of_a_laptop_take_turns_and_a_name_that_moved_on_belongs_to_the_new_host() -> None:
    laptop = [
        seen(DHCP, 5 * turn, macs=((A, B)[turn % 2],), name="lap-1", ips=(f"10.0.0.{turn + 1}",)) for turn in range(6)
    ]
    assert len(set(merge(laptop))) == 1
    book = AssetBook()
    old = book.observe(seen(AGENT, 1, machine_id="m1", macs=(A,), name="db-1"))
    new = book.observe(seen(AGENT, 9, machine_id="m2", macs=(B,), name="db-1"))
    assert old != new
    assert book.observe(seen(LOG, 10, name="db-1")) == new
    assert book.by_name("db-1", 2 * HOUR) == old


def test_changes_are_findings() -> None:
    book = AssetBook()
    book.observe(seen(AGENT, 1, machine_id="m0", macs=(A,), name="a", facts={"os": "12"}))
    book.observe(seen(AGENT, 2, machine_id="m0", macs=(A,), name="b", facts={"os": "13"}))
    told = {(each.what, each.key, each.before, each.after) for each in book.findings if each.what == "changed"}
    assert told == {("changed", "name", "a", "b"), ("changed", "os", "12", "13")}


def test_a_suspect_is_confirmed_when_the_first_is_seen_again() -> None:
    book = AssetBook()
    for hour in (1, 2, 3, 4):
        book.observe(seen(AGENT, hour, machine_id="m0", macs=(A,)))
        book.observe(seen(AGENT, hour + 0.1, machine_id="m0", macs=(B,)))
    book.settle(5 * HOUR + SETTLE_S)
    assert [each.what for each in book.findings].count("cloned") == 1


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("AABB.CCDD.EE00", "aa:bb:cc:dd:ee:00"), ("00:00:5e:00:01:0a", ""), ("ff:ff:ff:ff:ff:ff", ""), ("x", "")],
)
def test_cards_have_one_spelling(text: str, wanted: str) -> None:
    assert clean_mac(text) == wanted


def test_names_that_are_addresses_or_everybodys_are_none() -> None:
    assert [clean_name(text) for text in ("10.0.0.1", "localhost", "Web-1.corp.", "")] == ["", "", "web-1", ""]


_KEYS = st.fixed_dictionaries(
    {},
    optional={
        "machine_id": st.sampled_from(("m1", "m2", "m3")),
        "instance_id": st.sampled_from(("i1", "i2")),
        "serial": st.sampled_from(("s1", "s2")),
        "macs": st.lists(st.sampled_from((A, B)), max_size=2).map(tuple),
        "name": st.sampled_from(("n1", "n2")),
        "ips": st.lists(st.sampled_from(("10.0.0.1", "10.0.0.2")), max_size=2).map(tuple),
        "spki": st.sampled_from(("k1", "k2")),
    },
)


@given(st.lists(st.tuples(st.sampled_from(list(SightedBy)), st.integers(0, 100), _KEYS), max_size=30))
def test_whatever_comes_an_address_has_one_holder_at_a_time_and_every_answer_is_an_asset(
    told: list[tuple[SightedBy, int, dict[str, object]]],
) -> None:
    book = AssetBook()
    for by, hour, keys in told:
        sighting = seen(by, hour, **keys)
        asset = book.observe(sighting)
        cleaned = clean(sighting)
        telling = any(
            getattr(cleaned, kind) for kind in ("instance_id", "machine_id", "serial", "macs", "spki", "name", "ips")
        )
        assert (asset is not None) == telling
        book.settle(hour * HOUR)
    spans: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for kind, value, claim in book.leases():
        spans.setdefault((kind, value), []).append((claim.since, claim.until))
        assert book.current(claim.asset) in book.assets
    for held in spans.values():
        assert all(before[1] <= after[0] for before, after in pairwise_of(held))


def test_a_generated_network_is_merged_with_few_errors() -> None:
    hosts = 5_000 if os.environ.get("YAODUN_PROVE") == "full" else 250
    judged = list(Network(hosts, seed=4).observations())
    precision, recall = pairwise([number for number, _ in judged], merge([each for _, each in judged]))
    assert precision >= 0.98
    assert recall >= 0.96
