"""Parties, batches, cold chain and clocks: what they may not do, and what only looks like it."""

from typing import Any

from analytics.business import judge
from infra.events.business import BusinessEvent
from tests.unit.analytics.business.small_site import at, bill, code, event, got, later, life, masters, sent

CODES = [code(n) for n in range(1, 6)]


def told(*events: BusinessEvent) -> set[tuple[str, str]]:
    found = judge([*masters(), *later(), *events])
    return {(one.detector, one.subject.value) for one in found}


def licence(days: float, to: str, scope: tuple[str, ...] = ("chemical",), **fields: Any) -> BusinessEvent:
    words = {"number": "L1", "party": "D1", "licence_type": "distribution", "scope": scope, "valid_from": "2020-01-01"}
    return event("licence", days, system="licence", **{**words, "valid_to": to, **fields})


def test_trade_needs_a_licence_that_covers_and_holds() -> None:
    assert told(*life(CODES), licence(0, "2030-01-01")) == set()
    assert told(*life(CODES), licence(0, "2030-01-01", ("tcm",))) == {("B10", "D1")}
    assert told(*life(CODES), licence(0, "2026-03-01")) == {("B11", "D1")}
    assert told(*life(CODES), licence(0, "2030-01-01"), licence(1, "2030-01-01", status="suspended")) == {("B11", "D1")}


def test_the_province_is_ahead_of_the_centre() -> None:
    old, new = licence(0, "2026-03-01"), licence(0.5, "2031-01-01", register="province")
    assert told(*life(CODES), old, new) == set()


def test_a_suspension_afterwards_is_none_before() -> None:
    assert told(*life(CODES), licence(0, "2030-01-01"), licence(50, "2030-01-01", status="suspended")) == set()


def batch(**fields: Any) -> BusinessEvent:
    words = {"product": "YP-1", "batch": "B2", "produced": "2026-03-02", "expiry": "2028-01-01"}
    return event("batch", 0, **{**words, **fields})


def own_life(**fields: Any) -> list[BusinessEvent]:
    return [
        bill(1, "101", "H", CODES, batch="B2", to_party="H"),
        sent(2, "H", "D1", CODES, batch="B2"), got(3, "H", "D1", CODES, batch="B2"),
    ]  # fmt: skip


def test_a_batch_moves_neither_late_nor_early() -> None:
    assert told(batch(), *own_life()) == set()
    assert told(batch(expiry="2026-03-02"), *own_life()) == {("B12", "YP-1/B2")}
    assert told(batch(release_required=True), *own_life()) == {("B12", "YP-1/B2")}
    assert told(batch(release_required=True, released=at(1.5)), *own_life()) == set()


def test_more_than_was_made() -> None:
    out = bill(5, "321", "D1", [], batch="B2", quantity=400, from_party="D1")
    assert ("B08", "YP-1/B2") in told(batch(made=5), *own_life(), out)


def readings(values: list[float], **fields: Any) -> list[BusinessEvent]:
    words = {"sensor": "S", "product": "YP-9", **fields}
    return [event("sensor", 10 + n / 144, value=value, **words) for n, value in enumerate(values)]


def cold() -> BusinessEvent:
    return event(
        "product", 0, system="dossier", product="YP-9", name="苗", product_class="vaccine", holder="H",
        temperature_min=2, temperature_max=8,
    )  # fmt: skip


def test_the_cold_chain() -> None:
    assert told(cold(), *readings([5.0] * 60)) == set()
    assert told(cold(), *readings([5.0] * 30 + [14.0] * 12 + [5.0] * 30)) == {("B13", "S")}
    assert told(cold(), *readings([5.0] * 30 + [14.0] + [5.0] * 30)) == set()
    assert told(cold(), *readings([20.0] * 60, product=None)) == set()
    assert told(cold(), *readings([5.0] * 30 + [14.0] * 12 + [5.0] * 30, unit="°C")) == {("B13", "S")}
    assert told(cold(), *readings([80.0] * 60, quantity_kind="humidity", unit="P1")) == set()


def test_a_clock_ahead_and_a_clock_in_another_zone() -> None:
    ahead = [sent(40 + n, "D1", "P1", [], lag=-0.2, quantity=1) for n in range(8)]
    answers = [got(40.5 + n, "D1", "P1", [], quantity=1) for n in range(8)]
    stock = got(30, "X", "D1", [], quantity=100)
    assert ("B29", "D1") in told(stock, *ahead, *answers)
    late = [sent(40 + n, "D1", "P1", [], lag=3, quantity=1) for n in range(8)]
    assert ("B29", "D1") not in told(stock, *late, *answers)


def test_spellings_of_the_one_offset_are_no_fault_and_another_offset_is() -> None:
    stock = got(30, "X", "D1", [], quantity=100)
    for zone in ("+0800", "UTC+8"):
        assert ("B29", "D1") not in told(stock, sent(40, "D1", "X", [], quantity=1, tz=zone))
    assert ("B29", "D1") in told(stock, sent(40, "D1", "X", [], quantity=1, tz="+09:00"))


def test_quotas_of_special_drugs() -> None:
    special = event(
        "product", 0, system="dossier", product="YP-8", name="精", product_class="narcotic", holder="X", special=True
    )
    quota = {"party": "P1", "product": "YP-8", "period_from": at(0), "period_to": at(80)}
    taken = [got(10 + n, "X", "P1", [], quantity=40, product="YP-8", batch="Q") for n in range(3)]
    assert ("T09", "P1") in told(special, event("quota", 0, amount=100, **quota), *taken)
    assert ("T09", "P1") not in told(special, event("quota", 0, amount=120, **quota), *taken)
    raised = event("quota", 11.5, amount=200, replaces=True, **quota)
    assert ("T09", "P1") not in told(special, event("quota", 0, amount=100, **quota), raised, *taken)
