"""Check digits: published examples, and every single changed digit is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import checkdigits


def test_the_example_of_the_identity_number_standard() -> None:
    """GB 11643-1999 gives 11010519491231002X and 440524188001010014."""
    assert checkdigits.identity_number("11010519491231002X")
    assert checkdigits.identity_number("440524188001010014")
    assert not checkdigits.identity_number("440524188001010015")


def test_the_well_known_card_number() -> None:
    assert checkdigits.luhn("4111111111111111")
    assert checkdigits.luhn("79927398713")
    assert not checkdigits.luhn("79927398710")


def test_a_published_gtin() -> None:
    assert checkdigits.gs1("4006381333931")
    assert not checkdigits.gs1("4006381333932")


def test_a_published_grid() -> None:
    """GRid (global release identifier) uses MOD 37,36; its published example is A1-2425G-ABC1234002-M."""
    assert checkdigits.mod_37_36("A12425GABC1234002") == "M"


def test_published_credit_codes() -> None:
    """Codes that large companies print on their own pages."""
    assert checkdigits.credit_code("91350100M000100Y43")
    assert not checkdigits.credit_code("91350100M000100Y44")
    assert not checkdigits.credit_code("91350100M000100I43")


@pytest.mark.parametrize(
    ("check", "right"),
    [(checkdigits.luhn, "4111111111111111"), (checkdigits.identity_number, "440524188001010014")],
)
@given(st.data())
def test_any_changed_digit_is_noticed(check, right, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(right) - 1))
    other = data.draw(st.sampled_from("0123456789").filter(lambda char: char != right[place]))
    assert not check(right[:place] + other + right[place + 1 :])


@given(st.text(max_size=30))
def test_any_text_is_answered(text: str) -> None:
    for check in (checkdigits.luhn, checkdigits.identity_number, checkdigits.credit_code, checkdigits.gs1):
        assert check(text) in (True, False)
