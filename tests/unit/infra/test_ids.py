"""Identifiers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from infra.ids import event_id, new_id, stable_id


def test_new_ids_are_unique_and_in_time_order() -> None:
    made = [new_id("A") for _ in range(1000)]
    assert len(set(made)) == 1000
    assert [name[:12] for name in made] == sorted(name[:12] for name in made)


@given(st.lists(st.text(max_size=8), max_size=4), st.lists(st.text(max_size=8), max_size=4))
def test_stable_ids_are_equal_only_for_equal_parts(first: list[str], second: list[str]) -> None:
    assert (stable_id(*first) == stable_id(*second)) == (first == second)


def test_an_event_id_begins_with_its_arrival_hour() -> None:
    assert event_id("2026111806", "a", "b").startswith("2026111806-")
