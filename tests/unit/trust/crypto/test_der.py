from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import AppError
from trust.crypto.der import decode_pair, encode_pair, integer, read_tlv

NUMBERS = st.integers(0, 1 << 256)


@given(NUMBERS, NUMBERS)
def test_a_pair_comes_back(r: int, s: int) -> None:
    assert decode_pair(encode_pair(r, s)) == (r, s)


@given(NUMBERS, NUMBERS, st.data())
def test_no_two_encodings_mean_the_same(r: int, s: int, data: st.DataObject) -> None:
    good = encode_pair(r, s)
    altered = bytearray(good)
    altered[data.draw(st.integers(0, len(good) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        assert decode_pair(bytes(altered)) != (r, s)
    except AppError:
        return


@given(st.binary(max_size=80))
def test_any_octets_are_read_or_refused(data: bytes) -> None:
    try:
        decode_pair(data)
    except AppError:
        return


@given(st.integers(-(1 << 70), 1 << 70))
def test_integers_are_minimal(value: int) -> None:
    _, start, stop = read_tlv(integer(value), 0, len(integer(value)))
    content = integer(value)[start:stop]
    assert int.from_bytes(content, "big", signed=True) == value
    assert len(content) == 1 or content[:1] not in (b"\x00", b"\xff") or (content[0] ^ content[1]) & 0x80


@pytest.mark.parametrize("data", [b"", b"\x30", b"\x30\x05\x00", b"\x1f\x01\x00", b"\x30\x84\x00\x00\x00\x01\x00"])
def test_broken_elements_are_refused(data: bytes) -> None:
    with pytest.raises(AppError):
        read_tlv(data, 0, len(data))
