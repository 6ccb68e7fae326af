"""Record numbers: a published example of the check, every single change found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.checkdigits import mod_37_36
from infra.errors import AppError
from ops.recordfiling.number import RecordNumber, next_number, parse_number

UNITS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=2, max_size=18)


def test_check_character_of_a_published_example() -> None:
    """GRid (global release identifier) uses MOD 37,36; its published example is A1-2425G-ABC1234002-M."""
    assert mod_37_36("A12425GABC1234002") == "M"


@given(UNITS, st.integers(2000, 2099), st.integers(1, 9999))
def test_numbers_read_back(unit: str, year: int, sequence: int) -> None:
    number = RecordNumber(unit, year, sequence)
    assert parse_number(str(number).lower()) == number


@given(UNITS, st.integers(2000, 2099), st.integers(1, 9999), st.data())
def test_any_changed_character_is_noticed(unit: str, year: int, sequence: int, data: st.DataObject) -> None:
    text = str(RecordNumber(unit, year, sequence))
    place = data.draw(st.sampled_from([i for i, char in enumerate(text) if char != "-" and i > 2]))
    other = data.draw(st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ").filter(lambda char: char != text[place]))
    with pytest.raises(AppError):
        parse_number(text[:place] + other + text[place + 1 :])


@pytest.mark.parametrize(
    "text", ["", "YJ-A-2026-00011", "XX-AB-2026-00011", "YJ-AB-2026-0000" + mod_37_36("AB20260000")]
)
def test_other_shapes_are_refused(text: str) -> None:
    with pytest.raises(AppError):
        parse_number(text)


def test_numbers_run_without_a_gap_to_the_end() -> None:
    assert next_number("NMPA", 2026, 0).sequence == 1
    with pytest.raises(AppError):
        next_number("NMPA", 2026, 9999)
    with pytest.raises(AppError):
        next_number("nm-pa", 2026, 1)
