"""Masking: what is proven is hidden, the rest stays, and doing it twice changes nothing."""

from hypothesis import given
from hypothesis import strategies as st

from analytics.datasecurity import find, mask, mask_text
from analytics.datasecurity.kinds import Kind


def test_a_sentence_keeps_its_words() -> None:
    assert mask_text("申请人11010519491231002X，电话13800138000，单号20260501") == (
        "申请人1101************2X，电话138****8000，单号20260501"
    )


def test_an_address_of_mail_keeps_its_domain() -> None:
    assert mask_text("zhang.san@nmpa.gov.cn") == "z***@nmpa.gov.cn"


def test_a_name_keeps_its_surname() -> None:
    assert mask(Kind.NAME, "王小明") == "王**"


@given(
    st.lists(
        st.sampled_from(["11010519491231002X", "13800138000", "4111111111111111", "说明", " ", "，", "a"]), max_size=8
    )
)
def test_nothing_proven_is_left(parts: list[str]) -> None:
    text = "，".join(parts)
    masked = mask_text(text)
    assert find(masked) == []
    assert mask_text(masked) == masked
