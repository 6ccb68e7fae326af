"""Framing: whatever the chunks the network makes, the same messages come out."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from collectors.receivers.syslog_framing import KEPT_OF_OVERSIZE, Oversize, SyslogFramer

_LINE = st.binary(min_size=1, max_size=60).map(lambda body: b"<13>" + body.replace(b"\n", b" ").replace(b"\0", b" "))
_COUNTED = st.binary(min_size=0, max_size=60).map(lambda body: b"<13>" + body)


def cut(data: bytes, points: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(point % (len(data) + 1) for point in points)})
    return [data[start:end] for start, end in pairwise(edges)]


def frame_all(data: bytes, points: list[int], limit: int = 1 << 20) -> list[bytes | Oversize]:
    framer = SyslogFramer(limit)
    return [message for part in cut(data, points) for message in framer.feed(part)] + framer.finish()


@given(
    st.lists(_LINE, max_size=20), st.lists(st.integers(0, 5_000), max_size=20), st.sampled_from([b"\n", b"\0", b"\0\n"])
)
def test_lines_come_out_whole_however_they_arrive(lines: list[bytes], points: list[int], end: bytes) -> None:
    assert frame_all(b"".join(line + end for line in lines), points) == lines


@given(st.lists(_COUNTED, max_size=20), st.lists(st.integers(0, 5_000), max_size=20))
def test_counted_frames_may_hold_line_feeds(messages: list[bytes], points: list[int]) -> None:
    data = b"".join(b"%d %s" % (len(message), message) for message in messages)
    assert frame_all(data, points) == messages


@given(st.binary(max_size=500), st.lists(st.integers(0, 500), max_size=10))
def test_any_bytes_give_the_same_messages_in_any_chunks(data: bytes, points: list[int]) -> None:
    assert frame_all(data, points, limit=50) == frame_all(data, [], limit=50)


def test_a_connection_may_mix_both_framings() -> None:
    assert frame_all(b"<13>one\n9 <13>two\nx<13>three\r\n", []) == [b"<13>one", b"<13>two\nx", b"<13>three\r"]


def test_once_counting_frames_without_priority_are_read_too() -> None:
    assert frame_all(b"7 <13>abc5 hello", []) == [b"<13>abc", b"hello"]


def test_a_line_that_begins_with_a_number_is_a_line() -> None:
    assert frame_all(b"2026 is a year\n10 green bottles\n", []) == [b"2026 is a year", b"10 green bottles"]


def test_the_last_message_needs_no_end() -> None:
    assert frame_all(b"<13>one\n<13>two", []) == [b"<13>one", b"<13>two"]


def test_a_line_of_ten_megabytes_is_one_bounded_message_and_the_next_is_whole() -> None:
    huge = b"<13>" + b"a" * 10_000_000
    framer = SyslogFramer(1 << 20)
    messages = [
        m for part in cut(huge + b"\n<13>next\n", list(range(0, 10_000_000, 65_536))) for m in framer.feed(part)
    ]
    assert messages == [Oversize(huge[:KEPT_OF_OVERSIZE], len(huge)), b"<13>next"]


def test_a_counted_frame_of_ten_megabytes_is_one_bounded_message() -> None:
    huge = b"<13>" + b"a\n" * 5_000_000
    assert frame_all(b"%d %s7 <13>abc" % (len(huge), huge), list(range(0, 10_000_000, 99_991))) == [
        Oversize(huge[:KEPT_OF_OVERSIZE], len(huge)),
        b"<13>abc",
    ]
