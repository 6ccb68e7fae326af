"""Units, systems, assets: seeded once, changed by people with a trace, refused where they do not fit."""

import json

import msgspec
import pytest
from sqlalchemy import select

from infra.errors import AppError, ErrorKind
from infra.exchange import Dimension
from infra.ledger.rows import OutboxRow
from infra.register import Address, AddressKind, Asset, Register, System, Unit
from infra.text import Language, use_language
from infra.web.seams import ANONYMOUS
from tests.unit.infra.register.conftest import NOON, OPERATOR
from tests.unit.infra.web.conftest import SignedInOnly


def told(records) -> list[dict]:
    return [json.loads(body) for body in records.read(lambda s: s.scalars(select(OutboxRow.body)).all())]


def refused(call, *args) -> AppError:
    with pytest.raises(AppError) as caught:
        call(*args)
    return caught.value


def test_fourteen_systems_to_begin_with_in_both_languages(register):
    systems = register.systems()
    assert len(systems) == 14
    for system in systems:
        assert system.unit == "regulator"
        assert system.name_en
        assert set(system.weights) == set(Dimension)
        assert sum(system.weights.values()) == pytest.approx(1)
    trace = next(system for system in systems if system.id == "trace")
    with use_language(Language.EN):
        assert trace.name == "Traceability"
    with use_language(Language.ZH):
        assert trace.name == "追溯协同服务与监管系统"


def test_what_somebody_changed_is_not_seeded_over(register, records, clock):
    register.save_system(OPERATOR, System(id="trace", name_zh="新名", unit="regulator", level=3))
    Register(records, SignedInOnly(), clock).prepare()
    assert next(s for s in register.systems() if s.id == "trace").name_zh == "新名"


def test_a_change_is_in_the_ledger_with_before_and_after(register, records):
    register.save_system(OPERATOR, System(id="trace", name_zh="新名", unit="regulator", level=3))
    entry = told(records)[-1]
    assert (entry["actor"]["name"], entry["action"], entry["thing"]) == ("op", "infra.system.change", "system:trace")
    assert entry["detail"]["changed"]["level"] == [None, 3]


def test_strangers_change_nothing(register):
    unit = Unit(id="x", name_zh="x")
    assert refused(register.save_unit, ANONYMOUS, unit).kind is ErrorKind.UNAUTHENTICATED
    assert [unit.id for unit in register.units()] == ["regulator"]


@pytest.mark.parametrize(
    ("noun", "place"),
    [
        (System(id="a b", name_zh="x"), "id"),
        (System(id="x", name_zh=""), "name_zh"),
        (System(id="x", name_zh="x", level=6), "level"),
        (System(id="x", name_zh="x", weights={Dimension.DATA: 1.5}), "weights[...]"),
        (System(id="x", name_zh="x", unit="nowhere"), "unit"),
    ],
)
def test_what_does_not_fit_is_refused_naming_the_field(register, noun, place):
    error = refused(register.save_system, OPERATOR, noun)
    assert (error.kind, error.detail["place"]) == (ErrorKind.INVALID, place)


def test_units_form_a_tree(register):
    register.save_unit(OPERATOR, Unit(id="a", name_zh="甲", parent="regulator"))
    register.save_unit(OPERATOR, Unit(id="b", name_zh="乙", parent="a"))
    error = refused(register.save_unit, OPERATOR, Unit(id="a", name_zh="甲", parent="b"))
    assert error.message_key == "infra.register.parent_wrong"
    assert refused(register.save_unit, OPERATOR, Unit(id="a", name_zh="甲", parent="a"))
    assert refused(register.save_unit, OPERATOR, Unit(id="c", name_zh="丙", parent="nowhere"))


def test_this_host_once_however_often_it_starts(register, clock):
    first = register.prepare_host("machine-1", "web01", ["127.0.0.1", "fe80::1%eth0", "192.0.2.1", "not an address"])
    clock.advance(60)
    again = register.prepare_host("machine-1", "web01", ["192.0.2.1"])
    (asset,) = register.assets()
    assert first == again == asset.id
    assert (asset.system, asset.unit) == ("secops", "regulator")
    assert {(a.kind, a.value) for a in asset.addresses} == {
        (AddressKind.HOST_ID, "machine-1"), (AddressKind.NAME, "web01"), (AddressKind.IP, "192.0.2.1"),
    }  # fmt: skip


def test_a_host_that_somebody_moved_stays_where_it_was_put(register):
    asset = register.asset(register.prepare_host("machine-1", "web01", []))
    register.save_asset(OPERATOR, msgspec.structs.replace(asset, system="trace"))
    register.prepare_host("machine-1", "web01", [])
    assert register.asset(asset.id).system == "trace"


def test_addresses_of_an_asset_change_hands(register, clock):
    held = (Address(AddressKind.IP, "192.0.2.1", NOON),)
    register.save_asset(OPERATOR, Asset(id="a", name="a", addresses=held))
    clock.advance(3600)
    register.save_asset(OPERATOR, Asset(id="b", name="b", addresses=held))
    given = register.asset("a").addresses[0]
    assert (given.until, register.asset("b").addresses[0].since) == (clock.now(), clock.now())
    clock.advance(3600)
    register.save_asset(OPERATOR, Asset(id="b", name="b"))
    assert register.asset("b").addresses[0].until == clock.now()


def test_an_asset_nobody_knows(register):
    assert refused(register.asset, "none").kind is ErrorKind.NOT_FOUND
    assert refused(register.save_asset, OPERATOR, Asset(id="x", name="x", system="none")).detail["place"] == "system"
