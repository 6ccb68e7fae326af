"""A picture of several blocks is the picture of all their rows."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analytics.business.sample_columns import Past, Picture

VALUES = st.one_of(
    st.none(), st.integers(-9, 9), st.floats(-5, 5), st.sampled_from(["", "pass", "fail", "2026-01-02"]), st.booleans()
)
ROWS = st.lists(st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3), max_size=12)


@given(st.lists(ROWS, min_size=1, max_size=4))
def test_together_is_as_if_looked_at_at_once(blocks: list[list[dict[str, Any]]]) -> None:
    parts = Picture.together([Picture.of(rows) for rows in blocks])
    whole = Picture.of([row for rows in blocks for row in rows])
    assert parts.rows == whole.rows
    assert parts.columns.keys() == whole.columns.keys()
    for name, column in whole.columns.items():
        same = parts.column(name)
        assert same.present == column.present
        assert (same.numbers is None) == (column.numbers is None)
        assert same.counted() == column.counted()
        assert np.array_equal(same.lengths, column.lengths)
        if same.numbers is not None and column.numbers is not None:
            assert np.array_equal(same.numbers, column.numbers)


def test_many_different_texts_are_no_categories() -> None:
    few = Picture.of([{"result": "pass"}] * 40 + [{"result": "fail"}] * 40).column("result")
    many = Picture.together(
        [Picture.of([{"result": f"{block}-{row}"} for row in range(25)]) for block in range(4)]
    ).column("result")
    assert few.categorical()
    assert not many.categorical()
    assert many.counted() == Counter(f"{block}-{row}" for block in range(4) for row in range(25))


def test_the_past_forgets_the_oldest_blocks() -> None:
    past = Past()
    for block in range(70):
        past.add(Picture.of([{"day": f"2026-01-{1 + block % 28:02d}", "n": block}] * 100))
    picture = past.picture()
    numbers = picture.column("n").numbers
    assert picture.rows == Past.MOST
    assert numbers is not None
    assert numbers.min() == 40
    assert past.dated("day")
    assert not past.dated("n")
