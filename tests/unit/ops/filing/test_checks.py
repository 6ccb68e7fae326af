"""Checks of single values, with examples of the standards and one-character mutations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.filing.checks import CHECKS, credit_code

EXAMPLE = "91350100M000100Y43"  # GB 32100-2015


def test_credit_code_of_the_standard() -> None:
    assert credit_code(EXAMPLE)


@given(st.integers(0, 17), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_any_changed_character_is_noticed(place: int, char: str) -> None:
    changed = EXAMPLE[:place] + char + EXAMPLE[place + 1 :]
    assert credit_code(changed) is (changed == EXAMPLE)


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        ("region_code", ["110000", "350102"], ["990000", "11000", "1100000", "abc123"]),
        ("postcode", ["100037"], ["10003", "1000377"]),
        ("phone", ["010-88331234", "0591-8833123", "88331234", "12387", "+86 010-88331234"], ["123", "010-1", "abc"]),
        ("mobile", ["13800000000", "+8613800000000"], ["23800000000", "1380000000"]),
        ("email", ["a@b.cn", "x.y+z@mail.example.gov.cn"], ["a@b", "a b@c.cn", "@b.cn", "a@b..cn", "a@-b.cn"]),
        ("domains", ["nmpa.gov.cn", "a.cn, *.b.cn", "药监.中国"], ["localhost", "a..b", "-a.cn", ""]),
        ("ip_ranges", ["203.0.113.8", "203.0.113.0/24", "10.0.0.1-10.0.0.9",
         "2001:db8::/32"], ["300.1.1.1", "10.0.0.9-10.0.0.1", "::1-1.1.1.1"]),
        ("addresses_or_none", ["无", "203.0.113.8 nmpa.gov.cn"], ["没有", "", "localhost"]),
        ("ports", ["HTTPS/443", "TCP/8000-8010, UDP/53", "http:80"], ["443", "TCP/0", "TCP/70000", "TCP/9-1", ""]),
        ("filing_number", ["35010012345-00001"], ["3501001234-00001", "35010012345-1"]),
        ("count", [0, 7], [-1, 1.5]),
        ("count_from_two", [2], [1, 0]),
        ("positive", [0.1], [0, -1]),
        ("not_negative", [0], [-0.1]),
    ],
)  # fmt: skip
def test_examples(check: str, good: list[object], bad: list[object]) -> None:
    assert all(CHECKS[check](value) for value in good)
    assert not any(CHECKS[check](value) for value in bad)
