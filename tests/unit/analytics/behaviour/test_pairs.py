"""Rare is what neither the entity nor its peers nor anyone meets, in that order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.behaviour.pairs import PairHabits
from analytics.behaviour.volumes import HourHabits, VolumeHabits


@pytest.fixture
def habits() -> PairHabits:
    pairs = PairHabits("host")
    for _ in range(30):
        for person in range(10):
            group, shared = ("clerks", "desk") if person < 5 else ("admins", "vault")
            pairs.learn(f"p{person}", group, {"mail": 5, f"own{person}": 9, shared: 3})
        pairs.pass_time()
    return pairs


def test_own_habit_then_peers_then_strangers_then_unknown(habits: PairHabits) -> None:
    order = [habits.chance("p1", "clerks", value) for value in ("own1", "own2", "vault", "never")]
    assert order[0] == max(order)
    assert order[3] == min(order)
    newcomer = [habits.chance("new", "clerks", value) for value in ("desk", "vault", "never")]
    assert newcomer == sorted(newcomer, reverse=True)
    assert newcomer[0] > 3 * newcomer[1]


def test_first_meeting_is_new_and_old_habits_fade(habits: PairHabits) -> None:
    met = {one.value: one for one in habits.judge("p1", "clerks", {"vault": 1, "own1": 1})}
    assert met["vault"].new
    assert not met["own1"].new
    assert met["own1"].usual == "own1"
    before = habits.chance("p1", "clerks", "own1")
    for _ in range(200):
        habits.learn("p1", "clerks", {"other": 9})
        habits.pass_time()
    assert habits.chance("p1", "clerks", "own1") < before / 10


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=3), st.text(max_size=3), st.integers(1, 10**9)), max_size=40))
def test_a_chance_is_a_probability_whatever_was_learnt(rows: list[tuple[str, str, int]]) -> None:
    pairs = PairHabits("x")
    for entity, value, times in rows:
        pairs.learn(entity, "g", {value: times})
    for entity, value, _ in [*rows, ("e", "v", 1)]:
        assert 0 < pairs.chance(entity, "g", value) <= 1.0 + 1e-9


def test_one_entity_with_a_million_values_stays_bounded(monkeypatch) -> None:
    monkeypatch.setattr("analytics.behaviour.pairs._MOST_VALUES", 1000)
    pairs = PairHabits("x")
    pairs.learn("e", "g", {str(i): 1 for i in range(20_000)})
    assert len(pairs.own.counts["e"]) == 1000


def test_volume_falls_back_on_peers_for_a_newcomer() -> None:
    habits = VolumeHabits()
    rng = np.random.default_rng(0)
    for _ in range(60):
        for person in range(8):
            habits.learn(f"p{person}", "g", float(rng.lognormal(5, 0.3)))
    usual, far = (habits.judge("new", "g", amount)[0] for amount in (150.0, 15_000.0))
    assert abs(usual) < 2.5
    assert far > 6
    assert habits.judge("p0", "g", 150.0)[1] == pytest.approx(np.exp(5), rel=0.4)


def test_hours_know_night_from_day() -> None:
    habits = HourHabits()
    day = [int(8 <= hour < 18) for hour in range(24)]
    for _ in range(40):
        habits.learn("p", "g", day)
    night = [int(hour in (2, 3)) for hour in range(24)]
    assert habits.judge("p", "g", night)[0] > 3 * habits.judge("p", "g", day)[0]
    assert habits.judge("p", "g", night)[1] in (2, 3)
    assert habits.share("p", "g").sum() == pytest.approx(1.0)
