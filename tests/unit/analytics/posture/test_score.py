"""The laws of the score, over generated indicators, pressures and gates."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.posture.catalogue import Reading, catalogue, fill
from analytics.posture.score import Gate, LossKind, Posture, Pressure, assess, health
from analytics.posture.service import Inputs, compute
from infra.exchange import Dimension, Evidence, Indicator

AT = datetime(2026, 11, 18, tzinfo=UTC)
SHARES = st.floats(0, 1)


def indicator(number: int, value: float | None, weight: float, prior: float = 0.5) -> Indicator:
    return Indicator(
        id=f"i{number}", dimension=Dimension.DATA, value=value, unit="share", window=timedelta(hours=1), best=1.0,
        worst=0.0, weight=weight, source="test", taken=AT, evidence=Evidence("/rows"), prior=prior,
    )  # fmt: skip


INDICATORS = st.lists(st.tuples(st.one_of(st.none(), SHARES), st.floats(0.01, 1), SHARES), min_size=1, max_size=8).map(
    lambda rows: [indicator(number, *row) for number, row in enumerate(rows)]
)
PRESSURES = st.lists(
    st.builds(
        Pressure, id=st.just("p"), title=st.text(max_size=3), dimension=st.just(Dimension.DATA), severity=SHARES,
        asset=SHARES, confidence=SHARES, age_s=st.floats(0, 1e7), half_life_s=st.floats(1, 1e6), href=st.just("/"),
    ),
    max_size=5,
)  # fmt: skip
GATES = st.lists(st.floats(0, 100).map(lambda cap: gate(cap)), max_size=2)


def gate(cap: float) -> Gate:
    return Gate(id=f"g{cap}", dimension=Dimension.DATA, cap=cap, title="critical open", href="/ui/alerts")


def data(posture: Posture) -> float:
    """The score as the losses tell it, needle or not."""
    return 100 - sum(loss.points for loss in posture.dimensions[Dimension.DATA].losses)


@given(INDICATORS, PRESSURES, GATES)
def test_losses_add_up_and_everything_is_bounded(
    indicators: list[Indicator], pressures: list[Pressure], gates: list[Gate]
) -> None:
    found = assess(AT, indicators, pressures, gates).dimensions[Dimension.DATA]
    total = 100 - sum(loss.points for loss in found.losses)
    if found.score is not None:
        assert abs(found.score - total) < 1e-9
    assert -1e-9 <= total <= 100 + 1e-9
    assert found.low - 1e-9 <= total <= found.high + 1e-9
    assert all(loss.points >= 0 for loss in found.losses)


@given(INDICATORS, PRESSURES, GATES, st.integers(0, 7), SHARES)
def test_a_better_value_never_lowers_the_score(
    indicators: list[Indicator], pressures: list[Pressure], gates: list[Gate], place: int, better: float
) -> None:
    place %= len(indicators)
    before = assess(AT, indicators, pressures, gates)
    value = indicators[place].value
    improved = list(indicators)
    improved[place] = dataclasses.replace(indicators[place], value=max(better, 0.0 if value is None else value))
    if value is not None:
        assert data(assess(AT, improved, pressures, gates)) >= data(before) - 1e-9


@given(INDICATORS, PRESSURES, st.integers(0, 7))
def test_losing_sight_of_an_indicator_never_raises_the_score(
    indicators: list[Indicator], pressures: list[Pressure], place: int
) -> None:
    place %= len(indicators)
    known = {item.id: found for item in indicators if (found := health(item)) is not None}
    blind = list(indicators)
    blind[place] = dataclasses.replace(indicators[place], value=None)
    seen = assess(AT, indicators, pressures, last_health=known)
    assert data(assess(AT, blind, pressures, last_health=known)) <= data(seen) + 1e-9


@given(INDICATORS, PRESSURES, st.sampled_from([0.1, 0.5, 0.9]))
def test_another_open_alert_never_raises_the_score(
    indicators: list[Indicator], pressures: list[Pressure], severity: float
) -> None:
    more = Pressure(
        id="x", title="x", dimension=Dimension.DATA, severity=severity, asset=1, confidence=1, age_s=0, half_life_s=60,
        href="/",
    )  # fmt: skip
    assert data(assess(AT, indicators, [*pressures, more])) <= data(assess(AT, indicators, pressures)) + 1e-9


@given(INDICATORS, PRESSURES, GATES)
def test_the_waterfall_keeps_its_order(
    indicators: list[Indicator], pressures: list[Pressure], gates: list[Gate]
) -> None:
    kinds = [loss.kind for loss in assess(AT, indicators, pressures, gates).dimensions[Dimension.DATA].losses]
    assert kinds == sorted(kinds, key=list(LossKind).index)


def test_below_half_coverage_there_is_no_score_and_overall_has_only_its_bounds() -> None:
    found = assess(AT, [indicator(0, 1.0, 0.4), indicator(1, None, 0.6)])
    assert found.dimensions[Dimension.DATA].score is None
    assert found.dimensions[Dimension.DATA].coverage == pytest.approx(0.4)
    assert found.dimensions[Dimension.DATA].missing == ("i1",)
    assert found.overall.score is None
    assert found.overall.low < found.overall.high


def test_a_cap_is_a_named_loss() -> None:
    found = assess(AT, [indicator(0, 1.0, 1)], gates=[gate(60)]).dimensions[Dimension.DATA]
    assert found.score == 60
    assert [(loss.kind, loss.points) for loss in found.losses] == [(LossKind.CAP, 40)]


def test_two_good_dimensions_do_not_hide_a_bad_one() -> None:
    values = {Dimension.BUSINESS: 0.95, Dimension.DATA: 0.30, Dimension.INFRASTRUCTURE: 0.95}
    items = [dataclasses.replace(indicator(0, value, 1), dimension=dimension) for dimension, value in values.items()]
    assert assess(AT, items).overall.score == pytest.approx(47.4, abs=0.1)


def test_the_weights_of_each_dimension_sum_to_one_and_anchors_differ() -> None:
    for dimension in Dimension:
        entries = [expected for owner, expected in catalogue().values() if owner is dimension]
        assert sum(entry.weight for entry in entries) == pytest.approx(1)
        assert all(entry.best != entry.worst for entry in entries)


def test_a_reading_nobody_expects_is_refused() -> None:
    with pytest.raises(KeyError):
        fill({"data.unheard_of": Reading(1.0, "/")}, AT)


@given(st.dictionaries(st.sampled_from(sorted(catalogue())), st.floats(0, 100)), PRESSURES, GATES)
def test_stored_inputs_give_the_same_bytes_again(
    values: dict[str, float], pressures: list[Pressure], gates: list[Gate]
) -> None:
    inputs = Inputs({name: Reading(value, "/") for name, value in values.items()}, tuple(pressures), tuple(gates))
    answer = msgspec.json.encode(compute(inputs, AT))
    again = msgspec.json.decode(msgspec.json.encode(inputs), type=Inputs)
    assert msgspec.json.encode(compute(again, AT)) == answer
