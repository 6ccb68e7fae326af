"""Conditions beside the reference parser of STIX patterning, and what they decide."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stix2patterns.validator import run_validator

from playbooks.model.condition import parse_condition

VALUES = {"__a__": "5", "__b__": "7", "__ip__": "192.0.2.7", "__t__": "true", "__s__": "it's", "__n__": None}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("__a__:value = '5'", True),
        ("[__a__:value = 5]", True),
        ("__a__:value < 10 AND __b__:value >= 7", True),
        ("__a__:value > 9", False),
        ("__a__:value = 1 OR (__b__:value = 7 AND __t__:value = true)", True),
        ("[__a__:value = 5] AND [__b__:value = 8]", False),
        ("__a__:value NOT = 5", False),
        ("NOT __a__:value = 5", False),
        ("__a__:value < __b__:value", True),
        ("__ip__:value ISSUBSET '192.0.2.0/24'", True),
        ("__ip__:value ISSUBSET '2001:db8::/32'", False),
        ("__ip__:value ISSUPERSET '192.0.2.7/32'", True),
        ("__s__:value LIKE 'it_s'", True),
        ("__s__:value MATCHES '^it'", True),
        ("__a__:value IN ('1', '5')", True),
        ("EXISTS __n__:value", False),
        ("EXISTS __a__:value", True),
        ("__s__:value = 'it\\'s'", True),
        ("__n__:value != 'x'", True),
        ("__n__:value = 'x'", False),
        ("__t__:value", True),
    ],
)
def test_what_a_condition_decides(text: str, holds: bool) -> None:
    condition = parse_condition(text)
    assert condition is not None
    assert condition.holds(VALUES) is holds


@pytest.mark.parametrize(
    "text",
    [
        "Operator input to proceed", "", "ipv4-addr:value = '1.2.3.4'", "__a__:value ==", "__a__:value = '5", "(" * 200,
        "[__a__:value = '1'] FOLLOWEDBY [__b__:value = '2']", "__a__:value = 1; DROP", "x" * 5000,
    ],
)  # fmt: skip
def test_free_text_is_left_to_a_person(text: str) -> None:
    assert parse_condition(text) is None


COMPARED = st.sampled_from(["=", "!=", "<", ">", "<=", ">=", "LIKE", "MATCHES"])
SIMPLE = st.builds("__{}__:value {} '{}'".format, st.sampled_from("abc"), COMPARED, st.text("xyz%_", max_size=4))


@given(
    st.recursive(SIMPLE, lambda one: st.builds("({} AND {})".format, one, one) | st.builds("{} OR {}".format, one, one))
)
def test_what_the_reference_parser_takes_is_understood(text: str) -> None:
    assert run_validator(f"[{text}]") == []
    for form in (text, f"[{text}]"):
        assert parse_condition(form) is not None
