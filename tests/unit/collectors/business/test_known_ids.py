"""Ids that were named before, against a plain set."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collectors.business.known_ids import KnownIds


@given(st.lists(st.lists(st.integers(0, 400).map(str), max_size=60), max_size=40))
def test_every_repetition_is_counted_however_long_ago_the_first_was(frames: list[list[str]]) -> None:
    known, seen = KnownIds(recent=16), set[str]()
    for ids in frames:
        repeated = len(ids) - len(set(ids) - seen)
        seen |= set(ids)
        assert known.repeated(ids) == repeated
