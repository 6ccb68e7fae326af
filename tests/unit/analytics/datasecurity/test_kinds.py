"""Sensitive values in a text: found where they are proven, and not in what only looks like them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.datasecurity.kinds import Kind, find


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("申请人11010519491231002X已受理", Kind.IDENTITY, "11010519491231002X"),
        ("请致电13800138000。", Kind.PHONE, "13800138000"),
        ("tel: +86 138-0013-8000", Kind.PHONE, "+86 138-0013-8000"),
        ("值班电话010-88330000", Kind.PHONE, "010-88330000"),
        ("卡号 4111 1111 1111 1111", Kind.BANK_CARD, None),
        ("卡号 6222 0211 1100 0000 001", Kind.BANK_CARD, None),
        ("mail zhang.san@nmpa.gov.cn now", Kind.EMAIL, "zhang.san@nmpa.gov.cn"),
        ("单位91350100M000100Y43", Kind.CREDIT_CODE, "91350100M000100Y43"),
        ("扫码 81090110000000012345 成功", Kind.TRACE_CODE, "81090110000000012345"),
        ("住浙江省杭州市西湖区文化路12号3栋", Kind.ADDRESS, "浙江省杭州市西湖区文化路12号3栋"),
    ],
)
def test_found_in_a_sentence(text: str, kind: Kind, value: str | None) -> None:
    found = [(one.kind, text[one.start : one.end]) for one in find(text)]
    if value is None:
        assert all(one[0] in (kind, Kind.PHONE) for one in found)
    else:
        assert any(one[0] is kind and value.endswith(one[1].removeprefix("住")) for one in found)


@pytest.mark.parametrize(
    "text",
    [
        "110105194912310021",  # wrong check digit
        "110105194913310021",  # no such month
        "990105194912310021",  # no such region
        "1700000000000",  # milliseconds
        "git@code.example.com:team/project.git",
        "scott@10.0.0.3",
        "left-pad@1.3.0",
        "20260501123045123456",  # twenty digits that are a time
        "1.2.156.3005.2.1.2.3",
        "12800138000",  # no such segment
        "order_13800138000_x",
    ],
)
def test_lookalikes_are_left_alone(text: str) -> None:
    assert find(text) == []


@given(st.text(max_size=300))
def test_places_are_inside_the_text(text: str) -> None:
    for one in find(text):
        assert 0 <= one.start < one.end <= len(text)
