"""The book in the register: what was observed is there after a restart, with intervals, sources and places."""

from __future__ import annotations

from datetime import timedelta

import pytest

from infra.errors import AppError
from infra.register import AddressKind, Resolver
from infra.register.identity import Observation, SightedBy
from infra.register.identity.keeper import AssetKeeper
from infra.register.nouns import State
from infra.register.zones import AssetRule, Zone, Zones
from tests.unit.infra.register.conftest import NOON, OPERATOR
from tests.unit.infra.web.conftest import SignedInOnly

A, B = "3c:ec:ef:00:00:01", "3c:ec:ef:00:00:02"
START = NOON.timestamp() - 86_400


def agent(hour: float, machine: str, mac: str, ip: str, name: str) -> Observation:
    at = START + hour * 3600
    return Observation(by=SightedBy.AGENT, at=at, machine_id=machine, macs=(mac,), ips=(ip,), name=name,
                       facts={"os": "Debian 12"})  # fmt: skip


def test_what_was_observed_survives_a_restart_and_old_events_find_the_asset_of_their_time(records, register, clock):
    keeper = AssetKeeper(records, clock)
    keeper.absorb([agent(1, "m1", A, "10.1.0.5", "web"), agent(2, "m2", B, "10.1.0.6", "db")])
    keeper = AssetKeeper(records, clock)
    keeper.absorb([agent(5, "m1", A, "10.1.0.7", "web"), agent(6, "m2", B, "10.1.0.5", "db-new")])
    assets = {asset.name: asset for asset in register.assets()}
    assert set(assets) == {"web", "db-new"}
    resolver = Resolver(records)
    then, now = NOON - timedelta(days=1) + timedelta(hours=2), NOON
    for at, wanted in ((then, "web"), (now, "db-new")):
        assert resolver.address("10.1.0.5", at).asset == assets[wanted].id
    told = {(each.kind, each.value): each.told_by for each in assets["web"].addresses}
    assert told[AddressKind.MAC, A] == "agent"
    assert AssetKeeper(records, clock).book.by_name("db", then.timestamp()) == assets["db-new"].id


def test_an_asset_that_was_another_all_along_hands_over_what_it_had(records, register, clock):
    keeper = AssetKeeper(records, clock)
    keeper.absorb([Observation(by=SightedBy.FLOW, at=START, ips=("10.1.0.9",))])
    (bare,) = register.assets()
    keeper.absorb([agent(0.5, "m1", A, "10.1.0.9", "web")])
    assets = {asset.id: asset for asset in register.assets()}
    running = [asset for asset in assets.values() if asset.state is State.RUNNING]
    assert [asset.name for asset in running] == ["web"]
    assert assets[bare.id].id == running[0].id or assets[bare.id].state is State.RETIRED
    assert Resolver(records).address("10.1.0.9", NOON).asset == running[0].id


def test_rules_and_zones_say_where_a_new_asset_belongs_and_what_a_person_set_stays(records, register, clock):
    zones = Zones(records, SignedInOnly(), clock)
    zones.save_zone(OPERATOR, Zone(id="inner", name_zh="内网", networks=("10.1.0.0/16",)))
    zones.save_zone(OPERATOR, Zone(id="lab", name_zh="实验室", networks=("10.1.9.0/24",)))
    zones.save_rule(OPERATOR, AssetRule(id="db", rank=1, match={"name": "db-*"}, put={"system": "secops"}))
    keeper = AssetKeeper(records, clock)
    keeper.absorb([agent(1, "m1", A, "10.1.9.5", "web"), agent(1, "m2", B, "10.1.0.6", "db-1")])
    assets = {asset.name: asset for asset in register.assets()}
    assert (assets["web"].zone, assets["db-1"].zone) == ("lab", "inner")
    assert (assets["web"].system, assets["db-1"].system) == ("", "secops")
    register.save_asset(OPERATOR, assets["web"].__class__(id=assets["web"].id, name="front", zone="inner"))
    keeper.absorb([agent(3, "m1", A, "10.1.9.5", "web")])
    changed = register.asset(assets["web"].id)
    assert (changed.name, changed.zone) == ("front", "inner")


def test_two_machines_with_one_id_are_told_apart_in_events_by_name(records, register, clock):
    keeper = AssetKeeper(records, clock)
    keeper.absorb([
        Observation(by=SightedBy.AGENT, at=START, machine_id="m1", serial="S1", macs=(A,), name="one"),
        Observation(by=SightedBy.AGENT, at=START, machine_id="m1", serial="S2", macs=(B,), name="two"),
    ])  # fmt: skip
    resolver, found = Resolver(records), {asset.name: asset.id for asset in register.assets()}
    for name in ("one", "two"):
        place = resolver.place({"@timestamp": NOON, "host.id": "m1", "host.name": name})
        assert place is not None
        assert place.asset == found[name]


def test_a_network_that_is_none_and_a_rule_without_condition_are_refused(records, clock):
    zones = Zones(records, SignedInOnly(), clock)
    with pytest.raises(AppError):
        zones.save_zone(OPERATOR, Zone(id="x", name_zh="x", networks=("10.0.0.1/8",)))
    with pytest.raises(AppError):
        zones.save_rule(OPERATOR, AssetRule(id="x", match={}, put={"zone": "x"}))
