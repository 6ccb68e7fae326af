"""Ranges of rows join and meet as the sets of their rows do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from infra.store.embedded.spans import Spans, common, joined, of_mask, rounded, size, union

ranges = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 9)), max_size=8).map(
    lambda found: joined(sorted((start, start + length) for start, length in found))
)


def rows(spans: Spans | None) -> set[int]:
    return {row for start, end in spans or () for row in range(start, end)}


@given(ranges, ranges, ranges)
def test_they_are_sets_of_rows(one: Spans, two: Spans, three: Spans) -> None:
    assert rows(union([one, two, three])) == rows(one) | rows(two) | rows(three)
    assert rows(common(one, two)) == rows(one) & rows(two)
    assert size(one) == len(rows(one))
    assert rows(rounded(one, 7, 70)) == {row for row in range(70) if any(at // 7 == row // 7 for at in rows(one))}
    assert rows(one) == rows(of_mask(sum(1 << row for row in rows(one)), 1))


@given(ranges)
def test_what_cannot_be_told_is_every_row(one: Spans) -> None:
    assert union([one, None]) is None
    assert common(one, None) == one
    assert common(None, one) == one
    assert union([]) == ()
