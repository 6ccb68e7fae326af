from hypothesis import given
from hypothesis import strategies as st

from infra.spool.record import HEADER_BYTES, record, records

PAYLOADS = st.lists(st.binary(max_size=80), max_size=12)


def laid_out(payloads: list[bytes], segment: int = 7) -> bytes:
    data = b""
    for payload in payloads:
        data += record(segment, HEADER_BYTES + len(data), payload)
    return data


def read_back(data: bytes, segment: int = 7) -> list[bytes]:
    return [bytes(found.payload) for found in records(memoryview(data), segment, HEADER_BYTES)]


@given(PAYLOADS, st.integers(0, 64))
def test_records_come_back_in_order_before_any_run_of_zeros(payloads: list[bytes], zeros: int) -> None:
    assert read_back(laid_out(payloads) + bytes(zeros)) == payloads


@given(PAYLOADS, st.data())
def test_a_cut_anywhere_leaves_exactly_the_whole_records_before_it(payloads: list[bytes], data: st.DataObject) -> None:
    whole = laid_out(payloads)
    cut = data.draw(st.integers(0, len(whole)))
    kept, end = 0, 0
    for payload in payloads:
        end += 12 + len(payload)
        if end > cut:
            break
        kept += 1
    assert read_back(whole[:cut]) == payloads[:kept]


@given(st.lists(st.binary(min_size=1, max_size=80), min_size=1, max_size=12), st.data())
def test_a_flipped_byte_costs_the_record_it_is_in_and_no_other(payloads: list[bytes], data: st.DataObject) -> None:
    whole = bytearray(laid_out(payloads))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    hit, end = 0, 0
    for number, payload in enumerate(payloads):
        end += 12 + len(payload)
        if place < end:
            hit = number
            break
    assert read_back(bytes(whole)) == payloads[:hit] + payloads[hit + 1 :]


def test_a_record_of_another_segment_or_offset_is_not_taken() -> None:
    assert read_back(record(8, HEADER_BYTES, b"x")) == []
    assert read_back(record(7, HEADER_BYTES + 1, b"x")) == []


def test_a_record_quoted_inside_a_damaged_one_is_not_taken() -> None:
    inner = record(7, HEADER_BYTES, b"forged")
    outer = bytearray(record(7, HEADER_BYTES, inner))
    outer[8] ^= 1
    assert read_back(bytes(outer)) == []


def test_the_size_of_damage_is_told() -> None:
    data = bytearray(laid_out([b"one", b"two", b"three"]))
    data[15 + 12] ^= 1
    found = list(records(memoryview(bytes(data)), 7, HEADER_BYTES))
    assert [one.skipped for one in found] == [0, 15]
