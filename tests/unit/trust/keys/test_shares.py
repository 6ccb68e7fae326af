from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.errors import AppError
from trust.keys.shares import join, read_share, split

SECRET = bytes(range(32))


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=1, max_size=40), st.integers(1, 6), st.integers(0, 4), st.randoms())
def test_any_m_of_n_give_the_secret_back(secret: bytes, threshold: int, more: int, chance: object) -> None:
    shares = split(secret, threshold, threshold + more)
    chance.shuffle(shares)  # type: ignore[attr-defined]
    assert join([read_share(share.text) for share in shares[:threshold]]) == secret


def test_every_pair_of_three_works_and_one_does_not() -> None:
    shares = split(SECRET, 2, 3)
    for pair in itertools.combinations(shares, 2):
        assert join(list(pair)) == SECRET
    for share in shares:
        with pytest.raises(AppError):
            join([share])
        with pytest.raises(AppError):
            join([share, share])


def test_one_share_says_nothing_of_the_secret() -> None:
    """With the other share free, every octet of the secret stays equally possible: shares of equal secrets differ."""
    first = {split(SECRET, 2, 2)[0].data for _ in range(20)}
    assert len(first) == 20


def test_mistyped_mixed_and_forged_shares_are_named() -> None:
    shares = split(SECRET, 2, 3)
    text = shares[0].text
    for wrong in (text[:-1] + ("A" if text[-1] != "A" else "B"), text[:-3], "", "YD1-AAAAA", "no share"):
        with pytest.raises(AppError) as error:
            read_share(wrong)
        assert error.value.message_key == "trust.keys.share_mistyped"
    with pytest.raises(AppError) as error:
        join([shares[0], split(SECRET, 2, 3)[1]])
    assert error.value.message_key == "trust.keys.shares_mixed"
    forged = type(shares[1])(shares[1].set_id, 2, 2, bytes(len(shares[1].data)))
    with pytest.raises(AppError) as error:
        join([shares[0], forged])
    assert error.value.message_key == "trust.keys.shares_forged"


def test_a_share_is_forgiving_of_case_and_spaces() -> None:
    share = split(SECRET, 1, 1)[0]
    assert read_share(f"  {share.text.lower().replace('-', ' ')} ") == share


@pytest.mark.parametrize(("threshold", "count"), [(0, 1), (3, 2), (1, 33)])
def test_impossible_numbers_are_refused(threshold: int, count: int) -> None:
    with pytest.raises(AppError):
        split(SECRET, threshold, count)


def test_a_share_does_not_show_itself() -> None:
    share = split(SECRET, 2, 2)[0]
    assert share.data.hex() not in repr(share)
